//! Readers: their own connections, beside the writer, each reading on one consistent view.

use std::cell::Cell;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use store::Reading;

use crate::rows::{SqliteRows, Texts};
use crate::{OpenError, connect};

/// Threads that read.
pub struct Readers {
    queue: mpsc::Sender<Reading>,
}

impl Readers {
    /// Starts so many readers of a file.
    pub fn start(file: &Path, count: usize) -> Result<Self, OpenError> {
        let (queue, readings) = mpsc::channel::<Reading>();
        let readings = Arc::new(Mutex::new(readings));
        for nth in 0..count {
            let connection = connect(file)?;
            connection.pragma_update(None, "query_only", true)?;
            let readings = readings.clone();
            let work = move || {
                let mut texts = Texts::default();
                let statements = Cell::new(0);
                loop {
                    let reading = readings.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(reading) = reading else { return };
                    // A deferred transaction: all statements of one reading see one state.
                    let begun = connection.execute_batch("BEGIN").is_ok();
                    reading(&mut SqliteRows {
                        connection: &connection,
                        texts: &mut texts,
                        statements: &statements,
                        replay: None,
                    });
                    if begun {
                        let _ = connection.execute_batch("COMMIT");
                    }
                }
            };
            std::thread::Builder::new()
                .name(format!("store-reader-{nth}"))
                .spawn(work)
                .map_err(|why| OpenError::Failed(why.to_string()))?;
        }
        Ok(Self { queue })
    }

    /// Hands a reading over. When the readers are gone it is dropped, and whoever waits for it is told so.
    pub fn run(&self, reading: Reading) {
        let _ = self.queue.send(reading);
    }
}
