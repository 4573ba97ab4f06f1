use super::{
    Answer, Condition, Credential, EventName, Handshake, MadeBy, Place, Provider, Recipe, Signature, Wanted, Where,
};

/// Dropbox says only that something changed; a GET asks for its challenge back.
pub const DROPBOX: Provider = Provider {
    name: "dropbox",
    credential: Credential::Signature(Signature { at: Where::Header("X-Dropbox-Signature"), ..Signature::BASE }),
    event: EventName::Optional(&[Place::Fixed("change")]),
    handshakes: &[Handshake::open(&[Condition::Method("GET")], Wanted::Text(Place::Query("challenge")))],
    success: Answer::OK,
    recipe: Recipe {
        title: "Dropbox",
        docs: "https://www.dropbox.com/developers/reference/webhooks",
        secret: MadeBy::Sender,
        steps: &[
            "In the App Console, open the app's Settings and copy its App secret.",
            "Add the source here before the next step: Dropbox asks it for a challenge.",
            "Under Webhooks, enter {url} as Webhook URI and press Add.",
        ],
    },
    ..Provider::BASE
};
