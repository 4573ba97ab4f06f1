use super::{
    Answer, Condition, Credential, Demand, EventName, Handshake, Place, Provider, Shape, Signature, Wanted, Where,
};

/// Meta (Facebook, Instagram, WhatsApp) signs the body with its escapes as they were sent.
pub const META: Provider = Provider {
    name: "meta",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Hub-Signature-256"),
        shape: Shape::Prefix("sha256="),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("object")]),
    handshakes: &[Handshake {
        demand: Demand::VerifyToken(Place::Query("hub.verify_token")),
        ..Handshake::open(
            &[Condition::Method("GET"), Condition::Query("hub.mode", "subscribe")],
            Wanted::Text(Place::Query("hub.challenge")),
        )
    }],
    success: Answer::OK,
    ..Provider::BASE
};
