//! The vocabulary of a receiver's definition.

use crate::provider::{Algorithm, Answer, BODY_BYTES_MAX};

use super::body::BodyType;

/// Everything about one kind of sender, as ASP.NET Core WebHooks knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// The name as it is registered; URLs and configurations may spell it in any case.
    pub name: &'static str,
    /// What its bodies are.
    pub body: BodyType,
    /// How a request proves who sent it.
    pub verification: Verification,
    /// The fewest characters of a secret.
    pub secret_characters_min: usize,
    /// Where the event's name stands.
    pub event: Event,
    /// What a GET is answered.
    pub get: Get,
    /// Whether a HEAD is answered 200.
    pub head: bool,
    /// Headers that must be there besides.
    pub required_headers: &'static [&'static str],
    /// The event that is answered and not dispatched.
    pub ping: Option<Ping>,
    /// The largest body that this sender sends.
    pub body_bytes_max: usize,
    /// The answer to what is accepted.
    pub success: Answer,
}

impl Receiver {
    /// What most have in common: JSON, a code in the URL, and POST alone.
    pub(super) const BASE: Receiver = Receiver {
        name: "",
        body: BodyType::Json,
        verification: Verification::Code,
        secret_characters_min: 32,
        event: Event::Told,
        get: Get::Refused,
        head: false,
        required_headers: &[],
        ping: None,
        body_bytes_max: BODY_BYTES_MAX,
        success: Answer::OK,
    };
}

impl Receiver {
    /// Whether a request names one of several secrets.
    #[must_use]
    pub const fn names_its_secrets(&self) -> bool {
        matches!(self.verification, Verification::Signature(Signature { key_header: Some(_), .. }))
    }

    /// The headers that hold the credential: never stored in the clear.
    #[must_use]
    pub fn credential_headers(&self) -> Vec<&'static str> {
        match self.verification {
            Verification::Signature(signature) => vec![signature.header],
            Verification::Stripe => vec![super::stripe::HEADER],
            Verification::Code | Verification::Slack | Verification::Salesforce => vec![],
        }
    }
}

/// How a request proves who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The secret in the query parameter `code`, with every method.
    Code,
    /// An HMAC in a header, with POST alone.
    Signature(Signature),
    /// Stripe's header: see [`super::stripe`].
    Stripe,
    /// Slack's token in the form: see [`super::slack`].
    Slack,
    /// Salesforce's organisation id in the body: see [`super::salesforce`].
    Salesforce,
}

/// An HMAC in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// How it is made.
    pub algorithm: Algorithm,
    /// The header, which must occur once.
    pub header: &'static str,
    /// What stands in front of it, before an equals sign; any case.
    pub label: Option<&'static str>,
    /// How its bytes are written.
    pub written: Written,
    /// What it is over.
    pub message: Message,
    /// The header that names one of several secrets of an id.
    pub key_header: Option<&'static str>,
}

impl Signature {
    /// HMAC-SHA256 in hex over the body.
    pub(super) const BASE: Signature = Signature {
        algorithm: Algorithm::HmacSha256,
        header: "",
        label: None,
        written: Written::Hex,
        message: Message::Body,
        key_header: None,
    };
}

/// How the bytes of a signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Hex in either case.
    Hex,
    /// Base64 in either alphabet, with or without padding.
    Base64,
}

/// What a signature is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The body as it arrived.
    Body,
    /// The body, and the whole URL of the request after it.
    BodyAndUrl,
}

/// Where the event's name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// In a header, between commas: known before the body is read, and 404 if it is not there.
    Header(&'static str),
    /// Nowhere: it is always this.
    Fixed(&'static str),
    /// In the body.
    Body {
        /// The path as the answers write it.
        shown: &'static str,
        /// The path into the JSON, or the form's field.
        path: &'static str,
        /// Whether it must be there.
        required: bool,
    },
    /// The verification tells it.
    Told,
}

/// What a GET is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Get {
    /// 405.
    Refused,
    /// 200, nothing else.
    Empty,
    /// The value of this query parameter.
    Echo(&'static str),
}

/// What is answered and not dispatched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// The event of this name.
    Event(&'static str),
    /// The event with this value, unless the receiver's `PassThroughTestEvents` is true.
    Value {
        /// The value's name.
        name: &'static str,
        /// What it is; any case.
        is: &'static str,
    },
}
