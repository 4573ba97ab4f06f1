use super::{
    Algorithm, Answer, Credential, Encoding, EventName, FORGE_BODY_BYTES_MAX, KeyForm, Part, Place, Provider, Replay,
    Shape, Signature, Subject,
};

/// GitHub signs the raw body, form deliveries included, and sends the digest in hex.
pub const GITHUB: Provider = Provider {
    name: "github",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha256,
        header: "X-Hub-Signature-256",
        shape: Shape::Prefix("sha256="),
        encoding: Encoding::Hex,
        message: &[Part::Body],
        time: None,
    }),
    key: KeyForm::Text,
    event: EventName::Optional(Place::Header("X-GitHub-Event")),
    delivery_id: Some(Place::Header("X-GitHub-Delivery")),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    ping: Some("ping"),
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
