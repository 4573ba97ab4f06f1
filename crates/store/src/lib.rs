//! What is kept, and how it changes.
//!
//! Three traits: [`Journal`] (commands as data; one command is one atomic unit, many ride in one group commit),
//! [`Book`] (the catalogue: small, whole in memory, with a version), [`Search`] (reading). An engine keeps rows
//! ([`table::Rows`]) and knows nothing of what they mean; what a command does to them stands once, in [`apply`], so no
//! rule lives in SQL and every engine behaves alike. [`judged`] is the loop around it: read, judge, commit, and again
//! when somebody was faster.
#![warn(missing_docs)]

pub mod apply;
pub mod batches;
pub mod chain;
pub mod change;
pub mod command;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod judged;
pub mod lists;
pub mod numbers;
pub mod row;
pub mod seal;
pub mod sealed;
pub mod search;
pub mod table;
pub mod tables;

use std::pin::Pin;
use std::sync::Arc;

use domain::catalogue::Catalogue;
use domain::{Salt, ServiceKey};
use tokio::sync::oneshot;

use command::{Answer, Command, News};
use table::Rows;

/// Why the store could not do something. A refusal that a protocol knows of is an [`Answer`], not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room left on the disk.
    #[error("the disk is full")]
    Full,
    /// The disk is read-only, or fails. What cannot be written now may be written when it is mended.
    #[error("the disk cannot be used: {0}")]
    Disk(String),
    /// The store cannot be written or read.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A row holds what it must not.
    #[error("the store is damaged: expected {expected}, found {found}")]
    Corrupt {
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A key or a unique value is taken.
    #[error("taken: {0}")]
    Taken(String),
    /// The store is closing; nothing was written.
    #[error("the store is closing")]
    Closed,
}

/// What will be known once the group that a command rides in is on disk.
pub struct Pending(oneshot::Receiver<Result<Answer, StoreError>>);

/// The other end of a [`Pending`].
pub type Reply = oneshot::Sender<Result<Answer, StoreError>>;

impl Pending {
    /// A pending answer and where to give it.
    #[must_use]
    pub fn channel() -> (Reply, Pending) {
        let (sender, receiver) = oneshot::channel();
        (sender, Pending(receiver))
    }
}

impl Future for Pending {
    type Output = Result<Answer, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(StoreError::Closed)))
    }
}

/// Takes commands. What it answers is on disk.
pub trait Journal: Send + Sync {
    /// Hands a command over. It is carried out whether or not anyone waits for the answer.
    fn submit(&self, command: Command) -> Pending;
}

/// Who takes part.
pub trait Book: Send + Sync {
    /// The catalogue as it is now.
    fn catalogue(&self) -> Arc<Catalogue>;
}

/// A reading that was asked for.
pub type Reading = Box<dyn FnOnce(&mut dyn Rows) + Send>;

/// Reads, beside the writer.
pub trait Search: Send + Sync {
    /// Runs a reading on a consistent view. Use [`Store::read`].
    fn run(&self, reading: Reading);

    /// What makes this installation's ids its own.
    fn salt(&self) -> Salt;
}

/// Whether a run may be leased in the commit that makes it.
pub trait Slots: Send + Sync {
    /// Takes a place for one call to this service, if there is one and nothing older waits.
    fn take(&self, service: ServiceKey) -> bool;
    /// Gives a place back that was not used.
    fn give_back(&self, service: ServiceKey);
}

/// Who is told what a group of commands brought, once it is on disk.
pub trait Listener: Send + Sync {
    /// Takes the news of one group. Must not block.
    fn committed(&self, news: Vec<News>);
}

/// No places: every run waits for a claim.
pub struct NoSlots;

impl Slots for NoSlots {
    fn take(&self, _service: ServiceKey) -> bool {
        false
    }
    fn give_back(&self, _service: ServiceKey) {}
}

/// Nobody listens.
pub struct NoListener;

impl Listener for NoListener {
    fn committed(&self, _news: Vec<News>) {}
}

/// The three traits of one engine in one hand.
#[derive(Clone)]
pub struct Store {
    /// Takes commands.
    pub journal: Arc<dyn Journal>,
    /// Knows the catalogue.
    pub book: Arc<dyn Book>,
    /// Reads.
    pub search: Arc<dyn Search>,
}

impl Store {
    /// The three traits of an engine.
    pub fn new<E: Journal + Book + Search + 'static>(engine: &Arc<E>) -> Self {
        Self { journal: engine.clone(), book: engine.clone(), search: engine.clone() }
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// When the engine fails; then nothing was written.
    pub async fn submit(&self, command: impl Into<Command>) -> Result<Answer, StoreError> {
        self.journal.submit(command.into()).await
    }

    /// Reads something on a consistent view.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Rows) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.search.run(Box::new(move |rows| {
            let _ = sender.send(ask(rows));
        }));
        receiver.await.unwrap_or(Err(StoreError::Closed))
    }

    /// The catalogue as it is now.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.book.catalogue()
    }

    /// What makes this installation's ids its own.
    #[must_use]
    pub fn salt(&self) -> Salt {
        self.search.salt()
    }
}

/// Who a node is, for its leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its number.
    pub node: i64,
    /// How often it has started.
    pub epoch: i64,
}
