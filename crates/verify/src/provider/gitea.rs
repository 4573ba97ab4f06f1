use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, Part, Place, Provider, Replay, Signature, Subject, Where,
};

/// Gitea signs the JSON: of a form delivery the decoded field, not the raw body as GitHub does.
pub const GITEA: Provider = Provider {
    name: "gitea",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Gitea-Signature"),
        message: &[Part::Payload],
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Gitea-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Gitea-Delivery")]),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    ..Provider::BASE
};
