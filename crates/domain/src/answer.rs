//! What a service meant by its answer. The profile decides; the rest of the product knows only these.

use std::time::Duration;

use crate::Timestamp;
use crate::planted::{self, Bug};
use crate::result::{Coverage, ResultKind};

/// What a service meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It examined the subject, and this is what it found.
    Processed(Said),
    /// It will call back.
    Deferred {
        /// Until when, if it said so.
        until: Option<Timestamp>,
    },
    /// It cannot examine such a subject.
    Rejected {
        /// Why, in its words.
        reason: Option<String>,
    },
    /// There was nothing for it to do.
    Skipped {
        /// Whether a call back may still replace it (the scanner protocol).
        open: bool,
    },
    /// It tried and failed, finally.
    Error {
        /// Why, in its words.
        reason: Option<String>,
    },
    /// This try failed; another may not.
    Failed {
        /// Why.
        why: String,
    },
    /// It asks to be called less.
    Busy {
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It is gone for good.
    Gone,
    /// Something about the registration is wrong; a person must look.
    Misconfigured {
        /// What.
        why: String,
    },
    /// It answered, but not in its protocol.
    Unreadable {
        /// What was expected and found.
        why: String,
    },
}

/// What a service found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Names of rules, as sent, each once.
    pub matched: Vec<String>,
    /// How much of the subject it examined, if it said so.
    pub coverage: Option<Coverage>,
    /// Whether this is its last word in its protocol, so that another write is refused.
    pub complete: bool,
    /// What was expected and not found where it is not wrong enough to be unreadable.
    pub note: Option<String>,
}

/// A conclusion: an answer that ends an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// What kind of result it makes.
    pub kind: ResultKind,
    /// Names of rules that it matched, each once.
    pub matched: Vec<String>,
    /// How much was examined, if stated.
    pub coverage: Option<Coverage>,
    /// Whether the protocol refuses another write after it.
    pub complete: bool,
    /// A reason or a remark in words.
    pub text: Option<String>,
}

/// The rule that may act when an answer never came.
pub const RULE_MISSING: &str = "SCANNER_RESULTS_MISSING";
/// The rule that may act when a service cannot examine such a subject.
pub const RULE_REJECTED: &str = "SCANNER_REJECTED";

impl Conclusion {
    /// Nothing came until the deadline.
    #[must_use]
    pub fn missing() -> Self {
        Self::plain(ResultKind::Missing, Some("no usable answer came before the deadline".to_owned()))
            .naming(RULE_MISSING)
    }

    fn plain(kind: ResultKind, text: Option<String>) -> Self {
        Self { kind, matched: Vec::new(), coverage: None, complete: true, text }
    }

    fn naming(mut self, rule: &str) -> Self {
        self.matched.push(rule.to_owned());
        self
    }
}

impl Answer {
    /// The conclusion in this answer, if it concludes anything.
    #[must_use]
    pub fn conclusion(&self) -> Option<Conclusion> {
        match self {
            Answer::Unreadable { .. } if planted::is(Bug::UnreadablePasses) => {
                Some(Conclusion::plain(ResultKind::Processed, None))
            }
            Answer::Processed(said) => Some(Conclusion {
                kind: ResultKind::Processed,
                matched: said.matched.clone(),
                coverage: said.coverage,
                complete: said.complete,
                text: said.note.clone(),
            }),
            Answer::Rejected { reason } => {
                Some(Conclusion::plain(ResultKind::Rejected, reason.clone()).naming(RULE_REJECTED))
            }
            Answer::Skipped { open } => {
                Some(Conclusion { complete: !open, ..Conclusion::plain(ResultKind::Skipped, None) })
            }
            Answer::Error { reason } => Some(Conclusion::plain(ResultKind::Error, reason.clone()).naming(RULE_MISSING)),
            Answer::Deferred { .. }
            | Answer::Failed { .. }
            | Answer::Busy { .. }
            | Answer::Gone
            | Answer::Misconfigured { .. }
            | Answer::Unreadable { .. } => None,
        }
    }

    /// The word for it in columns and pages.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Answer::Processed(_) => "processed",
            Answer::Deferred { .. } => "deferred",
            Answer::Rejected { .. } => "rejected",
            Answer::Skipped { .. } => "skipped",
            Answer::Error { .. } => "error",
            Answer::Failed { .. } => "failed",
            Answer::Busy { .. } => "busy",
            Answer::Gone => "gone",
            Answer::Misconfigured { .. } => "misconfigured",
            Answer::Unreadable { .. } => "unreadable",
        }
    }

    /// Whether this word, as an attempt keeps it, stands for an answer that was of no use.
    #[must_use]
    pub fn is_problem(word: &str) -> bool {
        matches!(word, "failed" | "busy" | "gone" | "misconfigured" | "unreadable")
    }

    /// The reason that goes with it, in words.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Answer::Processed(said) => said.note.clone(),
            Answer::Rejected { reason } | Answer::Error { reason } => reason.clone(),
            Answer::Failed { why } | Answer::Misconfigured { why } | Answer::Unreadable { why } => Some(why.clone()),
            Answer::Busy { retry_after: Some(wait) } => Some(format!("asks for {} s of rest", wait.as_secs())),
            Answer::Busy { retry_after: None } => Some("asks to be called less".to_owned()),
            Answer::Gone => Some("says it is gone for good".to_owned()),
            Answer::Deferred { .. } | Answer::Skipped { .. } => None,
        }
    }

    /// Whether the service is well: it spoke its protocol, whatever it said.
    #[must_use]
    pub const fn healthy(&self) -> bool {
        match self {
            Answer::Processed(_)
            | Answer::Deferred { .. }
            | Answer::Rejected { .. }
            | Answer::Skipped { .. }
            | Answer::Error { .. } => true,
            Answer::Failed { .. }
            | Answer::Busy { .. }
            | Answer::Gone
            | Answer::Misconfigured { .. }
            | Answer::Unreadable { .. } => false,
        }
    }
}
