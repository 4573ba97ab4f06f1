use super::{
    Answer, Credential, DeliveryId, EventName, Part, Place, Provider, Replay, Signature, Time, TimeAt, Unit, Where,
};

/// Mailgun signs a time and a token, and nothing of the event: each token is believed once.
pub const MAILGUN: Provider = Provider {
    name: "mailgun",
    credential: Credential::Signature(Signature {
        at: Where::Json("signature.signature"),
        message: &[Part::Json("signature.timestamp"), Part::Json("signature.token")],
        time: Some(Time { at: TimeAt::Json("signature.timestamp"), unit: Unit::Seconds, window_s: None }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event-data.event")]),
    delivery_id: DeliveryId::First(&[Place::Json("signature.token")]),
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
