//! Checkpoints beside the writer: moving the log into the file costs reads, writes and a sync, which no group should
//! wait for.
//!
//! A thread with a connection of its own moves what is in the log at that moment. Then the writer, between two groups,
//! moves the little that came meanwhile, and begins the log anew: only it can, since only it knows that nobody writes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use rusqlite::Connection;

use crate::{OpenError, connect};

/// Pages in the log at which it begins to be moved: 16 MiB.
const LOG_PAGES: i32 = 4_000;
/// Pages at which the writer waits for nobody: 64 MiB. A reading that goes on for long may let the log grow so far.
const LOG_PAGES_MAX: i32 = 16_000;

const IDLE: u8 = 0;
const ASKED: u8 = 1;
const MOVED: u8 = 2;
const LATE: u8 = 3;

/// Where the log stands, as the writer sees it after each commit.
pub struct Checkpoints {
    state: Arc<AtomicU8>,
}

impl Checkpoints {
    /// Takes over from the engine's own checkpoints on the writer's connection.
    pub fn start(file: &Path, writer: &mut Connection) -> Result<Self, OpenError> {
        let state = Arc::new(AtomicU8::new(IDLE));
        let beside = connect(file)?;
        let (ask, asked) = sync_channel::<()>(1);
        let moved = state.clone();
        let work = move || {
            while asked.recv().is_ok() {
                let _ = passive(&beside);
                moved.store(MOVED, Ordering::Release);
            }
        };
        std::thread::Builder::new()
            .name("store-log".to_owned())
            .spawn(work)
            .map_err(|why| OpenError::Failed(why.to_string()))?;
        let seen = state.clone();
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            note(&seen, &ask, pages);
            Ok(())
        }))?;
        Ok(Self { state })
    }

    /// Between two groups: finishes what was moved beside it.
    pub fn finish(&self, writer: &Connection) {
        if matches!(self.state.load(Ordering::Acquire), MOVED | LATE) {
            // Should a reader still need the old log, the next round moves it.
            let _ = passive(writer);
            self.state.store(IDLE, Ordering::Release);
        }
    }
}

/// After a commit that left so many pages in the log.
fn note(state: &AtomicU8, ask: &SyncSender<()>, pages: i32) {
    match state.load(Ordering::Acquire) {
        IDLE if pages >= LOG_PAGES && ask.try_send(()).is_ok() => {
            // The thread may have been faster than this line.
            let _ = state.compare_exchange(IDLE, ASKED, Ordering::AcqRel, Ordering::Acquire);
        }
        ASKED if pages >= LOG_PAGES_MAX => {
            let _ = state.compare_exchange(ASKED, LATE, Ordering::AcqRel, Ordering::Acquire);
        }
        _ => {}
    }
}

fn passive(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_asked_to_move_once_and_the_writer_steps_in_when_it_grows_too_long() {
        let state = AtomicU8::new(IDLE);
        let (ask, asked) = sync_channel(1);
        note(&state, &ask, LOG_PAGES - 1);
        assert_eq!(state.load(Ordering::Acquire), IDLE);
        note(&state, &ask, LOG_PAGES);
        note(&state, &ask, LOG_PAGES + 1);
        assert_eq!((state.load(Ordering::Acquire), asked.try_iter().count()), (ASKED, 1));
        note(&state, &ask, LOG_PAGES_MAX);
        assert_eq!(state.load(Ordering::Acquire), LATE);
    }

    #[test]
    fn the_log_does_not_grow_without_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("store.db");
        let mut writer = connect(&file).expect("a connection");
        writer.execute_batch("CREATE TABLE filling (bytes BLOB)").expect("a table");
        let checkpoints = Checkpoints::start(&file, &mut writer).expect("started");
        for _ in 0..400 {
            // 400 times 100 pages: 40,000 pages pass through the log.
            writer.execute("INSERT INTO filling VALUES (zeroblob(400000))", []).expect("inserted");
            checkpoints.finish(&writer);
        }
        let log = std::fs::metadata(folder.path().join("store.db-wal")).expect("a log").len();
        let pages = log / 4096;
        assert!(pages < 2 * u64::from(LOG_PAGES_MAX.unsigned_abs()), "{pages} pages");
    }
}
