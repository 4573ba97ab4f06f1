//! A run: one request for judgement, and the state machine of its delivery. **Only [`RunState`]'s methods change it.**

use crate::words::words;
use crate::{BatchKey, ExpectationKey, RunKey, ServiceKey, Timestamp};

/// One request for judgement under an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its key; its id is the `webhook-id` of all its attempts.
    pub key: RunKey,
    /// What it asks for.
    pub expectation: ExpectationKey,
    /// Who is asked.
    pub service: ServiceKey,
    /// Where its delivery stands.
    pub state: RunState,
    /// How many attempts have begun.
    pub attempt: u32,
    /// How many times it was leased; a lease names the count it was given at.
    pub leases: u32,
    /// Why it exists.
    pub why: RunWhy,
    /// The batch it belongs to.
    pub batch: Option<BatchKey>,
}

words! {
    /// Why a run exists.
    RunWhy {
        /// The event was recorded.
        First = "first",
        /// A person, a batch or a service asked.
        Demand = "demand",
        /// No answer came by the time of the next check.
        Redelivery = "redelivery",
    }
}

/// Where a run's delivery stands, each state with exactly its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// It goes out at `at`, or as soon as the service's gate and slots allow.
    Due {
        /// Not before.
        at: Timestamp,
    },
    /// A node is sending it.
    Leased(Lease),
    /// The service will call back.
    Deferred {
        /// Until then at the latest.
        until: Timestamp,
    },
    /// Its answer was recorded.
    Answered,
    /// It was tried as often as the policy says.
    Exhausted,
    /// It is no longer wanted: a newer run, a call back or the deadline came first.
    Cancelled,
}

/// The right to send one run, spent by `Finish`. A restart raises the epoch and thereby voids it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease {
    /// The node that holds it.
    pub node: i64,
    /// The node's epoch when it was given.
    pub epoch: i64,
    /// Which of the run's leases it is.
    pub nth: u32,
}

impl Run {
    /// Gives the run out: its next attempt begins.
    pub fn lease(&mut self, node: i64, epoch: i64) -> Lease {
        self.attempt = self.attempt.saturating_add(1);
        self.leases = self.leases.saturating_add(1);
        let lease = Lease { node, epoch, nth: self.leases };
        self.state = RunState::Leased(lease);
        lease
    }

    /// Whether this lease still holds.
    #[must_use]
    pub fn holds(&self, lease: Lease) -> bool {
        self.state == RunState::Leased(lease)
    }

    /// Whether it may still lead to an answer.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, RunState::Due { .. } | RunState::Leased(_) | RunState::Deferred { .. })
    }
}

impl RunState {
    /// The word for it in columns and pages.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            RunState::Due { .. } => "due",
            RunState::Leased(_) => "leased",
            RunState::Deferred { .. } => "deferred",
            RunState::Answered => "answered",
            RunState::Exhausted => "exhausted",
            RunState::Cancelled => "cancelled",
        }
    }
}

/// One try, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its key.
    pub key: crate::AttemptKey,
    /// The run it belongs to.
    pub run: RunKey,
    /// Which try it was, from 1.
    pub nth: u32,
    /// When it began.
    pub started: Timestamp,
    /// When there was a connection, where it was answered; at once where one was kept open.
    pub connected: Option<Timestamp>,
    /// When it was over.
    pub ended: Timestamp,
    /// The status, where there was one.
    pub status: Option<u16>,
    /// The word of the answer.
    pub answer: String,
    /// The reason in words.
    pub text: Option<String>,
    /// The body, where it matters and is not kept as a result.
    pub body: Option<bytes::Bytes>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_holds_until_the_run_is_leased_again() {
        let mut run = Run {
            key: RunKey(1),
            expectation: ExpectationKey(1),
            service: ServiceKey(1),
            state: RunState::Due { at: Timestamp(0) },
            attempt: 0,
            leases: 0,
            why: RunWhy::First,
            batch: None,
        };
        let first = run.lease(1, 1);
        assert!(run.holds(first) && run.attempt == 1);
        let second = run.lease(1, 2);
        assert!(run.holds(second) && !run.holds(first) && run.attempt == 2);
        run.state = RunState::Answered;
        assert!(!run.holds(second) && !run.is_open());
    }
}
