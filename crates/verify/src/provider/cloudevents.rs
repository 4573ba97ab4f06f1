use super::{Answer, Condition, Credential, DeliveryId, Demand, EventName, Handshake, Place, Provider, Wanted};

/// CloudEvents over HTTP with a bearer token; senders ask by OPTIONS whether they may.
pub const CLOUDEVENTS: Provider = Provider {
    name: "cloudevents",
    credential: Credential::Token { place: Place::Header("Authorization"), prefix: "Bearer " },
    event: EventName::Optional(&[Place::Header("ce-type"), Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("ce-id"), Place::Json("id")]),
    handshakes: &[Handshake {
        demand: Demand::AllowedOrigin("WebHook-Request-Origin"),
        ..Handshake::open(&[Condition::Method("OPTIONS")], Wanted::Permission)
    }],
    success: Answer::OK,
    ..Provider::BASE
};
