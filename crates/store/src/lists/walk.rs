//! Walking through rows, newest first, until a page is full or enough was looked at.

use std::collections::BTreeMap;

use domain::subject::Collection;
use domain::{CollectionKey, SubjectKey, Timestamp};

use super::subjects::SubjectGlance;
use crate::StoreError;
use crate::row::{Cell, Row, RowsExt};
use crate::table::{Find, Rows, Table, Value};

/// How many rows one page looks at, at most. A statement beside them counts as [`STATEMENT`] rows.
pub const LOOKED_MAX: usize = 40_000;
/// What a further statement costs, in rows that are looked at.
const STATEMENT: usize = 20;
/// Rows of one statement at most.
const CHUNK_MAX: usize = 2_048;
/// Searches that are merged at most; where more would be needed, the whole table is walked through.
pub(super) const MERGED_MAX: usize = 500;
/// Rows that are gathered from an index of another order at most; where there are more, the table is walked through.
pub(super) const GATHERED_MAX: usize = 1_000;

/// Which page of a list.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Only rows whose key is below this: where the page before ended.
    pub below: Option<i64>,
    /// At most so many rows.
    pub limit: usize,
    /// Only what was recorded at this instant or later.
    pub from: Option<Timestamp>,
    /// Only what was recorded before this instant.
    pub until: Option<Timestamp>,
    /// How many rows are looked at, at most.
    pub looked_max: usize,
}

impl Span {
    /// The newest rows, so many.
    #[must_use]
    pub fn newest(limit: usize) -> Self {
        Self { below: None, limit, from: None, until: None, looked_max: LOOKED_MAX }
    }

    /// The key below which all rows lie.
    fn below(&self) -> Option<i64> {
        let until = self.until.map(first_key);
        [self.below, until].into_iter().flatten().min()
    }

    /// The lowest key that a row may have.
    fn floor(&self) -> i64 {
        self.from.map_or(i64::MIN, first_key)
    }
}

/// The lowest key of a row that is recorded at an instant: keys begin with the millisecond.
fn first_key(at: Timestamp) -> i64 {
    at.milliseconds().saturating_mul(1 << 12)
}

/// When a row with this key was recorded, to the millisecond.
fn instant(key: i64) -> Timestamp {
    Timestamp((key >> 12).saturating_mul(1_000))
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows, newest first.
    pub rows: Vec<T>,
    /// The key below which the next page begins; none: there is no more.
    pub next: Option<i64>,
    /// The instant back to which was looked, where the page ended because enough rows had been looked at. There may be
    /// more, or nothing more.
    pub looked_to: Option<Timestamp>,
}

/// Rows, and how much of a page's work is left.
pub(super) struct Work<'a> {
    rows: &'a mut dyn Rows,
    left: usize,
    collections: BTreeMap<SubjectKey, Option<CollectionKey>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(rows: &'a mut dyn Rows, looked_max: usize) -> Self {
        Self { rows, left: looked_max, collections: BTreeMap::new() }
    }

    fn spend(&mut self, rows: usize) {
        self.left = self.left.saturating_sub(rows);
    }

    /// The entity with this key.
    pub(super) fn load<T: Row>(&mut self, key: i64) -> Result<Option<T>, StoreError> {
        self.spend(STATEMENT);
        self.rows.load(key)
    }

    /// The first columns of the rows that an index finds.
    pub(super) fn find<G: Glance>(&mut self, find: Find) -> Result<Vec<G>, StoreError> {
        let found = self.rows.find(&find.narrow(G::WIDTH))?;
        self.spend(STATEMENT + found.len());
        found.into_iter().map(G::from_values).collect()
    }

    /// The integers in one column of the rows that an index finds.
    pub(super) fn column(&mut self, find: Find, place: usize) -> Result<Vec<i64>, StoreError> {
        let found = self.rows.find(&find.narrow(place + 1))?;
        self.spend(STATEMENT + found.len());
        found.into_iter().filter_map(|mut row| row.pop()).map(i64::from_value).collect()
    }

    /// The first columns of the row with this key.
    pub(super) fn glance<G: Glance>(&mut self, key: i64) -> Result<Option<G>, StoreError> {
        self.spend(STATEMENT);
        let found = self.rows.glance(G::table(), G::WIDTH, key.checked_add(1), 1)?.pop();
        let found = found.filter(|row| row.first() == Some(&Value::Int(key)));
        found.map(G::from_values).transpose()
    }

    /// Whether a subject's id, or its collection's name, begins with a word.
    pub(super) fn begins(&mut self, subject: Option<SubjectKey>, word: &str) -> Result<bool, StoreError> {
        let Some(key) = subject else { return Ok(false) };
        let Some(subject) = self.glance::<SubjectGlance>(key.0)? else { return Ok(false) };
        if subject.id.starts_with(word) {
            return Ok(true);
        }
        Ok(self.load::<Collection>(subject.collection.0)?.is_some_and(|found| found.name.starts_with(word)))
    }

    /// The collection that a subject lives in.
    pub(super) fn collection(&mut self, subject: SubjectKey) -> Result<Option<CollectionKey>, StoreError> {
        if let Some(known) = self.collections.get(&subject) {
            return Ok(*known);
        }
        let collection = self.glance::<SubjectGlance>(subject.0)?.map(|found| found.collection);
        self.collections.insert(subject, collection);
        Ok(collection)
    }
}

/// The first columns of a row: what a list looks at.
pub(super) trait Glance: Sized {
    /// The rows' table.
    fn table() -> &'static Table;
    /// How many columns.
    const WIDTH: usize;
    /// The row's key.
    fn key(&self) -> i64;
    /// The columns' values.
    fn from_values(values: Vec<Value>) -> Result<Self, StoreError>;
}

/// Where a column stands in its table.
pub(super) const fn place(table: &Table, column: &str) -> usize {
    let mut place = 0;
    while !equal(table.columns[place], column) {
        place += 1;
    }
    place
}

const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Defines what a list looks at in a table's rows: the key and some columns, in the table's order.
macro_rules! glance {
    ($(#[$doc:meta])* $name:ident of $table:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name { pub(super) key: i64, $(pub(super) $field: $type),+ }

        impl $crate::lists::walk::Glance for $name {
            fn table() -> &'static $crate::table::Table { &$crate::tables::$table }
            const WIDTH: usize = {
                let places = [$($crate::lists::walk::place(&$crate::tables::$table, stringify!($field))),+];
                places[places.len() - 1] + 1
            };
            fn key(&self) -> i64 { self.key }
            fn from_values(mut values: Vec<$crate::table::Value>) -> Result<Self, $crate::StoreError> {
                let mut take = |place: usize| match values.get_mut(place) {
                    Some(value) => std::mem::replace(value, $crate::table::Value::Null),
                    None => $crate::table::Value::Null,
                };
                Ok(Self {
                    key: $crate::row::Cell::from_value(take(0))?,
                    $($field: $crate::row::Cell::from_value(take(const {
                        $crate::lists::walk::place(&$crate::tables::$table, stringify!($field))
                    }))?),+
                })
            }
        }
    };
}
pub(super) use glance;

/// Where the rows of a list come from.
pub(super) enum From {
    /// The whole table.
    Table,
    /// What each of these finds.
    Finds(Vec<Find>),
    /// The rows of these keys, the highest first.
    Keys(Vec<i64>),
    /// The rows that a column names of what is found, newest first: later ones name later rows.
    Named(Find, usize),
    /// The rows that the first column of an index after its equal ones names; the column's place in the table.
    Ordered(Find, usize),
}

impl From {
    /// The next rows below a key; fewer than asked for: there are no more.
    fn next<G: Glance>(&self, work: &mut Work<'_>, below: Option<i64>, count: usize) -> Result<Chunk<G>, StoreError> {
        match self {
            From::Table => {
                let found = work.rows.glance(G::table(), G::WIDTH, below, count)?;
                let ended = found.len() < count;
                Ok(Chunk::of(found.into_iter().map(G::from_values).collect::<Result<_, _>>()?, ended))
            }
            From::Finds(finds) => {
                let mut rows: Vec<G> = Vec::new();
                for find in finds {
                    rows.extend(work.find(find.clone().newest(below).limit(count))?);
                }
                rows.sort_by_key(|row| std::cmp::Reverse(row.key()));
                let ended = rows.len() < count;
                rows.truncate(count);
                Ok(Chunk::of(rows, ended))
            }
            From::Keys(keys) => {
                let from = keys.partition_point(|key| below.is_some_and(|below| below <= *key));
                let to = keys.len().min(from + count);
                Chunk::named(work, &keys[from..to], to == keys.len())
            }
            From::Named(find, place) => {
                let named = work.column(find.clone().newest(below).limit(count), *place)?;
                let ended = named.len() < count;
                Chunk::named(work, &falling(named, below), ended)
            }
            From::Ordered(find, place) => {
                let bound = below.map_or(i64::MAX, |below| below - 1);
                let named = work.column(find.clone().at_most(bound).backwards().limit(count), *place)?;
                let ended = named.len() < count;
                Chunk::named(work, &falling(named, below), ended)
            }
        }
    }
}

struct Chunk<G> {
    rows: Vec<G>,
    /// The lowest key that was looked for.
    last: Option<i64>,
    ended: bool,
}

impl<G: Glance> Chunk<G> {
    fn of(rows: Vec<G>, ended: bool) -> Self {
        Self { last: rows.last().map(G::key), rows, ended }
    }

    fn named(work: &mut Work<'_>, keys: &[i64], ended: bool) -> Result<Self, StoreError> {
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            rows.extend(work.glance(*key)?);
        }
        Ok(Self { rows, last: keys.last().copied(), ended })
    }
}

/// Each key once, those below a bound.
fn falling(mut keys: Vec<i64>, below: Option<i64>) -> Vec<i64> {
    keys.dedup();
    keys.retain(|key| below.is_none_or(|below| *key < below));
    keys
}

/// One page of the rows that are kept, from wherever they come.
pub(super) fn walk<G: Glance, T: Row>(
    work: &mut Work<'_>,
    from: &From,
    span: &Span,
    mut keeps: impl FnMut(&mut Work<'_>, &G) -> Result<bool, StoreError>,
) -> Result<Page<T>, StoreError> {
    let mut found = Vec::with_capacity(span.limit);
    let mut below = span.below();
    let mut count = span.limit + 1;
    let (next, looked_to) = 'pages: loop {
        let chunk: Chunk<G> = from.next(work, below, count)?;
        for row in &chunk.rows {
            let key = row.key();
            if key < span.floor() {
                break 'pages (None, None);
            }
            below = Some(key);
            work.spend(1);
            if keeps(work, row)? {
                if found.len() == span.limit {
                    break 'pages (found.last().copied(), None);
                }
                found.push(key);
            }
            if work.left == 0 {
                break 'pages (below, below.map(instant).filter(|_| found.len() < span.limit));
            }
        }
        if chunk.ended {
            break (None, None);
        }
        below = chunk.last.or(below);
        count = (count * 4).min(CHUNK_MAX).min(work.left.max(span.limit + 1));
    };
    let mut rows = Vec::with_capacity(found.len());
    for key in found {
        rows.extend(work.rows.load(key)?);
    }
    Ok(Page { rows, next, looked_to })
}
