use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Signature, Time, TimeAt,
    Unit, Where,
};

/// Mailgun signs a time and a token, and nothing of the event: each token is believed once.
pub const MAILGUN: Provider = Provider {
    name: "mailgun",
    credential: Credential::Signature(Signature {
        at: Where::Json("signature.signature"),
        message: &[Part::Json("signature.timestamp"), Part::JsonOf("signature.token", 50)],
        time: Some(Time { at: TimeAt::Json("signature.timestamp"), unit: Unit::Seconds, window_s: None }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event-data.event")]),
    delivery_id: DeliveryId::First(&[Place::Json("signature.token")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Mailgun",
        docs: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
        secret: MadeBy::Sender,
        steps: &[
            "Open the account's API Security and copy the HTTP webhook signing key.",
            "Open Send > Sending > Webhooks, press Add webhook, choose the event and enter {url}.",
            "Press Create webhook.",
        ],
    },
    ..Provider::BASE
};
