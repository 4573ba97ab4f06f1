use super::{Answer, Credential, EventName, Place, Provider};

/// Harbor sends a fixed Authorization value.
pub const HARBOR: Provider = Provider {
    name: "harbor",
    credential: Credential::Token { place: Place::Header("Authorization"), prefix: "" },
    event: EventName::Optional(&[Place::Json("type")]),
    success: Answer::OK,
    ..Provider::BASE
};
