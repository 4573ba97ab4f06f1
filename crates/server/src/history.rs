//! The last day in numbers: the counters of the metrics, read once a minute and kept in memory.
//!
//! The hot path pays nothing for it. It begins with the process, and whoever shows it says since when.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::server::Server;

/// Between two readings.
const PAUSE: Duration = Duration::from_secs(60);
/// A day of them, and the one that it begins with.
const READINGS_MAX: usize = 24 * 60 + 1;

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests of sources that were believed, and events of the own API.
    pub believed: u64,
    /// Requests of sources that were refused.
    pub refused: u64,
    /// Calls of services that were answered.
    pub answered: u64,
    /// Calls of services that failed, and answers that never came.
    pub failed: u64,
}

impl Counts {
    fn since(self, before: Counts) -> Counts {
        Counts {
            believed: self.believed.saturating_sub(before.believed),
            refused: self.refused.saturating_sub(before.refused),
            answered: self.answered.saturating_sub(before.answered),
            failed: self.failed.saturating_sub(before.failed),
        }
    }
}

/// The readings, oldest first.
#[derive(Default)]
pub(crate) struct History(Mutex<VecDeque<(Timestamp, Counts)>>);

impl History {
    /// Keeps a reading.
    pub fn note(&self, at: Timestamp, counts: Counts) {
        let mut readings = self.readings();
        readings.push_back((at, counts));
        if readings.len() > READINGS_MAX {
            readings.pop_front();
        }
    }

    /// Since when there are readings.
    pub fn begins(&self) -> Option<Timestamp> {
        self.readings().front().map(|(at, _)| *at)
    }

    /// What was counted in each of so many equal stretches up to now, oldest first.
    pub fn over(&self, span: Duration, stretches: u32, now: Timestamp, counts: Counts) -> Vec<Counts> {
        let readings = self.readings();
        let at = |instant: Timestamp| {
            // Before the first reading nothing was counted yet.
            let before = readings.partition_point(|(at, _)| *at <= instant);
            before.checked_sub(1).and_then(|last| readings.get(last)).map_or(Counts::default(), |(_, counts)| *counts)
        };
        let edge = |nth: u32| Timestamp(now.0.saturating_sub(domain::time::micros(span / stretches * nth)));
        let ends = (0..=stretches).rev().map(|nth| if nth == 0 { counts } else { at(edge(nth)) });
        let ends: Vec<Counts> = ends.collect();
        ends.windows(2).map(|pair| pair[1].since(pair[0])).collect()
    }

    fn readings(&self) -> MutexGuard<'_, VecDeque<(Timestamp, Counts)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Reads the counters each minute until `shutdown`.
    pub async fn keep_counted(self, shutdown: CancellationToken) {
        loop {
            self.history.note(self.now(), self.metrics().counts());
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    fn believed(believed: u64) -> Counts {
        Counts { believed, ..Counts::default() }
    }

    #[test]
    fn each_stretch_has_what_was_counted_in_it() {
        let history = History::default();
        for minute in 0..=10 {
            let counted = u64::try_from(minute * minute).expect("small");
            history.note(Timestamp::from_seconds(minute * MINUTE), believed(counted));
        }
        let now = Timestamp::from_seconds(10 * MINUTE + 30);

        let over = history.over(Duration::from_secs(4 * 60), 2, now, believed(110));

        assert_eq!(over, [believed(8 * 8 - 6 * 6), believed(110 - 8 * 8)]);
        assert_eq!(history.begins(), Some(Timestamp::from_seconds(0)));
    }

    #[test]
    fn what_was_before_the_first_reading_counts_as_nothing_and_a_day_is_kept() {
        let history = History::default();
        assert_eq!(
            history.over(Duration::from_secs(60), 2, Timestamp::from_seconds(60), believed(3)),
            [believed(0), believed(3)]
        );
        for minute in 0..3_000 {
            history.note(Timestamp::from_seconds(minute * MINUTE), Counts::default());
        }
        assert_eq!(history.begins(), Some(Timestamp::from_seconds((3_000 - 1_441) * MINUTE)));
    }
}
