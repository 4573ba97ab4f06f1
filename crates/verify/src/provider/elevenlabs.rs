use super::{
    Answer, Credential, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Shape, Signature, Time, TimeAt, Unit,
    Where,
};

/// ElevenLabs signs the time and the body; its time holds for half an hour.
pub const ELEVENLABS: Provider = Provider {
    name: "elevenlabs",
    credential: Credential::Signature(Signature {
        at: Where::Header("ElevenLabs-Signature"),
        shape: Shape::List { between: ',', after_key: '=', key: "v0" },
        message: &[Part::Time, Part::Text("."), Part::Body],
        time: Some(Time { at: TimeAt::Item("t"), unit: Unit::Seconds, window_s: Some(1800) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("type")]),
    replay: Replay::SignedTime,
    success: Answer::OK,
    recipe: Recipe {
        title: "ElevenLabs",
        docs: "https://elevenlabs.io/docs/overview/administration/webhooks",
        secret: MadeBy::Sender,
        steps: &[
            "Open Settings > Webhooks > Create Webhook and enter {url} as callback URL.",
            "Choose HMAC, press Create, and copy the secret: it is shown once.",
            "Choose the events that use this webhook.",
        ],
    },
    ..Provider::BASE
};
