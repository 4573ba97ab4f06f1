use super::{Answer, Credential, EventName, Place, Provider};

/// Docker Hub signs nothing: the secret stands in the URL.
pub const DOCKER_HUB: Provider = Provider {
    name: "docker-hub",
    credential: Credential::Token { place: Place::Query("code"), prefix: "" },
    event: EventName::Optional(&[Place::Fixed("push")]),
    success: Answer::OK,
    ..Provider::BASE
};
