use super::{Algorithm, Answer, Credential, EventName, MadeBy, Place, Provider, Recipe, Signature, Where};

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
    recipe: Recipe {
        title: "HCP Terraform",
        docs: "https://developer.hashicorp.com/terraform/cloud-docs/workspaces/settings/notifications",
        secret: MadeBy::Us,
        steps: &[
            "Open the workspace's Settings > Notifications > Create a Notification and choose Webhook.",
            "Enter {url} as Webhook URL and {secret} as Token, and choose the triggers.",
            "Press Create a Notification: a verification is sent at once.",
        ],
    },
    ..Provider::BASE
};
