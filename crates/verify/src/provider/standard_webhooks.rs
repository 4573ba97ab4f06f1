use super::{Credential, DeliveryId, EventName, KeyForm, Part, Place, Provider, Replay, Signature};

/// Standard Webhooks (specification 1.0) with a shared key, as many senders speak it.
pub const STANDARD_WEBHOOKS: Provider = Provider {
    name: "standard-webhooks",
    credential: Credential::Signature(Signature::standard(
        "webhook-signature",
        "webhook-timestamp",
        &[Part::Header("webhook-id"), Part::Text("."), Part::Time, Part::Text("."), Part::Body],
    )),
    key: KeyForm::Whsec,
    event: EventName::Optional(&[Place::Json("type")]),
    delivery_id: DeliveryId::First(&[Place::Header("webhook-id")]),
    replay: Replay::Signed,
    ..Provider::BASE
};
