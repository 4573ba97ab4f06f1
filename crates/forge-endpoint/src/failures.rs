//! Who guesses: peers whose requests were not valid, counted for a minute each.
//!
//! Every request comes from localhost, so that only a reverse proxy can tell peers apart: the last address that it
//! names is the one it saw itself. Without a proxy nobody is counted.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hyper::HeaderMap;

/// How many may fail in one window.
const FAILURES_MAX: u32 = 30;

/// How long failures are counted together.
const WINDOW: Duration = Duration::from_secs(60);

/// How many peers are counted; a further one is not.
const PEERS_MAX: usize = 4096;

/// The peers with failures.
#[derive(Default)]
pub struct Failures(HashMap<IpAddr, Counted>);

struct Counted {
    since: Instant,
    failures: u32,
}

impl Failures {
    /// Whether the peer has failed too often to be heard now.
    pub fn are_too_many(&self, peer: Option<IpAddr>, now: Instant) -> bool {
        let counted = peer.and_then(|peer| self.0.get(&peer));
        counted.is_some_and(|counted| counted.failures >= FAILURES_MAX && !counted.is_over(now))
    }

    /// Counts a failure.
    pub fn count(&mut self, peer: Option<IpAddr>, now: Instant) {
        let Some(peer) = peer else { return };
        if self.0.len() >= PEERS_MAX {
            self.0.retain(|_, counted| !counted.is_over(now));
        }
        if self.0.len() >= PEERS_MAX && !self.0.contains_key(&peer) {
            return;
        }
        let counted = self.0.entry(peer).or_insert(Counted { since: now, failures: 0 });
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
    fn a_peer_that_fails_too_often_is_not_heard_for_the_rest_of_a_minute() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let (bad, good) = (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([192, 0, 2, 2])));
        for _ in 0..FAILURES_MAX {
            assert!(!failures.are_too_many(bad, start));
            failures.count(bad, start);
            failures.count(None, start);
        }

        assert!(failures.are_too_many(bad, start));
        assert!(!failures.are_too_many(good, start) && !failures.are_too_many(None, start));
        assert!(!failures.are_too_many(bad, start + WINDOW));
        failures.count(bad, start + WINDOW);
        assert!(!failures.are_too_many(bad, start + WINDOW));
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
