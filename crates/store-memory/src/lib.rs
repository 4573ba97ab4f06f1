//! Everything in memory: keeps the traits honest and carries the simulation. Nothing survives the process.
#![warn(missing_docs)]

mod rows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use domain::Salt;
use domain::catalogue::Catalogue;
use store::apply::{Desk, Turn, apply, open_desk, read_catalogue};
use store::command::{Command, News};
use store::{Book, Journal, Listener, Pending, Reading, Search, Slots, StoreError};

use rows::MemoryRows;

/// A store in memory.
pub struct MemoryStore {
    state: Mutex<State>,
    catalogue: RwLock<Arc<Catalogue>>,
    listener: Arc<dyn Listener>,
    salt: Salt,
}

struct State {
    rows: MemoryRows,
    desk: Desk,
    fault: Option<Fault>,
}

/// A way in which the store fails from now on, for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The next commands are carried out, then nothing is any more.
    DiesAfter(u32),
    /// Nothing is carried out; every command is answered as on a full disk.
    Full,
    /// Nothing is carried out; every command is answered as on a disk that is read-only.
    ReadOnly,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// # Errors
    /// None in practice; the signature is that of every engine.
    pub fn open(
        node: i64,
        salt: u64,
        slots: Arc<dyn Slots>,
        listener: Arc<dyn Listener>,
    ) -> Result<Arc<Self>, StoreError> {
        Self::reopen(MemoryRows::default(), node, salt, slots, listener)
    }

    fn reopen(
        mut rows: MemoryRows,
        node: i64,
        salt: u64,
        slots: Arc<dyn Slots>,
        listener: Arc<dyn Listener>,
    ) -> Result<Arc<Self>, StoreError> {
        let desk = open_desk(&mut rows, node, salt, slots)?;
        let catalogue = read_catalogue(&mut rows)?;
        rows.commit();
        Ok(Arc::new(Self {
            state: Mutex::new(State { rows, desk, fault: None }),
            catalogue: RwLock::new(Arc::new(catalogue)),
            listener,
            salt: Salt(salt),
        }))
    }

    /// What a process that starts after this one's death would find: everything that was committed.
    ///
    /// # Errors
    /// None in practice.
    pub fn restarted(
        &self,
        node: i64,
        slots: Arc<dyn Slots>,
        listener: Arc<dyn Listener>,
    ) -> Result<Arc<Self>, StoreError> {
        let rows = self.state().rows.clone();
        Self::reopen(rows, node, self.salt.0, slots, listener)
    }

    /// Makes the store fail in this way from now on; none: no more.
    pub fn fail(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, command: &Command) -> (Result<store::command::Answer, StoreError>, Vec<News>) {
        let mut state = self.state();
        let State { rows, desk, fault } = &mut *state;
        match fault {
            Some(Fault::Full) => return (Err(StoreError::Full), Vec::new()),
            Some(Fault::ReadOnly) => return (Err(StoreError::Disk("it is read-only".to_owned())), Vec::new()),
            Some(Fault::DiesAfter(0)) => return (Err(StoreError::Closed), Vec::new()),
            Some(Fault::DiesAfter(left)) => *left -= 1,
            None => {}
        }
        let kept = (desk.catalogue, desk.node);
        let mut turn = Turn { rows, desk, news: Vec::new() };
        let answer = apply(&mut turn, command);
        let news = turn.news;
        let answer = answer.and_then(|answer| desk.close_audit(rows).map(|()| answer));
        if answer.is_err() {
            rows.roll_back();
            (desk.catalogue, desk.node) = kept;
            desk.give_back_from(0);
            return (answer, Vec::new());
        }
        rows.commit();
        desk.taken.clear();
        if news.iter().any(|each| matches!(each, News::Catalogue(_)))
            && let Ok(catalogue) = read_catalogue(rows)
        {
            *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
        }
        (answer, news)
    }
}

impl Journal for MemoryStore {
    fn submit(&self, command: Command) -> Pending {
        let (reply, pending) = Pending::channel();
        let (answer, news) = self.carry_out(&command);
        self.listener.committed(news);
        let _ = reply.send(answer);
        pending
    }
}

impl Book for MemoryStore {
    fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Search for MemoryStore {
    fn run(&self, reading: Reading) {
        reading(&mut self.state().rows);
    }

    fn salt(&self) -> Salt {
        self.salt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{NoListener, NoSlots};

    #[test]
    fn the_conformance_suite_passes() {
        store::conformance::run(|slots, listener| {
            let engine = MemoryStore::open(1, 7, slots, listener).expect("a store");
            store::conformance::Opened::new(&engine, |engine, slots, listener| {
                engine.restarted(1, slots, listener).expect("a store")
            })
        });
    }

    #[test]
    fn a_full_store_refuses_and_writes_nothing() {
        let store = MemoryStore::open(1, 7, Arc::new(NoSlots), Arc::new(NoListener)).expect("a store");
        store.fail(Some(Fault::Full));
        let (answer, _) = store.carry_out(&Command::Start);
        assert_eq!(answer.map(|_| ()), Err(StoreError::Full));
        store.fail(None);
        let (answer, _) = store.carry_out(&Command::Start);
        assert!(matches!(answer, Ok(store::command::Answer::Started { epoch: 1 })));
    }
}
