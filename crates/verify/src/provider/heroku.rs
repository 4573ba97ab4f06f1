use super::{Answer, Credential, DeliveryId, Encoding, EventName, Place, Provider, Replay, Signature, Where};

/// Heroku signs the body, in base64.
pub const HEROKU: Provider = Provider {
    name: "heroku",
    credential: Credential::Signature(Signature {
        at: Where::Header("Heroku-Webhook-Hmac-SHA256"),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("resource")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
