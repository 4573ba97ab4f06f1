//! What happened on the wire in one attempt, before anyone asks what it means.

use std::time::Duration;

/// What one try brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A complete HTTP answer.
    Answered(Response),
    /// An answer whose body was over the limit; the rest was not read.
    TooLarge {
        /// Its status.
        status: u16,
    },
    /// The address gate refused to connect.
    Refused(String),
    /// No complete answer: name resolution, connection, TLS or a reset.
    Unreachable(String),
    /// No complete answer within the time.
    TimedOut(Duration),
}

/// An HTTP answer, as a service gave it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The value of `Retry-After`, if there was one.
    pub retry_after: Option<String>,
    /// How long it took until there was a connection, where that is known.
    pub connected: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

impl Outcome {
    /// The status, where there was one.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Outcome::Answered(response) => Some(response.status),
            Outcome::TooLarge { status } => Some(*status),
            Outcome::Refused(_) | Outcome::Unreachable(_) | Outcome::TimedOut(_) => None,
        }
    }
}
