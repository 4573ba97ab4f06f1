use super::{Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Shape, Signature, Where};

/// Bitbucket signs with SHA-256 although the header is the one that others use for SHA-1.
pub const BITBUCKET: Provider = Provider {
    name: "bitbucket",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Hub-Signature"),
        shape: Shape::Prefix("sha256="),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Event-Key")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Request-UUID"), Place::Header("X-Request-Id")]),
    ping: Some("diagnostics:ping"),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    ..Provider::BASE
};
