use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Shape, Signature, Where,
};

/// Bitbucket signs with SHA-256 although the header is the one that others use for SHA-1.
pub const BITBUCKET: Provider = Provider {
    name: "bitbucket",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Hub-Signature"),
        shape: Shape::Prefix("sha256="),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Event-Key")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Request-UUID"), Place::Header("X-Request-Id")]),
    ping: Some("diagnostics:ping"),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    recipe: Recipe {
        title: "Bitbucket",
        docs: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open Repository settings > Webhooks > Add webhook.",
            "Enter {url} as URL and {secret} as Secret, and choose the triggers.",
            "Save.",
        ],
    },
    ..Provider::BASE
};
