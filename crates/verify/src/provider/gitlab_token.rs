use super::{Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, Place, Provider, Subject};

/// GitLab with a secret token sends it as it stands; nothing is signed.
pub const GITLAB_TOKEN: Provider = Provider {
    name: "gitlab-token",
    credential: Credential::Token { place: Place::Header("X-Gitlab-Token"), prefix: "" },
    event: EventName::Optional(&[Place::Header("X-Gitlab-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Gitlab-Event-UUID")]),
    subject: Some(Subject::GITLAB_PUSHED_COMMIT),
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    ..Provider::BASE
};
