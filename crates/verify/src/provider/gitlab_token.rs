use super::{Answer, Credential, EventName, FORGE_BODY_BYTES_MAX, KeyForm, Place, Provider, Replay, Subject};

/// GitLab with a secret token sends that secret in a header; nothing is signed.
pub const GITLAB_TOKEN: Provider = Provider {
    name: "gitlab-token",
    credential: Credential::Token { header: "X-Gitlab-Token" },
    key: KeyForm::Text,
    event: EventName::Optional(Place::Header("X-Gitlab-Event")),
    delivery_id: Some(Place::Header("X-Gitlab-Event-UUID")),
    subject: Some(Subject::GITLAB_PUSHED_COMMIT),
    form_field: None,
    ping: None,
    replay: Replay::Nothing,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
