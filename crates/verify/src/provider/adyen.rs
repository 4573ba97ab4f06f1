use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, KeyForm, MadeBy, Part, Place, Provider, Recipe, Replay,
    Signature, Where,
};

/// Adyen signs eight values of each item, and nothing else; it wants `[accepted]` back.
pub const ADYEN: Provider = Provider {
    name: "adyen",
    credential: Credential::Signature(Signature {
        at: Where::Json("NotificationRequestItem.additionalData.hmacSignature"),
        encoding: Encoding::Base64,
        message: &[
            Part::JsonWithout("NotificationRequestItem.pspReference", ':'),
            Part::Text(":"),
            Part::JsonWithout("NotificationRequestItem.originalReference", ':'),
            Part::Text(":"),
            Part::JsonWithout("NotificationRequestItem.merchantAccountCode", ':'),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.merchantReference"),
            Part::Text(":"),
            Part::JsonWithout("NotificationRequestItem.amount.value", ':'),
            Part::Text(":"),
            Part::JsonWithout("NotificationRequestItem.amount.currency", ':'),
            Part::Text(":"),
            Part::JsonWithout("NotificationRequestItem.eventCode", ':'),
            Part::Text(":"),
            Part::JsonWithout("NotificationRequestItem.success", ':'),
        ],
        each: Some("notificationItems"),
        ..Signature::BASE
    }),
    key: KeyForm::Hex,
    event: EventName::Optional(&[Place::Json("notificationItems[*].NotificationRequestItem.eventCode")]),
    delivery_id: DeliveryId::Together(&[
        Place::Json("notificationItems[*].NotificationRequestItem.pspReference"),
        Place::Json("notificationItems[*].NotificationRequestItem.eventCode"),
    ]),
    replay: Replay::Signed,
    success: Answer { status: 200, content_type: Some("text/plain"), text: "[accepted]" },
    recipe: Recipe {
        title: "Adyen",
        docs: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
        secret: MadeBy::Sender,
        steps: &[
            "In the Customer Area, open Developers > Webhooks, create a Standard webhook with the URL {url} and the \
             method JSON.",
            "Under Security, generate an HMAC key and copy it: it is shown once.",
            "Save, then send a test notification.",
        ],
    },
    ..Provider::BASE
};
