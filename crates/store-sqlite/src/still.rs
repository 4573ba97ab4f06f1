//! A store's file as it stands, looked at beside whoever works with it or when nobody does. Nothing is written.

use std::cell::Cell;
use std::path::Path;

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
}
