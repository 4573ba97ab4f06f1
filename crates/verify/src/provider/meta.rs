use super::{
    Answer, Condition, Credential, Demand, EventName, Handshake, MadeBy, Place, Provider, Recipe, Shape, Signature,
    Wanted, Where,
};

/// Meta (Facebook, Instagram, WhatsApp) signs the body with its escapes as they were sent.
pub const META: Provider = Provider {
    name: "meta",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Hub-Signature-256"),
        shape: Shape::Prefix("sha256="),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("object")]),
    handshakes: &[Handshake {
        demand: Demand::VerifyToken(Place::Query("hub.verify_token")),
        ..Handshake::open(
            &[Condition::Method("GET"), Condition::Query("hub.mode", "subscribe")],
            Wanted::Text(Place::Query("hub.challenge")),
        )
    }],
    success: Answer::OK,
    recipe: Recipe {
        title: "Meta: Facebook, Instagram, WhatsApp",
        docs: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
        secret: MadeBy::Sender,
        steps: &[
            "In the App Dashboard, open App settings > Basic and copy the App secret.",
            "Choose a verification token, and set it at the source.",
            "Open Webhooks, enter {url} as Callback URL and that token as Verify token, and press Verify and save.",
            "Subscribe to fields.",
        ],
    },
    ..Provider::BASE
};
