use super::{
    Answer, Condition, Credential, DeliveryId, EventName, Handshake, MadeBy, Part, Place, Provider, Recipe, Replay,
    Said, Shape, Signature, Time, TimeAt, Unit, Wanted, Where,
};

/// Slack signs a version, the time and the body; its first request asks for a challenge back.
pub const SLACK: Provider = Provider {
    name: "slack",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Slack-Signature"),
        shape: Shape::Prefix("v0="),
        message: &[Part::Text("v0:"), Part::Time, Part::Text(":"), Part::Body],
        time: Some(Time { at: TimeAt::Header("X-Slack-Request-Timestamp"), unit: Unit::Seconds, window_s: Some(300) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Form("command"), Place::Json("event.type"), Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("event_id")]),
    handshakes: &[Handshake::proven(
        &[Condition::Json("type", "url_verification")],
        Wanted::Members(&[("challenge", Said::Back(Place::Json("challenge")))]),
    )],
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Slack",
        docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack/",
        secret: MadeBy::Sender,
        steps: &[
            "Open the app's Basic Information and copy its Signing Secret.",
            "Add the source here before the next step: Slack asks it for a challenge.",
            "Open Event Subscriptions, switch it on, enter {url} as Request URL and subscribe to events.",
            "For commands and interactions, enter the same URL there.",
        ],
    },
    ..Provider::BASE
};
