use super::{
    Algorithm, Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Where,
};

/// HubSpot, version 1: a hash of the secret and the body, which is no MAC.
pub const HUBSPOT_V1: Provider = Provider {
    name: "hubspot-v1",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::Sha256SecretFirst,
        at: Where::Header("X-HubSpot-Signature"),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("[*].subscriptionType")]),
    delivery_id: DeliveryId::First(&[Place::Json("[*].eventId")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "HubSpot, signatures of version 1",
        docs: "https://developers.hubspot.com/docs/api/webhooks/validating-requests",
        secret: MadeBy::Sender,
        steps: &[
            "Use the provider hubspot-v3 instead, wherever the app is sent that signature.",
            "Open the app's Auth tab and copy its Client secret.",
            "Under Webhooks, enter {url} as Target URL and subscribe to events.",
        ],
    },
    ..Provider::BASE
};
