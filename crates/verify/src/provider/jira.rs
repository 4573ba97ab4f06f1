use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Shape, Signature, Where,
};

/// Jira signs the webhooks that an administrator registers; those of apps carry another token.
pub const JIRA: Provider = Provider {
    name: "jira",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Hub-Signature"),
        shape: Shape::Prefix("sha256="),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("webhookEvent")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Atlassian-Webhook-Identifier")]),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    recipe: Recipe {
        title: "Jira",
        docs: "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "As an administrator, open System > WebHooks > Create a WebHook. Webhooks of apps are signed otherwise.",
            "Enter {url} as URL and {secret} as Secret, and choose the events.",
            "Press Create.",
        ],
    },
    ..Provider::BASE
};
