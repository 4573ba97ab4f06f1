use super::{Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Shape, Signature, Where};

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
    ..Provider::BASE
};
