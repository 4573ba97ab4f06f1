use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Shape, Signature, Where,
};

/// CircleCI sends a list of versions, of which the first is known.
pub const CIRCLECI: Provider = Provider {
    name: "circleci",
    credential: Credential::Signature(Signature {
        at: Where::Header("circleci-signature"),
        shape: Shape::List { between: ',', after_key: '=', key: "v1" },
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("circleci-event-type"), Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "CircleCI",
        docs: "https://circleci.com/docs/guides/integration/outbound-webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open Project Settings > Webhooks > Add Webhook.",
            "Enter {url} as Receiver URL and {secret} as Secret token, leave Certificate verification on, and choose \
             the events.",
            "Press Add Webhook.",
        ],
    },
    ..Provider::BASE
};
