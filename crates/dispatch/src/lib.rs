//! Delivering: claim, sign, send, read the answer, finish. The only crate that delivers and performs.
//!
//! [`run`] is the desk: one task that hears what was committed, keeps a [`line`] for each service, and starts an
//! [`attempt`] for every lease it is given. What is due later stands in the [`calendar`]. Nothing polls on the fast path:
//! a run that was leased in the commit that made it arrives here in memory.
#![warn(missing_docs)]

mod attempt;
mod batches;
mod calendar;
mod desk;
mod line;
mod perform;
mod rechecks;
mod sender;
mod target;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bus::{Inbox, LocalBus};
use domain::catalogue::Service;
use domain::link::LinkKey;
use domain::{Clock, Random};
use store::Store;
use store::seal::SealKey;

pub use desk::run;
pub use perform::{Performed, Performer, Performing, Program, Programs};
pub use sender::{Call, EgressSender, Sender, Sending};
use target::Targets;

/// What a dispatcher is made from.
pub struct DispatchParts {
    /// The store.
    pub store: Store,
    /// The bus, with the places for calls.
    pub bus: Arc<LocalBus>,
    /// Where the bus's news arrives.
    pub inbox: Inbox,
    /// What sends.
    pub sender: Arc<dyn Sender>,
    /// What runs programs.
    pub performer: Arc<dyn Performer>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The installation's key.
    pub seal: SealKey,
    /// Who is told of each call, for counting.
    pub watcher: Arc<Watcher>,
    /// The rest.
    pub settings: Settings,
}

/// Hears of each call that ended, and of each answer that never came.
pub type Watcher = dyn Fn(&Watched<'_>) + Send + Sync;

/// What became of one call, or of what was owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched<'a> {
    /// The service's name.
    pub service: &'a str,
    /// What it subscribed to, as it is written there; `other` for what it was asked about besides.
    pub event: &'a str,
    /// `success`: it spoke its protocol. `failure`: it did not. `missing_results`: nothing of use came in time.
    pub outcome: &'static str,
    /// How long the call took, where there was one.
    pub took: Option<Duration>,
}

/// What a service subscribed to under which it was asked about an event of this type: of these there are few.
fn subscribed<'a>(service: &'a Service, kind: &str) -> &'a str {
    service.subscriptions.iter().find(|each| each.takes(kind)).map_or("other", |each| each.event.as_str())
}

/// How a dispatcher is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where services reach us.
    pub public_url: String,
    /// Our own listeners, which no service may be.
    pub own_listeners: Vec<SocketAddr>,
    /// `countersign/<version>`.
    pub user_agent: String,
    /// Programs that `exec` actions may name.
    pub programs: BTreeMap<String, Program>,
}

/// What every task of the dispatcher shares.
struct Shared {
    store: Store,
    bus: Arc<LocalBus>,
    sender: Arc<dyn Sender>,
    performer: Arc<dyn Performer>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    links: LinkKey,
    targets: Targets,
    watcher: Arc<Watcher>,
    settings: Settings,
}
