//! A store's file as it stands, looked at beside whoever works with it or when nobody does. Nothing is written.

use std::cell::Cell;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use store::StoreError;
use store::table::Rows;

use crate::rows::{SqliteRows, Texts};
use crate::{OpenError, failed, migrate};

/// A store's file, read only.
pub struct Still {
    connection: Connection,
}

impl Still {
    /// Opens the store in this file, which must be of this program's schema.
    ///
    /// # Errors
    /// [`OpenError`], with what to do about it.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        migrate::check(&connection)?;
        Ok(Self { connection })
    }

    /// Reads something on a consistent view.
    ///
    /// # Errors
    /// When the engine fails or what is asked for does.
    pub fn read<T>(&self, ask: impl FnOnce(&mut dyn Rows) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let view = self.connection.unchecked_transaction().map_err(|why| failed(&why))?;
        let (mut texts, statements) = (Texts::default(), Cell::new(0));
        ask(&mut SqliteRows { connection: &view, texts: &mut texts, statements: &statements, replay: None })
    }

    /// Copies the store, as it is at this moment, into a file that is not there yet or empty, and stands alone.
    ///
    /// # Errors
    /// When it cannot be read or the file cannot be written.
    pub fn copy_to(&self, file: &Path) -> Result<(), OpenError> {
        // An open view keeps every page of its moment, so what is written meanwhile does not make the copy begin anew.
        let view = self.connection.unchecked_transaction()?;
        migrate::check(&view)?;
        let mut copy = Connection::open(file)?;
        let backup = Backup::new(&view, &mut copy)?;
        let step = backup.step(-1)?;
        if step != StepResult::Done {
            return Err(OpenError::Failed(format!("its pages could not be copied: {step:?}")));
        }
        drop(backup);
        // Nothing of it stays in a log beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        Ok(())
    }

    /// What is wrong with the file's pages, rows and indexes, at most twenty things. `quick`: what indexes say is not
    /// compared with the rows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn faults(&self, quick: bool) -> Result<Vec<String>, OpenError> {
        let pragma = if quick { "PRAGMA quick_check(20)" } else { "PRAGMA integrity_check(20)" };
        let read = || {
            let mut statement = self.connection.prepare(pragma)?;
            let said = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            Ok::<_, rusqlite::Error>(said.into_iter().filter(|line| line != "ok").collect())
        };
        match read().map_err(|why| failed(&why)) {
            Ok(faults) => Ok(faults),
            Err(StoreError::Corrupt { found, .. }) => Ok(vec![found]),
            Err(why) => Err(why.into()),
        }
    }
}
