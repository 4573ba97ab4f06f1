use super::{Answer, Credential, EventName, Place, Provider};

/// Buildkite with a token that it sends as it stands.
pub const BUILDKITE_TOKEN: Provider = Provider {
    name: "buildkite-token",
    credential: Credential::Token { place: Place::Header("X-Buildkite-Token"), prefix: "" },
    event: EventName::Optional(&[Place::Header("X-Buildkite-Event")]),
    success: Answer::OK,
    ..Provider::BASE
};
