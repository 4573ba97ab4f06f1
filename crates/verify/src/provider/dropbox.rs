use super::{Answer, Condition, Credential, EventName, Handshake, Place, Provider, Signature, Wanted, Where};

/// Dropbox says only that something changed; a GET asks for its challenge back.
pub const DROPBOX: Provider = Provider {
    name: "dropbox",
    credential: Credential::Signature(Signature { at: Where::Header("X-Dropbox-Signature"), ..Signature::BASE }),
    event: EventName::Optional(&[Place::Fixed("change")]),
    handshakes: &[Handshake::open(&[Condition::Method("GET")], Wanted::Text(Place::Query("challenge")))],
    success: Answer::OK,
    ..Provider::BASE
};
