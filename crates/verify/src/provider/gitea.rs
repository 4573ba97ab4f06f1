use super::{
    Algorithm, Answer, Credential, Encoding, EventName, FORGE_BODY_BYTES_MAX, KeyForm, Part, Place, Provider, Replay,
    Shape, Signature, Subject,
};

/// Gitea signs the JSON, which in a form delivery is the decoded field and not the raw body.
pub const GITEA: Provider = Provider {
    name: "gitea",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha256,
        header: "X-Gitea-Signature",
        shape: Shape::Bare,
        encoding: Encoding::Hex,
        message: &[Part::Payload],
        time: None,
    }),
    key: KeyForm::Text,
    event: EventName::Optional(Place::Header("X-Gitea-Event")),
    delivery_id: Some(Place::Header("X-Gitea-Delivery")),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    ping: None,
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
