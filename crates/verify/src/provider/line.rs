use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, MadeBy, Place, Provider, Recipe, Replay, Signature, Where,
};

/// LINE signs the body, in base64.
pub const LINE: Provider = Provider {
    name: "line",
    credential: Credential::Signature(Signature {
        at: Where::Header("x-line-signature"),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("events[*].type")]),
    delivery_id: DeliveryId::First(&[Place::Json("events[*].webhookEventId")]),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "LINE",
        docs: "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
        secret: MadeBy::Sender,
        steps: &[
            "In the LINE Developers Console, open the channel's Basic settings and copy the Channel secret.",
            "On the Messaging API tab, enter {url} as Webhook URL, press Verify, and switch Use webhook on.",
        ],
    },
    ..Provider::BASE
};
