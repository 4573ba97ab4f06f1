//! One conclusion: who said what about which subject.

use crate::words::words;
use crate::{AccountKey, ArtifactKey, ExpectationKey, ResultKey, RunKey, ServiceKey, SubjectKey, Timestamp};

words! {
    /// What kind of conclusion it is.
    ResultKind {
        /// It was examined.
        Processed = "processed",
        /// There was nothing to examine.
        Skipped = "skipped",
        /// The service cannot examine such a subject.
        Rejected = "rejected",
        /// The service failed, finally.
        Error = "error",
        /// Nothing came until the deadline.
        Missing = "missing",
        /// The service spoke on its own initiative.
        Pushed = "pushed",
    }
}

words! {
    /// How much of a subject was examined.
    Coverage {
        /// All of it.
        Full = "full",
        /// Some of it.
        Partial = "partial",
        /// None of it.
        None = "none",
        /// There was nothing to examine, or the service cannot examine such a subject.
        NotApplicable = "not_applicable",
        /// Nothing was examined, and that is accepted.
        Waived = "waived",
    }
}

/// One conclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceResult {
    /// Its key.
    pub key: ResultKey,
    /// The number of a pushed result, from the expectations' counter.
    pub number: Option<i64>,
    /// What it answers.
    pub expectation: Option<ExpectationKey>,
    /// The run whose answer it is, unless it was called back or pushed.
    pub run: Option<RunKey>,
    /// The service that said it.
    pub service: Option<ServiceKey>,
    /// The account that said it.
    pub account: Option<AccountKey>,
    /// What it is about.
    pub subject: Option<SubjectKey>,
    /// The upload it is about.
    pub artifact: Option<ArtifactKey>,
    /// What kind of conclusion.
    pub kind: ResultKind,
    /// Whether it came after its expectation had ended: it never satisfies, its rules still act.
    pub late: bool,
    /// How much was examined.
    pub coverage: Option<Coverage>,
    /// The exact bytes that were said.
    pub raw: bytes::Bytes,
    /// A reason or remark in words.
    pub text: Option<String>,
    /// When.
    pub at: Timestamp,
}
