//! A story's world: a store, a clock that stands still, places for calls, and an ear for news.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use domain::event::{Event, VERDICT};
use domain::subject::Subject;
use domain::verdict::{ReasonCode, VerdictKind};
use domain::{ServiceKey, SubjectKey, Timestamp};

use super::Opened;
use crate::command::{Answer, Claimed, Command, News};
use crate::row::{Row, RowsExt};
use crate::table::{Rows, Value};
use crate::tables::TABLES;
use crate::{Listener, Slots, Store, StoreError};

/// How a story opens a fresh store.
pub type Open<'a> = dyn Fn(Arc<dyn Slots>, Arc<dyn Listener>) -> Opened + 'a;

/// When stories begin.
pub const START: Timestamp = Timestamp(1_767_225_600_123_456);
pub const SECOND: Duration = Duration::from_secs(1);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// A store and everything around it.
pub struct World {
    /// The present instant.
    pub now: Timestamp,
    pub places: Arc<Places>,
    pub ear: Arc<Ear>,
    opened: Option<Opened>,
}

/// Places for calls: always one, or never.
#[derive(Default)]
pub struct Places {
    shut: AtomicBool,
    taken: AtomicI64,
}

impl Places {
    /// From now on every run waits for a claim.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::Relaxed);
    }

    /// From now on every run is leased at once.
    pub fn open(&self) {
        self.shut.store(false, Ordering::Relaxed);
    }

    /// How many were taken and not given back.
    pub fn taken(&self) -> i64 {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Slots for Places {
    fn take(&self, _service: ServiceKey) -> bool {
        let free = !self.shut.load(Ordering::Relaxed);
        self.taken.fetch_add(i64::from(free), Ordering::Relaxed);
        free
    }
    fn give_back(&self, _service: ServiceKey) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Keeps the news until somebody asks.
#[derive(Default)]
pub struct Ear(Mutex<Vec<News>>);

impl Listener for Ear {
    fn committed(&self, news: Vec<News>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(news);
    }
}

impl Ear {
    /// The news since the last time.
    pub fn news(&self) -> Vec<News> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl World {
    /// A fresh store in which a node has started; every run finds a place.
    pub fn new(open: &Open<'_>) -> Self {
        let (places, ear) = (Arc::new(Places::default()), Arc::new(Ear::default()));
        let opened = open(places.clone(), ear.clone());
        let world = Self { now: START, places, ear, opened: Some(opened) };
        assert!(matches!(world.submit(Command::Start), Answer::Started { epoch: 1 }));
        world
    }

    /// The process dies and another one starts; answers its epoch.
    pub fn crash(&mut self) -> i64 {
        (self.places, self.ear) = (Arc::new(Places::default()), Arc::new(Ear::default()));
        let opened = self.opened.take().expect("a world always has a store");
        self.opened = Some(opened.reopened(self.places.clone(), self.ear.clone()));
        match self.submit(Command::Start) {
            Answer::Started { epoch } => epoch,
            other => panic!("a start was answered {other:?}"),
        }
    }

    pub fn store(&self) -> &Store {
        &self.opened.as_ref().expect("a world always has a store").store
    }

    pub fn pass(&mut self, span: Duration) {
        self.now = self.now.after(span);
    }

    pub fn submit(&self, command: impl Into<Command>) -> Answer {
        wait(self.store().submit(command)).expect("the engine works")
    }

    /// Hands over commands one after the other without waiting in between: they may ride in one group.
    pub fn together(&self, commands: Vec<Command>) -> Vec<Result<Answer, StoreError>> {
        let pending: Vec<_> = commands.into_iter().map(|command| self.store().journal.submit(command)).collect();
        pending.into_iter().map(wait).collect()
    }

    pub fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Rows) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        wait(self.store().read(ask)).expect("the engine works")
    }

    /// Every row of a table, oldest first.
    pub fn rows<T: Row + Send + 'static>(&self) -> Vec<T> {
        let mut rows = self.read(|rows| rows.page::<T>(None, usize::MAX));
        rows.reverse();
        rows
    }

    pub fn count<T: Row + Send + 'static>(&self) -> usize {
        self.rows::<T>().len()
    }

    /// The only row of a table.
    pub fn only<T: Row + Send + 'static>(&self) -> T {
        let mut rows = self.rows::<T>();
        assert_eq!(rows.len(), 1, "rows of {}", T::table().name);
        rows.remove(0)
    }

    pub fn row<T: Row + Send + 'static>(&self, key: i64) -> T {
        self.read(move |rows| rows.load(key)).expect("the row is there")
    }

    /// Every value of every table: what "nothing was written" is compared by.
    pub fn everything(&self) -> Vec<Vec<Vec<Value>>> {
        self.read(|rows| TABLES.iter().map(|table| rows.newest(table, None, usize::MAX)).collect())
    }

    pub fn verdict(&self, subject: SubjectKey) -> VerdictKind {
        self.row::<Subject>(subject.0).verdict
    }

    /// The codes of the reasons for a verdict, the worst first.
    pub fn reasons(&self, subject: SubjectKey) -> Vec<ReasonCode> {
        self.row::<Subject>(subject.0).reasons.iter().map(|reason| reason.code).collect()
    }

    pub fn events(&self, kind: &str) -> Vec<Event> {
        self.rows::<Event>().into_iter().filter(|event| event.kind == kind).collect()
    }

    /// How many times a change of a verdict was told.
    pub fn told(&self) -> usize {
        self.events(VERDICT).len()
    }

    /// The runs that were leased in the commit that made them, since the last time.
    pub fn leased(&self) -> Vec<Claimed> {
        let leased = |news| if let News::Leased(claimed) = news { Some(*claimed) } else { None };
        self.ear.news().into_iter().filter_map(leased).collect()
    }

    /// The only run that was leased since the last time.
    pub fn call(&self) -> Claimed {
        let [call] = self.calls();
        call
    }

    /// The runs that were leased since the last time, so many.
    pub fn calls<const N: usize>(&self) -> [Claimed; N] {
        let leased = self.leased();
        let count = leased.len();
        leased.try_into().unwrap_or_else(|_| panic!("expected {N} leased runs, found {count}"))
    }
}

/// Waits for a future on this thread.
pub fn wait<F: Future>(future: F) -> F::Output {
    struct Parked(Thread);
    impl Wake for Parked {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Parked(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}
