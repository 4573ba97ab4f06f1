use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, MadeBy, Part, Place, Provider, Recipe, Replay, Signature,
    Subject, Where,
};

/// Gitea signs the JSON: of a form delivery the decoded field, not the raw body as GitHub does.
pub const GITEA: Provider = Provider {
    name: "gitea",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Gitea-Signature"),
        message: &[Part::Payload],
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Gitea-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Gitea-Delivery")]),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    recipe: Recipe {
        title: "Gitea",
        docs: "https://docs.gitea.com/usage/repository/webhooks",
        secret: MadeBy::Us,
        steps: &[
            "Open the repository's Settings > Webhooks > Add Webhook > Gitea.",
            "Enter {url} as Target URL, POST, application/json, and {secret} as Secret.",
            "Choose the events and press Add Webhook, then Test Delivery.",
        ],
    },
    ..Provider::BASE
};
