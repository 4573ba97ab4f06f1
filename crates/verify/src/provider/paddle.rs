use super::{
    Answer, Credential, DeliveryId, EventName, Part, Place, Provider, Replay, Shape, Signature, Time, TimeAt, Unit,
    Where,
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
    ..Provider::BASE
};
