//! The judgement on a subject: release, wait or blocked, and why.

use crate::words::words;
use crate::{RuleKey, ServiceKey, Timestamp};

words! {
    /// What the platform may do with the subject. The worst of what applies wins, in the order of [`severity`].
    VerdictKind {
        /// Something is still owed, or nothing was asked.
        Pending = "pending",
        /// Everything asked for has been said, and nothing stands against release.
        Clear = "clear",
        /// A person, a time or a rule has to lift it first.
        Held = "held",
        /// It must not be released.
        Blocked = "blocked",
    }
}

/// The order in which reasons outdo each other: clear, pending, held, blocked.
#[must_use]
pub fn severity(kind: VerdictKind) -> u8 {
    match kind {
        VerdictKind::Clear => 0,
        VerdictKind::Pending => 1,
        VerdictKind::Held => 2,
        VerdictKind::Blocked => 3,
    }
}

words! {
    /// Why a verdict is what it is.
    ReasonCode {
        /// No service was asked whose answer would block.
        NothingAsked = "nothing_asked",
        /// A blocking answer is still owed.
        Waiting = "waiting",
        /// A blocking answer never came, or could not be used.
        Missing = "missing",
        /// It never came, and the service's `on_failure = "open"` lets it pass.
        Waived = "waived",
        /// A hold is active.
        Hold = "hold",
        /// A block is active.
        Block = "block",
        /// An actor behind it may not have releases.
        Restricted = "restricted",
    }
}

/// One reason, in data; [`Reason::text`] says it in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// Which reason.
    pub code: ReasonCode,
    /// The verdict that it alone would give.
    pub gives: VerdictKind,
    /// The service it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceKey>,
    /// The rule that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleKey>,
    /// Until when it lasts, if it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The reason in words.
    pub text: String,
}

/// The judgement with all its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of what applies.
    pub kind: VerdictKind,
    /// Every reason, the worst first.
    pub reasons: Vec<Reason>,
}

impl Verdict {
    /// The verdict that follows from reasons: the worst of them, `clear` when none stands against it.
    #[must_use]
    pub fn from_reasons(mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by_key(|reason| std::cmp::Reverse(severity(reason.gives)));
        let kind = reasons.first().map_or(VerdictKind::Clear, |worst| worst.gives);
        Self { kind, reasons }
    }
}
