//! Wake-ups, never truth: a lost one costs latency, never an event.
//!
//! `dispatch` and `server` meet only in the store; what one of them commits that the other waits for, it hears here.
//! [`LocalBus`] serves one process. It also keeps the places for calls, so that a run can be leased in the very commit
//! that makes it and handed over in memory.
#![warn(missing_docs)]

mod inbox;
mod places;
mod watch;

use domain::{ServiceKey, SubjectKey};
use store::command::News;
use store::{Listener, Slots};
use tokio::sync::watch as commits;

pub use inbox::Inbox;
use inbox::Letters;
use places::Places;
use watch::Watchers;
pub use watch::{TooManyWaiters, Watch};

/// The bus of one process.
pub struct LocalBus {
    places: Places,
    watchers: Watchers,
    letters: std::sync::Arc<Letters>,
    commits: commits::Sender<()>,
}

impl LocalBus {
    /// A bus with so many places for calls in all, and where its news arrives.
    /// Every service that is called has at least one place, however few there are.
    #[must_use]
    pub fn new(calls_max: u32) -> (std::sync::Arc<Self>, Inbox) {
        let letters = std::sync::Arc::new(Letters::default());
        let inbox = letters.inbox();
        let (places, watchers) = (Places::new(calls_max), Watchers::default());
        (std::sync::Arc::new(Self { places, watchers, letters, commits: commits::Sender::new(()) }), inbox)
    }

    /// Says how many calls to a service may be under way, if there are so many places in all. A service without places is not called.
    pub fn allow(&self, service: ServiceKey, calls_max: u32) {
        self.places.allow(service, calls_max);
    }

    /// Takes up to so many places for runs that are about to be claimed; answers how many there were.
    #[must_use]
    pub fn take_for_claim(&self, service: ServiceKey, wanted: u32) -> u32 {
        self.places.take_for_claim(service, wanted)
    }

    /// Says whether older runs of a service wait, so that a new one must queue behind them.
    pub fn backlog(&self, service: ServiceKey, waits: bool) {
        self.places.backlog(service, waits);
    }

    /// How many calls to a service may be under way; zero for one that is not called.
    #[must_use]
    pub fn calls_max(&self, service: ServiceKey) -> u32 {
        self.places.calls_max(service)
    }

    /// How many calls to a service are under way.
    #[must_use]
    pub fn under_way(&self, service: ServiceKey) -> u32 {
        self.places.under_way(service)
    }

    /// Wakes after each group of commits, whatever it wrote.
    #[must_use]
    pub fn commits(&self) -> commits::Receiver<()> {
        self.commits.subscribe()
    }

    /// Watches a subject: subscribe, then read, then wait.
    ///
    /// # Errors
    /// [`TooManyWaiters`] when so many wait already that another would only use memory.
    pub fn watch(&self, subject: SubjectKey) -> Result<Watch<'_>, TooManyWaiters> {
        self.watchers.watch(subject)
    }
}

impl Slots for LocalBus {
    fn take(&self, service: ServiceKey) -> bool {
        self.places.take(service)
    }

    fn give_back(&self, service: ServiceKey) {
        self.places.give_back(service);
    }
}

impl Listener for LocalBus {
    fn committed(&self, news: Vec<News>) {
        for each in &news {
            if let News::Judged(subject) = each {
                self.watchers.wake(*subject);
            }
        }
        self.commits.send_replace(());
        if !news.is_empty() {
            self.letters.put(news);
        }
    }
}
