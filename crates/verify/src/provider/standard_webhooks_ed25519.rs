use super::{
    Algorithm, Answer, BODY_BYTES_MAX, Credential, Encoding, EventName, KeyForm, Part, Place, Provider, Replay, Shape,
    Signature, Time,
};

/// Standard Webhooks with a public key: only `v1a` counts, whatever else the list holds.
pub const STANDARD_WEBHOOKS_ED25519: Provider = Provider {
    name: "standard-webhooks-ed25519",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::Ed25519,
        header: "webhook-signature",
        shape: Shape::List { between: ' ', after_key: ',', key: "v1a" },
        encoding: Encoding::Base64,
        message: &[Part::Header("webhook-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
        time: Some(Time { header: "webhook-timestamp", window_s: 300 }),
    }),
    key: KeyForm::Whpk,
    event: EventName::Optional(Place::Json("type")),
    delivery_id: Some(Place::Header("webhook-id")),
    subject: None,
    form_field: None,
    ping: None,
    replay: Replay::Signed,
    body_bytes_max: BODY_BYTES_MAX,
    success: Answer::NO_CONTENT,
};
