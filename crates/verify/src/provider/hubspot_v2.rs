use super::{
    Algorithm, Answer, Credential, DeliveryId, EventName, JSON_TELLS_ITS_BORDERS, MadeBy, Part, Place, Provider,
    Recipe, Replay, Signature, Where,
};

/// HubSpot, version 2: a hash of the secret, method, URL and body, which is no MAC.
pub const HUBSPOT_V2: Provider = Provider {
    name: "hubspot-v2",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::Sha256SecretFirst,
        at: Where::Header("X-HubSpot-Signature"),
        message: &[Part::Method, Part::Url, Part::Body],
        ..Signature::BASE
    }),
    methods: &["POST", "GET"],
    event: EventName::Optional(&[Place::Json("[*].subscriptionType")]),
    delivery_id: DeliveryId::First(&[Place::Json("[*].eventId")]),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "HubSpot, signatures of version 2",
        docs: "https://developers.hubspot.com/docs/api/webhooks/validating-requests",
        secret: MadeBy::Sender,
        steps: &[
            "Use the provider hubspot-v3 instead, wherever the app is sent that signature.",
            "Open the app's Auth tab and copy its Client secret.",
            "Enter {url} where HubSpot is to call: a workflow's webhook action, or a CRM card.",
        ],
    },
    ..Provider::BASE
};
