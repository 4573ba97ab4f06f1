//! An answer that arrives while its call outlived the deadline.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dispatch::{Call, DispatchParts, Programs, Sender, Sending, Settings};
use domain::catalogue::{OnFailure, Owner, Service, SigningKind, Subscription};
use domain::event::Provenance;
use domain::outcome::{Outcome, Response};
use domain::profile::{PayloadForm, ProfileKind};
use domain::result::{ResultKind, ServiceResult};
use domain::rule::{Action, Rule};
use domain::subject::{Subject, SubjectName};
use domain::verdict::VerdictKind;
use domain::{AccountKey, Clock, RuleKey, ServiceKey};
use store::Store;
use store::change::Listed;
use store::command::{Answer, Change, Command};
use store::judged::{self, Arriving};
use store::row::RowsExt;
use store::seal::SealKey;
use store_memory::MemoryStore;
use tokio_util::sync::CancellationToken;

use super::simulation::process::{Dice, SimClock};

/// A service that takes half a minute and then reports a finding.
struct Slow;

impl Sender for Slow {
    fn send(&self, _call: Call) -> Sending<'_> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            let body = br#"{"matched_rules":["BAD"]}"#.to_vec();
            Outcome::Answered(Response { status: 200, retry_after: None, body })
        })
    }
}

fn service() -> Service {
    Service {
        key: ServiceKey(1),
        number: 1,
        name: "slow".to_owned(),
        profile: ProfileKind::Standard,
        form: PayloadForm::Basic,
        url: "http://slow/".to_owned(),
        secret: None,
        signs: SigningKind::V1,
        signing: Vec::new(),
        account: None,
        subscriptions: vec![Subscription {
            event: "uploaded".to_owned(),
            active: true,
            blocks: Some(true),
            deadline: Some(Duration::from_secs(10)),
            redeliver: None,
        }],
        on_failure: OnFailure::Open,
        require_coverage: false,
        concurrency: 1,
        attempt: Duration::from_secs(60),
        allow_networks: Vec::new(),
        active: true,
        deleted: false,
        owner: Owner::Api,
    }
}

fn rule() -> Rule {
    Rule {
        key: RuleKey(2),
        name: "BAD".to_owned(),
        service: None,
        when: None,
        severity: None,
        action: Action::Block,
        active: true,
        shadow: false,
        spare_protected: false,
        users_max: None,
        owner: Owner::Api,
    }
}

#[tokio::test(start_paused = true)]
async fn it_never_satisfies_and_its_rules_still_act() {
    let (bus, inbox) = bus::LocalBus::new();
    let store = Store::new(&MemoryStore::open(1, 7, bus.clone(), bus.clone()).expect("a store"));
    let clock = SimClock::new();
    store.submit(Command::Start).await.expect("started");
    let entries = vec![service().entry(), rule().entry()];
    let (who, what, now) = ("a test".to_owned(), "set up".to_owned(), clock.now());
    let change = Change { catalogue: store.catalogue().version, entries, who, what, now };
    assert!(matches!(store.submit(change).await, Ok(Answer::Version(_))));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watching = seen.clone();
    let parts = DispatchParts {
        store: store.clone(),
        bus,
        inbox,
        sender: Arc::new(Slow),
        performer: Arc::new(Programs),
        clock: clock.clone(),
        random: Arc::new(Dice::new(1)),
        seal: SealKey::new([3; 32]),
        watcher: Arc::new(move |watched| {
            let of = (watched.service.to_owned(), watched.event.to_owned());
            watching.lock().expect("not poisoned").push((of, watched.outcome, watched.took.is_some()));
        }),
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
    let uploaded = Arriving {
        kind: "uploaded".to_owned(),
        subject: Some(SubjectName { kind: "thing".to_owned(), collection: "all".to_owned(), id: "1".to_owned() }),
        artifact: None,
        provenance: Provenance::Account(AccountKey(1)),
        delivery: None,
        replay: None,
        data: Some("{}".to_owned()),
    };
    judged::record(&store, None, vec![uploaded], clock.now(), clock.now()).await.expect("recorded");

    tokio::time::sleep(Duration::from_secs(20)).await;
    let verdict = || store.read(|rows| rows.page::<Subject>(None, 1));
    assert_eq!(verdict().await.expect("read")[0].verdict, VerdictKind::Clear, "waived at the deadline");

    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(verdict().await.expect("read")[0].verdict, VerdictKind::Blocked);
    let results = store.read(|rows| rows.page::<ServiceResult>(None, 9)).await.expect("read");
    let told: Vec<(ResultKind, bool)> = results.iter().map(|each| (each.kind, each.late)).collect();
    assert_eq!(told, [(ResultKind::Processed, true), (ResultKind::Missing, false)]);
    let of = (service().name, "uploaded".to_owned());
    let expected = [(of.clone(), "missing_results", false), (of, "success", true)];
    assert_eq!(*seen.lock().expect("not poisoned"), expected, "what is counted");
    assert_eq!(results[0].raw, Bytes::from_static(br#"{"matched_rules":["BAD"]}"#));
}
