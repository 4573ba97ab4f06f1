//! A wall clock that jumps an hour forward or back while calls are under way, wait for a retry, or are owed an answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispatch::{Call, Sender, Sending};
use domain::ServiceKey;
use domain::expectation::{Expectation, ExpectationState};
use domain::outcome::{Outcome, Response};
use domain::profile::ProfileKind;
use domain::run::Run;

use super::world::{World, service};

const EVENT: &str = "on_version_created";
const WELL: i64 = 1;
/// It fails until it is mended.
const FAILING: i64 = 2;
/// It never answers.
const SILENT: i64 = 3;
const SUBJECTS: usize = 20;
const HOUR: Duration = Duration::from_secs(3600);
const JUMPS: [i64; 2] = [3_600_000_000, -3_600_000_000];

/// Scanners by their number, and how often each was called under which id.
#[derive(Default)]
struct Scanners {
    mended: Mutex<bool>,
    called: Mutex<BTreeMap<i64, BTreeMap<String, u32>>>,
}

impl Scanners {
    fn called(&self, number: i64) -> BTreeMap<String, u32> {
        self.called.lock().expect("not poisoned").get(&number).cloned().unwrap_or_default()
    }
}

impl Sender for Scanners {
    fn send(&self, call: Call) -> Sending<'_> {
        let number = call.url.trim_start_matches("http://service-").trim_end_matches('/').parse().expect("a number");
        let id = call.headers.iter().find(|(name, _)| name == "webhook-id").expect("an id").1.clone();
        *self.called.lock().expect("not poisoned").entry(number).or_default().entry(id).or_default() += 1;
        Box::pin(async move {
            // The clock jumps while these are under way.
            tokio::time::sleep(Duration::from_secs(2)).await;
            if number == SILENT {
                tokio::time::sleep(call.within).await;
                return Outcome::TimedOut(call.within);
            }
            if number == FAILING && !*self.mended.lock().expect("not poisoned") {
                return Outcome::Answered(Response {
                    status: 500,
                    retry_after: None,
                    connected: None,
                    body: Vec::new(),
                });
            }
            let body = br#"{"version":"1","matchedRules":[]}"#.to_vec();
            Outcome::Answered(Response { status: 200, retry_after: None, connected: None, body })
        })
    }
}

async fn jumped(by: i64) -> (World, Arc<Scanners>) {
    let services = [WELL, FAILING, SILENT].map(|number| {
        let mut scanner = service(ServiceKey(number), number, ProfileKind::Scanner, EVENT);
        scanner.concurrency = 64;
        scanner
    });
    let scanners = Arc::new(Scanners::default());
    let world = World::start(&services, &[], scanners.clone()).await;
    for nth in 0..SUBJECTS {
        world.report(EVENT, "version", "all", &nth.to_string()).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.clock.jump(by);
    (world, scanners)
}

async fn states(world: &World, number: i64) -> BTreeMap<&'static str, usize> {
    let mut counted = BTreeMap::new();
    for each in world.all::<Expectation>().await.iter().filter(|each| each.service == ServiceKey(number)) {
        *counted.entry(each.state.word()).or_default() += 1;
    }
    counted
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_when_the_clock_jumped_is_sent_once_and_answered() {
    for by in JUMPS {
        let (world, scanners) = jumped(by).await;

        tokio::time::sleep(Duration::from_secs(10)).await;

        let called = scanners.called(WELL);
        assert_eq!(called.len(), SUBJECTS);
        assert!(called.values().all(|times| *times == 1), "one lease, one call: {called:?}");
        assert_eq!(states(&world, WELL).await, BTreeMap::from([("complete", SUBJECTS)]));
    }
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_a_retry_goes_out_and_a_service_that_returns_is_noticed() {
    for by in JUMPS {
        let (world, scanners) = jumped(by).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let before: u32 = scanners.called(FAILING).values().sum();
        *scanners.mended.lock().expect("not poisoned") = true;

        // Its gate is shut; the probes go on as if the clock had not jumped.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let probed: u32 = scanners.called(FAILING).values().sum();
        assert!(probed > before, "a jump by {by} us keeps its probes back");

        tokio::time::sleep(2 * HOUR).await;
        assert_eq!(states(&world, FAILING).await, BTreeMap::from([("complete", SUBJECTS)]), "a jump by {by} us");
        assert_eq!(scanners.called(FAILING).len(), SUBJECTS, "each under its one id");
        let open =
            world.all::<Run>().await.iter().filter(|run| run.service == ServiceKey(FAILING) && run.is_open()).count();
        assert_eq!(open, 0, "no run is left behind");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_judged_missing_before_its_deadline_by_more_than_the_jump() {
    let deadline = domain::limits::DEADLINE;
    for by in JUMPS {
        let (world, _) = jumped(by).await;
        let all = |state: ExpectationState| BTreeMap::from([(state.word(), SUBJECTS)]);
        // As the wall clock goes, the deadline comes an hour earlier or later than by any other.
        let comes_after = if by > 0 { deadline - HOUR } else { deadline + HOUR };

        tokio::time::sleep(comes_after - Duration::from_secs(30)).await;
        assert_eq!(states(&world, SILENT).await, all(ExpectationState::Open), "a jump by {by} us");

        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(states(&world, SILENT).await, all(ExpectationState::Missing), "a jump by {by} us");
    }
}
