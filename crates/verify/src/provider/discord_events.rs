use super::{
    Algorithm, Answer, Condition, Credential, EventName, Handshake, JSON_TELLS_ITS_BORDERS, KeyForm, MadeBy, Part,
    Place, Provider, Recipe, Replay, Signature, Time, TimeAt, Unit, Wanted, Where,
};

/// Discord's webhook events: each is answered 204, its ping too.
pub const DISCORD_EVENTS: Provider = Provider {
    name: "discord-events",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::Ed25519,
        at: Where::Header("X-Signature-Ed25519"),
        message: &[Part::Time, Part::Body],
        time: Some(Time { at: TimeAt::Header("X-Signature-Timestamp"), unit: Unit::Seconds, window_s: None }),
        ..Signature::BASE
    }),
    key: KeyForm::Ed25519Hex,
    event: EventName::Optional(&[Place::Json("event.type")]),
    handshakes: &[Handshake::proven(&[Condition::Json("type", "0")], Wanted::Fixed(Answer::NO_CONTENT))],
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::SignedTime,
    refusal_status: Some(401),
    recipe: Recipe {
        title: "Discord webhook events",
        docs: "https://docs.discord.com/developers/events/webhook-events",
        secret: MadeBy::Sender,
        steps: &[
            "In the Developer Portal, open the application's General Information and copy its Public Key.",
            "Add the source here before the next step: Discord probes it with good and bad signatures.",
            "Open Webhooks, enter {url} as Endpoint URL, switch Events on and choose them.",
            "Press Save Changes.",
        ],
    },
    ..Provider::BASE
};
