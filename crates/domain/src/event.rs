//! A believed request and the facts it yields.

use crate::{AccountKey, ArtifactKey, EventKey, ReceiptKey, SourceKey, SubjectKey, Timestamp};

/// How we know of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// A source proved that it sent it.
    Signed(SourceKey),
    /// An account of ours said it through the own API.
    Account(AccountKey),
    /// A forge endpoint's `whck` verified it.
    External,
    /// We caused it: a verdict changed, a rule notifies.
    Internal,
}

/// One believed request: the exact bytes and how it was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its key.
    pub key: ReceiptKey,
    /// Who sent it.
    pub source: SourceKey,
    /// When it arrived.
    pub at: Timestamp,
    /// The scheme that proved it, `hmac-sha256`.
    pub scheme: String,
    /// The id of the secret that matched; never the secret.
    pub secret: String,
    /// Header names and values, credentials redacted, as JSON.
    pub headers: String,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The body's length in bytes.
    pub body_bytes: i64,
    /// The body itself up to [`crate::limits::INLINE_BODY_BYTES_MAX`]; a larger one is the blob of the digest.
    pub body: Option<bytes::Bytes>,
}

/// A believed fact. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its key.
    pub key: EventKey,
    /// The request it came in, if it came in one.
    pub receipt: Option<ReceiptKey>,
    /// Its type: `github.push`, `during_validation`, `subject.verdict`.
    pub kind: String,
    /// What it is about.
    pub subject: Option<SubjectKey>,
    /// The upload it is about.
    pub artifact: Option<ArtifactKey>,
    /// How we know.
    pub provenance: Provenance,
    /// How many events of ours stand between it and something from outside.
    pub hops: u8,
    /// The event that caused it.
    pub cause: Option<EventKey>,
    /// The sender's own id of the delivery.
    pub delivery: Option<String>,
    /// Frozen data as JSON, where it is not the receipt's body.
    pub data: Option<String>,
    /// What the platform said of its subject and collection then, as JSON: `{"subject": .., "collection": ..}`.
    pub snapshot: Option<String>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The type of the event that tells of a new evidence (event-workers, section 5).
pub const EVIDENCE_CREATED: &str = "evidence_created";
/// The type of the event that tells of a verdict's change.
pub const VERDICT: &str = "subject.verdict";
/// The type of the event that a `notify` action makes.
pub const NOTIFY: &str = "notify";

/// Whether expectations of this type of event may block or count: those that we cause ourselves never do.
#[must_use]
pub fn may_count(kind: &str) -> bool {
    kind != VERDICT && kind != NOTIFY
}
