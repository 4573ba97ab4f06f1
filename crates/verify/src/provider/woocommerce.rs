use super::{
    Answer, Condition, Credential, DeliveryId, Encoding, EventName, Handshake, MadeBy, Place, Provider, Recipe, Replay,
    Signature, Wanted, Where,
};

/// WooCommerce signs like Shopify; when a hook is made it sends its number in an unsigned form.
pub const WOOCOMMERCE: Provider = Provider {
    name: "woocommerce",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-WC-Webhook-Signature"),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Header("X-WC-Webhook-Topic")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-WC-Webhook-Delivery-ID")]),
    handshakes: &[Handshake::open(
        &[
            Condition::Method("POST"),
            Condition::HeaderAbsent("X-WC-Webhook-Signature"),
            Condition::FormNumber("webhook_id"),
        ],
        Wanted::Fixed(Answer::OK),
    )],
    replay: Replay::IdAndDigest,
    success: Answer::OK,
    recipe: Recipe {
        title: "WooCommerce",
        docs: "https://woocommerce.com/document/webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open WooCommerce > Settings > Advanced > Webhooks > Add webhook.",
            "Choose the topic, enter {url} as Delivery URL and {secret} as Secret, and set Status to Active.",
            "Press Save webhook.",
        ],
    },
    ..Provider::BASE
};
