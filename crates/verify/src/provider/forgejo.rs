use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, MadeBy, Part, Place, Provider, Recipe, Replay, Signature,
    Subject, Where,
};

/// Forgejo signs the JSON: of a form delivery the decoded field, not the raw body as GitHub does.
pub const FORGEJO: Provider = Provider {
    name: "forgejo",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Forgejo-Signature"),
        message: &[Part::Payload],
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Forgejo-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Forgejo-Delivery")]),
    subject: Some(Subject::PUSHED_COMMIT),
    form_field: Some("payload"),
    replay: Replay::IdAndDigest,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    recipe: Recipe {
        title: "Forgejo",
        docs: "https://forgejo.org/docs/latest/user/webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open the repository's Settings > Webhooks > Add webhook > Forgejo.",
            "Enter {url} as Target URL, POST, application/json, and {secret} as Secret.",
            "Choose the events and press Add webhook, then Test delivery.",
        ],
    },
    ..Provider::BASE
};
