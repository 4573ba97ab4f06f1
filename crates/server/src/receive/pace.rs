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
    /// Whether one more may come now; then it is counted.
    pub fn admits(self, full_at: &mut Timestamp, now: Timestamp) -> bool {
        let every = i64::try_from(self.every_us).unwrap_or(i64::MAX);
        let next = full_at.0.max(now.0).saturating_add(every);
        let admitted = next.saturating_sub(now.0) <= every.saturating_mul(self.burst.into());
        if admitted {
            *full_at = Timestamp(next);
        }
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
}
