use super::{Answer, Credential, DeliveryId, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Where};

/// SonarQube signs the body.
pub const SONARQUBE: Provider = Provider {
    name: "sonarqube",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Sonar-Webhook-HMAC-SHA256"),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("status")]),
    delivery_id: DeliveryId::First(&[Place::Json("taskId")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "SonarQube",
        docs: "https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open the project's Project Settings > Webhooks > Create, or Administration > Configuration > Webhooks \
             for all projects.",
            "Enter {url} as URL and {secret} as Secret.",
            "Press Create.",
        ],
    },
    ..Provider::BASE
};
