use super::{Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, MadeBy, Place, Provider, Recipe, Subject};

/// GitLab with a secret token sends it as it stands; nothing is signed.
pub const GITLAB_TOKEN: Provider = Provider {
    name: "gitlab-token",
    credential: Credential::Token { place: Place::Header("X-Gitlab-Token"), prefix: "" },
    event: EventName::Optional(&[Place::Header("X-Gitlab-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Gitlab-Event-UUID")]),
    subject: Some(Subject::GITLAB_PUSHED_COMMIT),
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    recipe: Recipe {
        title: "GitLab with a secret token",
        docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Use the provider gitlab instead, wherever the server offers a signing token.",
            "Open the project's or group's Settings > Webhooks > Add new webhook.",
            "Enter {url} as URL and {secret} as Secret token.",
            "Leave SSL verification on, choose the triggers, and press Add webhook, then Test.",
        ],
    },
    ..Provider::BASE
};
