//! The current value per (subject, source name), as the worker protocol shows and edits it.

use crate::words::words;
use crate::{RunKey, SubjectKey, Timestamp};

words! {
    /// Where a record stands (event-workers, section 7).
    RecordStatus {
        /// The worker deferred.
        Queued = "Queued",
        /// Handed to the worker, no answer yet.
        Processing = "Processing",
        /// Ended without an error; a rejection too.
        Completed = "Completed",
        /// Ended in failure.
        Error = "Error",
    }
}

impl RecordStatus {
    /// Whether it says that the work is over.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, RecordStatus::Completed | RecordStatus::Error)
    }
}

/// What one source says of one subject at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its key.
    pub key: i64,
    /// The subject.
    pub subject: SubjectKey,
    /// The name under which it is kept: a worker's, or any that an API client uses.
    pub source: String,
    /// The result.
    pub body: String,
    /// Where it stands.
    pub status: Option<RecordStatus>,
    /// Whether the source can examine this subject.
    pub can_process: Option<bool>,
    /// The reason of the last rejection or error.
    pub message: Option<String>,
    /// When work on it last started.
    pub started: Option<Timestamp>,
    /// The run whose answer may overwrite it.
    pub run: Option<RunKey>,
    /// When it last changed.
    pub updated: Timestamp,
}

/// What an answer or an upsert writes into a record; `None` keeps what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChange {
    /// The new body, where it changes.
    pub body: Option<String>,
    /// The new status.
    pub status: RecordStatus,
    /// The new value, null included.
    pub can_process: Option<bool>,
    /// The new message, null included.
    pub message: Option<String>,
}
