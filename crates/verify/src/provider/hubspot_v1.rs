use super::{Algorithm, Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Signature, Where};

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
    ..Provider::BASE
};
