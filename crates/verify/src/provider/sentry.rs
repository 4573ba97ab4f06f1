use super::{Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Signature, Where};

/// Sentry signs the body; the time that it sends beside is not signed and proves nothing.
pub const SENTRY: Provider = Provider {
    name: "sentry",
    credential: Credential::Signature(Signature { at: Where::Header("Sentry-Hook-Signature"), ..Signature::BASE }),
    event: EventName::Optional(&[Place::Header("Sentry-Hook-Resource")]),
    delivery_id: DeliveryId::First(&[Place::Header("Request-ID")]),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    ..Provider::BASE
};
