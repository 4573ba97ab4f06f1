use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, JSON_TELLS_ITS_BORDERS, MadeBy, Part, Place, Provider, Recipe,
    Replay, Signature, Where,
};

/// Square signs the notification URL and the body.
pub const SQUARE: Provider = Provider {
    name: "square",
    credential: Credential::Signature(Signature {
        at: Where::Header("x-square-hmacsha256-signature"),
        encoding: Encoding::Base64,
        message: &[Part::Url, Part::Body],
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("event_id")]),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Square",
        docs: "https://developer.squareup.com/docs/webhooks/step3validate",
        secret: MadeBy::Sender,
        steps: &[
            "In the Developer Console, open the application's Webhooks > Subscriptions > Add subscription.",
            "Enter {url} as URL, exactly as the source's public_url has it, and choose the events.",
            "Press Save and copy the Signature key.",
        ],
    },
    ..Provider::BASE
};
