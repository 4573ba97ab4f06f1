use super::{Credential, DeliveryId, EventName, KeyForm, Part, Place, Provider, Replay, Signature};

/// Svix: Standard Webhooks under its own header names.
pub const SVIX: Provider = Provider {
    name: "svix",
    credential: Credential::Signature(Signature::standard(
        "svix-signature",
        "svix-timestamp",
        &[Part::Header("svix-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
    )),
    key: KeyForm::Whsec,
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("svix-id")]),
    replay: Replay::Signed,
    ..Provider::BASE
};
