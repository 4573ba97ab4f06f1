//! Replay memory: what was delivered before, at a cost that does not grow.
//!
//! A key is a hash, so a table ordered by it would dirty a page of its own for every event. Instead new keys are appended
//! to `replay_recent`, and the writer keeps a fingerprint of each in memory beside its event; the row itself is compared
//! on a hit. When there are many, the older half moves to `replay`, sorted, a little with each group: neighbours share a
//! page, and no group waits long. A restart reads `replay_recent` back.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension, params};

/// Fingerprints kept in memory, 16 bytes each and as much again for the table around them.
const RECENT_MAX: usize = 1 << 19;
/// How many move at once: the more, the more of them share a page.
const MOVED_AT_ONCE: usize = 1 << 18;
/// Rows of each step for every key that the group added, so that moving keeps ahead of adding.
const STEP_ROWS: usize = 4;

/// A remembered delivery.
type Entry = (i64, [u8; 16], i64, i64);

/// What the writer remembers.
pub struct ReplayMemory {
    recent: HashMap<u64, i64, BuildHasherDefault<AsItIs>>,
    /// What the present transaction added.
    added: Vec<u64>,
    /// Whether `replay` holds anything.
    has_old: bool,
    moving: Moving,
}

enum Moving {
    Idle,
    Reading { rows: Vec<Entry>, after: i64 },
    Sorting { sorted: JoinHandle<Vec<Entry>>, up_to: i64 },
    Writing { rows: Vec<Entry>, place: usize, up_to: i64 },
    Removing { up_to: i64 },
}

/// Fingerprints are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

fn fingerprint(source: i64, key: &[u8; 16]) -> u64 {
    let (first, _) = key.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    u64::from_be_bytes(*first) ^ source.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl ReplayMemory {
    /// Reads back what was appended and not moved.
    pub fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut recent = HashMap::default();
        let mut statement = connection.prepare("SELECT \"source\", \"key\", \"event\" FROM \"replay_recent\"")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key: [u8; 16] = row.get(1)?;
            recent.insert(fingerprint(row.get(0)?, &key), row.get(2)?);
        }
        let has_old = connection.query_row("SELECT EXISTS (SELECT 1 FROM \"replay\")", [], |row| row.get(0))?;
        Ok(Self { recent, added: Vec::new(), has_old, moving: Moving::Idle })
    }

    /// The event that a delivery was remembered with.
    pub fn find(&self, connection: &Connection, source: i64, key: [u8; 16]) -> rusqlite::Result<Option<i64>> {
        if let Some(event) = self.recent.get(&fingerprint(source, &key)) {
            let row: Option<(i64, [u8; 16])> = connection
                .prepare_cached("SELECT \"source\", \"key\" FROM \"replay_recent\" WHERE \"event\" = ?1")?
                .query_row([event], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            if row == Some((source, key)) {
                return Ok(Some(*event));
            }
        }
        if !self.has_old {
            return Ok(None);
        }
        connection
            .prepare_cached("SELECT \"event\" FROM \"replay\" WHERE \"source\" = ?1 AND \"key\" = ?2")?
            .query_row(params![source, key], |row| row.get(0))
            .optional()
    }

    /// Remembers a delivery, in the present transaction.
    pub fn remember(&mut self, connection: &Connection, (source, key, event, until): Entry) -> rusqlite::Result<()> {
        let fingerprint = fingerprint(source, &key);
        if self.recent.contains_key(&fingerprint) {
            // Another key with the same fingerprint: rare enough to be looked up in its place.
            self.has_old = true;
            return insert_old(connection, &(source, key, event, until));
        }
        connection
            .prepare_cached(
                "INSERT INTO \"replay_recent\" (\"event\", \"source\", \"key\", \"until\") VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![event, source, key, until])?;
        self.recent.insert(fingerprint, event);
        self.added.push(fingerprint);
        Ok(())
    }

    /// How much the present transaction has added: a place to go back to.
    pub fn mark(&self) -> usize {
        self.added.len()
    }

    /// Forgets what the transaction added since a mark.
    pub fn roll_back_to(&mut self, mark: usize) {
        for fingerprint in self.added.drain(mark..) {
            self.recent.remove(&fingerprint);
        }
        // A step that was undone is begun again; what had been moved stays findable in both places.
        self.moving = Moving::Idle;
    }

    /// The transaction is on disk.
    pub fn committed(&mut self) {
        self.added.clear();
    }

    /// Moves some older keys, in the present transaction.
    pub fn step(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let rows_max = self.added.len().max(8) * STEP_ROWS;
        let moving = std::mem::replace(&mut self.moving, Moving::Idle);
        self.moving = match moving {
            Moving::Idle if self.recent.len() < RECENT_MAX => Moving::Idle,
            Moving::Idle => Moving::Reading { rows: Vec::with_capacity(MOVED_AT_ONCE), after: 0 },
            Moving::Reading { rows, after } => read_some(connection, rows, after, rows_max)?,
            Moving::Sorting { sorted, up_to } if sorted.is_finished() => match sorted.join() {
                Ok(rows) => Moving::Writing { rows, place: 0, up_to },
                Err(_) => Moving::Idle,
            },
            sorting @ Moving::Sorting { .. } => sorting,
            Moving::Writing { rows, place, up_to } => {
                let next = (place + rows_max).min(rows.len());
                for entry in &rows[place..next] {
                    insert_old(connection, entry)?;
                }
                self.has_old = true;
                if next == rows.len() {
                    Moving::Removing { up_to }
                } else {
                    Moving::Writing { rows, place: next, up_to }
                }
            }
            Moving::Removing { up_to } => self.remove_some(connection, up_to, rows_max)?,
        };
        Ok(())
    }

    fn remove_some(&mut self, connection: &Connection, up_to: i64, rows_max: usize) -> rusqlite::Result<Moving> {
        let mut statement = connection.prepare_cached(
            "DELETE FROM \"replay_recent\" WHERE \"event\" IN \
             (SELECT \"event\" FROM \"replay_recent\" WHERE \"event\" <= ?1 ORDER BY \"event\" LIMIT ?2) \
             RETURNING \"source\", \"key\"",
        )?;
        let mut rows = statement.query(params![up_to, i64::try_from(rows_max).unwrap_or(i64::MAX)])?;
        let mut removed = 0;
        while let Some(row) = rows.next()? {
            let key: [u8; 16] = row.get(1)?;
            self.recent.remove(&fingerprint(row.get(0)?, &key));
            removed += 1;
        }
        Ok(if removed < rows_max { Moving::Idle } else { Moving::Removing { up_to } })
    }
}

/// The same for a reader, who has no fingerprints: it looks through every row that was not moved yet.
pub fn look_through(connection: &Connection, source: i64, key: [u8; 16]) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT \"event\" FROM \"replay\" WHERE \"source\" = ?1 AND \"key\" = ?2 UNION ALL \
             SELECT \"event\" FROM \"replay_recent\" WHERE \"source\" = ?1 AND \"key\" = ?2 LIMIT 1",
        )?
        .query_row(params![source, key], |row| row.get(0))
        .optional()
}

fn read_some(connection: &Connection, mut rows: Vec<Entry>, after: i64, rows_max: usize) -> rusqlite::Result<Moving> {
    let mut statement = connection.prepare_cached(
        "SELECT \"source\", \"key\", \"event\", \"until\" FROM \"replay_recent\" \
         WHERE \"event\" > ?1 ORDER BY \"event\" LIMIT ?2",
    )?;
    let wanted = rows_max.min(MOVED_AT_ONCE - rows.len());
    let mut found = statement.query(params![after, i64::try_from(wanted).unwrap_or(i64::MAX)])?;
    let mut last = after;
    while let Some(row) = found.next()? {
        last = row.get(2)?;
        rows.push((row.get(0)?, row.get(1)?, last, row.get(3)?));
    }
    if rows.len() < MOVED_AT_ONCE {
        return Ok(Moving::Reading { rows, after: last });
    }
    let sort = move || {
        rows.sort_unstable();
        rows
    };
    Ok(match std::thread::Builder::new().name("replay-sort".to_owned()).spawn(sort) {
        Ok(sorted) => Moving::Sorting { sorted, up_to: last },
        Err(_) => Moving::Idle,
    })
}

fn insert_old(connection: &Connection, (source, key, event, until): &Entry) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO \"replay\" (\"source\", \"key\", \"event\", \"until\") VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![source, key, event, until])
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(nth: u64) -> [u8; 16] {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&nth.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        key[8..].copy_from_slice(&nth.to_be_bytes());
        key
    }

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        crate::migrate::migrate(&mut connection).expect("migrated");
        connection
    }

    fn remember(memory: &mut ReplayMemory, connection: &Connection, nth: u64) {
        let event = i64::try_from(nth).expect("small");
        memory.remember(connection, (1, key(nth), event, 0)).expect("remembered");
    }

    #[test]
    fn a_key_is_found_for_its_source_alone_and_after_a_restart() {
        let connection = database();
        let mut memory = ReplayMemory::load(&connection).expect("loaded");
        remember(&mut memory, &connection, 7);
        memory.committed();
        for memory in [memory, ReplayMemory::load(&connection).expect("loaded")] {
            assert_eq!(memory.find(&connection, 1, key(7)), Ok(Some(7)));
            assert_eq!(memory.find(&connection, 2, key(7)), Ok(None));
            assert_eq!(memory.find(&connection, 1, key(8)), Ok(None));
        }
    }

    #[test]
    fn a_key_with_a_taken_fingerprint_is_found_all_the_same() {
        let connection = database();
        let mut memory = ReplayMemory::load(&connection).expect("loaded");
        let mut twin = key(1);
        twin[15] ^= 1;
        memory.remember(&connection, (1, key(1), 1, 0)).expect("remembered");
        memory.remember(&connection, (1, twin, 2, 0)).expect("remembered");
        assert_eq!(memory.find(&connection, 1, key(1)), Ok(Some(1)));
        assert_eq!(memory.find(&connection, 1, twin), Ok(Some(2)));
    }

    #[test]
    fn what_is_rolled_back_is_forgotten() {
        let connection = database();
        let mut memory = ReplayMemory::load(&connection).expect("loaded");
        connection.execute_batch("BEGIN").expect("begun");
        remember(&mut memory, &connection, 1);
        let mark = memory.mark();
        remember(&mut memory, &connection, 2);
        connection.execute_batch("ROLLBACK").expect("rolled back");
        memory.roll_back_to(mark);
        assert!(memory.recent.len() == 1);
        memory.roll_back_to(0);
        assert!(memory.recent.is_empty());
    }

    #[test]
    fn older_keys_move_and_none_is_lost() {
        let connection = database();
        let mut memory = ReplayMemory::load(&connection).expect("loaded");
        let count = (RECENT_MAX + 2 * MOVED_AT_ONCE) as u64;
        connection.execute_batch("BEGIN").expect("begun");
        for nth in 1..=count {
            remember(&mut memory, &connection, nth);
            if nth % 256 == 0 {
                memory.step(&connection).expect("a step");
                memory.committed();
            }
        }
        // The sorting is done beside: it ends, however busy the machine is.
        while !matches!(memory.moving, Moving::Idle) {
            memory.step(&connection).expect("a step");
            memory.committed();
            std::thread::yield_now();
        }
        assert!(memory.recent.len() <= RECENT_MAX + MOVED_AT_ONCE, "{}", memory.recent.len());
        let moved: i64 = connection.query_row("SELECT count(*) FROM replay", [], |row| row.get(0)).expect("a count");
        assert!(moved >= 1 << 18, "{moved}");
        for nth in (1..=count).step_by(997) {
            let event = i64::try_from(nth).expect("small");
            assert_eq!(memory.find(&connection, 1, key(nth)), Ok(Some(event)));
        }
    }
}
