use super::{Algorithm, Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Signature, Where};

/// Vercel signs the body with SHA-1.
pub const VERCEL: Provider = Provider {
    name: "vercel",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha1,
        at: Where::Header("x-vercel-signature"),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
