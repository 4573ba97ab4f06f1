//! The default store: one SQLite file, one writer with group commit, readers beside it.
//!
//! Commands queue up while a group is being committed; the next group takes whatever is there. One commit, one sync,
//! many commands: the queue sizes itself and nobody waits on purpose. An answer is given only after the sync.
#![warn(missing_docs)]

mod checkpoint;
mod migrate;
mod readers;
mod replay;
mod rows;
mod still;
mod writer;

use std::path::Path;
use std::sync::{Arc, RwLock, mpsc};
use std::thread::JoinHandle;

use domain::Salt;
use domain::catalogue::Catalogue;
use rusqlite::Connection;
use store::command::Command;
use store::{Book, Journal, Listener, Pending, Reading, Reply, Search, Slots, StoreError};

pub use migrate::{OpenError, SCHEMA};
use readers::Readers;
pub use still::Still;
use writer::Counts;

/// How a store is opened.
pub struct Options {
    /// This node's number.
    pub node: i64,
    /// Random bits for a store that is made now.
    pub salt: u64,
    /// Places for calls.
    pub slots: Arc<dyn Slots>,
    /// Who is told what each group brought.
    pub listener: Arc<dyn Listener>,
}

/// A store in one SQLite file.
pub struct SqliteStore {
    commands: RwLock<Option<mpsc::SyncSender<(Command, Reply)>>>,
    readers: Readers,
    catalogue: Arc<RwLock<Arc<Catalogue>>>,
    salt: Salt,
    counts: Arc<Counts>,
    writer: RwLock<Option<JoinHandle<()>>>,
}

/// How many commands may wait for the writer. A full queue holds callers back; it loses nothing.
const QUEUE_COMMANDS_MAX: usize = 16_384;
/// Threads that read.
const READERS: usize = 2;

impl SqliteStore {
    /// Opens the store in this file; makes it if it is not there, migrates it if it is older.
    ///
    /// # Errors
    /// [`OpenError`], with what to do about it.
    pub fn open(file: &Path, options: Options) -> Result<Arc<Self>, OpenError> {
        let mut connection = connect(file)?;
        migrate::migrate(&mut connection)?;
        let (desk, catalogue, salt, replay) =
            writer::prepare(&mut connection, options.node, options.salt, options.slots)?;
        let catalogue = Arc::new(RwLock::new(Arc::new(catalogue)));
        let counts = Arc::new(Counts::default());
        let (commands, queue) = mpsc::sync_channel(QUEUE_COMMANDS_MAX);
        let checkpoints = checkpoint::Checkpoints::start(file, &mut connection)?;
        let writer = writer::Writer {
            connection,
            desk,
            catalogue: catalogue.clone(),
            listener: options.listener,
            counts: counts.clone(),
            replay,
            checkpoints,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|why| OpenError::Failed(why.to_string()))?;
        Ok(Arc::new(Self {
            commands: RwLock::new(Some(commands)),
            readers: Readers::start(file, READERS)?,
            catalogue,
            salt,
            counts,
            writer: RwLock::new(Some(thread)),
        }))
    }

    /// How many commands and commits there have been.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.counts.read()
    }

    /// How many statements the writer has run.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.counts.statements()
    }

    /// Carries out what is queued, then closes the file. Later commands are answered [`StoreError::Closed`].
    pub fn close(&self) {
        drop(self.commands.write().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        let thread = self.writer.write().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Journal for SqliteStore {
    fn submit(&self, command: Command) -> Pending {
        let (reply, pending) = Pending::channel();
        let commands = self.commands.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match commands.as_ref() {
            Some(queue) => {
                // Dropping the reply answers `Closed`.
                let _ = queue.send((command, reply));
            }
            None => {
                let _ = reply.send(Err(StoreError::Closed));
            }
        }
        pending
    }
}

impl Book for SqliteStore {
    fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Search for SqliteStore {
    fn run(&self, reading: Reading) {
        self.readers.run(reading);
    }

    fn salt(&self) -> Salt {
        self.salt
    }
}

/// Opens a connection with the settings that every connection has.
fn connect(file: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

/// An engine's failure in the store's words.
fn failed(why: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    match why.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(
            ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied,
        ) => StoreError::Disk(why.to_string()),
        Some(ErrorCode::ConstraintViolation) => StoreError::Taken(why.to_string()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { expected: "a sound database".to_owned(), found: why.to_string() }
        }
        _ => StoreError::Failed(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{NoListener, NoSlots};

    fn open(file: &Path, slots: Arc<dyn Slots>, listener: Arc<dyn Listener>) -> Arc<SqliteStore> {
        SqliteStore::open(file, Options { node: 1, salt: 7, slots, listener }).expect("a store")
    }

    #[test]
    fn the_conformance_suite_passes() {
        store::conformance::run(|slots, listener| {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("store.db");
            let engine = open(&file, slots, listener);
            store::conformance::Opened::new(&engine, move |engine: &SqliteStore, slots, listener| {
                let _ = &folder;
                engine.close();
                open(&file, slots, listener)
            })
        });
    }

    #[test]
    fn what_is_made_once_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("store.db");
        let first = open(&file, Arc::new(NoSlots), Arc::new(NoListener));
        first.close();
        let options = Options { node: 1, salt: 99, slots: Arc::new(NoSlots), listener: Arc::new(NoListener) };
        let second = SqliteStore::open(&file, options).expect("a store");
        assert_eq!(second.salt(), Salt(7));
    }
}
