use super::{
    Algorithm, Answer, BODY_BYTES_MAX, Credential, Encoding, EventName, KeyForm, Part, Place, Provider, Replay, Shape,
    Signature, Time,
};

/// Svix signs as Standard Webhooks does, under the older names of its headers.
pub const SVIX: Provider = Provider {
    name: "svix",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha256,
        header: "svix-signature",
        shape: Shape::List { between: ' ', after_key: ',', key: "v1" },
        encoding: Encoding::Base64,
        message: &[Part::Header("svix-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
        time: Some(Time { header: "svix-timestamp", window_s: 300 }),
    }),
    key: KeyForm::Whsec,
    event: EventName::Optional(Place::Json("type")),
    delivery_id: Some(Place::Header("svix-id")),
    subject: None,
    form_field: None,
    ping: None,
    replay: Replay::Signed,
    body_bytes_max: BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
