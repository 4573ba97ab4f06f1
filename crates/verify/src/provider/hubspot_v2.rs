use super::{Algorithm, Answer, Credential, DeliveryId, EventName, Part, Place, Provider, Replay, Signature, Where};

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
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
