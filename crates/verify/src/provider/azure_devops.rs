use super::{Answer, Credential, DeliveryId, EventName, KeyForm, Place, Provider};

/// Azure DevOps uses HTTP basic authentication.
pub const AZURE_DEVOPS: Provider = Provider {
    name: "azure-devops",
    credential: Credential::Basic,
    key: KeyForm::UserPassword,
    event: EventName::Optional(&[Place::Json("eventType")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    success: Answer::OK,
    ..Provider::BASE
};
