//! A dispatcher over a store in memory, whose time is the paused runtime's; and what is registered with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispatch::{DispatchParts, Programs, Sender, Settings};
use domain::catalogue::{OnFailure, Owner, Service, SigningKind, Subscription};
use domain::event::Provenance;
use domain::profile::{PayloadForm, ProfileKind};
use domain::rule::{Action, Rule};
use domain::subject::SubjectName;
use domain::{AccountKey, Clock, RuleKey, Salt, ServiceKey};
use store::change::Listed;
use store::command::{Answer, Change, Command};
use store::judged::{self, Arriving};
use store::row::{Row, RowsExt};
use store::seal::SealKey;
use store::{Journal, Pending, Reading, Search, Store};
use store_memory::MemoryStore;
use tokio_util::sync::CancellationToken;

use super::simulation::process::{Dice, SimClock};

/// A running dispatcher, and its store.
pub struct World {
    pub store: Store,
    pub clock: Arc<SimClock>,
    watched: Arc<Mutex<Vec<Watched>>>,
    work: Arc<Mutex<Work>>,
}

/// What was asked of the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Claims, by the service's number.
    pub claims: BTreeMap<i64, usize>,
    /// Readings.
    pub readings: usize,
}

/// A store that counts.
struct Counting {
    engine: Arc<MemoryStore>,
    work: Arc<Mutex<Work>>,
}

impl Journal for Counting {
    fn submit(&self, command: Command) -> Pending {
        if let Command::Claim(claim) = &command {
            *self.work.lock().expect("not poisoned").claims.entry(claim.service.0).or_default() += 1;
        }
        self.engine.submit(command)
    }
}

impl Search for Counting {
    fn run(&self, reading: Reading) {
        self.work.lock().expect("not poisoned").readings += 1;
        self.engine.run(reading);
    }

    fn salt(&self) -> Salt {
        self.engine.salt()
    }
}

/// What is counted of a call: service and event, the outcome, and whether it took any time.
pub type Watched = ((String, String), &'static str, bool);

impl World {
    /// Starts it with these services and rules; this is what their calls meet.
    pub async fn start(services: &[Service], rules: &[Rule], sender: Arc<dyn Sender>) -> Self {
        Self::start_with(services, rules, sender, domain::limits::CALLS_MAX).await
    }

    /// Starts it with so many places for calls in all.
    pub async fn start_with(services: &[Service], rules: &[Rule], sender: Arc<dyn Sender>, calls_max: u32) -> Self {
        let (bus, inbox) = bus::LocalBus::new(calls_max);
        let engine = MemoryStore::open(1, 7, bus.clone(), bus.clone()).expect("a store");
        let work = Arc::new(Mutex::new(Work::default()));
        let counting = Arc::new(Counting { engine: engine.clone(), work: work.clone() });
        let store = Store { journal: counting.clone(), book: engine, search: counting };
        let clock = SimClock::new();
        store.submit(Command::Start).await.expect("started");
        let entries = services.iter().map(Listed::entry).chain(rules.iter().map(Listed::entry)).collect();
        let (who, what, now) = ("a test".to_owned(), "set up".to_owned(), clock.now());
        let change = Change { catalogue: store.catalogue().version, entries, who, what, now };
        assert!(matches!(store.submit(change).await, Ok(Answer::Version(_))));
        let watched = Arc::new(Mutex::new(Vec::new()));
        let watching = watched.clone();
        let parts = DispatchParts {
            store: store.clone(),
            bus,
            inbox,
            sender,
            performer: Arc::new(Programs),
            clock: clock.clone(),
            random: Arc::new(Dice::new(1)),
            seal: SealKey::new([3; 32]),
            watcher: Arc::new(move |seen| {
                let of = (seen.service.to_owned(), seen.event.to_owned());
                watching.lock().expect("not poisoned").push((of, seen.outcome, seen.took.is_some()));
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
        Self { store, clock, watched, work }
    }

    /// What was counted of the calls so far.
    pub fn watched(&self) -> Vec<Watched> {
        self.watched.lock().expect("not poisoned").clone()
    }

    /// What was asked of the store since this was read last.
    pub fn work(&self) -> Work {
        std::mem::take(&mut self.work.lock().expect("not poisoned"))
    }

    /// Records an event about a subject of its own, which the platform reports.
    pub async fn report(&self, event: &str, kind: &str, collection: &str, id: &str) {
        let arriving = Arriving {
            kind: event.to_owned(),
            subject: Some(SubjectName { kind: kind.to_owned(), collection: collection.to_owned(), id: id.to_owned() }),
            artifact: None,
            provenance: Provenance::Account(AccountKey(1)),
            delivery: None,
            replay: None,
            data: None,
            description: None,
        };
        let now = self.clock.now();
        judged::record(&self.store, None, vec![arriving], now, now).await.expect("recorded");
    }

    /// Every row of a table, newest first.
    pub async fn all<T: Row + Send + 'static>(&self) -> Vec<T> {
        let mut rows = Vec::new();
        loop {
            let before = rows.last().map(Row::key);
            let page: Vec<T> = self.store.read(move |rows| rows.page(before, 1_000)).await.expect("read");
            if page.is_empty() {
                return rows;
            }
            rows.extend(page);
        }
    }
}

/// A service of this number that is told of one event, and for whose answers verdicts wait.
pub fn service(key: ServiceKey, number: i64, profile: ProfileKind, event: &str) -> Service {
    Service {
        key,
        number,
        name: format!("service-{number}"),
        profile,
        form: PayloadForm::Basic,
        url: format!("http://service-{number}/"),
        secret: None,
        headers: Vec::new(),
        signs: SigningKind::V1,
        signing: Vec::new(),
        plugin_token: None,
        account: None,
        subscriptions: vec![Subscription {
            event: event.to_owned(),
            active: true,
            blocks: None,
            deadline: None,
            redeliver: None,
        }],
        on_failure: OnFailure::Hold,
        require_coverage: false,
        concurrency: 2,
        attempt: Duration::from_secs(60),
        allow_networks: Vec::new(),
        active: true,
        deleted: false,
        owner: Owner::Api,
    }
}

/// A rule in force, of whatever service reports its name.
pub fn rule(key: RuleKey, name: &str, action: Action) -> Rule {
    Rule {
        key,
        name: name.to_owned(),
        service: None,
        when: None,
        severity: None,
        action,
        active: true,
        shadow: false,
        spare_protected: false,
        users_max: None,
        scope: domain::rule::HoldScope::Subject,
        track: None,
        owner: Owner::Api,
    }
}
