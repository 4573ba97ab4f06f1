use super::{Answer, Credential, Encoding, EventName, KeyForm, MadeBy, Place, Provider, Recipe, Signature, Where};

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
    recipe: Recipe {
        title: "Adyen for Platforms",
        docs: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
        secret: MadeBy::Sender,
        steps: &[
            "In the Customer Area, open Developers > Webhooks, create one of the platform's webhooks with the URL \
             {url}.",
            "Under Security, generate an HMAC key and copy it: it is shown once.",
            "Save.",
        ],
    },
    ..Provider::BASE
};
