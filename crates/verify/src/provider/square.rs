use super::{Answer, Credential, DeliveryId, Encoding, EventName, Part, Place, Provider, Replay, Signature, Where};

/// Square signs the notification URL and the body.
pub const SQUARE: Provider = Provider {
    name: "square",
    credential: Credential::Signature(Signature {
        at: Where::Header("x-square-hmacsha256-signature"),
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
