use super::{
    Algorithm, Answer, Credential, Encoding, EventName, FORGE_BODY_BYTES_MAX, KeyForm, Part, Place, Provider, Replay,
    Shape, Signature, Subject,
};

/// Forgejo signs like Gitea, under headers of its own beside Gitea's and GitHub's.
pub const FORGEJO: Provider = Provider {
    name: "forgejo",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha256,
        header: "X-Forgejo-Signature",
        shape: Shape::Bare,
        encoding: Encoding::Hex,
        message: &[Part::Payload],
        time: None,
    }),
    key: KeyForm::Text,
    event: EventName::Optional(Place::Header("X-Forgejo-Event")),
    delivery_id: Some(Place::Header("X-Forgejo-Delivery")),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    ping: None,
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
