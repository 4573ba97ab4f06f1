//! Ten thousand subjects with five scanners each, one of which never answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dispatch::{Call, Sender, Sending};
use domain::catalogue::{OnFailure, Service};
use domain::expectation::{Expectation, ExpectationState};
use domain::outcome::{Outcome, Response};
use domain::profile::ProfileKind;
use domain::result::Coverage;
use domain::rule::{Action, HoldFor};
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use domain::{RuleKey, ServiceKey};

use super::world::{World, rule, service};

const SUBJECTS: usize = 10_000;
const SCANNERS: i64 = 5;
/// The one that never answers.
const SILENT: i64 = 5;
/// One of so many subjects is bad.
const BAD_EACH: usize = 10;

/// Scanners by their number; the first finds what is bad.
#[derive(Default)]
struct Scanners {
    silent: AtomicU64,
}

impl Sender for Scanners {
    fn send(&self, call: Call) -> Sending<'_> {
        Box::pin(async move {
            if call.url.contains(&format!("//service-{SILENT}/")) {
                self.silent.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(call.within).await;
                return Outcome::TimedOut(call.within);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let told = String::from_utf8(call.body).expect("text");
            let bad = call.url.contains("//service-1/") && told.contains("bad");
            let matched = if bad { "\"BAD\"" } else { "" };
            let body = format!(r#"{{"version":"1","matchedRules":[{matched}]}}"#).into_bytes();
            Outcome::Answered(Response { status: 200, retry_after: None, connected: None, body })
        })
    }
}

fn scanner(number: i64) -> Service {
    Service {
        on_failure: if number == SILENT { OnFailure::Open } else { OnFailure::Hold },
        concurrency: 64,
        ..service(ServiceKey(number), number, ProfileKind::Scanner, "on_version_created")
    }
}

/// How many subjects have which verdict.
async fn verdicts(world: &World) -> BTreeMap<VerdictKind, usize> {
    let mut counted = BTreeMap::new();
    for subject in world.all::<Subject>().await {
        *counted.entry(subject.verdict).or_default() += 1;
    }
    counted
}

#[tokio::test(start_paused = true)]
async fn it_ends_for_each_subject_with_the_right_verdict_and_no_scanner_waits_for_another() {
    let services: Vec<Service> = (1..=SCANNERS).map(scanner).collect();
    let scanners = Arc::new(Scanners::default());
    let bad_is_held = rule(RuleKey(100), "BAD", Action::Hold(HoldFor::Ever));
    let world = World::start(&services, &[bad_is_held], scanners.clone()).await;
    for nth in 0..SUBJECTS {
        let collection = if nth.is_multiple_of(BAD_EACH) { "bad" } else { "good" };
        world.report("on_version_created", "version", collection, &nth.to_string()).await;
    }

    // At 64 calls at a time and 20 ms each the four need some three seconds; the fifth is silent all the while.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let expectations = world.all::<Expectation>().await;
    assert_eq!(expectations.len(), SUBJECTS * 5);
    let open: Vec<_> = expectations.iter().filter(|each| each.state == ExpectationState::Open).collect();
    assert!(open.iter().all(|each| each.service == ServiceKey(SILENT)), "the others are done");
    assert_eq!(open.len(), SUBJECTS);
    assert_eq!(verdicts(&world).await, BTreeMap::from([(VerdictKind::Pending, SUBJECTS)]), "the gate waits for all");

    tokio::time::sleep(Duration::from_secs(27 * 3600)).await;
    let bad = SUBJECTS / BAD_EACH;
    let expected = BTreeMap::from([(VerdictKind::Clear, SUBJECTS - bad), (VerdictKind::Held, bad)]);
    assert_eq!(verdicts(&world).await, expected);
    let expectations = world.all::<Expectation>().await;
    let given_up = expectations.iter().filter(|each| each.service == ServiceKey(SILENT));
    assert!(given_up.clone().all(|each| each.state == ExpectationState::Missing));
    assert!(given_up.clone().all(|each| each.coverage == Some(Coverage::Waived)), "it said so itself");
    // Its breaker keeps it from being called a hundred thousand times in vain.
    let called = scanners.silent.load(Ordering::Relaxed);
    assert!((64..20_000).contains(&called), "{called} calls");
}
