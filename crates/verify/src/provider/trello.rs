use super::{
    Algorithm, Answer, Condition, Credential, DeliveryId, Encoding, EventName, Handshake, Part, Place, Provider,
    Replay, Signature, Wanted, Where,
};

/// Trello signs the body and the callback URL with SHA-1.
pub const TRELLO: Provider = Provider {
    name: "trello",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha1,
        at: Where::Header("X-Trello-Webhook"),
        encoding: Encoding::Base64,
        message: &[Part::Body, Part::Url],
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("action.type")]),
    delivery_id: DeliveryId::First(&[Place::Json("action.id")]),
    handshakes: &[Handshake::open(&[Condition::Method("HEAD")], Wanted::Fixed(Answer::OK))],
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
