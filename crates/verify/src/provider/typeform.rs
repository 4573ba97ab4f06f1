use super::{Answer, Credential, DeliveryId, Encoding, EventName, Place, Provider, Replay, Shape, Signature, Where};

/// Typeform signs the body, in base64.
pub const TYPEFORM: Provider = Provider {
    name: "typeform",
    credential: Credential::Signature(Signature {
        at: Where::Header("Typeform-Signature"),
        shape: Shape::Prefix("sha256="),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event_type")]),
    delivery_id: DeliveryId::First(&[Place::Json("event_id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
