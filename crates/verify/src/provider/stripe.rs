use super::{
    Answer, Credential, DeliveryId, EventName, Part, Place, Provider, Replay, Shape, Signature, Time, TimeAt, Unit,
    Where,
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
    ..Provider::BASE
};
