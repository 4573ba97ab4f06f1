use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Shape, Signature, Where,
};

/// PagerDuty signs the body, once for each key that is being rolled.
pub const PAGERDUTY: Provider = Provider {
    name: "pagerduty",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-PagerDuty-Signature"),
        shape: Shape::List { between: ',', after_key: '=', key: "v1" },
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event.event_type")]),
    delivery_id: DeliveryId::First(&[Place::Json("event.id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "PagerDuty",
        docs: "https://developer.pagerduty.com/docs/webhooks/webhook-signatures/",
        secret: MadeBy::Sender,
        steps: &[
            "Open Integrations > Generic Webhooks (v3) > New Webhook.",
            "Enter {url} as Webhook URL and choose scope and events.",
            "Press Add Webhook and copy the secret: it is shown once.",
        ],
    },
    ..Provider::BASE
};
