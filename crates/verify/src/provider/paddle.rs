use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Shape, Signature, Time,
    TimeAt, Unit, Where,
};

/// Paddle signs the time and the body; its time holds for five seconds.
pub const PADDLE: Provider = Provider {
    name: "paddle",
    credential: Credential::Signature(Signature {
        at: Where::Header("Paddle-Signature"),
        shape: Shape::List { between: ';', after_key: '=', key: "h1" },
        message: &[Part::Time, Part::Text(":"), Part::Body],
        time: Some(Time { at: TimeAt::Item("ts"), unit: Unit::Seconds, window_s: Some(5) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event_type")]),
    delivery_id: DeliveryId::First(&[Place::Json("event_id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Paddle",
        docs: "https://developer.paddle.com/webhooks/signature-verification",
        secret: MadeBy::Sender,
        steps: &[
            "Open Developer tools > Notifications > New destination and choose Webhook.",
            "Enter {url} as URL, choose the events, and press Save destination.",
            "Open Edit destination and copy the secret key.",
        ],
    },
    ..Provider::BASE
};
