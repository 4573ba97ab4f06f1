use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Where,
};

/// Heroku signs the body, in base64.
pub const HEROKU: Provider = Provider {
    name: "heroku",
    credential: Credential::Signature(Signature {
        at: Where::Header("Heroku-Webhook-Hmac-SHA256"),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("resource")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Heroku",
        docs: "https://devcenter.heroku.com/articles/app-webhooks",
        secret: MadeBy::Us,
        steps: &[
            "Run: heroku webhooks:add -a APP -i api:release -l notify -u {url} -s {secret}",
            "Name other entities after -i for other events.",
        ],
    },
    ..Provider::BASE
};
