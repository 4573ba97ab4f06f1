use super::{Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Where};

/// Sentry signs the body; the time that it sends beside is not signed and proves nothing.
pub const SENTRY: Provider = Provider {
    name: "sentry",
    credential: Credential::Signature(Signature { at: Where::Header("Sentry-Hook-Signature"), ..Signature::BASE }),
    event: EventName::Optional(&[Place::Header("Sentry-Hook-Resource")]),
    delivery_id: DeliveryId::First(&[Place::Header("Request-ID")]),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    recipe: Recipe {
        title: "Sentry",
        docs: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
        secret: MadeBy::Sender,
        steps: &[
            "Open Settings > Custom Integrations > Create New Integration > Internal Integration.",
            "Enter {url} as Webhook URL, choose permissions and webhooks, and save.",
            "Copy the Client Secret.",
        ],
    },
    ..Provider::BASE
};
