use super::{
    Algorithm, Answer, Condition, Credential, DeliveryId, EventName, Handshake, KeyForm, Part, Place, Provider, Replay,
    Signature, Time, TimeAt, Unit, Wanted, Where,
};

/// Discord's interactions; it probes with bad signatures and wants 401 for them.
pub const DISCORD: Provider = Provider {
    name: "discord",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::Ed25519,
        at: Where::Header("X-Signature-Ed25519"),
        message: &[Part::Time, Part::Body],
        time: Some(Time { at: TimeAt::Header("X-Signature-Timestamp"), unit: Unit::Seconds, window_s: None }),
        ..Signature::BASE
    }),
    key: KeyForm::Ed25519Hex,
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    handshakes: &[Handshake::proven(
        &[Condition::Json("type", "1")],
        Wanted::Fixed(Answer { status: 200, content_type: Some("application/json"), text: "{\"type\":1}" }),
    )],
    replay: Replay::Signed,
    success: Answer::OK,
    refusal_status: Some(401),
    ..Provider::BASE
};
