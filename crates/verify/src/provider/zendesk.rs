use super::{
    Answer, Credential, DeliveryId, Encoding, EventName, MadeBy, Part, Place, Provider, Recipe, Replay, Signature,
    Time, TimeAt, Unit, Where,
};

/// Zendesk signs the time and the body, with whatever method the hook was given.
pub const ZENDESK: Provider = Provider {
    name: "zendesk",
    credential: Credential::Signature(Signature {
        at: Where::Header("X-Zendesk-Webhook-Signature"),
        encoding: Encoding::Base64,
        message: &[Part::Time, Part::Body],
        time: Some(Time {
            at: TimeAt::Header("X-Zendesk-Webhook-Signature-Timestamp"),
            unit: Unit::Rfc3339,
            window_s: None,
        }),
        ..Signature::BASE
    }),
    methods: &["POST", "PUT", "PATCH", "DELETE", "GET"],
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("X-Zendesk-Webhook-Invocation-Id")]),
    replay: Replay::SignedTime,
    success: Answer::OK,
    recipe: Recipe {
        title: "Zendesk",
        docs: "https://developer.zendesk.com/documentation/webhooks/verifying/",
        secret: MadeBy::Sender,
        steps: &[
            "In the Admin Center, open Apps and integrations > Webhooks > Create webhook and subscribe to events, or \
             connect it to a trigger.",
            "Enter {url} as Endpoint URL, POST, JSON.",
            "Press Create webhook, then Reveal secret, and copy it.",
        ],
    },
    ..Provider::BASE
};
