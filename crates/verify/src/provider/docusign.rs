use super::{Answer, Credential, Encoding, EventName, Place, Provider, Signature, Where};

/// DocuSign Connect sends one signature for each active key, in numbered headers.
pub const DOCUSIGN: Provider = Provider {
    name: "docusign",
    credential: Credential::Signature(Signature {
        at: Where::Numbered("X-DocuSign-Signature"),
        encoding: Encoding::Base64,
        ..Signature::BASE
    }),
    event: EventName::Optional(&[Place::Json("event")]),
    success: Answer::OK,
    ..Provider::BASE
};
