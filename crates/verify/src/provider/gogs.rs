use super::{
    Algorithm, Answer, Credential, Encoding, EventName, FORGE_BODY_BYTES_MAX, KeyForm, Part, Place, Provider, Replay,
    Shape, Signature, Subject,
};

/// Gogs signs the raw body and sends the digest in bare hex.
pub const GOGS: Provider = Provider {
    name: "gogs",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha256,
        header: "X-Gogs-Signature",
        shape: Shape::Bare,
        encoding: Encoding::Hex,
        message: &[Part::Body],
        time: None,
    }),
    key: KeyForm::Text,
    event: EventName::Optional(Place::Header("X-Gogs-Event")),
    delivery_id: Some(Place::Header("X-Gogs-Delivery")),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    ping: None,
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
