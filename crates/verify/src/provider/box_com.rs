use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Signature,
    Time, TimeAt, Unit, Where,
};

/// Box signs with two keys, each in a header of its own.
pub const BOX: Provider = Provider {
    name: "box",
    credential: Credential::Signature(Signature {
        at: Where::AnyOf(&["BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"]),
        encoding: Encoding::Base64,
        message: &[Part::Body, Part::Time],
        time: Some(Time { at: TimeAt::Header("BOX-DELIVERY-TIMESTAMP"), unit: Unit::Rfc3339, window_s: Some(600) }),
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("trigger")]),
    delivery_id: DeliveryId::First(&[Place::Header("BOX-DELIVERY-ID")]),
    replay: Replay::SignedTime,
    success: Answer::OK,
    recipe: Recipe {
        title: "Box",
        docs: "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
        secret: MadeBy::Sender,
        steps: &[
            "In the Developer Console, open the app's Webhooks tab and press Manage signature keys.",
            "Generate the primary and the secondary key and copy both: each is a secret of the source.",
            "Press Create webhook > V2, enter {url} as URL Address and choose the triggers.",
        ],
    },
    ..Provider::BASE
};
