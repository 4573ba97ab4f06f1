use super::{
    Credential, DeliveryId, EventName, FORGE_BODY_BYTES_MAX, JSON_TELLS_ITS_BORDERS, KeyForm, MadeBy, Part, Place,
    Provider, Recipe, Replay, Signature, Subject,
};

/// GitLab with a signing token follows Standard Webhooks. Its older secret token is [`super::GITLAB_TOKEN`].
pub const GITLAB: Provider = Provider {
    name: "gitlab",
    credential: Credential::Signature(Signature::standard(
        "webhook-signature",
        "webhook-timestamp",
        &[Part::Header("webhook-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
    )),
    key: KeyForm::WhsecOnly { plain: "gitlab-token" },
    event: EventName::Optional(&[Place::Header("X-Gitlab-Event")]),
    delivery_id: DeliveryId::First(&[Place::Header("webhook-id")]),
    subject: Some(Subject::GITLAB_PUSHED_COMMIT),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    only_objects: true,
    body_bytes_max: FORGE_BODY_BYTES_MAX,
    recipe: Recipe {
        title: "GitLab",
        docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
        secret: MadeBy::Us,
        steps: &[
            "Open the project's or group's Settings > Webhooks > Add new webhook.",
            "Enter {url} as URL and {secret} as Signing token; leave the older Secret token empty.",
            "Leave SSL verification on, choose the triggers, and press Add webhook, then Test.",
        ],
    },
    ..Provider::BASE
};
