use super::{Answer, Credential, EventName, KeyForm, Place, Provider, Signature, Where};

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
    ..Provider::BASE
};
