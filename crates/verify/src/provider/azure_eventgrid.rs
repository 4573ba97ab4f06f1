use super::{
    Answer, Condition, Credential, DeliveryId, EventName, Handshake, MadeBy, Place, Provider, Recipe, Said, Wanted,
};

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
    recipe: Recipe {
        title: "Azure Event Grid",
        docs: "https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema",
        secret: MadeBy::Us,
        steps: &[
            "At the topic, press + Event Subscription and choose the Event Grid schema.",
            "Choose the endpoint type Web Hook and enter {url} as endpoint.",
            "Press Create: Event Grid asks whether the endpoint is ours, and is answered.",
        ],
    },
    ..Provider::BASE
};
