//! Ten thousand subjects with five scanners each, one of which never answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dispatch::{Call, DispatchParts, Programs, Sender, Sending, Settings};
use domain::catalogue::{OnFailure, Owner, Service, SigningKind, Subscription};
use domain::event::Provenance;
use domain::expectation::{Expectation, ExpectationState};
use domain::outcome::{Outcome, Response};
use domain::profile::{PayloadForm, ProfileKind};
use domain::result::Coverage;
use domain::rule::{Action, HoldFor, Rule};
use domain::subject::{Subject, SubjectName};
use domain::verdict::VerdictKind;
use domain::{AccountKey, Clock, Key, RuleKey, ServiceKey};
use store::Store;
use store::change::Listed;
use store::command::{Answer, Change, Command};
use store::judged::{self, Arriving};
use store::row::{Row, RowsExt};
use store::seal::SealKey;
use store_memory::MemoryStore;
use tokio_util::sync::CancellationToken;

use super::simulation::process::{Dice, SimClock};

const SUBJECTS: usize = 10_000;
const SCANNERS: i64 = 5;
/// The one that never answers.
const SILENT: i64 = 5;
/// One of so many subjects is bad.
const BAD_EACH: usize = 10;

/// Scanners by their host's number; the first finds what is bad.
#[derive(Default)]
struct Scanners {
    silent: AtomicU64,
}

impl Sender for Scanners {
    fn send(&self, call: Call) -> Sending<'_> {
        Box::pin(async move {
            if call.url.contains(&format!("//{SILENT}/")) {
                self.silent.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(call.within).await;
                return Outcome::TimedOut(call.within);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let told = String::from_utf8(call.body).expect("text");
            let bad = call.url.contains("//1/") && told.contains("bad");
            let matched = if bad { "\"BAD\"" } else { "" };
            let body = format!(r#"{{"version":"1","matchedRules":[{matched}]}}"#).into_bytes();
            Outcome::Answered(Response { status: 200, retry_after: None, body })
        })
    }
}

fn service(number: i64) -> Service {
    Service {
        key: ServiceKey(number),
        number,
        name: format!("scanner-{number}"),
        profile: ProfileKind::Scanner,
        form: PayloadForm::Basic,
        url: format!("http://{number}/"),
        secret: None,
        signs: SigningKind::V1,
        signing: Vec::new(),
        account: None,
        subscriptions: vec![Subscription {
            event: "on_version_created".to_owned(),
            active: true,
            blocks: None,
            deadline: None,
            redeliver: None,
        }],
        on_failure: if number == SILENT { OnFailure::Open } else { OnFailure::Hold },
        require_coverage: false,
        concurrency: 64,
        attempt: Duration::from_secs(60),
        allow_networks: Vec::new(),
        active: true,
        deleted: false,
        owner: Owner::Api,
    }
}

fn rule(key: i64, name: &str, action: Action) -> Rule {
    Rule {
        key: RuleKey(key),
        name: name.to_owned(),
        service: None,
        when: None,
        severity: None,
        action,
        active: true,
        shadow: false,
        spare_protected: false,
        users_max: None,
        owner: Owner::Api,
    }
}

fn arriving(nth: usize) -> Arriving {
    let kind = if nth.is_multiple_of(BAD_EACH) { "bad" } else { "good" };
    let name = SubjectName { kind: "version".to_owned(), collection: kind.to_owned(), id: nth.to_string() };
    Arriving {
        kind: "on_version_created".to_owned(),
        subject: Some(name),
        artifact: None,
        provenance: Provenance::Account(AccountKey(1)),
        delivery: None,
        replay: None,
        data: None,
    }
}

/// Every row of a table.
async fn all<T: Row + Send + 'static>(store: &Store, key: fn(&T) -> i64) -> Vec<T> {
    let mut rows = Vec::new();
    loop {
        let after = rows.last().map(key);
        let page: Vec<T> = store.read(move |rows| rows.page(after, 1_000)).await.expect("read");
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// How many subjects have which verdict.
async fn verdicts(store: &Store) -> BTreeMap<VerdictKind, usize> {
    let mut counted = BTreeMap::new();
    for subject in all::<Subject>(store, |each| each.key.number()).await {
        *counted.entry(subject.verdict).or_default() += 1;
    }
    counted
}

#[tokio::test(start_paused = true)]
async fn it_ends_for_each_subject_with_the_right_verdict_and_no_scanner_waits_for_another() {
    let (bus, inbox) = bus::LocalBus::new();
    let store = Store::new(&MemoryStore::open(1, 7, bus.clone(), bus.clone()).expect("a store"));
    let clock = SimClock::new();
    store.submit(Command::Start).await.expect("started");
    let mut entries: Vec<_> = (1..=SCANNERS).map(|number| service(number).entry()).collect();
    entries.push(rule(100, "BAD", Action::Hold(HoldFor::Ever)).entry());
    let (who, what, now) = ("a test".to_owned(), "set up".to_owned(), clock.now());
    let change = Change { catalogue: store.catalogue().version, entries, who, what, now };
    assert!(matches!(store.submit(change).await, Ok(Answer::Version(_))));
    let scanners = Arc::new(Scanners::default());
    let parts = DispatchParts {
        store: store.clone(),
        bus,
        inbox,
        sender: scanners.clone(),
        performer: Arc::new(Programs),
        clock: clock.clone(),
        random: Arc::new(Dice::new(1)),
        seal: SealKey::new([3; 32]),
        watcher: Arc::new(|_| ()),
        settings: Settings {
            public_url: "http://gateway".to_owned(),
            own_listeners: Vec::new(),
            user_agent: "countersign/test".to_owned(),
            programs: Default::default(),
        },
    };
    tokio::spawn(dispatch::run(parts, CancellationToken::new()));
    // The desk learns of its services before anything is sent.
    tokio::time::sleep(Duration::from_millis(1)).await;
    for nth in 0..SUBJECTS {
        judged::record(&store, None, vec![arriving(nth)], clock.now(), clock.now()).await.expect("recorded");
    }

    // At 64 calls at a time and 20 ms each the four need some three seconds; the fifth is silent all the while.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let expectations = all::<Expectation>(&store, |each| each.key.0).await;
    assert_eq!(expectations.len(), SUBJECTS * 5);
    let open: Vec<_> = expectations.iter().filter(|each| each.state == ExpectationState::Open).collect();
    assert!(open.iter().all(|each| each.service == ServiceKey(SILENT)), "the others are done");
    assert_eq!(open.len(), SUBJECTS);
    assert_eq!(verdicts(&store).await, BTreeMap::from([(VerdictKind::Pending, SUBJECTS)]), "the gate waits for all");

    tokio::time::sleep(Duration::from_secs(27 * 3600)).await;
    let bad = SUBJECTS / BAD_EACH;
    let expected = BTreeMap::from([(VerdictKind::Clear, SUBJECTS - bad), (VerdictKind::Held, bad)]);
    assert_eq!(verdicts(&store).await, expected);
    let expectations = all::<Expectation>(&store, |each| each.key.0).await;
    let given_up = expectations.iter().filter(|each| each.service == ServiceKey(SILENT));
    assert!(given_up.clone().all(|each| each.state == ExpectationState::Missing));
    assert!(given_up.clone().all(|each| each.coverage == Some(Coverage::Waived)), "it said so itself");
    // Its breaker keeps it from being called a hundred thousand times in vain.
    let called = scanners.silent.load(Ordering::Relaxed);
    assert!((64..20_000).contains(&called), "{called} calls");
}
