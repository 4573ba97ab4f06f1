use super::{Answer, Credential, Encoding, EventName, KeyForm, Place, Provider, Signature, Where};

/// Adyen's platform signs the body with all its blanks.
pub const ADYEN_PLATFORM: Provider = Provider {
    name: "adyen-platform",
    credential: Credential::Signature(Signature {
        at: Where::Header("HmacSignature"),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    key: KeyForm::Hex,
    event: EventName::Optional(&[Place::Json("type")]),
    success: Answer::OK,
    ..Provider::BASE
};
