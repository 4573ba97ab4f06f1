//! Tables as ordered maps, indexes as ordered sets, and a log that undoes a transaction.

use std::collections::{BTreeMap, BTreeSet};

use store::StoreError;
use store::table::{Find, Index, Only, Order, Rows, Table, Value};
use store::tables::INDEXES;

#[derive(Debug, Clone, Default)]
struct Kept {
    rows: BTreeMap<i64, Vec<Value>>,
}

/// The rows of a store in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryRows {
    tables: BTreeMap<&'static str, Kept>,
    indexes: BTreeMap<&'static str, BTreeSet<(Vec<Value>, i64)>>,
    replays: BTreeMap<(i64, [u8; 16]), i64>,
    undo: Vec<Undo>,
}

#[derive(Debug, Clone)]
enum Undo {
    /// A row was this before; none: it was not there.
    Row(&'static Table, i64, Option<Vec<Value>>),
    Replay((i64, [u8; 16])),
}

impl MemoryRows {
    /// Keeps what the transaction wrote.
    pub fn commit(&mut self) {
        self.undo.clear();
    }

    /// Forgets what the transaction wrote.
    pub fn roll_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Row(table, key, before) => {
                    self.put(table, key, before);
                }
                Undo::Replay(key) => {
                    self.replays.remove(&key);
                }
            }
        }
    }

    /// Sets or removes a row with its index entries; answers what was there.
    fn put(&mut self, table: &'static Table, key: i64, row: Option<Vec<Value>>) -> Option<Vec<Value>> {
        let rows = &mut self.tables.entry(table.name).or_default().rows;
        let before = rows.remove(&key);
        for index in INDEXES.iter().filter(|index| std::ptr::eq(index.table, table)) {
            let entries = self.indexes.entry(index.name).or_default();
            if let Some(entry) = before.as_ref().and_then(|row| entry_of(index, row)) {
                entries.remove(&(entry, key));
            }
            if let Some(entry) = row.as_ref().and_then(|row| entry_of(index, row)) {
                entries.insert((entry, key));
            }
        }
        if let Some(row) = row {
            rows.insert(key, row);
        }
        before
    }

    fn check_unique(&self, table: &'static Table, key: i64, row: &[Value]) -> Result<(), StoreError> {
        for index in INDEXES.iter().filter(|index| index.unique && std::ptr::eq(index.table, table)) {
            let Some(entry) = entry_of(index, row) else { continue };
            let taken = self
                .indexes
                .get(index.name)
                .and_then(|entries| entries.range((entry.clone(), i64::MIN)..=(entry, i64::MAX)).next());
            if taken.is_some_and(|(_, other)| *other != key) {
                return Err(StoreError::Taken(index.name.to_owned()));
            }
        }
        Ok(())
    }
}

/// A row's entry in an index, if the index holds it.
fn entry_of(index: &Index, row: &[Value]) -> Option<Vec<Value>> {
    let value = |column: &str| {
        let place = index.table.columns.iter().position(|each| *each == column)?;
        row.get(place)
    };
    let holds = match index.only {
        Only::All => true,
        Only::Is(column, text) => matches!(value(column), Some(Value::Text(found)) if found == text),
        Only::Null(column) => value(column) == Some(&Value::Null),
        Only::Some(column) => value(column) != Some(&Value::Null),
    };
    holds.then(|| index.columns.iter().filter_map(|column| value(column).cloned()).collect())
}

/// Whether the column after the equal ones is what a search asks for.
fn is_within(find: &Find, next: Option<&Value>) -> bool {
    let begins = find.begins.as_ref().is_none_or(|begins| match next {
        Some(Value::Text(text)) => text.starts_with(begins.as_str()),
        _ => false,
    });
    let after = find.after.as_ref().is_none_or(|bound| next.is_some_and(|value| bound < value));
    begins && after
}

impl Rows for MemoryRows {
    fn get(&mut self, table: &'static Table, key: i64) -> Result<Option<Vec<Value>>, StoreError> {
        Ok(self.tables.get(table.name).and_then(|kept| kept.rows.get(&key)).cloned())
    }

    fn insert(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError> {
        let Some(Value::Int(key)) = row.first() else { return Err(StoreError::Failed("a row without a key".into())) };
        let key = *key;
        if self.get(table, key)?.is_some() {
            return Err(StoreError::Taken(format!("{} {key}", table.name)));
        }
        self.check_unique(table, key, &row)?;
        let before = self.put(table, key, Some(row));
        self.undo.push(Undo::Row(table, key, before));
        Ok(())
    }

    fn set(&mut self, table: &'static Table, key: i64, changed: Vec<(usize, Value)>) -> Result<(), StoreError> {
        let Some(mut row) = self.get(table, key)? else { return Ok(()) };
        for (place, value) in changed {
            row[place] = value;
        }
        self.check_unique(table, key, &row)?;
        let before = self.put(table, key, Some(row));
        self.undo.push(Undo::Row(table, key, before));
        Ok(())
    }

    fn delete(&mut self, table: &'static Table, key: i64) -> Result<(), StoreError> {
        let before = self.put(table, key, None);
        self.undo.push(Undo::Row(table, key, before));
        Ok(())
    }

    fn find(&mut self, find: &Find) -> Result<Vec<Vec<Value>>, StoreError> {
        let Some(entries) = self.indexes.get(find.index.name) else { return Ok(Vec::new()) };
        let width = find.width.unwrap_or(find.index.table.columns.len());
        let rows = self.tables.get(find.index.table.name);
        let row = |key: i64| rows.and_then(|kept| kept.rows.get(&key)).map(|row| row[..width].to_vec());
        if find.order == Order::Newest && find.equal.len() == find.index.columns.len() {
            // Equal rows stand by key already.
            let (from, to) = ((find.equal.clone(), i64::MIN), (find.equal.clone(), find.below.unwrap_or(i64::MAX)));
            return Ok(entries.range(from..to).rev().map(|(_, key)| *key).take(find.limit).filter_map(row).collect());
        }
        let mut keys: Vec<i64> = entries
            .range((find.equal.clone(), i64::MIN)..)
            .take_while(|(entry, _)| entry.starts_with(&find.equal))
            .take_while(|(entry, _)| match (find.at_most, entry.get(find.equal.len())) {
                (Some(bound), Some(Value::Int(value))) => *value <= bound,
                _ => true,
            })
            .filter(|(entry, _)| is_within(find, entry.get(find.equal.len())))
            .map(|(_, key)| *key)
            .filter(|key| find.below.is_none_or(|below| *key < below))
            .take(if find.order == Order::Index { find.limit } else { usize::MAX })
            .collect();
        match find.order {
            Order::Index => {}
            Order::Backwards => keys.reverse(),
            Order::Newest => keys.sort_unstable_by(|a, b| b.cmp(a)),
        }
        keys.truncate(find.limit);
        Ok(keys.into_iter().filter_map(row).collect())
    }

    fn glance(
        &mut self,
        table: &'static Table,
        width: usize,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let Some(kept) = self.tables.get(table.name) else { return Ok(Vec::new()) };
        let newest = kept.rows.range(..below.unwrap_or(i64::MAX)).rev().take(limit);
        Ok(newest.map(|(_, row)| row[..width].to_vec()).collect())
    }

    fn newest(
        &mut self,
        table: &'static Table,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        self.glance(table, table.columns.len(), below, limit)
    }

    fn replayed(&mut self, source: i64, key: [u8; 16]) -> Result<Option<i64>, StoreError> {
        Ok(self.replays.get(&(source, key)).copied())
    }

    fn remember(&mut self, source: i64, key: [u8; 16], event: i64, _until: i64) -> Result<(), StoreError> {
        self.replays.insert((source, key), event);
        self.undo.push(Undo::Replay((source, key)));
        Ok(())
    }
}
