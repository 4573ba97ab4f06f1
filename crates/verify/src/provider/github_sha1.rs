use super::{
    Algorithm, Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, MadeBy, Place, Provider, Recipe, Replay, Shape,
    Signature, Subject, Where,
};

/// GitHub's older header, signed with SHA-1: for senders that know no other.
pub const GITHUB_SHA1: Provider = Provider {
    name: "github-sha1",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha1,
        at: Where::Header("X-Hub-Signature"),
        shape: Shape::Prefix("sha1="),
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
        title: "GitHub's older header",
        docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
        secret: MadeBy::Us,
        steps: &[
            "Use the provider github instead, wherever the server sends X-Hub-Signature-256.",
            "Open Settings > Webhooks > Add webhook.",
            "Enter {url} as Payload URL and {secret} as Secret, and press Add webhook.",
        ],
    },
    ..Provider::BASE
};
