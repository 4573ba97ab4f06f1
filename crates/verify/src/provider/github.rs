use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, MadeBy, Place, Provider, Recipe, Replay, Shape, Signature,
    Subject, Where,
};

/// GitHub signs the raw body, form deliveries included, and sends the digest in hex.
pub const GITHUB: Provider = Provider {
    name: "github",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Hub-Signature-256"),
        shape: Shape::Prefix("sha256="),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-GitHub-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-GitHub-Delivery")]),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    ping: Some("ping"),
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    recipe: Recipe {
        title: "GitHub",
        docs: "https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks",
        secret: MadeBy::Us,
        steps: &[
            "Open the repository's, organisation's or app's Settings > Webhooks > Add webhook.",
            "Enter {url} as Payload URL, application/json as Content type, and {secret} as Secret.",
            "Leave SSL verification on, choose the events, and press Add webhook.",
            "Under Recent Deliveries, see that the ping was answered.",
        ],
    },
    ..Provider::BASE
};
