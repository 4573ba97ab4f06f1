use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, Place, Provider, Replay, Shape, Signature, Subject, Where,
};

/// GitHub signs the raw body, form deliveries included, and sends the digest in hex.
pub const GITHUB: Provider = Provider {
    name: "github",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Hub-Signature-256"),
        shape: Shape::Prefix("sha256="),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-GitHub-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-GitHub-Delivery")]),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    ping: Some("ping"),
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    ..Provider::BASE
};
