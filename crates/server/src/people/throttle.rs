//! Guesses: some are free, each further one shuts the door for twice as long.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use domain::Timestamp;

/// The first pause; each further failure doubles it.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// In so long, as many failures are forgotten as are free; but none sooner than the longest pause, or waiting would be
/// no pause.
const FORGET: Duration = Duration::from_secs(3600);
/// For so long one waits where nothing but tries under way stand in the way.
const UNDER_WAY: Duration = Duration::from_secs(1);
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
    /// When the last one failed.
    last: Timestamp,
    /// Those whose end is not known yet.
    open: u32,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// With so many free failures, at least one.
    pub fn new(free: u32) -> Self {
        Self { free, tries: HashMap::new() }
    }

    /// Takes a try in, which counts as a failure until it ends ([`Throttle::fail`] or [`Throttle::take_back`]): many
    /// tries at the same time are no way around the count.
    ///
    /// # Errors
    /// When one may be made again.
    pub fn enter(&mut self, key: &K, now: Timestamp) -> Result<(), Timestamp> {
        if !self.tries.contains_key(key) {
            self.make_room(now);
        }
        let before = self.tries.get(key).copied().unwrap_or(Tries { failed: 0, last: now, open: 0 });
        match self.shut_until(before, now) {
            Some(again) if now < again => Err(again),
            _ => {
                self.tries.insert(key.clone(), Tries { open: before.open + 1, ..before });
                Ok(())
            }
        }
    }

    /// A try that was entered was wrong; whether that shut the door.
    pub fn fail(&mut self, key: &K, now: Timestamp) -> bool {
        let Some(tries) = self.tries.get(key).copied() else { return false };
        let failed = self.remembered(tries, now).saturating_add(1);
        self.tries.insert(key.clone(), Tries { failed, last: now, open: tries.open.saturating_sub(1) });
        failed >= self.free
    }

    /// A try that was entered was no failure; those before it count on.
    pub fn take_back(&mut self, key: &K) {
        let Some(tries) = self.tries.get_mut(key) else { return };
        tries.open = tries.open.saturating_sub(1);
        if (tries.failed, tries.open) == (0, 0) {
            self.tries.remove(key);
        }
    }

    /// Nothing that failed counts any more.
    pub fn forgive(&mut self, key: &K) {
        if let Some(tries) = self.tries.get_mut(key) {
            tries.failed = 0;
        }
    }

    /// The failures that are not forgotten yet.
    fn remembered(&self, tries: Tries, now: Timestamp) -> u32 {
        let each_s = (FORGET.as_secs() / u64::from(self.free.max(1))).max(PAUSE_MAX.as_secs());
        let forgotten = now.since(tries.last).as_secs() / each_s;
        tries.failed.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }

    fn shut_until(&self, tries: Tries, now: Timestamp) -> Option<Timestamp> {
        let failed = self.remembered(tries, now);
        let beyond = failed.saturating_add(tries.open).checked_sub(self.free)?;
        if failed < self.free {
            return Some(now.after(UNDER_WAY));
        }
        let pause = PAUSE.saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX)).min(PAUSE_MAX);
        let from = if tries.open > 0 { now } else { tries.last };
        Some(from.after(pause))
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.tries.len() < KEPT_MAX {
            return;
        }
        let mut tries = std::mem::take(&mut self.tries);
        tries.retain(|_, tries| tries.open > 0 || self.remembered(*tries, now) > 0);
        let oldest = tries.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest.filter(|_| tries.len() >= KEPT_MAX) {
            tries.remove(&oldest);
        }
        self.tries = tries;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn fail<K: Eq + Hash + Clone>(throttle: &mut Throttle<K>, key: &K, seconds: i64) -> Result<(), Timestamp> {
        throttle.enter(key, at(seconds)).inspect(|()| _ = throttle.fail(key, at(seconds)))
    }

    #[test]
    fn after_the_free_failures_each_pause_is_twice_as_long() {
        let mut throttle = Throttle::new(3);
        for _ in 0..3 {
            assert_eq!(fail(&mut throttle, &"ada", 0), Ok(()));
        }
        assert_eq!(throttle.enter(&"ada", at(0)), Err(at(30)));
        assert_eq!(throttle.enter(&"ada", at(29)), Err(at(30)), "asking while it is shut changes nothing");
        assert_eq!(throttle.enter(&"bob", at(29)), Ok(()), "another is another");
        assert_eq!(fail(&mut throttle, &"ada", 30), Ok(()));
        assert_eq!(throttle.enter(&"ada", at(31)), Err(at(90)));
        let mut now = 90;
        for _ in 0..9 {
            assert_eq!(fail(&mut throttle, &"ada", now), Ok(()));
            now += 900;
        }
        assert_eq!(throttle.enter(&"ada", at(now - 1)), Err(at(now)), "a quarter of an hour is the longest");
    }

    #[test]
    fn whoever_guesses_for_a_day_gets_a_hundred_tries_beyond_the_free_ones() {
        for free in [5, 10, 20, 100] {
            let mut throttle = Throttle::new(free);
            let (mut now, mut tries) = (0, 0);
            while now < 86_400 {
                match fail(&mut throttle, &"ada", now) {
                    Ok(()) => tries += 1,
                    Err(again) => now = again.seconds(),
                }
            }
            assert!((free..=free + 105).contains(&tries), "{tries} tries with {free} free ones");
        }
    }

    #[test]
    fn open_tries_count_until_they_end() {
        let mut throttle = Throttle::new(2);
        assert_eq!((throttle.enter(&"ada", at(0)), throttle.enter(&"ada", at(0))), (Ok(()), Ok(())));
        assert_eq!(throttle.enter(&"ada", at(9)), Err(at(10)), "two are under way");
        throttle.take_back(&"ada");
        throttle.take_back(&"ada");
        assert!(throttle.tries.is_empty(), "what was no failure leaves nothing");
    }

    #[test]
    fn what_is_right_is_no_failure_and_renews_none() {
        let mut throttle = Throttle::new(2);
        assert_eq!((fail(&mut throttle, &"office", 0), fail(&mut throttle, &"office", 0)), (Ok(()), Ok(())));
        for minute in 1..=30 {
            assert_eq!(throttle.enter(&"office", at(60 * minute)), Ok(()), "minute {minute}");
            throttle.take_back(&"office");
        }
        assert_eq!(fail(&mut throttle, &"office", 1_800), Ok(()), "in half an hour one is forgotten");
        assert_eq!(throttle.enter(&"office", at(1_800)), Err(at(1_830)));
        assert_eq!(throttle.enter(&"office", at(1_830)), Ok(()));
        throttle.take_back(&"office");
        throttle.forgive(&"office");
        assert_eq!((fail(&mut throttle, &"office", 1_831), fail(&mut throttle, &"office", 1_831)), (Ok(()), Ok(())));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut throttle = Throttle::new(1);
        for name in 0..KEPT_MAX {
            let now = Timestamp(i64::try_from(name).expect("small"));
            assert_eq!(throttle.enter(&name, now), Ok(()));
            throttle.fail(&name, now);
        }
        assert!(throttle.enter(&1, at(1)).is_err());
        assert_eq!(fail(&mut throttle, &KEPT_MAX, 1), Ok(()));
        assert_eq!(throttle.tries.len(), KEPT_MAX);
        assert_eq!(fail(&mut throttle, &0, 1), Ok(()), "the oldest was forgotten");
        assert!(throttle.enter(&KEPT_MAX, at(1)).is_err());
    }
}
