use super::{Answer, Credential, DeliveryId, Encoding, EventName, Place, Provider, Replay, Signature, Where};

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
    ..Provider::BASE
};
