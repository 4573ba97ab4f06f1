//! Tables and rows as data: what an engine must keep, without knowing what it means.

use bytes::Bytes;

use crate::StoreError;

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Bytes),
}

/// A table: its name and its columns. The first column is the integer key.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, the key first.
    pub columns: &'static [&'static str],
}

/// Which rows an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// All.
    All,
    /// Those whose column has this text.
    Is(&'static str, &'static str),
    /// Those whose column is null.
    Null(&'static str),
    /// Those whose column is not null.
    Some(&'static str),
}

/// An order of a table's rows. Equal rows are ordered by key.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Its table.
    pub table: &'static Table,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// Which rows it holds.
    pub only: Only,
    /// Whether two rows may not agree in all its columns.
    pub unique: bool,
}

/// In which order rows are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The index's.
    Index,
    /// The index's, backwards.
    Backwards,
    /// Newest first, by key.
    Newest,
}

/// Which rows to find by an index.
#[derive(Debug, Clone)]
pub struct Find {
    /// The index; none: by key.
    pub index: &'static Index,
    /// What its first columns must be.
    pub equal: Vec<Value>,
    /// What the text in the column after those begins with.
    pub begins: Option<String>,
    /// A lower bound of the column after those, not included.
    pub after: Option<Value>,
    /// An upper bound of the column after those, included.
    pub at_most: Option<i64>,
    /// Only keys below this.
    pub below: Option<i64>,
    /// In which order.
    pub order: Order,
    /// How many of the table's columns, from the first; none: all.
    pub width: Option<usize>,
    /// At most so many rows.
    pub limit: usize,
}

impl Find {
    /// Every row whose first index columns are these, in order.
    #[must_use]
    pub fn equal(index: &'static Index, equal: Vec<Value>) -> Self {
        Self {
            index,
            equal,
            begins: None,
            after: None,
            at_most: None,
            below: None,
            order: Order::Index,
            width: None,
            limit: usize::MAX,
        }
    }

    /// The same, but only where the next column's text begins so.
    #[must_use]
    pub fn begins(mut self, text: &str) -> Self {
        self.begins = Some(text.to_owned());
        self
    }

    /// The same, but only where the next column is greater than this.
    #[must_use]
    pub fn after(mut self, bound: Value) -> Self {
        self.after = Some(bound);
        self
    }

    /// The same, but only where the next column is at most this.
    #[must_use]
    pub fn at_most(mut self, bound: i64) -> Self {
        self.at_most = Some(bound);
        self
    }

    /// The same, but at most so many rows.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The same, newest first, below a key.
    #[must_use]
    pub fn newest(mut self, below: Option<i64>) -> Self {
        self.below = below;
        self.order = Order::Newest;
        self
    }

    /// The same, in the index's order, backwards.
    #[must_use]
    pub fn backwards(mut self) -> Self {
        self.order = Order::Backwards;
        self
    }

    /// The same, but only the table's first columns, so many.
    #[must_use]
    pub fn narrow(mut self, width: usize) -> Self {
        self.width = Some(width);
        self
    }
}

/// The rows of one transaction. Reads see the transaction's own writes.
pub trait Rows {
    /// The row with this key.
    ///
    /// # Errors
    /// When the engine fails.
    fn get(&mut self, table: &'static Table, key: i64) -> Result<Option<Vec<Value>>, StoreError>;

    /// Adds a row; its key must be new.
    ///
    /// # Errors
    /// When the engine fails, or the key or a unique index's values are taken.
    fn insert(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError>;

    /// Sets columns, named by place, of the row with this key.
    ///
    /// # Errors
    /// When the engine fails.
    fn set(&mut self, table: &'static Table, key: i64, changed: Vec<(usize, Value)>) -> Result<(), StoreError>;

    /// Removes the row with this key, if it is there.
    ///
    /// # Errors
    /// When the engine fails.
    fn delete(&mut self, table: &'static Table, key: i64) -> Result<(), StoreError>;

    /// Rows by an index.
    ///
    /// # Errors
    /// When the engine fails.
    fn find(&mut self, find: &Find) -> Result<Vec<Vec<Value>>, StoreError>;

    /// The newest rows of a table, below a key.
    ///
    /// # Errors
    /// When the engine fails.
    fn newest(
        &mut self,
        table: &'static Table,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, StoreError>;

    /// The newest rows of a table, below a key, and of each only the first columns. Large values stand in a table's
    /// last columns, so that looking at a row's first ones does not read them.
    ///
    /// # Errors
    /// When the engine fails.
    fn glance(
        &mut self,
        table: &'static Table,
        width: usize,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, StoreError>;

    /// The event that a delivery of this source was remembered with.
    ///
    /// # Errors
    /// When the engine fails.
    fn replayed(&mut self, source: i64, key: [u8; 16]) -> Result<Option<i64>, StoreError>;

    /// Remembers a delivery until an instant (microseconds since 1970).
    ///
    /// # Errors
    /// When the engine fails.
    fn remember(&mut self, source: i64, key: [u8; 16], event: i64, until: i64) -> Result<(), StoreError>;
}
