use super::{
    Algorithm, Credential, DeliveryId, EventName, JSON_TELLS_ITS_BORDERS, KeyForm, MadeBy, Part, Place, Provider,
    Recipe, Replay, Shape, Signature,
};

/// Standard Webhooks (specification 1.0) with a public key, which can check and never sign.
pub const STANDARD_WEBHOOKS_ED25519: Provider = Provider {
    name: "standard-webhooks-ed25519",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::Ed25519,
        shape: Shape::List { between: ' ', after_key: ',', key: "v1a" },
        ..Signature::standard(
            "webhook-signature",
            "webhook-timestamp",
            &[Part::Header("webhook-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
        )
    }),
    key: KeyForm::Whpk,
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("webhook-id")]),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    recipe: Recipe {
        title: "Standard Webhooks with a public key",
        docs: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
        secret: MadeBy::Sender,
        steps: &[
            "At a sender that follows the specification, add an endpoint with the URL {url}.",
            "Copy its public key, which begins with whpk_.",
        ],
    },
    ..Provider::BASE
};
