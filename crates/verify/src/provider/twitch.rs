use super::{
    Answer, Condition, Credential, DeliveryId, EventName, Handshake, JSON_TELLS_ITS_BORDERS, MadeBy, Part, Place,
    Provider, Recipe, Replay, Shape, Signature, Time, TimeAt, Unit, Wanted, Where,
};

/// Twitch EventSub signs its id, the time and the body.
pub const TWITCH: Provider = Provider {
    name: "twitch",
    credential: Credential::Signature(Signature {
        at: Where::Header("Twitch-Eventsub-Message-Signature"),
        shape: Shape::Prefix("sha256="),
        message: &[Part::Header("Twitch-Eventsub-Message-Id"), Part::Time, Part::Body],
        time: Some(Time {
            at: TimeAt::Header("Twitch-Eventsub-Message-Timestamp"),
            unit: Unit::Rfc3339,
            window_s: Some(600),
        }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("Twitch-Eventsub-Subscription-Type")]),
    delivery_id: DeliveryId::First(&[Place::Header("Twitch-Eventsub-Message-Id")]),
    handshakes: &[Handshake::proven(
        &[Condition::Header("Twitch-Eventsub-Message-Type", "webhook_callback_verification")],
        Wanted::Text(Place::Json("challenge")),
    )],
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    only_objects: true,
    success: Answer::OK,
    recipe: Recipe {
        title: "Twitch EventSub",
        docs: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
        secret: MadeBy::Us,
        steps: &[
            "Call POST /helix/eventsub/subscriptions of Twitch's API with the transport webhook, {url} as callback \
             and {secret} as secret.",
            "Twitch's challenge is answered; the subscription is then enabled.",
        ],
    },
    ..Provider::BASE
};
