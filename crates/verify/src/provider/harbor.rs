use super::{Answer, Credential, EventName, MadeBy, Place, Provider, Recipe};

/// Harbor sends a fixed Authorization value.
pub const HARBOR: Provider = Provider {
    name: "harbor",
    credential: Credential::Token { place: Place::Header("Authorization"), prefix: "" },
    event: EventName::Optional(&[Place::Json("type")]),
    success: Answer::OK,
    recipe: Recipe {
        title: "Harbor",
        docs: "https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open the project's Webhooks tab and press New Webhook.",
            "Choose http as Notify Type, enter {url} as Endpoint URL and {secret} as Auth Header.",
            "Leave Verify Remote Certificate on, choose the events, and press Add.",
        ],
    },
    ..Provider::BASE
};
