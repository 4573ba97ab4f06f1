//! Requests that only want an answer: how they are known, whether they must be proven first, what is answered.

use super::{Answer, Encoding, OwnHosts, Place};

/// A request that only wants an answer, and is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// How it is known: all of these.
    pub when: &'static [Condition],
    /// Whether it must pass the proof first. An answer that is made with the secret is given to the proven alone,
    /// or anybody could have anything signed.
    pub proven: bool,
    /// What must hold of it besides.
    pub demand: Demand,
    /// What is answered.
    pub answer: Wanted,
    /// What follows from it.
    pub effect: Option<Consequence>,
}

impl Handshake {
    /// One that anybody may send.
    pub(crate) const fn open(when: &'static [Condition], answer: Wanted) -> Handshake {
        Handshake { when, proven: false, demand: Demand::Nothing, answer, effect: None }
    }

    /// One that must pass the proof.
    pub(crate) const fn proven(when: &'static [Condition], answer: Wanted) -> Handshake {
        Handshake { when, proven: true, demand: Demand::Nothing, answer, effect: None }
    }
}

/// Something that is so of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its method.
    Method(&'static str),
    /// A header has this value; capitals do not count.
    Header(&'static str, &'static str),
    /// A header is there.
    HeaderPresent(&'static str),
    /// A header is not there.
    HeaderAbsent(&'static str),
    /// A query parameter has this value.
    Query(&'static str, &'static str),
    /// A value in the JSON is this.
    Json(&'static str, &'static str),
    /// The body is a form of this one field, a number.
    FormNumber(&'static str),
}

impl Condition {
    /// Whether the body must be read to tell.
    #[must_use]
    pub const fn needs_body(self) -> bool {
        matches!(self, Condition::Json(..) | Condition::FormNumber(_))
    }
}

/// What must hold of a handshake, or it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing more.
    Nothing,
    /// The configured verification token stands there.
    VerifyToken(Place),
    /// The configured origins contain the value of this header, whole.
    AllowedOrigin(&'static str),
    /// The owner has set the endpoint to wait for its first handshake.
    Awaited,
    /// The value there is short and of letters, digits and `-_+/=` alone: never what could pass for a payload.
    PlainToken(Place),
}

/// The answer to a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Always the same.
    Fixed(Answer),
    /// 200 and this value as plain text.
    Text(Place),
    /// 200 and a JSON object of these members.
    Members(&'static [(&'static str, Said)]),
    /// 200, empty, and this header as it came.
    HeaderBack(&'static str),
    /// What CloudEvents' webhooks ask of `OPTIONS` (CloudEvents HTTP webhook specification, section 4).
    Permission,
}

/// One value of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// As it stands there.
    Back(Place),
    /// The HMAC-SHA256 of it under the secret.
    Mac {
        /// What goes in front.
        prefix: &'static str,
        /// How it is written.
        encoding: Encoding,
        /// Over what.
        of: Place,
    },
}

/// What follows from a handshake besides its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The value there becomes the secret.
    StoreSecret(Place),
    /// The address there may now be called to confirm, on one of the sender's own hosts alone.
    Visit {
        /// Where the address stands.
        at: Place,
        /// The hosts.
        hosts: OwnHosts,
    },
}
