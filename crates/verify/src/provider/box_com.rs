use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, Part, Place, Provider, Replay, Signature, Time, TimeAt, Unit,
    Where,
};

/// Box signs with two keys, each in a header of its own.
pub const BOX: Provider = Provider {
    name: "box",
    credential: Credential::Signature(Signature {
        at: Where::AnyOf(&["BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"]),
        encoding: Encoding::Base64,
        message: &[Part::Body, Part::Time],
        time: Some(Time { at: TimeAt::Header("BOX-DELIVERY-TIMESTAMP"), unit: Unit::Rfc3339, window_s: Some(600) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("trigger")]),
    delivery_id: DeliveryId::First(&[Place::Header("BOX-DELIVERY-ID")]),
    replay: Replay::SignedTime,
    success: Answer::OK,
    ..Provider::BASE
};
