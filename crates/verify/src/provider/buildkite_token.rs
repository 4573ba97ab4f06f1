use super::{Answer, Credential, EventName, MadeBy, Place, Provider, Recipe};

/// Buildkite with a token that it sends as it stands.
pub const BUILDKITE_TOKEN: Provider = Provider {
    name: "buildkite-token",
    credential: Credential::Token { place: Place::Header("X-Buildkite-Token"), prefix: "" },
    event: EventName::Optional(&[Place::Header("X-Buildkite-Event")]),
    success: Answer::OK,
    recipe: Recipe {
        title: "Buildkite with a bare token",
        docs: "https://buildkite.com/docs/apis/webhooks/pipelines",
        secret: MadeBy::Sender,
        steps: &[
            "Better choose the signature: see the provider buildkite.",
            "Open Settings > Notification Services and press Add on Webhook.",
            "Enter {url} as Webhook URL, choose to send the token as X-Buildkite-Token, and copy it.",
            "Choose events and pipelines, and press Add Webhook Notification.",
        ],
    },
    ..Provider::BASE
};
