use super::{
    Algorithm, Answer, Credential, DeliveryId, Encoding, EventName, JSON_TELLS_ITS_BORDERS, KeyForm, MadeBy, Part,
    Place, Provider, Recipe, Replay, Signature, Time, TimeAt, Unit, Where,
};

/// SendGrid signs with a key pair; the line break at the body's end is part of what is signed.
pub const SENDGRID: Provider = Provider {
    name: "sendgrid",
    credential: Credential::Signature(Signature {
        algorithm: Algorithm::EcdsaP256,
        at: Where::Header("X-Twilio-Email-Event-Webhook-Signature"),
        encoding: Encoding::Base64,
        message: &[Part::Time, Part::Body],
        time: Some(Time {
            at: TimeAt::Header("X-Twilio-Email-Event-Webhook-Timestamp"),
            unit: Unit::Seconds,
            window_s: None,
        }),
        ..Signature::BASE
    }),
    key: KeyForm::Spki,
    event: EventName::Optional(&[Place::Json("[*].event")]),
    delivery_id: DeliveryId::First(&[Place::Json("[*].sg_event_id")]),
    ambiguity: Some(JSON_TELLS_ITS_BORDERS),
    replay: Replay::Signed,
    success: Answer::OK,
    recipe: Recipe {
        title: "SendGrid",
        docs: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
        secret: MadeBy::Sender,
        steps: &[
            "Open Settings > Mail Settings > Event Webhooks > Create new webhook and enter {url} as Post URL.",
            "Choose the events and switch Enable Signed Event Webhook on.",
            "Save, open the webhook again and copy its Verification Key.",
        ],
    },
    ..Provider::BASE
};
