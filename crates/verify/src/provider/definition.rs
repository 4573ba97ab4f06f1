//! The vocabulary of a provider's definition.
//!
//! A definition says where things stand in a request and how they are written. It holds no code: everything it can
//! say is a variant below, so that adding a sender is adding data, and the compiler lists what a new word needs.

use std::fmt;

use super::handshake::{Consequence, Demand, Handshake};
use super::recipe::Recipe;
use crate::certificate::RsaDigest;
use crate::refusal::Reason;

/// Everything about one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The name in configurations, URLs and event types.
    pub name: &'static str,
    /// How a request proves who sent it.
    pub credential: Credential,
    /// How the configured text becomes a key.
    pub key: KeyForm,
    /// The methods that deliver events.
    pub methods: &'static [&'static str],
    /// Where the event's name stands, and what follows if it does not.
    pub event: EventName,
    /// Where the sender's own id of the delivery stands.
    pub delivery_id: DeliveryId,
    /// What the event is about.
    pub subject: Option<Subject>,
    /// The field that holds the JSON where the body is a form.
    pub form_field: Option<&'static str>,
    /// Requests that only want an answer, in the order in which they are looked for.
    pub handshakes: &'static [Handshake],
    /// The event that only asks whether we are there: answered 200, and not an event.
    pub ping: Option<&'static str>,
    /// Where two different requests can have the same signed bytes ([`super::readings`]): why that does no harm.
    pub ambiguity: Option<&'static str>,
    /// What identifies a delivery, and how far that can be trusted.
    pub replay: Replay,
    /// Whether every event of this sender is a JSON object, and anything else no event of its.
    pub only_objects: bool,
    /// The largest body that this sender sends.
    pub body_bytes_max: usize,
    /// The answer to an accepted request.
    pub success: Answer,
    /// The status of every refusal of the proof, where this sender insists on one.
    pub refusal_status: Option<u16>,
    /// What a person does at the sender.
    pub recipe: Recipe,
}

impl Provider {
    /// What most have in common; a definition says what is different. Its credential is one that nothing passes.
    pub(crate) const BASE: Provider = Provider {
        name: "",
        credential: Credential::Token { place: Place::Header(""), prefix: "" },
        key: KeyForm::Text,
        methods: &["POST"],
        event: EventName::Optional(&[]),
        delivery_id: DeliveryId::None,
        subject: None,
        form_field: None,
        handshakes: &[],
        ping: None,
        ambiguity: None,
        replay: Replay::Nothing,
        only_objects: false,
        body_bytes_max: BODY_BYTES_MAX,
        success: Answer::NO_CONTENT,
        refusal_status: None,
        recipe: Recipe::NONE,
    };

    /// The names in the query that hold a credential, be it a request's or a handshake's: never stored in the clear.
    #[must_use]
    pub fn credential_queries(&self) -> Vec<&'static str> {
        let of_requests = match self.credential {
            Credential::Token { place, .. } => Some(place),
            _ => None,
        };
        let of_handshakes = self.handshakes.iter().filter_map(|handshake| match handshake.demand {
            Demand::VerifyToken(place) => Some(place),
            _ => None,
        });
        let name = |place| if let Place::Query(name) = place { Some(name) } else { None };
        of_requests.into_iter().chain(of_handshakes).filter_map(name).collect()
    }

    /// Whether a handshake of this sender brings the secret.
    #[must_use]
    pub fn brings_its_secret(&self) -> bool {
        self.handshakes.iter().any(|handshake| matches!(handshake.effect, Some(Consequence::StoreSecret(_))))
    }

    /// The status that answers a refusal for this reason.
    #[must_use]
    pub fn status(&self, reason: Reason) -> u16 {
        self.refusal_status.filter(|_| reason.is_about_the_proof()).unwrap_or_else(|| reason.status())
    }
}

/// How a request proves who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A signature over what was sent.
    Signature(Signature),
    /// The secret itself.
    Token {
        /// Where it stands.
        place: Place,
        /// A fixed text in front of it, its case included; may be empty.
        prefix: &'static str,
    },
    /// The secret itself, in the URL's query, as ASP.NET Core WebHooks names and refuses it.
    Code {
        /// The query parameter's name.
        parameter: &'static str,
    },
    /// User and password by HTTP basic authentication (RFC 7617); the secret is `user:password`.
    Basic,
    /// Twilio's own: see [`super::twilio`].
    Twilio,
    /// Netlify's own: see [`super::netlify`].
    Netlify,
    /// Amazon SNS's own: see [`super::aws_sns`].
    AwsSns,
    /// PayPal's own: see [`super::paypal`].
    PayPal,
}

impl Credential {
    /// The name of the scheme, as a proof records it.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        match self {
            Credential::Signature(signature) => signature.algorithm.name(),
            Credential::Token { .. } => "token",
            Credential::Code { .. } => "code",
            Credential::Basic => "basic",
            Credential::Twilio => Algorithm::HmacSha1.name(),
            Credential::Netlify => "jws-hs256",
            Credential::AwsSns | Credential::PayPal => RsaDigest::Sha256.scheme(),
        }
    }

    /// The headers that hold it: never stored in the clear. A name that ends in `-{n}` stands for all its numbers.
    #[must_use]
    pub fn headers(&self) -> Vec<&'static str> {
        match self {
            Credential::Signature(Signature { at: Where::Header(name) | Where::Numbered(name), .. })
            | Credential::Token { place: Place::Header(name), .. } => vec![name],
            Credential::Signature(Signature { at: Where::AnyOf(names), .. }) => names.to_vec(),
            Credential::Signature(Signature { at: Where::Json(_), .. })
            | Credential::Token { .. }
            | Credential::Code { .. }
            | Credential::AwsSns => vec![],
            Credential::Basic => vec!["Authorization"],
            Credential::Twilio => vec![super::twilio::HEADER],
            Credential::Netlify => vec![super::netlify::HEADER],
            Credential::PayPal => vec![super::paypal::HEADER],
        }
    }
}

/// A signature: how it is made, where it stands, what it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// How it is made.
    pub algorithm: Algorithm,
    /// Where it stands.
    pub at: Where,
    /// What stands around it there.
    pub shape: Shape,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// What it is over: these parts with nothing between.
    pub message: &'static [Part],
    /// The time that is signed with it.
    pub time: Option<Time>,
    /// The array in the body whose every item has such a signature of its own; paths then begin at the item.
    pub each: Option<&'static str>,
    /// The header that names the one key to check with, where keys have names.
    pub key_name: Option<&'static str>,
}

impl Signature {
    /// HMAC-SHA256 in hex over the body alone: what most senders vary.
    pub(crate) const BASE: Signature = Signature {
        algorithm: Algorithm::HmacSha256,
        at: Where::Header(""),
        shape: Shape::Bare,
        encoding: Encoding::Hex,
        message: &[Part::Body],
        time: None,
        each: None,
        key_name: None,
    };

    /// What Standard Webhooks says of `v1`, for senders that follow it under these header names.
    pub(crate) const fn standard(signature: &'static str, time: &'static str, message: &'static [Part]) -> Signature {
        Signature {
            at: Where::Header(signature),
            shape: Shape::List { between: ' ', after_key: ',', key: "v1" },
            encoding: Encoding::Base64,
            message,
            time: Some(Time { at: TimeAt::Header(time), unit: Unit::Seconds, window_s: Some(300) }),
            ..Signature::BASE
        }
    }
}

/// Where a signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In a header that must be there once.
    Header(&'static str),
    /// In these headers, of which at least one must be there, each once.
    AnyOf(&'static [&'static str]),
    /// In headers that end in `-1`, `-2` and so on, without a gap.
    Numbered(&'static str),
    /// In the JSON of the body.
    Json(&'static str),
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
    /// SHA-256 of the secret and the message after it: no MAC, and open to extension in theory.
    Sha256SecretFirst,
    /// Ed25519, strictly verified.
    Ed25519,
    /// ECDSA on P-256 over SHA-256, in DER.
    EcdsaP256,
}

impl Algorithm {
    /// The name that proofs, documentation and logs use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::HmacSha1 => "hmac-sha1",
            Algorithm::HmacSha256 => "hmac-sha256",
            Algorithm::HmacSha512 => "hmac-sha512",
            Algorithm::Sha256SecretFirst => "sha256",
            Algorithm::Ed25519 => "ed25519",
            Algorithm::EcdsaP256 => "ecdsa-p256-sha256",
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
    /// An Ed25519 public key: 64 hex digits.
    Ed25519Hex,
    /// A public key as base64 of its DER (RFC 5280, SubjectPublicKeyInfo).
    Spki,
    /// The bytes that hex digits stand for.
    Hex,
    /// A name, a colon, and text as it stands: the request names which of several keys signed it.
    Named,
    /// A user, a colon, and a password.
    UserPassword,
    /// No key, and no secret: the sender's own name of what it sends us, which it signs with. It signs what it sends
    /// to others, too.
    Identifier {
        /// What it begins with.
        prefix: &'static str,
        /// What it is, for people.
        expected: &'static str,
    },
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
    /// The method, in capitals.
    Method,
    /// The URL that the sender knows: the configured public one, or as it arrived.
    Url,
    /// Likewise, with the few escapes undone that HubSpot undoes.
    UrlPartlyDecoded,
    /// A value in the JSON that must be there.
    Json(&'static str),
    /// Likewise, of so many bytes: where nothing else tells where it begins.
    JsonOf(&'static str, usize),
    /// A value in the JSON, or nothing.
    JsonOrNothing(&'static str),
    /// Likewise, without the character that stands next to it.
    JsonWithout(&'static str, char),
}

/// A signed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Where it stands.
    pub at: TimeAt,
    /// How it is written.
    pub unit: Unit,
    /// How far it may lie from our own, either way; exactly so far is not too far. `None`: the sender names no limit.
    pub window_s: Option<u64>,
}

impl fmt::Display for Where {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Where::Header(name) => write!(out, "the header {name}"),
            Where::AnyOf(names) => write!(out, "the headers {}", names.join(", ")),
            Where::Numbered(name) => write!(out, "the headers {name}-1 and so on"),
            Where::Json(path) => write!(out, "{path} in the body"),
        }
    }
}

/// Where a signed time stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeAt {
    /// In a header that must be there once.
    Header(&'static str),
    /// Among the signatures' list, once, under this key.
    Item(&'static str),
    /// In the JSON of the body.
    Json(&'static str),
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole seconds of Unix time.
    Seconds,
    /// Whole milliseconds of Unix time.
    Milliseconds,
    /// RFC 3339 with a zone and any fraction.
    Rfc3339,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a header.
    Header(&'static str),
    /// In the URL's query.
    Query(&'static str),
    /// In a field of a form.
    Form(&'static str),
    /// In the JSON: names with a full stop between, a number for an item, `[*]` for every item.
    Json(&'static str),
    /// Nowhere: it is always this.
    Fixed(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Header(name) => write!(out, "the header {name}"),
            Place::Query(name) => write!(out, "the query parameter {name}"),
            Place::Form(name) => write!(out, "the form field {name}"),
            Place::Json(path) => write!(out, "{path} of the body"),
            Place::Fixed(text) => write!(out, "the fixed text {text}"),
        }
    }
}

/// Where the event's name stands, and what follows if it does not. The first place that yields something counts; it may
/// yield several names, which are several events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventName {
    /// There, or the event has no name.
    Optional(&'static [Place]),
    /// There, or the request is refused.
    Required(&'static [Place]),
}

impl EventName {
    /// Where the name stands.
    #[must_use]
    pub const fn places(self) -> &'static [Place] {
        match self {
            EventName::Optional(places) | EventName::Required(places) => places,
        }
    }
}

/// Where the sender's own id of a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryId {
    /// Nowhere.
    None,
    /// At the first of these places that yields something; several values belong to as many events.
    First(&'static [Place]),
    /// At all of these places together.
    Together(&'static [Place]),
}

impl DeliveryId {
    /// Where it stands.
    #[must_use]
    pub const fn places(self) -> &'static [Place] {
        match self {
            DeliveryId::None => &[],
            DeliveryId::First(places) | DeliveryId::Together(places) => places,
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
    /// The signed time together with the digest of the body: there is no signed id.
    SignedTime,
    /// The id of the transmission, which is signed, while the body is bound too loosely to tell by anything in it.
    SignedTransmission,
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
            Replay::Signed | Replay::SignedTime | Replay::SignedTransmission => "signed",
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

/// Why it does no harm where the body alone tells its own borders.
pub const JSON_TELLS_ITS_BORDERS: &str =
    "the body must be JSON, which it ceases to be when something is taken off or added";

/// The largest body of a provider that names no other limit: 1 MiB.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// The largest body of a forge: 25 MiB, the most that GitHub sends.
pub const FORGE_BODY_BYTES_MAX: usize = 25 << 20;
