//! The vocabulary of a provider's definition.
//!
//! A definition says where things stand in a request and how they are written. It holds no code: everything it can
//! say is a variant below, so that adding a sender is adding data, and the compiler lists what a new word needs.

/// Everything about one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The name in configurations, URLs and event types.
    pub name: &'static str,
    /// How a request proves who sent it.
    pub credential: Credential,
    /// How the configured text becomes a key.
    pub key: KeyForm,
    /// Where the event's name stands, and what follows if it does not.
    pub event: EventName,
    /// Where the sender's own id of the delivery stands.
    pub delivery_id: Option<Place>,
    /// What the event is about.
    pub subject: Option<Subject>,
    /// The field that holds the JSON where the body is a form.
    pub form_field: Option<&'static str>,
    /// The event that only asks whether we are there: answered 200, and not an event.
    pub ping: Option<&'static str>,
    /// What identifies a delivery, and how far that can be trusted.
    pub replay: Replay,
    /// The largest body that this sender sends.
    pub body_bytes_max: usize,
    /// The answer to an accepted request.
    pub success: Answer,
}

/// How a request proves who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A signature over what was sent.
    Signature(Signature),
    /// The secret itself, in a header.
    Token {
        /// The header's name.
        header: &'static str,
    },
    /// The secret itself, in the URL's query.
    Code {
        /// The query parameter's name.
        parameter: &'static str,
    },
}

impl Credential {
    /// The name of the scheme, as a proof records it.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        match self {
            Credential::Signature(signature) => signature.algorithm.name(),
            Credential::Token { .. } => "token",
            Credential::Code { .. } => "code",
        }
    }
}

/// A signature: how it is made, where it stands, what it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// How it is made.
    pub algorithm: Algorithm,
    /// The header that it stands in.
    pub header: &'static str,
    /// What stands around it there.
    pub shape: Shape,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// What it is over: these parts with nothing between.
    pub message: &'static [Part],
    /// The time that is signed with it.
    pub time: Option<Time>,
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-1: not broken as a MAC, but old.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// Ed25519, strictly verified.
    Ed25519,
}

impl Algorithm {
    /// The name that proofs, documentation and logs use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::HmacSha1 => "hmac-sha1",
            Algorithm::HmacSha256 => "hmac-sha256",
            Algorithm::HmacSha512 => "hmac-sha512",
            Algorithm::Ed25519 => "ed25519",
        }
    }
}

/// How the configured text becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// The UTF-8 of the text as it stands.
    Text,
    /// Likewise, with a length that the provider fixes.
    TextOf {
        /// The fewest characters.
        characters_min: usize,
        /// The most characters.
        characters_max: usize,
    },
    /// A signing token: `whsec_` (may be left out) and base64 of 24 to 64 bytes.
    Whsec,
    /// Likewise, where a text without `whsec_` is a plain secret, which another provider takes.
    WhsecOnly {
        /// The name of that other provider.
        plain: &'static str,
    },
    /// An Ed25519 public key: `whpk_` (may be left out) and base64 of 32 bytes.
    Whpk,
}

/// What stands around a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: the value is the signature.
    Bare,
    /// A fixed text in front, its case included.
    Prefix(&'static str),
    /// A list of keyed values; those under other keys are other versions, and ignored.
    List {
        /// What stands between items.
        between: char,
        /// What stands between an item's key and its value.
        after_key: char,
        /// The key whose values are signatures.
        key: &'static str,
    },
}

/// How the bytes of a signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal in either case.
    Hex,
    /// Base64, standard alphabet, padded, canonical.
    Base64,
}

impl Encoding {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Hex => "hex",
            Encoding::Base64 => "base64",
        }
    }
}

/// One part of a signed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The body as it arrived.
    Body,
    /// The body, or the decoded field that holds the JSON where the body is a form.
    Payload,
    /// The text of the signed time, as it arrived.
    Time,
    /// The value of a header that must be there once.
    Header(&'static str),
    /// A fixed text.
    Text(&'static str),
}

/// A signed time, in whole seconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// The header that it stands in.
    pub header: &'static str,
    /// How far it may lie from our own, either way; exactly so far is not too far.
    pub window_s: u64,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a header.
    Header(&'static str),
    /// In the JSON, under these names, each after a full stop.
    Json(&'static str),
}

/// Where the event's name stands, and what follows if it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventName {
    /// There, or the event has no name.
    Optional(Place),
    /// There, or the request is refused.
    Required(Place),
}

impl EventName {
    /// Where the name stands.
    #[must_use]
    pub const fn place(self) -> Place {
        match self {
            EventName::Optional(place) | EventName::Required(place) => place,
        }
    }
}

/// What an event is about, by paths into the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The one event that has such a subject.
    pub event: &'static str,
    /// The kind of subject.
    pub kind: &'static str,
    /// The path of the collection that it lives in.
    pub collection: &'static str,
    /// The path of its id.
    pub id: &'static str,
}

impl Subject {
    /// The commit that a push leads to, as GitHub and the forges after its model tell it.
    pub const PUSHED_COMMIT: Subject =
        Subject { event: "push", kind: "commit", collection: "repository.full_name", id: "after" };

    /// The commit that a push leads to, as GitLab tells it.
    pub const GITLAB_PUSHED_COMMIT: Subject =
        Subject { event: "Push Hook", kind: "commit", collection: "project.path_with_namespace", id: "after" };
}

/// What identifies a delivery, so that a second one is known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The delivery id, which is signed.
    Signed,
    /// The delivery id, which is not, together with the digest of the body: both must repeat.
    IdAndDigest,
    /// Nothing: every delivery is a new one.
    Nothing,
}

impl Replay {
    /// The name that documentation and APIs use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Replay::Signed => "signed",
            Replay::IdAndDigest => "id+digest",
            Replay::Nothing => "none",
        }
    }
}

/// A fixed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type, where there is a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub text: &'static str,
}

impl Answer {
    /// Received, nothing more to say.
    pub const NO_CONTENT: Answer = Answer { status: 204, content_type: None, text: "" };

    /// Yes, we are here.
    pub const OK: Answer = Answer { status: 200, content_type: None, text: "" };
}

/// The largest body of a provider that names no other limit: 1 MiB.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// The largest body of a forge: 25 MiB, the most that GitHub sends.
pub const FORGE_BODY_BYTES_MAX: usize = 25 << 20;
