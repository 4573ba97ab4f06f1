use super::{Answer, Credential, EventName, MadeBy, Place, Provider, Recipe};

/// Docker Hub signs nothing: the secret stands in the URL.
pub const DOCKER_HUB: Provider = Provider {
    name: "docker-hub",
    credential: Credential::Token { place: Place::Query("code"), prefix: "" },
    event: EventName::Optional(&[Place::Fixed("push")]),
    success: Answer::OK,
    recipe: Recipe {
        title: "Docker Hub",
        docs: "https://docs.docker.com/docker-hub/repos/manage/webhooks/",
        secret: MadeBy::Us,
        steps: &["Open the repository's Webhooks tab.", "Enter a name, and {url} as Webhook URL.", "Press Create."],
    },
    ..Provider::BASE
};
