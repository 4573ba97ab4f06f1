//! Who guesses: peers whose requests for a repository were not valid, counted for a minute each.
//!
//! Every request comes from localhost, so that only a reverse proxy can tell peers apart: the last address that it
//! names is the one it saw itself. Without a proxy nobody is counted. Many repositories share a forge, and with it an
//! address: whoever is wrong about one of them shuts out nobody from another.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hyper::HeaderMap;

/// How many may fail in one window.
const FAILURES_MAX: u32 = 30;

/// How long failures are counted together.
const WINDOW: Duration = Duration::from_secs(60);

/// How many guessers are counted; a further one is not.
const GUESSERS_MAX: usize = 4096;

/// Those with failures.
#[derive(Default)]
pub struct Failures(HashMap<Guesser, Counted>);

/// A peer, and the repository that it speaks of.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Guesser {
    peer: IpAddr,
    identifier: String,
}

struct Counted {
    since: Instant,
    failures: u32,
}

impl Guesser {
    pub fn new(peer: IpAddr, identifier: &str) -> Self {
        Self { peer, identifier: identifier.to_owned() }
    }
}

impl Failures {
    /// Whether it has failed too often to be heard now.
    pub fn are_too_many(&self, guesser: Option<&Guesser>, now: Instant) -> bool {
        let counted = guesser.and_then(|guesser| self.0.get(guesser));
        counted.is_some_and(|counted| counted.failures >= FAILURES_MAX && !counted.is_over(now))
    }

    /// Counts a failure.
    pub fn count(&mut self, guesser: Guesser, now: Instant) {
        if self.0.len() >= GUESSERS_MAX {
            self.0.retain(|_, counted| !counted.is_over(now));
        }
        if self.0.len() >= GUESSERS_MAX && !self.0.contains_key(&guesser) {
            return;
        }
        let counted = self.0.entry(guesser).or_insert(Counted { since: now, failures: 0 });
        if counted.is_over(now) {
            *counted = Counted { since: now, failures: 0 };
        }
        counted.failures += 1;
    }
}

impl Counted {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= WINDOW
    }
}

/// The peer that a reverse proxy saw.
pub fn peer(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_too_often_is_not_heard_for_the_rest_of_a_minute() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let (bad, good) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let guesser = Guesser::new(bad, "a");
        let are_too_many = |failures: &Failures, peer, identifier, now| {
            failures.are_too_many(Some(&Guesser::new(peer, identifier)), now)
        };
        for _ in 0..FAILURES_MAX {
            assert!(!are_too_many(&failures, bad, "a", start));
            failures.count(guesser.clone(), start);
        }

        assert!(are_too_many(&failures, bad, "a", start));
        assert!(!are_too_many(&failures, bad, "b", start) && !are_too_many(&failures, good, "a", start));
        assert!(!failures.are_too_many(None, start));
        assert!(!are_too_many(&failures, bad, "a", start + WINDOW));
        failures.count(guesser, start + WINDOW);
        assert!(!are_too_many(&failures, bad, "a", start + WINDOW));
    }

    #[test]
    fn the_proxy_s_own_word_stands_last() {
        let mut headers = HeaderMap::new();
        assert_eq!(peer(&headers), None);
        headers.append("x-forwarded-for", "203.0.113.9, 192.0.2.1".parse().expect("a value"));
        assert_eq!(peer(&headers), Some(IpAddr::from([192, 0, 2, 1])));
        headers.append("x-forwarded-for", "2001:db8::1".parse().expect("a value"));
        assert_eq!(peer(&headers), "2001:db8::1".parse().ok());
        headers.append("x-forwarded-for", "unknown".parse().expect("a value"));
        assert_eq!(peer(&headers), None);
    }
}
