use super::{
    Answer, Condition, Consequence, Credential, Demand, EventName, Handshake, MadeBy, Place, Provider, Recipe,
    Signature, Wanted, Where,
};

/// Asana brings the secret with its first request.
pub const ASANA: Provider = Provider {
    name: "asana",
    credential: Credential::Signature(Signature { at: Where::Header("X-Hook-Signature"), ..Signature::BASE }),
    event: EventName::Optional(&[Place::Json("events[*].action")]),
    handshakes: &[Handshake {
        demand: Demand::Awaited,
        effect: Some(Consequence::StoreSecret(Place::Header("X-Hook-Secret"))),
        ..Handshake::open(
            &[Condition::Method("POST"), Condition::HeaderPresent("X-Hook-Secret")],
            Wanted::HeaderBack("X-Hook-Secret"),
        )
    }],
    success: Answer::OK,
    recipe: Recipe {
        title: "Asana",
        docs: "https://developers.asana.com/docs/webhooks-guide",
        secret: MadeBy::FirstRequest,
        steps: &[
            "Add the source here first, waiting for its secret.",
            "Call POST /webhooks of Asana's API with the resource to watch and the target {url}.",
            "Asana's first request brings the secret, and is answered with it.",
        ],
    },
    ..Provider::BASE
};
