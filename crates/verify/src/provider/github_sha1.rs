use super::{
    Algorithm, Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, Place, Provider, Replay, Shape, Signature,
    Subject, Where,
};

/// GitHub's older header, signed with SHA-1: for senders that know no other.
pub const GITHUB_SHA1: Provider = Provider {
    name: "github-sha1",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha1,
        at: Where::Header("X-Hub-Signature"),
        shape: Shape::Prefix("sha1="),
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
