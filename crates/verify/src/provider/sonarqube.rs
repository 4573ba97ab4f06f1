use super::{Answer, Credential, DeliveryId, EventName, Place, Provider, Replay, Signature, Where};

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
    ..Provider::BASE
};
