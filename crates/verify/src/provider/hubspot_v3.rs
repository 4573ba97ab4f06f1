use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, JSON_TELLS_ITS_BORDERS, MadeBy, Part, Place, Provider, Recipe,
    Replay, Signature, Time, TimeAt, Unit, Where,
};

/// HubSpot, version 3: method, URL, body and time.
pub const HUBSPOT_V3: Provider = Provider {
    name: "hubspot-v3",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-HubSpot-Signature-v3"),
        encoding: Encoding::Base64,
        message: &[Part::Method, Part::UrlPartlyDecoded, Part::Body, Part::Time],
        time: Some(Time {
            at: TimeAt::Header("X-HubSpot-Request-Timestamp"),
            unit: Unit::Milliseconds,
            window_s: Some(300),
        }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("[*].subscriptionType")]),
    delivery_id: DeliveryId::First(&[Place::Json("[*].eventId")]),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "HubSpot",
        docs: "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation",
        secret: MadeBy::Sender,
        steps: &[
            "Open the app's Auth tab and copy its Client secret.",
            "Under Webhooks, enter {url} as Target URL and subscribe to events.",
        ],
    },
    ..Provider::BASE
};
