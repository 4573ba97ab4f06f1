use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Shape, Signature, Time,
    TimeAt, Unit, Where,
};

/// Stripe: the whole `whsec_` text is the key, unlike with Standard Webhooks.
pub const STRIPE: Provider = Provider {
    name: "stripe",
    credential: Credential::Signature(Signature {
        at: Where::Header("Stripe-Signature"),
        shape: Shape::List { between: ',', after_key: '=', key: "v1" },
        message: &[Part::Time, Part::Text("."), Part::Body],
        time: Some(Time { at: TimeAt::Item("t"), unit: Unit::Seconds, window_s: Some(300) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Stripe",
        docs: "https://docs.stripe.com/webhooks",
        secret: MadeBy::Sender,
        steps: &[
            "In Workbench, open Webhooks > Add destination and choose the events.",
            "Choose Webhook endpoint and enter {url} as Endpoint URL.",
            "Press Create destination and copy the Signing secret.",
        ],
    },
    ..Provider::BASE
};
