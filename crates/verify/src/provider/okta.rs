use super::{Answer, Condition, Credential, DeliveryId, EventName, Handshake, Place, Provider, Said, Wanted};

/// Okta's event hooks carry a fixed Authorization value; a GET asks for its challenge back.
pub const OKTA: Provider = Provider {
    name: "okta",
    credential: Credential::Token { place: Place::Header("Authorization"), prefix: "" },
    event: EventName::Optional(&[Place::Json("data.events[*].eventType")]),
    delivery_id: DeliveryId::First(&[Place::Json("data.events[*].uuid"), Place::Json("eventId")]),
    handshakes: &[Handshake::open(
        &[Condition::Method("GET")],
        Wanted::Members(&[("verification", Said::Back(Place::Header("X-Okta-Verification-Challenge")))]),
    )],
    success: Answer::OK,
    ..Provider::BASE
};
