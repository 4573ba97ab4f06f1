use super::{Answer, Credential, EventName, KeyForm, MadeBy, Place, Provider, Recipe, Signature, Where};

/// Pusher names in a header which of several application keys signed.
pub const PUSHER: Provider = Provider {
    name: "pusher",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Pusher-Signature"),
        key_name: Some("X-Pusher-Key"),
        ..Signature::BASE
    }),
    key: KeyForm::Named,
    event: EventName::Optional(&[Place::Json("events[*].name")]),
    success: Answer::OK,
    recipe: Recipe {
        title: "Pusher Channels",
        docs: "https://pusher.com/docs/channels/server_api/webhooks/",
        secret: MadeBy::Sender,
        steps: &[
            "Open the app's App Keys and copy key and secret: the secret here is both, with a colon between.",
            "Open Webhooks, choose the event type and enter {url}.",
            "Press Add webhook.",
        ],
    },
    ..Provider::BASE
};
