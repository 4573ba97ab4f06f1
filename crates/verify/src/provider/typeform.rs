use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, MadeBy, Place, Provider, Recipe, Replay, Shape, Signature,
    Where,
};

/// Typeform signs the body, in base64.
pub const TYPEFORM: Provider = Provider {
    name: "typeform",
    credential: Credential::Signature(Signature {
        at: Where::Header("Typeform-Signature"),
        shape: Shape::Prefix("sha256="),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event_type")]),
    delivery_id: DeliveryId::First(&[Place::Json("event_id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Typeform",
        docs: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open the form's Connect > Webhooks > Add a webhook and enter {url} as Endpoint.",
            "Press Edit and enter {secret} as Secret.",
            "Switch the webhook on.",
        ],
    },
    ..Provider::BASE
};
