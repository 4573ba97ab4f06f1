//! One life of the gateway: its dispatcher over a store that can die between any two commands.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispatch::{DispatchParts, Performed, Performer, Performing, Program, Settings};
use domain::{Clock, Random, Timestamp};
use store::command::Command;
use store::seal::SealKey;
use store::{Journal, Pending, Store};
use store_memory::MemoryStore;
use tokio_util::sync::CancellationToken;

use super::network::{Network, SimSender};

/// A seed's randomness: SplitMix64.
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678)))
    }

    pub fn roll(&self) -> u64 {
        let value = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    pub fn below(&self, bound: u64) -> u64 {
        self.roll() % bound
    }

    pub fn chance(&self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.roll().to_le_bytes()[0];
        }
    }
}

/// The world's clock: the runtime's time, and jumps on top of it.
pub struct SimClock {
    begun: tokio::time::Instant,
    jumped: AtomicI64,
    looks: AtomicU64,
}

/// When every world begins.
pub const BEGIN: Timestamp = Timestamp(1_767_225_600_000_000);

impl SimClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { begun: tokio::time::Instant::now(), jumped: AtomicI64::new(0), looks: AtomicU64::new(0) })
    }

    pub fn jump(&self, microseconds: i64) {
        self.jumped.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// How often somebody looked at it: who does nothing does not look.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let passed = BEGIN.after(self.begun.elapsed());
        Timestamp(passed.0 + self.jumped.load(Ordering::Relaxed))
    }
}

/// A journal whose commands take time, and which dies with its process.
struct SlowJournal {
    inner: Arc<MemoryStore>,
    alive: Arc<AtomicBool>,
    dice: Arc<Dice>,
}

impl Journal for SlowJournal {
    fn submit(&self, command: Command) -> Pending {
        let (reply, pending) = Pending::channel();
        let (inner, alive, dice) = (self.inner.clone(), self.alive.clone(), self.dice.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_micros(dice.below(3_000))).await;
            if !alive.load(Ordering::Relaxed) {
                return;
            }
            let answer = inner.submit(command).await;
            if dice.chance(50) {
                tokio::time::sleep(Duration::from_micros(dice.below(1_000))).await;
            }
            if alive.load(Ordering::Relaxed) {
                let _ = reply.send(answer);
            }
        });
        pending
    }
}

/// Counts how often each program ran.
#[derive(Default)]
pub struct Counted {
    pub runs: Mutex<std::collections::BTreeMap<String, u32>>,
}

impl Performer for Counted {
    fn perform<'a>(&'a self, _program: &'a Program, input: String) -> Performing<'a> {
        *self.runs.lock().expect("not poisoned").entry(input).or_default() += 1;
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Performed { ok: true, text: String::new() }
        })
    }
}

/// One life of the gateway.
pub struct Process {
    pub store: Store,
    engine: Arc<MemoryStore>,
    alive: Arc<AtomicBool>,
    desk: tokio::task::JoinHandle<()>,
}

/// What outlives a process.
pub struct Surroundings {
    pub dice: Arc<Dice>,
    pub clock: Arc<SimClock>,
    pub network: Network,
    pub programs: Arc<Counted>,
}

impl Process {
    /// The first start, or the one after a death.
    pub async fn start(around: &Surroundings, before: Option<&Process>) -> Self {
        let (bus, inbox) = bus::LocalBus::new(domain::limits::CALLS_MAX);
        let engine = match before {
            None => MemoryStore::open(1, 7, bus.clone(), bus.clone()),
            Some(dead) => dead.engine.restarted(1, bus.clone(), bus.clone()),
        }
        .expect("a store");
        let alive = Arc::new(AtomicBool::new(true));
        let journal = Arc::new(SlowJournal { inner: engine.clone(), alive: alive.clone(), dice: around.dice.clone() });
        let store = Store { journal, book: engine.clone(), search: engine.clone() };
        store.submit(Command::Start).await.expect("started");
        let program =
            Program { command: vec!["/bin/true".to_owned()], timeout: Duration::from_secs(1), idempotent: false };
        let parts = DispatchParts {
            store: store.clone(),
            bus,
            inbox,
            sender: Arc::new(SimSender::new(around.network.clone(), alive.clone())),
            performer: around.programs.clone(),
            clock: around.clock.clone(),
            random: around.dice.clone(),
            seal: SealKey::new([3; 32]),
            watcher: Arc::new(|_| ()),
            settings: Settings {
                public_url: "http://gateway".to_owned(),
                own_listeners: Vec::new(),
                user_agent: "countersign/simulated".to_owned(),
                programs: [("count".to_owned(), program)].into(),
            },
        };
        let desk = tokio::spawn(dispatch::run(parts, CancellationToken::new()));
        Self { store, engine, alive, desk }
    }

    /// Dies at once: nothing that it had not committed is there, nothing that it was about to say is said.
    pub fn kill(&self) {
        self.alive.store(false, Ordering::Relaxed);
        self.engine.fail(Some(store_memory::Fault::DiesAfter(0)));
        self.desk.abort();
    }
}
