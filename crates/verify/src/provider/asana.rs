use super::{
    Answer, Condition, Consequence, Credential, Demand, EventName, Handshake, Place, Provider, Signature, Wanted, Where,
};

/// Asana brings the secret with its first request.
pub const ASANA: Provider = Provider {
    name: "asana",
    credential: Credential::Signature(Signature { at: Where::Header("X-Hook-Signature"), ..Signature::BASE }),
    event: EventName::Optional(&[Place::Json("events[*].action")]),
    handshakes: &[Handshake {
        demand: Demand::Awaited,
        effect: Some(Consequence::StoreSecret(Place::Header("X-Hook-Secret"))),
        ..Handshake::open(
            &[Condition::Method("POST"), Condition::HeaderPresent("X-Hook-Secret")],
            Wanted::HeaderBack("X-Hook-Secret"),
        )
    }],
    success: Answer::OK,
    ..Provider::BASE
};
