//! What becomes of a request.

use std::fmt;
use std::sync::Arc;

use crate::provider::Answer;
use crate::refusal::Refusal;

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It is believed, and events have arrived.
    Accept(Accepted),
    /// It only wants this answer: a ping or a handshake.
    Reply {
        /// The answer.
        reply: Reply,
        /// What follows from it besides.
        effect: Option<Effect>,
    },
    /// It is not believed.
    Refuse(Refusal),
}

/// What follows from a handshake besides its answer. Without `Debug` of what is secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// This becomes the endpoint's secret, and the endpoint awaits no handshake any more.
    StoreSecret(String),
    /// This address may now be called to confirm.
    Visit(String),
}

impl Effect {
    /// The word that stands for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Effect::StoreSecret(_) => "store-secret",
            Effect::Visit(_) => "visit-subscribe-url",
        }
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A believed request.
#[derive(Debug)]
pub struct Accepted {
    /// How it was proven.
    pub proof: Proof,
    /// What has arrived with it; at least one.
    pub arrivals: Vec<Arrival>,
    /// The answer that the sender takes for success.
    pub reply: Reply,
}

/// How a request was proven. Only this crate can make one, so whoever holds one holds a believed request.
///
/// ```compile_fail
/// let forged = verify::receive::Proof { scheme: "hmac-sha256", secret_id: "".into(), signed_at_s: None };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    scheme: &'static str,
    secret_id: Arc<str>,
    signed_at_s: Option<i64>,
}

impl Proof {
    pub(crate) fn new(scheme: &'static str, secret_id: Arc<str>, signed_at_s: Option<i64>) -> Self {
        Self { scheme, secret_id, signed_at_s }
    }

    /// The name of the scheme: `hmac-sha256`, `ed25519`, `token`, `code` and so on.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The id of the secret that matched.
    #[must_use]
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// The signed time in Unix seconds, where the provider signs one.
    #[must_use]
    pub fn signed_at_s(&self) -> Option<i64> {
        self.signed_at_s
    }
}

/// One event of a believed request, as the request tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The provider's name, a full stop, and the event's name exactly as it was sent; `event` if it has none.
    pub event_type: String,
    /// The sender's own id of the delivery.
    pub delivery_id: Option<String>,
    /// What the event is about.
    pub subject: Option<SubjectName>,
    /// What identifies the event among those of its source: the same again is the same delivery, repeated.
    /// `None` where the provider offers nothing to tell by.
    pub replay_key: Option<[u8; 16]>,
}

/// The name of what an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubjectName {
    /// The kind of subject, such as `commit`.
    pub kind: String,
    /// The collection that it lives in, such as `owner/repo`.
    pub collection: String,
    /// Its id there.
    pub id: String,
}

/// An answer to the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type, where there is a body.
    pub content_type: Option<&'static str>,
    /// Other headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) fn of(status: u16, content_type: Option<&'static str>, body: Vec<u8>) -> Self {
        Self { status, content_type, headers: Vec::new(), body }
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        let Answer { status, content_type, text } = answer;
        Self::of(status, content_type, text.into())
    }
}
