use super::{
    Algorithm, Answer, Condition, Credential, DeliveryId, Encoding, EventName, Handshake, JSON_TELLS_ITS_BORDERS,
    MadeBy, Part, Place, Provider, Recipe, Replay, Signature, Wanted, Where,
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
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Trello",
        docs: "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
        secret: MadeBy::Sender,
        steps: &[
            "Open trello.com/power-ups/admin, choose the Power-Up, and copy the Secret beside its API key.",
            "Add the source here before the next step: Trello asks it by HEAD.",
            "Call POST /1/webhooks of Trello's API with idModel and the callbackURL {url}, exactly as the source's \
             public_url has it.",
        ],
    },
    ..Provider::BASE
};
