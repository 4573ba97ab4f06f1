//! How long the steps of the latest requests took, from their first byte to the disk. Kept in memory, bounded: what is
//! older, or from before the last start, is not told.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::EventKey;

/// So many are remembered.
const KEPT_MAX: usize = 10_000;

/// How long each step took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Took {
    /// Waiting for the body, after the head.
    pub network: Duration,
    /// Proving who sent it; none where an account did.
    pub verify: Option<Duration>,
    /// Until it was on disk.
    pub sync: Duration,
}

impl Took {
    /// All of them.
    pub fn whole(&self) -> Duration {
        self.network + self.verify.unwrap_or_default() + self.sync
    }
}

/// The latest, the newest last.
#[derive(Default)]
pub(crate) struct Timings(Mutex<VecDeque<(EventKey, Took)>>);

impl Timings {
    /// Remembers one.
    pub fn note(&self, event: EventKey, took: Took) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((event, took));
    }

    /// How long that one took, while it is remembered.
    pub fn of(&self, event: EventKey) -> Option<Took> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().find(|(key, _)| *key == event).map(|(_, took)| *took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_no_more() {
        let timings = Timings::default();
        let took = |micros| Took { sync: Duration::from_micros(micros), ..Took::default() };
        (1..=KEPT_MAX as i64 + 1).for_each(|key| timings.note(EventKey(key), took(key as u64)));
        assert_eq!(timings.of(EventKey(1)), None);
        assert_eq!(timings.of(EventKey(2)), Some(took(2)));
        assert_eq!(
            timings.of(EventKey(KEPT_MAX as i64 + 1)).map(|took| took.whole()),
            Some(Duration::from_micros(10_001))
        );
    }
}
