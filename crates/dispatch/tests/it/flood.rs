//! Very many open runs of a service that is dead, and events that very many services are told of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispatch::{Call, Sender, Sending};
use domain::ServiceKey;
use domain::outcome::{Outcome, Response};
use domain::profile::ProfileKind;
use domain::run::Run;

use super::world::{Work, World, service};

/// Nobody is there.
const DEAD: i64 = 1;
const HEALTHY: i64 = 2;
const MINUTE: Duration = Duration::from_secs(60);

/// Services by their number.
#[derive(Default)]
struct Services {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    now: usize,
    /// The most calls that were under way at once.
    most: usize,
    /// Subjects in the order in which the calls about them came, by service.
    called: BTreeMap<i64, Vec<String>>,
}

impl Services {
    fn called(&self, number: i64) -> Vec<String> {
        self.seen.lock().expect("not poisoned").called.get(&number).cloned().unwrap_or_default()
    }
}

impl Sender for Services {
    fn send(&self, call: Call) -> Sending<'_> {
        let number = call.url.trim_start_matches("http://service-").trim_end_matches('/').parse().expect("a number");
        let told: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
        let subject = told["data"]["subject"]["subject"].as_str().unwrap_or_default().to_owned();
        let mut seen = self.seen.lock().expect("not poisoned");
        seen.now += 1;
        seen.most = seen.most.max(seen.now);
        seen.called.entry(number).or_default().push(subject);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.seen.lock().expect("not poisoned").now -= 1;
            if number == DEAD {
                return Outcome::Unreachable("connection refused".to_owned());
            }
            Outcome::Answered(Response { status: 200, retry_after: None, connected: None, body: b"{}".to_vec() })
        })
    }
}

/// What the store is asked while a healthy service is told of a hundred events, and the subjects in their order, beside
/// a dead one with so many open runs.
async fn beside(open: usize) -> (Work, Vec<String>) {
    let services = [(DEAD, "dead.letter"), (HEALTHY, "good.news")]
        .map(|(number, event)| service(ServiceKey(number), number, ProfileKind::Standard, event));
    let called = Arc::new(Services::default());
    let world = World::start(&services, &[], called.clone()).await;
    for nth in 0..open {
        world.report("dead.letter", "letter", "all", &nth.to_string()).await;
    }
    // By now it was found dead, and is left alone but for a probe now and then.
    tokio::time::sleep(MINUTE).await;
    assert!(called.called(DEAD).len() < 100, "{} calls to a dead service", called.called(DEAD).len());
    world.work();

    for nth in 0..100 {
        world.report("good.news", "news", "all", &nth.to_string()).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }

    let work = world.work();
    let waiting =
        world.all::<Run>().await.iter().filter(|run| run.service == ServiceKey(DEAD) && run.is_open()).count();
    assert_eq!(waiting, open, "what it is owed still waits");
    (work, called.called(HEALTHY))
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_open_runs_of_a_dead_service_cost_the_one_beside_it_nothing() {
    let (few, _) = beside(20).await;
    let (many, told) = beside(10_000).await;

    let in_order: Vec<String> = (0..100).map(|nth| nth.to_string()).collect();
    assert_eq!(told, in_order, "each went out with the commit that made it");
    assert_eq!(many.claims.get(&HEALTHY), None, "nothing of the healthy one waited for a claim");
    assert!(many.claims.get(&DEAD).is_none_or(|claims| *claims <= 2), "a probe every five seconds: {many:?}");
    assert_eq!(many, few, "the store was asked the same as beside twenty open runs");
}

#[tokio::test(start_paused = true)]
async fn an_event_for_three_hundred_services_goes_out_through_the_places_that_there_are() {
    const SERVICES: i64 = 300;
    const EVENTS: usize = 40;
    const CALLS_MAX: u32 = 320;
    let services: Vec<_> = (0..SERVICES)
        .map(|nth| service(ServiceKey(100 + nth), 100 + nth, ProfileKind::Standard, "good.news"))
        .collect();
    let called = Arc::new(Services::default());
    let world = World::start_with(&services, &[], called.clone(), CALLS_MAX).await;

    for nth in 0..EVENTS {
        world.report("good.news", "news", "all", &nth.to_string()).await;
    }
    tokio::time::sleep(MINUTE).await;

    let seen = called.seen.lock().expect("not poisoned");
    assert_eq!(seen.most, CALLS_MAX as usize, "no more is held in memory than may be under way");
    assert_eq!(seen.called.len(), services.len());
    assert!(seen.called.values().all(|subjects| subjects.len() == EVENTS), "each heard of all");
}
