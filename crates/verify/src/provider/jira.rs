use super::{Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Shape, Signature, Where};

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
    ..Provider::BASE
};
