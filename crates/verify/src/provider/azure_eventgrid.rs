use super::{Answer, Condition, Credential, DeliveryId, EventName, Handshake, Place, Provider, Said, Wanted};

/// Azure Event Grid signs nothing: the secret stands in the URL.
pub const AZURE_EVENTGRID: Provider = Provider {
    name: "azure-eventgrid",
    credential: Credential::Token { place: Place::Query("code"), prefix: "" },
    event: EventName::Optional(&[Place::Json("[*].eventType")]),
    delivery_id: DeliveryId::First(&[Place::Json("[*].id")]),
    handshakes: &[Handshake::proven(
        &[Condition::Header("aeg-event-type", "SubscriptionValidation")],
        Wanted::Members(&[("validationResponse", Said::Back(Place::Json("[*].data.validationCode")))]),
    )],
    success: Answer::OK,
    ..Provider::BASE
};
