use super::{
    Answer, Condition, Credential, DeliveryId, EventName, Handshake, MadeBy, Place, Provider, Recipe, Said, Wanted,
};

/// Okta's event hooks carry a fixed Authorization value; a GET asks for its challenge back.
pub const OKTA: Provider = Provider {
    name: "okta",
    credential: Credential::Token { place: Place::Header("Authorization"), prefix: "" },
    event: EventName::Optional(&[Place::Json("data.events[*].eventType")]),
    delivery_id: DeliveryId::First(&[Place::Json("data.events[*].uuid"), Place::Json("eventId")]),
    handshakes: &[Handshake::open(
        &[Condition::Method("GET")],
        Wanted::Members(&[("verification", Said::Back(Place::Header("X-Okta-Verification-Challenge")))]),
    )],
    success: Answer::OK,
    recipe: Recipe {
        title: "Okta event hooks",
        docs: "https://developer.okta.com/docs/concepts/event-hooks/",
        secret: MadeBy::Us,
        steps: &[
            "In the Admin Console, open Workflow > Event Hooks > Create Event Hook.",
            "Enter {url} as endpoint, Authorization as Authentication field and {secret} as Authentication secret.",
            "Choose the events, save, and press Verify.",
        ],
    },
    ..Provider::BASE
};
