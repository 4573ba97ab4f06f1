use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, MadeBy, Place, Provider, Recipe, Replay, Signature,
    Subject, Where,
};

/// Gogs signs the raw body and sends the digest in bare hex.
pub const GOGS: Provider = Provider {
    name: "gogs",
    credential: Credential::Signature(Signature { at: Where::Header("X-Gogs-Signature"), ..Signature::BASE }),
    event: EventName::Optional(&[Place::Header("X-Gogs-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Gogs-Delivery")]),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    recipe: Recipe {
        title: "Gogs",
        docs: "https://gogs.io/advancing/webhooks",
        secret: MadeBy::Us,
        steps: &[
            "Open the repository's Settings > Webhooks > Add a new webhook > Gogs.",
            "Enter {url} as Payload URL, application/json as Content Type, and {secret} as Secret.",
            "Choose the events and press Add Webhook.",
        ],
    },
    ..Provider::BASE
};
