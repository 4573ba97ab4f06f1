use super::{
    Algorithm, Answer, Condition, Credential, DeliveryId, EventName, Handshake, JSON_TELLS_ITS_BORDERS, KeyForm,
    MadeBy, Part, Place, Provider, Recipe, Replay, Signature, Time, TimeAt, Unit, Wanted, Where,
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
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    success: Answer::OK,
    refusal_status: Some(401),
    recipe: Recipe {
        title: "Discord interactions",
        docs: "https://docs.discord.com/developers/interactions/overview",
        secret: MadeBy::Sender,
        steps: &[
            "In the Developer Portal, open the application's General Information and copy its Public Key.",
            "Add the source here before the next step: Discord probes it with good and bad signatures.",
            "Enter {url} as Interactions Endpoint URL and press Save Changes.",
        ],
    },
    ..Provider::BASE
};
