//! How often something may happen: a burst, then one after the other.

use domain::Timestamp;

/// A token bucket. What is counted keeps one number: the time at which its bucket is full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many may come at once.
    pub burst: u32,
    /// The time after which one more may come, in microseconds.
    pub every_us: u64,
}

impl Pace {
    /// Whether one more may come now; then it is counted. A clock that goes back leaves an empty bucket at the most.
    pub fn admits(self, full_at: &mut Timestamp, now: Timestamp) -> bool {
        let every = i64::try_from(self.every_us).unwrap_or(i64::MAX);
        let empty = now.0.saturating_add(every.saturating_mul(self.burst.into()));
        let next = full_at.0.clamp(now.0, empty).saturating_add(every);
        let admitted = next <= empty;
        *full_at = Timestamp(if admitted { next } else { full_at.0.min(empty) });
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let pace = Pace { burst: 3, every_us: 1_000_000 };
        let mut full_at = Timestamp(0);
        let mut admitted = |now_s| {
            let now = Timestamp::from_seconds(now_s);
            (0..10).filter(|_| pace.admits(&mut full_at, now)).count()
        };

        assert_eq!(admitted(100), 3);
        assert_eq!(admitted(100), 0);
        assert_eq!(admitted(101), 1);
        assert_eq!(admitted(1_000), 3);
    }

    #[test]
    fn a_clock_that_goes_back_an_hour_shuts_nobody_out_for_an_hour() {
        let pace = Pace { burst: 3, every_us: 1_000_000 };
        let mut full_at = Timestamp(0);
        let mut admitted = |now_s| {
            let now = Timestamp::from_seconds(now_s);
            (0..10).filter(|_| pace.admits(&mut full_at, now)).count()
        };

        assert_eq!(admitted(10_000), 3);
        assert_eq!(admitted(6_400), 0, "the bucket is empty");
        assert_eq!(admitted(6_402), 2, "and fills as ever");
        assert_eq!(admitted(10_002), 3);
    }
}
