use super::{
    Algorithm, Answer, Credential, Encoding, EventName, FORGE_BODY_BYTES_MAX, KeyForm, Part, Place, Provider, Replay,
    Shape, Signature, Subject, Time,
};

/// GitLab with a signing token follows Standard Webhooks. Its older secret token is [`super::GITLAB_TOKEN`].
pub const GITLAB: Provider = Provider {
    name: "gitlab",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha256,
        header: "webhook-signature",
        shape: Shape::List { between: ' ', after_key: ',', key: "v1" },
        encoding: Encoding::Base64,
        message: &[Part::Header("webhook-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
        time: Some(Time { header: "webhook-timestamp", window_s: 300 }),
    }),
    key: KeyForm::WhsecOnly { plain: "gitlab-token" },
    event: EventName::Optional(Place::Header("X-Gitlab-Event")),
    delivery_id: Some(Place::Header("webhook-id")),
    subject: Some(Subject::GITLAB_PUSHED_COMMIT),
    form_field: None,
    ping: None,
    replay: Replay::Signed,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
