//! Whether and when to try again. **This file alone decides a retry.**

use std::time::Duration;

use crate::Timestamp;
use crate::answer::{Answer, Conclusion};
use crate::planted::{self, Bug};
use crate::time::micros;

/// A number in 0..=65535 that spreads retries; randomness is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(pub u16);

/// The waits between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The wait after the first attempt, the second, and so on. After the last one there is no further attempt.
    pub waits: &'static [Duration],
    /// Whether the first of them is none at all, for failures that may be gone the next moment.
    pub at_once: bool,
}

const HOUR: Duration = Duration::from_secs(3600);

impl RetryPolicy {
    /// At once; then 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 3 h, 6 h, 12 h, 24 h, 24 h.
    pub const DEFAULT: RetryPolicy = RetryPolicy {
        waits: &[
            Duration::from_secs(5),
            Duration::from_secs(30),
            Duration::from_secs(2 * 60),
            Duration::from_secs(10 * 60),
            Duration::from_secs(30 * 60),
            HOUR,
            Duration::from_secs(3 * 3600),
            Duration::from_secs(6 * 3600),
            Duration::from_secs(12 * 3600),
            Duration::from_secs(24 * 3600),
            Duration::from_secs(24 * 3600),
        ],
        at_once: false,
    };

    /// The scanner protocol's: one immediate second attempt, then the default (scanner-pipeline, section 5.3).
    pub const SCANNER: RetryPolicy = RetryPolicy {
        waits: &[
            Duration::ZERO,
            Duration::from_secs(5),
            Duration::from_secs(30),
            Duration::from_secs(2 * 60),
            Duration::from_secs(10 * 60),
            Duration::from_secs(30 * 60),
            HOUR,
            Duration::from_secs(3 * 3600),
            Duration::from_secs(6 * 3600),
            Duration::from_secs(12 * 3600),
            Duration::from_secs(24 * 3600),
        ],
        at_once: true,
    };

    /// The event workers': as often as a deployment or a restart may take. A worker's record shows each failure at once,
    /// and whoever wants more runs it again.
    pub const WORKER: RetryPolicy = RetryPolicy {
        waits: &[
            Duration::from_secs(5),
            Duration::from_secs(30),
            Duration::from_secs(2 * 60),
            Duration::from_secs(10 * 60),
            Duration::from_secs(30 * 60),
            HOUR,
        ],
        at_once: false,
    };

    /// The wait after attempt number `attempt` (from 1), with up to a quarter of it added.
    #[must_use]
    pub fn wait(&self, attempt: u32, jitter: Jitter) -> Option<Duration> {
        let wait = *self.waits.get(usize::try_from(attempt.checked_sub(1)?).ok()?)?;
        Some(wait + wait / 4 * u32::from(jitter.0) / u32::from(u16::MAX))
    }
}

/// What follows from one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// It concluded something: the run is answered.
    Conclude(Conclusion),
    /// The service calls back, until then at the latest.
    Defer {
        /// When the deferral ends.
        until: Timestamp,
    },
    /// Try again then.
    RetryAt(Timestamp),
    /// No further attempt of this run.
    GiveUp,
}

/// The longest that a service may ask to be left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

/// Decides the next step of a run after an attempt.
///
/// `attempt` counts from 1; `deadline` is the expectation's, in wall time.
#[must_use]
pub fn next_step(
    policy: &RetryPolicy,
    attempt: u32,
    answer: &Answer,
    deadline: Timestamp,
    now: Timestamp,
    jitter: Jitter,
) -> NextStep {
    if let Some(conclusion) = answer.conclusion() {
        return NextStep::Conclude(conclusion);
    }
    let asked_for = match answer {
        Answer::Deferred { until } => {
            return NextStep::Defer { until: until.unwrap_or(deadline).min(deadline) };
        }
        Answer::Busy { retry_after } => retry_after.unwrap_or(Duration::ZERO).min(RETRY_AFTER_MAX),
        // The gate is shut; the run is still owed and goes out as soon as a person opens it (model, story 21).
        Answer::Gone => return NextStep::RetryAt(now),
        _ => Duration::ZERO,
    };
    if planted::is(Bug::RetryDropped) {
        return NextStep::GiveUp;
    }
    // Only what may be gone the next moment is tried again at once; a person must mend the rest.
    let mended_soon = matches!(answer, Answer::Failed { .. } | Answer::Busy { .. });
    let nth = if attempt == 1 && policy.at_once && !mended_soon { 2 } else { attempt };
    let Some(wait) = policy.wait(nth, jitter) else { return NextStep::GiveUp };
    let at = now.after(wait.max(asked_for));
    if deadline <= at { NextStep::GiveUp } else { NextStep::RetryAt(at) }
}

/// Reads a `Retry-After` value: seconds, or an HTTP date (RFC 9110, section 10.2.3).
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?;
    Some(Timestamp(at.timestamp().as_microsecond()).since(now))
}

/// How long the whole schedule lasts without jitter.
#[must_use]
pub fn span(policy: &RetryPolicy) -> Duration {
    Duration::from_micros(policy.waits.iter().map(|wait| micros(*wait).unsigned_abs()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_225_600_000_000);
    const CALM: Jitter = Jitter(0);

    fn failed() -> Answer {
        Answer::Failed { why: "reset".to_owned() }
    }

    fn step(attempt: u32, answer: &Answer) -> NextStep {
        next_step(&RetryPolicy::DEFAULT, attempt, answer, Timestamp::NEVER, NOW, CALM)
    }

    #[test]
    fn the_default_schedule_has_twelve_attempts() {
        assert_eq!(step(1, &failed()), NextStep::RetryAt(NOW.after(Duration::from_secs(5))));
        assert_eq!(step(11, &failed()), NextStep::RetryAt(NOW.after(Duration::from_secs(86_400))));
        assert_eq!(step(12, &failed()), NextStep::GiveUp);
    }

    #[test]
    fn a_scanner_is_asked_again_at_once_and_then_as_everyone() {
        let at = |attempt| next_step(&RetryPolicy::SCANNER, attempt, &failed(), Timestamp::NEVER, NOW, CALM);
        assert_eq!(at(1), NextStep::RetryAt(NOW));
        assert_eq!(at(2), NextStep::RetryAt(NOW.after(Duration::from_secs(5))));
    }

    #[test]
    fn what_a_person_must_mend_is_not_tried_again_at_once() {
        let answer = Answer::Misconfigured { why: "it answered 401".to_owned() };
        let at = |attempt| next_step(&RetryPolicy::SCANNER, attempt, &answer, Timestamp::NEVER, NOW, CALM);
        assert_eq!(at(1), NextStep::RetryAt(NOW.after(Duration::from_secs(5))));
    }

    #[test]
    fn jitter_adds_up_to_a_quarter() {
        let wait = RetryPolicy::DEFAULT.wait(1, Jitter(u16::MAX));
        assert_eq!(wait, Some(Duration::from_millis(6_250)));
    }

    #[test]
    fn nothing_is_tried_at_or_past_the_deadline() {
        let soon = NOW.after(Duration::from_secs(5));
        assert_eq!(next_step(&RetryPolicy::DEFAULT, 1, &failed(), soon, NOW, CALM), NextStep::GiveUp);
    }

    #[test]
    fn a_busy_service_is_left_alone_as_long_as_it_asks() {
        let busy = Answer::Busy { retry_after: Some(Duration::from_secs(90)) };
        assert_eq!(step(1, &busy), NextStep::RetryAt(NOW.after(Duration::from_secs(90))));
        let impatient = Answer::Busy { retry_after: Some(Duration::from_secs(1)) };
        assert_eq!(step(1, &impatient), NextStep::RetryAt(NOW.after(Duration::from_secs(5))));
    }

    #[test]
    fn a_deferral_ends_at_its_own_deadline_or_the_expectations_the_earlier() {
        let deadline = NOW.after(Duration::from_secs(60));
        let at = |until| next_step(&RetryPolicy::DEFAULT, 1, &Answer::Deferred { until }, deadline, NOW, CALM);
        assert_eq!(at(None), NextStep::Defer { until: deadline });
        assert_eq!(at(Some(Timestamp::NEVER)), NextStep::Defer { until: deadline });
        assert_eq!(at(Some(NOW)), NextStep::Defer { until: NOW });
    }

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        assert_eq!(retry_after("120", NOW), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Thu, 01 Jan 2026 00:02:00 GMT", NOW), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Thu, 01 Jan 2015 00:02:00 GMT", NOW), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", NOW), None);
        assert_eq!(retry_after("-1", NOW), None);
    }
}
