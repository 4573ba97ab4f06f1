use super::{Answer, Credential, DeliveryId, Encoding, EventName, Place, Provider, Replay, Signature, Where};

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
    ..Provider::BASE
};
