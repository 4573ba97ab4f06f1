use super::{
    Answer, Credential, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Shape, Signature, Time, TimeAt, Unit,
    Where,
};

/// Buildkite with a signature over the time and the body.
pub const BUILDKITE: Provider = Provider {
    name: "buildkite",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Buildkite-Signature"),
        shape: Shape::List { between: ',', after_key: '=', key: "signature" },
        message: &[Part::Time, Part::Text("."), Part::Body],
        time: Some(Time { at: TimeAt::Item("timestamp"), unit: Unit::Seconds, window_s: None }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Buildkite-Event")]),
    replay: Replay::SignedTime,
    success: Answer::OK,
    recipe: Recipe {
        title: "Buildkite",
        docs: "https://buildkite.com/docs/apis/webhooks/pipelines",
        secret: MadeBy::Sender,
        steps: &[
            "Open Settings > Notification Services and press Add on Webhook.",
            "Enter {url} as Webhook URL.",
            "Under Token, choose to send an X-Buildkite-Signature, and copy the token.",
            "Choose events and pipelines, and press Add Webhook Notification.",
        ],
    },
    ..Provider::BASE
};
