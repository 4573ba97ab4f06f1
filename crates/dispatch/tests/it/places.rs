//! More work than there are places in all, and services that keep theirs for long.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispatch::{Call, Sender, Sending};
use domain::ServiceKey;
use domain::catalogue::Service;
use domain::outcome::{Outcome, Response};
use domain::profile::ProfileKind;

use super::world::{World, service};

const SUBJECTS: usize = 200;
const CALLS_MAX: u32 = 16;
/// Each of its calls takes a minute.
const SLOW: i64 = 1;

/// Scanners by their number.
#[derive(Default)]
struct Scanners {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Calls under way to each.
    now: BTreeMap<i64, u32>,
    /// The most that were under way at once, in all.
    most: u32,
    /// Calls that each has answered.
    answered: BTreeMap<i64, usize>,
}

impl Sender for Scanners {
    fn send(&self, call: Call) -> Sending<'_> {
        let number = call.url.trim_start_matches("http://service-").trim_end_matches('/').parse().expect("a number");
        let mut seen = self.seen.lock().expect("not poisoned");
        *seen.now.entry(number).or_default() += 1;
        seen.most = seen.most.max(seen.now.values().sum());
        Box::pin(async move {
            tokio::time::sleep(if number == SLOW { Duration::from_secs(59) } else { Duration::from_millis(20) }).await;
            let mut seen = self.seen.lock().expect("not poisoned");
            *seen.now.entry(number).or_default() -= 1;
            *seen.answered.entry(number).or_default() += 1;
            let body = br#"{"version":"1","matchedRules":[]}"#.to_vec();
            Outcome::Answered(Response { status: 200, retry_after: None, connected: None, body })
        })
    }
}

async fn busy(services: RangeInclusive<i64>, calls_max: u32) -> (World, Arc<Scanners>) {
    let scanner = |number| Service {
        concurrency: 64,
        ..service(ServiceKey(number), number, ProfileKind::Scanner, "on_version_created")
    };
    let services: Vec<Service> = services.map(scanner).collect();
    let scanners = Arc::new(Scanners::default());
    let world = World::start_with(&services, &[], scanners.clone(), calls_max).await;
    for nth in 0..SUBJECTS {
        world.report("on_version_created", "version", "all", &nth.to_string()).await;
    }
    (world, scanners)
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_than_places_are_under_way_and_a_slow_service_keeps_nobody_else_back() {
    let (world, scanners) = busy(SLOW..=4, CALLS_MAX).await;

    tokio::time::sleep(Duration::from_secs(10)).await;

    {
        let seen = scanners.seen.lock().expect("not poisoned");
        assert_eq!(seen.most, CALLS_MAX, "every place was used, and no more");
        let done = BTreeMap::from([(2, SUBJECTS), (3, SUBJECTS), (4, SUBJECTS)]);
        assert_eq!(seen.answered, done, "the others are done");
        assert_eq!(seen.now[&SLOW], 10, "its own places and the open half");
    }
    let looks = world.clock.looks();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(world.clock.looks() - looks < 100, "what waits for a place waits without looking");

    tokio::time::sleep(Duration::from_secs(3600)).await;
    let seen = scanners.seen.lock().expect("not poisoned");
    assert_eq!((seen.answered[&SLOW], seen.most), (SUBJECTS, CALLS_MAX), "it ends as well, in its time");
}

#[tokio::test(start_paused = true)]
async fn services_that_want_everything_get_about_as_much_each() {
    let (_world, scanners) = busy(2..=5, 12).await;

    tokio::time::sleep(Duration::from_millis(500)).await;

    let seen = scanners.seen.lock().expect("not poisoned");
    assert_eq!(seen.most, 12);
    let answered: Vec<usize> = seen.answered.values().copied().collect();
    let (least, most) = (answered.iter().min().expect("some"), answered.iter().max().expect("some"));
    assert!(*least > 40 && *most < 2 * least, "{answered:?}");
}
