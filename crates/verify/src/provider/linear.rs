use super::{
    Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Time, TimeAt, Unit,
    Where,
};

/// Linear's time stands in the body, in milliseconds, and holds for a minute.
pub const LINEAR: Provider = Provider {
    name: "linear",
    credential: Credential::Signature(Signature {
        at: Where::Header("Linear-Signature"),
        time: Some(Time { at: TimeAt::Json("webhookTimestamp"), unit: Unit::Milliseconds, window_s: Some(60) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("Linear-Event"), Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("Linear-Delivery")]),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    recipe: Recipe {
        title: "Linear",
        docs: "https://linear.app/developers/webhooks",
        secret: MadeBy::Sender,
        steps: &[
            "Open Settings > Administration > API > Webhooks > New webhook.",
            "Enter {url} as URL and choose the events.",
            "Press Create webhook and copy the signing secret.",
        ],
    },
    ..Provider::BASE
};
