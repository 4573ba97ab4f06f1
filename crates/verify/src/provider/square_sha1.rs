use super::{
    Algorithm, Answer, Credential, DeliveryId, Encoding, EventName, Part, Place, Provider, Replay, Signature, Where,
};

/// Square's older header, signed with SHA-1.
pub const SQUARE_SHA1: Provider = Provider {
    name: "square-sha1",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha1,
        at: Where::Header("x-square-signature"),
        encoding: Encoding::Base64,
        message: &[Part::Url, Part::Body],
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("event_id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
