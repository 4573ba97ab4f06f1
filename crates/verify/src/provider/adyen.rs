use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, KeyForm, Part, Place, Provider, Replay, Signature, Where,
};

/// Adyen signs eight values of each item, and nothing else; it wants `[accepted]` back.
pub const ADYEN: Provider = Provider {
    name: "adyen",
    credential: Credential::Signature(Signature {
        at: Where::Json("NotificationRequestItem.additionalData.hmacSignature"),
        encoding: Encoding::Base64,
        message: &[
            Part::JsonOrNothing("NotificationRequestItem.pspReference"),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.originalReference"),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.merchantAccountCode"),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.merchantReference"),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.amount.value"),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.amount.currency"),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.eventCode"),
            Part::Text(":"),
            Part::JsonOrNothing("NotificationRequestItem.success"),
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
    ..Provider::BASE
};
