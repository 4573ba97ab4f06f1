use super::{Algorithm, Answer, Credential, EventName, Place, Provider, Signature, Where};

/// Terraform Cloud signs the body with SHA-512.
pub const TERRAFORM_CLOUD: Provider = Provider {
    name: "terraform-cloud",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::HmacSha512,
        at: Where::Header("X-TFE-Notification-Signature"),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("notifications[*].trigger")]),
    ping: Some("verification"),
    success: Answer::OK,
    ..Provider::BASE
};
