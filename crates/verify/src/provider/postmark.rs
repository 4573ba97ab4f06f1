use super::{Answer, Credential, EventName, KeyForm, MadeBy, Place, Provider, Recipe};

/// Postmark uses HTTP basic authentication.
pub const POSTMARK: Provider = Provider {
    name: "postmark",
    credential: Credential::Basic,
    key: KeyForm::UserPassword,
    event: EventName::Optional(&[Place::Json("RecordType")]),
    success: Answer::OK,
    recipe: Recipe {
        title: "Postmark",
        docs: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
        secret: MadeBy::Us,
        steps: &[
            "Open the server's message stream, then Webhooks > Add webhook.",
            "Enter {url} as URL, and as basic auth credentials the two halves of {secret}: user before the colon, \
             password after it.",
            "Choose the events, send a test, and save.",
        ],
    },
    ..Provider::BASE
};
