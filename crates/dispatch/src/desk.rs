//! The desk: hears what was committed, and starts what follows.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Inbox, LocalBus};
use domain::catalogue::Catalogue;
use domain::gate::GateState;
use domain::link::LinkKey;
use domain::{RunKey, ServiceKey, Timestamp, limits};
use store::command::{Answer, Claim, Claimed, Command, News};
use store::search::{self, Agenda};
use store::{Slots, StoreError};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::Heard;
use crate::line::{Line, Wanted};
use crate::target::Targets;
use crate::{DispatchParts, Shared};

/// The longest sleep: a wall clock that jumps is noticed within it.
const SLEEP_MAX: Duration = Duration::from_secs(60);
/// How far the wall clock must be from where it should be, in microseconds, to have jumped.
const JUMP_MIN: u64 = 2_000_000;
/// The wait before something is tried again at which the store failed.
const STORE_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks at the calendar: deadlines and holds are kept to the second.
const CALENDAR_PAUSE: Duration = Duration::from_secs(1);
/// How long calls under way may go on after the end was asked for.
const DRAIN: Duration = Duration::from_secs(30);
/// How many runs one claim brings at the most: bounds the writer's work in one command.
const CLAIM_MAX: u32 = 256;

/// What tasks bring back to the desk.
enum Back {
    /// A call ended.
    Heard(Heard),
    /// A claim brought runs, out of so many places; then what is due next.
    Claimed { service: ServiceKey, wanted: Wanted, places: u32, runs: Vec<Claimed>, oldest: Option<Timestamp> },
    /// The calendar was kept.
    Calendar(Agenda),
    /// A gate stands so in the store.
    Gate(ServiceKey, GateState),
    /// Programs were run.
    Performed,
    /// Batches have made a step; whether there may be another.
    Stepped(bool),
    /// Rechecks have made a step; whether there may be another.
    Rechecked(bool),
    /// The store failed under a task of this kind; it is tried again.
    Failed(Job),
}

/// What is done one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Claim(ServiceKey),
    Calendar,
    Perform,
    Batches,
    Rechecks,
}

/// Delivers and performs until `shutdown`; then lets calls under way end, and hands the other leases back.
pub async fn run(parts: DispatchParts, shutdown: CancellationToken) {
    let DispatchParts { store, bus, mut inbox, sender, performer, clock, random, seal, watcher, settings } = parts;
    let targets = Targets::new(seal.clone(), settings.own_listeners.clone());
    let links = LinkKey::new(&seal.derive("links"));
    let now = clock.now();
    let shared = Arc::new(Shared { store, bus, sender, performer, clock, random, links, targets, watcher, settings });
    let (back, mut backs) = mpsc::unbounded_channel();
    let mut desk = Desk {
        shared,
        back,
        tasks: TaskTracker::new(),
        in_flight: Arc::default(),
        lines: BTreeMap::new(),
        first: ServiceKey(0),
        read: (now, Instant::now()),
        next_check: None,
        next_hold: None,
        calendar_busy: false,
        perform: false,
        perform_busy: false,
        batches: true,
        batches_busy: false,
        rechecks: true,
        rechecks_busy: false,
    };
    desk.open().await;
    loop {
        desk.act();
        let sleep = tokio::time::sleep(desk.sleep());
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            news = inbox.read() => desk.hear(news),
            Some(brought) = backs.recv() => desk.take(brought),
            () = sleep => {}
        }
        while let Ok(brought) = backs.try_recv() {
            desk.take(brought);
        }
    }
    desk.drain(&mut inbox, &mut backs).await;
}

struct Desk {
    shared: Arc<Shared>,
    back: mpsc::UnboundedSender<Back>,
    tasks: TaskTracker,
    /// Leases held, so that they can be handed back.
    in_flight: Arc<Mutex<BTreeMap<RunKey, Claimed>>>,
    lines: BTreeMap<ServiceKey, Line>,
    /// Who was first to claim in the latest round: the next begins behind it, so that each gets what is free in turn.
    first: ServiceKey,
    /// The wall clock and the time that only passes, as they were read together last.
    read: (Timestamp, Instant),
    next_check: Option<Timestamp>,
    next_hold: Option<Timestamp>,
    calendar_busy: bool,
    perform: bool,
    perform_busy: bool,
    batches: bool,
    batches_busy: bool,
    rechecks: bool,
    rechecks_busy: bool,
}

impl Desk {
    /// Learns what was owed before this process began.
    async fn open(&mut self) {
        let catalogue = self.shared.store.catalogue();
        let services: Vec<ServiceKey> = catalogue.services.keys().copied().collect();
        let now = self.shared.clock.now();
        let known = services.clone();
        let gates = self
            .shared
            .store
            .read(move |rows| known.iter().map(|service| search::gate(rows, *service)).collect::<Result<Vec<_>, _>>());
        match gates.await {
            Ok(gates) => {
                for gate in gates {
                    self.lines.insert(gate.service, Line::new(gate.state, None, now));
                }
            }
            Err(why) => tracing::error!(%why, "the gates cannot be read"),
        }
        self.allow(&catalogue);
        if let Err(why) = self.shared.perform_again().await {
            tracing::error!(%why, "interrupted programs cannot be looked for");
        }
        match self.shared.agenda(services, now).await {
            Ok(agenda) => self.note(&agenda),
            // Everything is looked at at once instead.
            Err(why) => {
                tracing::error!(%why, "what is due cannot be read");
                self.next_check = Some(now);
                self.next_hold = Some(now);
                self.perform = true;
            }
        }
    }

    /// The wall clock. Where it has jumped since it was last read, the lines move along.
    fn now(&mut self) -> Timestamp {
        let (now, instant) = (self.shared.clock.now(), Instant::now());
        let expected = self.read.0.after(instant - self.read.1);
        self.read = (now, instant);
        let jump = now.0.saturating_sub(expected.0);
        if jump.unsigned_abs() >= JUMP_MIN {
            tracing::warn!(seconds = jump / 1_000_000, "the clock jumped");
            self.lines.values_mut().for_each(|line| line.jumped(jump));
        }
        now
    }

    fn note(&mut self, agenda: &Agenda) {
        let now = self.now();
        for (service, at) in &agenda.due {
            self.line(*service, now).waits(*at);
        }
        self.next_check = agenda.check;
        self.next_hold = agenda.hold;
        self.perform |= agenda.perform;
    }

    /// Gives every active service its places.
    fn allow(&self, catalogue: &Catalogue) {
        for service in catalogue.services.values() {
            let called = service.active && !service.deleted;
            let calls_max = if called { service.concurrency.clamp(1, limits::CONCURRENCY_MAX) } else { 0 };
            self.shared.bus.allow(service.key, calls_max);
        }
    }

    fn line(&mut self, service: ServiceKey, now: Timestamp) -> &mut Line {
        self.lines.entry(service).or_insert_with(|| Line::new(GateState::Open, None, now))
    }

    fn hear(&mut self, news: Vec<News>) {
        let now = self.now();
        for each in news {
            match each {
                News::Leased(claimed) => self.start_attempt(*claimed),
                News::Due { service, at } => self.line(service, now).waits(at),
                News::CheckAt(at) => self.next_check = Some(self.next_check.map_or(at, |known| known.min(at))),
                News::HoldUntil(at) => self.next_hold = Some(self.next_hold.map_or(at, |known| known.min(at))),
                News::Perform => self.perform = true,
                News::Batch => self.batches = true,
                News::Recheck => self.rechecks = true,
                News::Turned { service, to } => {
                    self.line(service, now).turned(to, now);
                    // Deadlines that stood still go on.
                    self.next_check = Some(now);
                }
                News::Catalogue(_) => self.allow(&self.shared.store.catalogue()),
                News::Judged(_) => {}
            }
        }
    }

    fn start_attempt(&self, claimed: Claimed) {
        let (shared, back, in_flight) = (self.shared.clone(), self.back.clone(), self.in_flight.clone());
        let key = claimed.run.key;
        held(&in_flight).insert(key, claimed.clone());
        self.tasks.spawn(async move {
            let heard = shared.attempt(&claimed).await;
            held(&in_flight).remove(&key);
            shared.bus.give_back(claimed.run.service);
            let _ = back.send(Back::Heard(heard));
        });
    }

    fn take(&mut self, brought: Back) {
        let now = self.now();
        match brought {
            Back::Heard(heard) => self.heard(&heard, now),
            Back::Claimed { service, wanted, places, runs, oldest } => {
                let brought = u32::try_from(runs.len()).unwrap_or(u32::MAX);
                for _ in brought..places {
                    self.shared.bus.give_back(service);
                }
                for claimed in runs {
                    self.start_attempt(claimed);
                }
                let line = self.line(service, now);
                line.claiming = false;
                if brought < places {
                    line.drained(oldest);
                }
                if wanted.probe && brought == 0 {
                    line.nothing_to_probe(now);
                }
            }
            Back::Calendar(agenda) => {
                self.calendar_busy = false;
                self.note(&agenda);
                // What cannot be settled now is not looked at without a pause.
                let again = now.after(CALENDAR_PAUSE);
                self.next_check = self.next_check.map(|at| at.max(again));
                self.next_hold = self.next_hold.map(|at| at.max(again));
            }
            Back::Performed => self.perform_busy = false,
            Back::Stepped(more) => {
                self.batches_busy = false;
                self.batches |= more;
            }
            Back::Rechecked(more) => {
                self.rechecks_busy = false;
                self.rechecks |= more;
            }
            Back::Failed(Job::Claim(service)) => {
                let line = self.line(service, now);
                line.claiming = false;
                line.unheard(now);
            }
            Back::Gate(service, state) => self.line(service, now).turned(state, now),
            Back::Failed(Job::Calendar) => {
                self.calendar_busy = false;
                self.next_check = Some(now.after(STORE_AGAIN));
            }
            Back::Failed(Job::Perform) => {
                self.perform_busy = false;
                self.perform = true;
            }
            Back::Failed(Job::Batches) => {
                self.batches_busy = false;
                self.batches = true;
            }
            Back::Failed(Job::Rechecks) => {
                self.rechecks_busy = false;
                self.rechecks = true;
            }
        }
    }

    fn heard(&mut self, heard: &Heard, now: Timestamp) {
        let service = heard.service;
        if heard.gone {
            self.turn(service, vec![GateState::Open, GateState::Breaker], GateState::Gone, now);
            return;
        }
        let Some(good) = heard.good else {
            self.line(service, now).unheard(now);
            return;
        };
        let line = self.line(service, now);
        let from = line.gate;
        if let Some(to) = line.heard(good, heard.rest, now) {
            self.turn(service, vec![from], to, now);
        }
    }

    /// Turns a service's gate. Its line follows at once; the store says so to everyone.
    fn turn(&mut self, service: ServiceKey, from: Vec<GateState>, to: GateState, now: Timestamp) {
        self.line(service, now).turned(to, now);
        tracing::warn!(service = service.0, gate = to.word(), "a gate turned");
        let (shared, back) = (self.shared.clone(), self.back.clone());
        self.tasks.spawn(async move {
            let turn = Command::Turn { service, from, to, asked: None, now };
            loop {
                match shared.store.submit(turn.clone()).await {
                    Ok(Answer::Done) | Err(StoreError::Closed) => return,
                    // Somebody else turned it: the line follows the store.
                    Ok(_) => break,
                    Err(why) => {
                        tracing::error!(%why, "a gate cannot be turned; trying again");
                        tokio::time::sleep(STORE_AGAIN).await;
                    }
                }
            }
            if let Ok(gate) = shared.store.read(move |rows| search::gate(rows, service)).await {
                let _ = back.send(Back::Gate(service, gate.state));
            }
        });
    }

    /// Starts everything whose time has come.
    fn act(&mut self) {
        let now = self.now();
        self.claim_all(now);
        let due = [self.next_check, self.next_hold].into_iter().flatten().any(|at| at <= now);
        if due && !self.calendar_busy {
            self.calendar_busy = true;
            (self.next_check, self.next_hold) = (None, None);
            let shared = self.shared.clone();
            self.job(Job::Calendar, async move { shared.keep_calendar().await.map(Back::Calendar) });
        }
        if self.perform && !self.perform_busy {
            self.perform = false;
            self.perform_busy = true;
            let shared = self.shared.clone();
            self.job(Job::Perform, async move { shared.perform().await.map(|()| Back::Performed) });
        }
        if self.batches && !self.batches_busy {
            self.batches = false;
            self.batches_busy = true;
            let shared = self.shared.clone();
            self.job(Job::Batches, async move { shared.step_batches().await.map(Back::Stepped) });
        }
        if self.rechecks && !self.rechecks_busy {
            self.rechecks = false;
            self.rechecks_busy = true;
            let shared = self.shared.clone();
            self.job(Job::Rechecks, async move { shared.step_rechecks().await.map(Back::Rechecked) });
        }
    }

    /// Claims for every service that wants something and has places.
    fn claim_all(&mut self, now: Timestamp) {
        let (behind, before) = ((Excluded(self.first), Unbounded), (Unbounded, Included(self.first)));
        let mut claims = Vec::new();
        for part in [behind, before] {
            for (service, line) in self.lines.range_mut(part) {
                let backlog = line.has_backlog(now) || line.claiming;
                if backlog {
                    self.shared.bus.backlog(*service, true);
                }
                let Some(wanted) = line.wants(now) else {
                    if !backlog {
                        self.shared.bus.backlog(*service, false);
                    }
                    continue;
                };
                let limit = wanted.limit.unwrap_or(CLAIM_MAX).min(CLAIM_MAX);
                let places = self.shared.bus.take_for_claim(*service, limit);
                if places > 0 {
                    line.claim();
                    claims.push((*service, wanted, places));
                }
            }
        }
        if let Some((first, ..)) = claims.first() {
            self.first = *first;
        }
        for (service, wanted, places) in claims {
            self.claim(service, wanted, places, now);
        }
    }

    fn claim(&self, service: ServiceKey, wanted: Wanted, places: u32, now: Timestamp) {
        let shared = self.shared.clone();
        let work = async move {
            let limit = usize::try_from(places).unwrap_or(0);
            let claim = Claim { service, limit, probe: wanted.probe, due_by: wanted.due_by, now };
            let claimed = match shared.store.submit(claim).await {
                Ok(Answer::Claimed(runs)) => runs,
                Ok(_) => Vec::new(),
                Err(why) => {
                    give_places_back(&shared.bus, service, places);
                    return Err(why);
                }
            };
            let oldest = if claimed.len() < limit {
                shared.agenda(vec![service], now).await.ok().and_then(|agenda| agenda.due.first().map(|due| due.1))
            } else {
                None
            };
            Ok(Back::Claimed { service, wanted, places, runs: claimed, oldest })
        };
        self.job(Job::Claim(service), work);
    }

    /// Starts a job; whatever becomes of it, the desk hears of it.
    fn job(&self, job: Job, work: impl Future<Output = Result<Back, StoreError>> + Send + 'static) {
        let back = self.back.clone();
        self.tasks.spawn(async move {
            let brought = match work.await {
                Ok(brought) => brought,
                Err(StoreError::Closed) => return,
                Err(why) => {
                    tracing::error!(%why, ?job, "the store failed; trying again");
                    tokio::time::sleep(STORE_AGAIN).await;
                    Back::Failed(job)
                }
            };
            let _ = back.send(brought);
        });
    }

    /// How long nothing is to be done unless something is heard.
    fn sleep(&self) -> Duration {
        let now = self.shared.clock.now();
        let calendar = if self.calendar_busy { [None, None] } else { [self.next_check, self.next_hold] };
        let has_place = |service: &ServiceKey, line: &Line| {
            // What has no place is woken by any call that ends: a service without one under way always has its own.
            let is_called = self.shared.bus.calls_max(*service) > 0;
            line.next().filter(|at| is_called && (now < *at || self.shared.bus.under_way(*service) == 0))
        };
        let lines = self.lines.iter().filter_map(|(service, line)| has_place(service, line));
        let next = lines.chain(calendar.into_iter().flatten()).min();
        next.map_or(SLEEP_MAX, |at| at.since(now).clamp(Duration::from_millis(1), SLEEP_MAX))
    }

    /// The end: no new claims; what is under way may end; what does not is handed back.
    async fn drain(mut self, inbox: &mut Inbox, backs: &mut mpsc::UnboundedReceiver<Back>) {
        self.tasks.close();
        let ended = self.tasks.clone();
        let drained = tokio::time::timeout(DRAIN, async {
            let mut ended = std::pin::pin!(ended.wait());
            loop {
                tokio::select! {
                    biased;
                    () = &mut ended => return,
                    news = inbox.read() => self.decline(news).await,
                    Some(brought) = backs.recv() => self.decline_back(brought).await,
                }
            }
        })
        .await;
        self.decline(inbox.unread()).await;
        while let Ok(brought) = backs.try_recv() {
            self.decline_back(brought).await;
        }
        if drained.is_err() {
            let left: Vec<Claimed> = held(&self.in_flight).values().cloned().collect();
            tracing::warn!(calls = left.len(), "calls that did not end in time are handed back");
            for claimed in left {
                let _ = self.shared.hand_back(&claimed).await;
            }
        }
    }

    async fn decline(&mut self, news: Vec<News>) {
        for each in news {
            if let News::Leased(claimed) = each {
                let _ = self.shared.hand_back(&claimed).await;
            }
        }
    }

    async fn decline_back(&mut self, brought: Back) {
        if let Back::Claimed { runs, .. } = brought {
            for claimed in runs {
                let _ = self.shared.hand_back(&claimed).await;
            }
        }
    }
}

fn held(in_flight: &Mutex<BTreeMap<RunKey, Claimed>>) -> std::sync::MutexGuard<'_, BTreeMap<RunKey, Claimed>> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

fn give_places_back(bus: &LocalBus, service: ServiceKey, places: u32) {
    for _ in 0..places {
        bus.give_back(service);
    }
}
