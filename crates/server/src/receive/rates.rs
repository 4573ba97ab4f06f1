//! How many requests each caller may send to each source, counted before anything is believed.
//!
//! A caller is an address, and of IPv6 a network of 64 bits: so a stranger who floods a source keeps nobody else out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use domain::catalogue::SourceRate;
use domain::{SourceKey, Timestamp};

use super::pace::Pace;

/// The most callers that are counted one by one; those beyond are counted together.
const CALLERS_MAX: usize = 20_000;

/// How often room is looked for at the most, in microseconds: that takes a walk through all callers.
const SWEEP_EVERY_US: i64 = 1_000_000;

/// Every caller's bucket.
#[derive(Default)]
pub struct Rates(Mutex<Buckets>);

#[derive(Default)]
struct Buckets {
    /// When each is full again.
    full_at: HashMap<(SourceKey, Option<IpAddr>), Timestamp>,
    /// When those that are full may be let go of next.
    sweep_at: Timestamp,
}

impl Rates {
    /// Whether one more request may come; then it is counted.
    pub fn admits(&self, source: SourceKey, rate: SourceRate, caller: Option<IpAddr>, now: Timestamp) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bucket = (source, caller.map(network));
        if !buckets.full_at.contains_key(&bucket) && !buckets.have_room(now) {
            bucket.1 = None;
        }
        pace(rate).admits(buckets.full_at.entry(bucket).or_insert(now), now)
    }
}

impl Buckets {
    fn have_room(&mut self, now: Timestamp) -> bool {
        if self.full_at.len() >= CALLERS_MAX && self.sweep_at <= now {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.sweep_at = Timestamp(now.0 + SWEEP_EVERY_US);
        }
        self.full_at.len() < CALLERS_MAX
    }
}

/// How long a caller that was refused had better wait, in seconds.
pub fn wait_s(rate: SourceRate) -> u64 {
    rate.per_s.div_ceil(rate.requests.max(1).into()).max(1)
}

fn pace(rate: SourceRate) -> Pace {
    Pace { burst: rate.requests, every_us: rate.per_s.saturating_mul(1_000_000) / u64::from(rate.requests.max(1)) }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SourceRate = SourceRate { requests: 2, per_s: 10 };

    fn count(rates: &Rates, source: i64, caller: &str, now_s: i64) -> usize {
        let now = Timestamp::from_seconds(now_s);
        (0..5).filter(|_| rates.admits(SourceKey(source), RATE, caller.parse().ok(), now)).count()
    }

    #[test]
    fn each_caller_has_a_rate_of_its_own_at_each_source() {
        let rates = Rates::default();

        assert_eq!(count(&rates, 1, "9.9.9.9", 100), 2);
        assert_eq!(count(&rates, 1, "8.8.8.8", 100), 2);
        assert_eq!(count(&rates, 2, "9.9.9.9", 100), 2);
        assert_eq!(count(&rates, 1, "9.9.9.9", 105), 1);
        assert_eq!((wait_s(RATE), wait_s(SourceRate { requests: 600, per_s: 60 })), (5, 1));
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let rates = Rates::default();

        assert_eq!(count(&rates, 1, "2001:db8::1", 100), 2);
        assert_eq!(count(&rates, 1, "2001:db8::2", 100), 0);
        assert_eq!(count(&rates, 1, "2001:db8:0:1::1", 100), 2);
    }

    #[test]
    fn callers_beyond_what_is_counted_share_one_rate() {
        let rates = Rates::default();
        let now = Timestamp::from_seconds(100);
        let address = |n: u32| IpAddr::from(n.to_be_bytes());
        let many = u32::try_from(CALLERS_MAX).expect("a number");
        assert!((0..many).all(|n| rates.admits(SourceKey(1), RATE, Some(address(n)), now)));

        assert_eq!((many..many + 5).filter(|n| rates.admits(SourceKey(1), RATE, Some(address(*n)), now)).count(), 2);
        assert_eq!(count(&rates, 1, "9.9.9.9", 200), 2, "room is made once buckets are full again");
    }

    #[test]
    fn room_is_looked_for_once_a_second() {
        let rates = Rates::default();
        let address = |n: u32| IpAddr::from(n.to_be_bytes());
        let at = |ms: i64| Timestamp(ms * 1_000);
        let many = u32::try_from(CALLERS_MAX).expect("a number");
        let admitted =
            |ms: i64| (many..many + 5).filter(|n| rates.admits(SourceKey(1), RATE, Some(address(*n)), at(ms))).count();
        assert!((0..many).all(|n| rates.admits(SourceKey(1), RATE, Some(address(n)), at(100_000))));

        assert_eq!(admitted(104_500), 2, "all buckets are in use");
        assert_eq!(admitted(105_400), 0, "they are full again, but that is not looked for yet");
        assert_eq!(admitted(105_500), 5);
    }
}
