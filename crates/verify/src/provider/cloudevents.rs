use super::{
    Answer, Condition, Credential, DeliveryId, Demand, EventName, Handshake, MadeBy, Place, Provider, Recipe, Wanted,
};

/// CloudEvents over HTTP with a bearer token; senders ask by OPTIONS whether they may.
pub const CLOUDEVENTS: Provider = Provider {
    name: "cloudevents",
    credential: Credential::Token { place: Place::Header("Authorization"), prefix: "Bearer " },
    event: EventName::Optional(&[Place::Header("ce-type"), Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("ce-id"), Place::Json("id")]),
    handshakes: &[Handshake {
        demand: Demand::AllowedOrigin("WebHook-Request-Origin"),
        ..Handshake::open(&[Condition::Method("OPTIONS")], Wanted::Permission)
    }],
    success: Answer::OK,
    recipe: Recipe {
        title: "CloudEvents over HTTP",
        docs: "https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md",
        secret: MadeBy::Us,
        steps: &[
            "Tell the sender to deliver to {url} with the header Authorization: Bearer {secret}.",
            "If it asks for permission first, set the origin that it names as an allowed origin of the source.",
        ],
    },
    ..Provider::BASE
};
