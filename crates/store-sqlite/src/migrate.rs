//! The schema, forward only: numbered files, compiled in, each with its checksum in the store.

use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest, Sha256};
use store::StoreError;

use crate::failed;

/// Every migration, in order.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_start.sql")];

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer program has written it.
    #[error("the store was written by a newer version (schema {found}, this program knows {known}): run that version")]
    Newer {
        /// The schema's number in the file.
        found: usize,
        /// The highest number that this program knows.
        known: usize,
    },
    /// An older program has written it, and it is only looked at.
    #[error(
        "the store was written by an older version (schema {found}, this program's is {known}): `serve` brings it up to date"
    )]
    Older {
        /// The schema's number in the file.
        found: usize,
        /// This program's number.
        known: usize,
    },
    /// A migration in the file is not the one that this program has under its number.
    #[error("migration {nth} in the store is not this program's: the file belongs to another program or was changed")]
    Foreign {
        /// Which.
        nth: usize,
    },
    /// What the file holds is not what was written.
    #[error(
        "the store is damaged: expected {expected}, found {found}; bring a backup back with `countersign restore`, into \
         an empty data directory"
    )]
    Damaged {
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The file cannot be opened, read or written.
    #[error("the store cannot be opened: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for OpenError {
    fn from(why: rusqlite::Error) -> Self {
        failed(&why).into()
    }
}

impl From<StoreError> for OpenError {
    fn from(why: StoreError) -> Self {
        match why {
            StoreError::Corrupt { expected, found } => OpenError::Damaged { expected, found },
            other => OpenError::Failed(other.to_string()),
        }
    }
}

/// Brings the schema up to date, in one transaction.
pub fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    apply(connection, MIGRATIONS)
}

/// The number of this program's schema.
pub const SCHEMA: usize = MIGRATIONS.len();

/// Whether the schema is exactly this program's.
pub fn check(connection: &Connection) -> Result<(), OpenError> {
    let known = known(connection)?;
    compare(&known, MIGRATIONS)?;
    let is_whole = known.len() == MIGRATIONS.len();
    is_whole.then_some(()).ok_or(OpenError::Older { found: known.len(), known: MIGRATIONS.len() })
}

/// The checksums of the migrations that were applied.
fn known(connection: &Connection) -> Result<Vec<Vec<u8>>, OpenError> {
    let mut statement = connection.prepare("SELECT sha256 FROM migration ORDER BY nth")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Whether what was applied are the first of these migrations.
fn compare(known: &[Vec<u8>], migrations: &[&str]) -> Result<(), OpenError> {
    if known.len() > migrations.len() {
        return Err(OpenError::Newer { found: known.len(), known: migrations.len() });
    }
    let foreign = known.iter().zip(migrations).position(|(there, text)| *there != Sha256::digest(text).to_vec());
    foreign.map_or(Ok(()), |place| Err(OpenError::Foreign { nth: place + 1 }))
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    transaction
        .execute_batch("CREATE TABLE IF NOT EXISTS migration (nth INTEGER PRIMARY KEY, sha256 BLOB NOT NULL) STRICT")?;
    let known = known(&transaction)?;
    compare(&known, migrations)?;
    for (place, text) in migrations.iter().enumerate().skip(known.len()) {
        transaction.execute_batch(text)?;
        transaction.execute(
            "INSERT INTO migration (nth, sha256) VALUES (?1, ?2)",
            (i64::try_from(place + 1).unwrap_or(i64::MAX), Sha256::digest(text).to_vec()),
        )?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::table::Only;
    use store::tables::{INDEXES, TABLES};

    fn fresh() -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection).expect("migrated");
        connection
    }

    #[test]
    fn the_schema_has_exactly_the_columns_and_indexes_that_the_code_lists() {
        let connection = fresh();
        for table in TABLES {
            let mut statement = connection.prepare(&format!("PRAGMA table_info(\"{}\")", table.name)).expect("sql");
            let columns: Vec<String> =
                statement.query_map([], |row| row.get(1)).expect("rows").map(|name| name.expect("a name")).collect();
            assert_eq!(columns, table.columns, "{}", table.name);
        }
        for index in INDEXES {
            let sql: String = connection
                .query_row(
                    "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?1",
                    [index.name.to_lowercase()],
                    |row| row.get(0),
                )
                .unwrap_or_else(|_| panic!("no index {}", index.name));
            let columns: Vec<String> = index.columns.iter().map(|column| format!("\"{column}\"")).collect();
            assert!(sql.contains(&format!("({})", columns.join(", "))), "{sql}");
            let only = match index.only {
                Only::All => String::new(),
                Only::Is(column, text) => format!(" WHERE \"{column}\" = '{text}'"),
                Only::Null(column) => format!(" WHERE \"{column}\" IS NULL"),
                Only::Some(column) => format!(" WHERE \"{column}\" IS NOT NULL"),
            };
            assert!(sql.ends_with(&format!("){only}")), "{sql}");
            assert_eq!(sql.contains("UNIQUE"), index.unique, "{sql}");
        }
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = fresh();
        migrate(&mut connection).expect("migrated");
    }

    #[test]
    fn a_newer_or_foreign_store_is_refused_and_left_alone() {
        let mut connection = fresh();
        let newer = apply(&mut connection, &[]);
        assert!(matches!(newer, Err(OpenError::Newer { found: 1, known: 0 })));
        let foreign = apply(&mut connection, &["CREATE TABLE other (a)"]);
        assert!(matches!(foreign, Err(OpenError::Foreign { nth: 1 })));
    }
}
