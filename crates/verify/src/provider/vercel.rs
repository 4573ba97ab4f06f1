use super::{
    Algorithm, Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Where,
};

/// Vercel signs the body with SHA-1.
pub const VERCEL: Provider = Provider {
    name: "vercel",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha1,
        at: Where::Header("x-vercel-signature"),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Json("id")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "Vercel",
        docs: "https://vercel.com/docs/webhooks",
        secret: MadeBy::Sender,
        steps: &[
            "Open the team's Settings > Webhooks and choose events and projects.",
            "Enter {url} as Endpoint URL and press Create Webhook.",
            "Copy the secret: it is shown once.",
        ],
    },
    ..Provider::BASE
};
