use super::{Answer, Credential, Encoding, EventName, MadeBy, Place, Provider, Recipe, Signature, Where};

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
    recipe: Recipe {
        title: "Docusign Connect",
        docs: "https://developers.docusign.com/platform/webhooks/connect/hmac/",
        secret: MadeBy::Sender,
        steps: &[
            "In Settings, open Connect > Connect Keys, press Add Secret Key and copy it: it is shown once.",
            "Press Add Configuration > Custom, enter {url} as URL to Publish and choose JSON as data format.",
            "Tick Include HMAC Signature and choose the events.",
            "Press Add Configuration.",
        ],
    },
    ..Provider::BASE
};
