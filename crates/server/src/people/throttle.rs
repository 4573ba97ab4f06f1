//! Guesses: some are free, each further one shuts the door for twice as long.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use domain::Timestamp;

/// The first pause; each further failure doubles it.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// Failures are forgotten when none came for so long.
const FORGET: Duration = Duration::from_secs(3600);
/// The most that is remembered; then what failed the longest ago is forgotten.
const KEPT_MAX: usize = 10_000;

/// What was tried, by whatever is guessed at or whoever guesses.
pub(crate) struct Throttle<K> {
    /// How many failures have no consequence.
    free: u32,
    tries: HashMap<K, Tries>,
}

#[derive(Clone, Copy)]
struct Tries {
    failed: u32,
    last: Timestamp,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// With so many free failures.
    pub fn new(free: u32) -> Self {
        Self { free, tries: HashMap::new() }
    }

    /// Takes a try in, which counts as a failure until [`Throttle::forgive`] or [`Throttle::take_back`]: so many tries
    /// at the same time are no way around the count.
    ///
    /// # Errors
    /// When one may be made again.
    pub fn enter(&mut self, key: &K, now: Timestamp) -> Result<(), Timestamp> {
        let before = self.tries.get(key).copied().filter(|tries| now < tries.last.after(FORGET));
        if let Some(again) = before.and_then(|tries| self.shut_until(tries)).filter(|again| now < *again) {
            return Err(again);
        }
        if before.is_none() {
            self.make_room(now);
        }
        let failed = before.map_or(0, |tries| tries.failed).saturating_add(1);
        self.tries.insert(key.clone(), Tries { failed, last: now });
        Ok(())
    }

    /// It was right: nothing before it counts any more.
    pub fn forgive(&mut self, key: &K) {
        self.tries.remove(key);
    }

    /// It was no failure; those before it still count.
    pub fn take_back(&mut self, key: &K) {
        if let Some(tries) = self.tries.get_mut(key) {
            tries.failed = tries.failed.saturating_sub(1);
        }
    }

    fn shut_until(&self, tries: Tries) -> Option<Timestamp> {
        let beyond = tries.failed.checked_sub(self.free)?;
        let pause = PAUSE.saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX)).min(PAUSE_MAX);
        Some(tries.last.after(pause))
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.tries.len() < KEPT_MAX {
            return;
        }
        self.tries.retain(|_, tries| now < tries.last.after(FORGET));
        let oldest = self.tries.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest.filter(|_| self.tries.len() >= KEPT_MAX) {
            self.tries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn after_the_free_failures_each_pause_is_twice_as_long() {
        let mut throttle = Throttle::new(3);
        for _ in 0..3 {
            assert_eq!(throttle.enter(&"ada", at(0)), Ok(()));
        }
        assert_eq!(throttle.enter(&"ada", at(0)), Err(at(30)));
        assert_eq!(throttle.enter(&"ada", at(29)), Err(at(30)), "asking while it is shut changes nothing");
        assert_eq!(throttle.enter(&"bob", at(29)), Ok(()), "another is another");
        assert_eq!(throttle.enter(&"ada", at(30)), Ok(()));
        assert_eq!(throttle.enter(&"ada", at(31)), Err(at(90)));
        let mut now = 90;
        for _ in 0..9 {
            assert_eq!(throttle.enter(&"ada", at(now)), Ok(()));
            now += 900;
        }
        assert_eq!(throttle.enter(&"ada", at(now - 1)), Err(at(now)), "a quarter of an hour is the longest");
    }

    #[test]
    fn failures_end_with_what_is_right_or_with_time() {
        let mut throttle = Throttle::new(2);
        let fail = |throttle: &mut Throttle<&str>, now| (throttle.enter(&"ada", now), throttle.enter(&"ada", now));
        assert_eq!(fail(&mut throttle, at(0)), (Ok(()), Ok(())));
        throttle.forgive(&"ada");
        assert_eq!(fail(&mut throttle, at(1)), (Ok(()), Ok(())));
        throttle.take_back(&"ada");
        assert_eq!(throttle.enter(&"ada", at(1)), Ok(()), "one was no failure");
        assert_eq!(throttle.enter(&"ada", at(1)), Err(at(31)));
        assert_eq!(fail(&mut throttle, at(3_601)), (Ok(()), Ok(())), "an hour later none is remembered");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut throttle = Throttle::new(1);
        for name in 0..KEPT_MAX {
            assert_eq!(throttle.enter(&name, Timestamp(i64::try_from(name).expect("small"))), Ok(()));
        }
        assert!(throttle.enter(&1, at(1)).is_err());
        assert_eq!(throttle.enter(&KEPT_MAX, at(1)), Ok(()));
        assert_eq!(throttle.tries.len(), KEPT_MAX);
        assert_eq!(throttle.enter(&0, at(1)), Ok(()), "the oldest was forgotten");
        assert!(throttle.enter(&KEPT_MAX, at(1)).is_err());
    }
}
