use super::{Answer, Credential, DeliveryId, EventName, KeyForm, MadeBy, Place, Provider, Recipe};

/// Azure DevOps uses HTTP basic authentication.
pub const AZURE_DEVOPS: Provider = Provider {
    name: "azure-devops",
    credential: Credential::Basic,
    key: KeyForm::UserPassword,
    event: EventName::Optional(&[Place::Json("eventType")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    success: Answer::OK,
    recipe: Recipe {
        title: "Azure DevOps",
        docs: "https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks",
        secret: MadeBy::Us,
        steps: &[
            "Open Project settings > Service hooks > Create subscription > Web Hooks and choose the event.",
            "Enter {url} as URL, and under HTTP headers and authentication the two halves of {secret}: user before \
             the colon, password after it.",
            "Press Test, then Finish.",
        ],
    },
    ..Provider::BASE
};
