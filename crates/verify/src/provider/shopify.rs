use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Where,
};

/// Shopify signs with the app's client secret, and wants 401 for every refusal.
pub const SHOPIFY: Provider = Provider {
    name: "shopify",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Shopify-Hmac-Sha256"),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-Shopify-Topic")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Shopify-Webhook-Id")]),
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    refusal_status: Some(401),
    recipe: Recipe {
        title: "Shopify",
        docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
        secret: MadeBy::Sender,
        steps: &[
            "In the Dev Dashboard, open the app's Settings and copy its secret.",
            "Subscribe to topics with {url} as uri, in the app's configuration or through the Admin API.",
        ],
    },
    ..Provider::BASE
};
