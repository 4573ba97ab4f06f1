use super::{
    Credential, DeliveryId, EventName, JSON_TELLS_ITS_BORDERS, KeyForm, MadeBy, Part, Place, Provider, Recipe, Replay,
    Signature,
};

/// Standard Webhooks (specification 1.0) with a shared key, as many senders speak it.
pub const STANDARD_WEBHOOKS: Provider = Provider {
    name: "standard-webhooks",
    credential: Credential::Signature(Signature::standard(
        "webhook-signature",
        "webhook-timestamp",
        &[Part::Header("webhook-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
    )),
    key: KeyForm::Whsec,
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("webhook-id")]),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    recipe: Recipe {
        title: "Standard Webhooks",
        docs: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
        secret: MadeBy::Sender,
        steps: &[
            "At a sender that follows the specification, add an endpoint with the URL {url}.",
            "Copy its signing secret, which begins with whsec_.",
        ],
    },
    ..Provider::BASE
};
