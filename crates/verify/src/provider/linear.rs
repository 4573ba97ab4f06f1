use super::{Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Signature, Time, TimeAt, Unit, Where};

/// Linear's time stands in the body, in milliseconds, and holds for a minute.
pub const LINEAR: Provider = Provider {
    name: "linear",
    credential: Credential::Signature(Signature {
        at: Where::Header("Linear-Signature"),
        time: Some(Time { at: TimeAt::Json("webhookTimestamp"), unit: Unit::Milliseconds, window_s: Some(60) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("Linear-Event"), Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("Linear-Delivery")]),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    ..Provider::BASE
};
