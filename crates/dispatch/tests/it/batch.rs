//! A batch of twenty thousand subjects for three workers, one of which is dead, with a restart in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::LocalBus;
use dispatch::{Call, DispatchParts, Programs, Sender, Sending, Settings};
use domain::catalogue::Service;
use domain::event::{EVIDENCE_CREATED, Provenance};
use domain::outcome::{Outcome, Response};
use domain::profile::ProfileKind;
use domain::record::{Record, RecordStatus};
use domain::run::{Run, RunState};
use domain::subject::SubjectName;
use domain::{AccountKey, BatchKey, Clock, ServiceKey};
use store::change::Listed;
use store::command::{Answer, Change, Command, StartBatch, TurnBatch};
use store::judged::{self, Arriving};
use store::row::{Row, RowsExt};
use store::seal::SealKey;
use store::tables::{Batch, BatchState, Chosen, Part};
use store::{Store, batches, search};
use store_memory::{Fault, MemoryStore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::simulation::process::{Dice, SimClock};
use super::world::service;

const SUBJECTS: usize = 20_000;
const WORKERS: usize = 3;
/// The one that does not answer.
const DEAD: i64 = 3;
const CALLS_MAX: u32 = 64;
/// The most runs that one worker has before it: what is open when a step begins is at most half of the bound.
const OPEN_MAX: i64 = domain::limits::BATCH_OPEN / 2 + domain::limits::BATCH_STEP as i64;

/// Three workers; each is called at its number's address.
#[derive(Default)]
struct Workers {
    revived: AtomicBool,
    /// Ids of runs, as often as they arrived at a worker.
    arrived: Mutex<BTreeMap<(i64, String), u32>>,
    /// The most calls that were under way at once to each.
    most: [AtomicU32; WORKERS],
}

/// The calls of one life of the gateway.
struct Calls {
    workers: Arc<Workers>,
    under_way: [AtomicU32; WORKERS],
}

impl Sender for Calls {
    fn send(&self, call: Call) -> Sending<'_> {
        let host =
            call.url.trim_start_matches("http://worker-").trim_end_matches('/').parse::<i64>().expect("a number");
        let place = usize::try_from(host - 1).expect("small");
        let id = call.headers.iter().find(|(name, _)| *name == "webhook-id").expect("an id").1.clone();
        *self.workers.arrived.lock().expect("not poisoned").entry((host, id)).or_default() += 1;
        let now = self.under_way[place].fetch_add(1, Ordering::Relaxed) + 1;
        self.workers.most[place].fetch_max(now, Ordering::Relaxed);
        Box::pin(async move {
            let _left = Left(&self.under_way[place]);
            if host == DEAD && !self.workers.revived.load(Ordering::Relaxed) {
                tokio::time::sleep(call.within).await;
                return Outcome::TimedOut(call.within);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let body = br#"{"action":"processed","content":"seen"}"#.to_vec();
            Outcome::Answered(Response { status: 200, retry_after: None, connected: None, body })
        })
    }
}

/// A call that ends, however it ends.
struct Left<'a>(&'a AtomicU32);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One life of the gateway.
struct Life {
    engine: Arc<MemoryStore>,
    store: Store,
    bus: Arc<LocalBus>,
    dead: CancellationToken,
    desk: JoinHandle<()>,
}

impl Life {
    async fn begin(before: Option<&Life>, workers: &Arc<Workers>, clock: &Arc<SimClock>) -> Self {
        let (bus, inbox) = LocalBus::new(domain::limits::CALLS_MAX);
        let engine = match before {
            None => MemoryStore::open(1, 7, bus.clone(), bus.clone()),
            Some(before) => before.engine.restarted(1, bus.clone(), bus.clone()),
        }
        .expect("a store");
        let store = Store::new(&engine);
        store.submit(Command::Start).await.expect("started");
        let parts = DispatchParts {
            store: store.clone(),
            bus: bus.clone(),
            inbox,
            sender: Arc::new(Calls { workers: workers.clone(), under_way: Default::default() }),
            performer: Arc::new(Programs),
            watcher: Arc::new(|_| ()),
            clock: clock.clone(),
            random: Arc::new(Dice::new(1)),
            seal: SealKey::new([3; 32]),
            settings: Settings {
                public_url: "http://gateway".to_owned(),
                own_listeners: Vec::new(),
                user_agent: "countersign/test".to_owned(),
                programs: Default::default(),
            },
        };
        let dead = CancellationToken::new();
        let (ended, desk) = (dead.clone(), dispatch::run(parts, CancellationToken::new()));
        let desk = tokio::spawn(async move {
            tokio::select! { () = ended.cancelled() => {}, () = desk => {} }
        });
        Self { engine, store, bus, dead, desk }
    }

    /// Nothing that was not committed is there; what was under way is never heard of.
    async fn die(&mut self) {
        self.engine.fail(Some(Fault::DiesAfter(0)));
        self.dead.cancel();
        (&mut self.desk).await.expect("no panic");
    }

    async fn all<T: Row + Send + 'static>(&self) -> Vec<T> {
        self.store.read(|rows| rows.page(None, usize::MAX)).await.expect("read")
    }

    async fn part(&self, worker: i64) -> Part {
        self.all::<Part>().await.into_iter().find(|part| part.service == ServiceKey(worker)).expect("a part")
    }

    /// Lets time pass, and sees at every moment that little is open and less under way.
    async fn pass(&self, span: Duration) {
        const MOMENT: Duration = Duration::from_millis(50);
        for _ in 0..span.as_millis() / MOMENT.as_millis() {
            tokio::time::sleep(MOMENT).await;
            for part in self.all::<Part>().await {
                assert!(part.open() <= OPEN_MAX, "{} runs of {:?} are open", part.open(), part.service);
                assert!(self.bus.under_way(part.service) <= CALLS_MAX);
            }
        }
    }
}

fn worker(number: i64) -> Service {
    let worker = service(ServiceKey(number), number, ProfileKind::Worker, EVIDENCE_CREATED);
    Service { url: format!("http://worker-{number}/"), concurrency: CALLS_MAX, ..worker }
}

/// Evidence that was there before the workers were.
async fn evidence(life: &Life, clock: &SimClock, subjects: usize) {
    for first in (0..subjects).step_by(500) {
        let arriving = (first..first + 500).map(|nth| Arriving {
            kind: EVIDENCE_CREATED.to_owned(),
            subject: Some(SubjectName {
                kind: "evidence".to_owned(),
                collection: "test-op".to_owned(),
                id: nth.to_string(),
            }),
            artifact: None,
            provenance: Provenance::Account(AccountKey(1)),
            delivery: None,
            replay: None,
            data: None,
            description: None,
        });
        let now = clock.now();
        judged::record(&life.store, None, arriving.collect(), now, now).await.expect("recorded");
    }
}

async fn register(life: &Life, clock: &SimClock) {
    let entries = (1..=3).map(|number| worker(number).entry()).collect();
    let (who, what, now) = ("a test".to_owned(), "registered three workers".to_owned(), clock.now());
    let change = Change { catalogue: life.store.catalogue().version, entries, who, what, now };
    assert!(matches!(life.store.submit(change).await, Ok(Answer::Version(_))));
}

/// Begins a batch about all of it.
async fn start(life: &Life, clock: &SimClock) -> BatchKey {
    let choose = life.store.read(|rows| {
        let collection = search::collection_by_name(rows, "operation", "test-op")?.expect("the operation").key;
        let chosen = Chosen::Collection { collection, kind: None };
        let measured = batches::measure(rows, &chosen)?;
        Ok((chosen, measured))
    });
    let (chosen, (total, below)) = choose.await.expect("read");
    let services = (1..=3).map(ServiceKey).collect();
    let (text, who, now) = ("all of it".to_owned(), "a person".to_owned(), clock.now());
    match life.store.submit(StartBatch { services, named: false, chosen, total, below, text, who, now }).await {
        Ok(Answer::Batch(batch)) => batch,
        other => panic!("a start was answered {other:?}"),
    }
}

/// The ids of runs that have ended.
async fn ended(life: &Life) -> BTreeSet<String> {
    let salt = life.store.salt();
    let runs = life.all::<Run>().await;
    runs.iter().filter(|run| run.state == RunState::Answered).map(|run| salt.show(run.key)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_dead_worker_keeps_nobody_and_a_restart_loses_and_repeats_nothing() {
    let (workers, clock) = (Arc::new(Workers::default()), SimClock::new());
    let mut life = Life::begin(None, &workers, &clock).await;
    evidence(&life, &clock, SUBJECTS).await;
    register(&life, &clock).await;
    let batch = start(&life, &clock).await;

    // At 64 calls at a time and 20 ms each, twenty thousand need 6.3 seconds; half of them are done when it dies.
    life.pass(Duration::from_secs(3)).await;
    life.die().await;
    let before = ended(&life).await;
    assert!((SUBJECTS / 2..2 * SUBJECTS).contains(&before.len()), "{} have ended", before.len());
    let arrived_before = workers.arrived.lock().expect("not poisoned").clone();

    let life = Life::begin(Some(&life), &workers, &clock).await;
    life.pass(Duration::from_secs(5)).await;

    for number in [1, 2] {
        let part = life.part(number).await;
        assert_eq!(
            (part.cursor, part.asked, part.done),
            (0, 20_000, 20_000),
            "worker {number} is done, though one is dead"
        );
    }
    let arrived = workers.arrived.lock().expect("not poisoned").clone();
    for number in [1, 2] {
        let of = arrived.iter().filter(|((host, _), _)| *host == number);
        assert_eq!(of.clone().count(), SUBJECTS, "each subject once");
        let twice: u32 = of.map(|(_, times)| times - 1).sum();
        assert!(twice <= CALLS_MAX, "only what was under way goes out again: {twice}");
    }
    for (call, times) in arrived_before.iter().filter(|((_, id), _)| before.contains(id)) {
        assert_eq!(arrived[call], *times, "what had ended is not repeated");
    }
    let dead = life.part(DEAD).await;
    assert!(dead.done == 0 && dead.asked <= OPEN_MAX, "{} were asked of the dead one", dead.asked);
    assert!(workers.most.iter().all(|most| most.load(Ordering::Relaxed) <= CALLS_MAX));

    workers.revived.store(true, Ordering::Relaxed);
    life.pass(Duration::from_secs(120)).await;
    assert_eq!(life.part(DEAD).await.done, 20_000, "it comes back and gets the rest");
    let completed: Batch = life.store.read(move |rows| rows.load(batch.0)).await.expect("read").expect("the batch");
    assert_eq!(completed.state, BatchState::Completed);
    let records = life.all::<Record>().await;
    assert_eq!(records.len(), SUBJECTS * WORKERS);
    assert!(records.iter().all(|record| record.status == Some(RecordStatus::Completed) && record.body == "seen"));
}

#[tokio::test(start_paused = true)]
async fn a_pause_lets_go_out_what_is_due_and_an_abort_cancels_it() {
    let (workers, clock) = (Arc::new(Workers::default()), SimClock::new());
    let life = Life::begin(None, &workers, &clock).await;
    evidence(&life, &clock, 5_000).await;
    register(&life, &clock).await;
    let batch = start(&life, &clock).await;
    let turn = |to| TurnBatch { batch, to, who: "a person".to_owned(), now: clock.now() };

    life.pass(Duration::from_millis(500)).await;
    life.store.submit(turn(BatchState::Paused)).await.expect("paused");
    let asked = life.part(1).await.asked;
    life.pass(Duration::from_secs(1)).await;
    let part = life.part(1).await;
    assert_eq!((part.asked, part.done), (asked, asked), "no more are made, and those that were made go out");

    life.store.submit(turn(BatchState::Running)).await.expect("resumed");
    life.pass(Duration::from_millis(200)).await;
    assert!(life.part(1).await.asked > asked);
    life.store.submit(turn(BatchState::Aborted)).await.expect("aborted");
    life.pass(Duration::from_secs(1)).await;
    let part = life.part(1).await;
    assert!(part.cancelled > 0 && part.open() == 0, "{part:?}");
    let dead = life.part(DEAD).await;
    assert!(dead.open() <= i64::from(CALLS_MAX), "only calls under way are left: {dead:?}");
}
