use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, KeyForm, Part, Place, Provider, Replay, Signature, Subject,
};

/// GitLab with a signing token follows Standard Webhooks. Its older secret token is [`super::GITLAB_TOKEN`].
pub const GITLAB: Provider = Provider {
    name: "gitlab",
    credential: Credential::Signature(Signature::standard(
        "webhook-signature",
        "webhook-timestamp",
        &[Part::Header("webhook-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
    )),
    key: KeyForm::WhsecOnly { plain: "gitlab-token" },
    event: EventName::Optional(&[Place::Header("X-Gitlab-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("webhook-id")]),
    subject: Some(Subject::GITLAB_PUSHED_COMMIT),
    replay: Replay::Signed,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    ..Provider::BASE
};
