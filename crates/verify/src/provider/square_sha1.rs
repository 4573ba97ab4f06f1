use super::{
    Algorithm, Answer, Credential, DeliveryId, Encoding, EventName, JSON_TELLS_ITS_BORDERS, MadeBy, Part, Place,
    Provider, Recipe, Replay, Signature, Where,
};

/// Square's older header, signed with SHA-1.
pub const SQUARE_SHA1: Provider = Provider {
    name: "square-sha1",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha1,
        at: Where::Header("x-square-signature"),
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
        title: "Square's older header",
        docs: "https://developer.squareup.com/docs/webhooks/step3validate",
        secret: MadeBy::Sender,
        steps: &[
            "Use the provider square instead, wherever x-square-hmacsha256-signature is sent.",
            "In the Developer Console, open the application's Webhooks and enter {url} as Notification URL.",
            "Press Save and copy the Signature key.",
        ],
    },
    ..Provider::BASE
};
