use super::{
    Algorithm, Answer, Credential, DeliveryId, Encoding, EventName, KeyForm, Part, Place, Provider, Replay, Signature,
    Time, TimeAt, Unit, Where,
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
    replay: Replay::Signed,
    success: Answer::OK,
    ..Provider::BASE
};
