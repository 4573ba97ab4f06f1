//! Entities to rows and back: one [`Cell`] per kind of column, one line per table.

use bytes::Bytes;

use crate::StoreError;
use crate::table::{Find, Rows, Table, Value};

/// What can stand in one column.
pub trait Cell: Sized {
    /// The value as it is kept.
    fn to_value(&self) -> Value;
    /// The value as it was kept.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is none of this kind.
    fn from_value(value: Value) -> Result<Self, StoreError>;
}

/// What is kept as a row.
pub trait Row: Sized {
    /// Its table.
    fn table() -> &'static Table;
    /// Its key.
    fn key(&self) -> i64;
    /// Its columns' values, in the table's order.
    fn values(&self) -> Vec<Value>;
    /// The entity that these values are.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when they are none.
    fn from_values(values: Vec<Value>) -> Result<Self, StoreError>;
}

/// Typed access, on top of an engine's.
pub trait RowsExt: Rows {
    /// The entity with this key.
    ///
    /// # Errors
    /// When the engine fails or the row is corrupt.
    fn load<T: Row>(&mut self, key: i64) -> Result<Option<T>, StoreError> {
        self.get(T::table(), key)?.map(T::from_values).transpose()
    }

    /// Adds an entity.
    ///
    /// # Errors
    /// When the engine fails or the key is taken.
    fn add<T: Row>(&mut self, entity: &T) -> Result<(), StoreError> {
        self.insert(T::table(), entity.values())
    }

    /// Writes the columns in which `after` differs from `before`.
    ///
    /// # Errors
    /// When the engine fails.
    fn change<T: Row>(&mut self, before: &T, after: &T) -> Result<(), StoreError> {
        let old = before.values();
        let changed: Vec<(usize, Value)> =
            after.values().into_iter().enumerate().filter(|(place, value)| old[*place] != *value).collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.set(T::table(), before.key(), changed)
    }

    /// The entities that an index finds.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    fn all<T: Row>(&mut self, find: &Find) -> Result<Vec<T>, StoreError> {
        self.find(find)?.into_iter().map(T::from_values).collect()
    }

    /// The newest entities of a table, below a key.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    fn page<T: Row>(&mut self, below: Option<i64>, limit: usize) -> Result<Vec<T>, StoreError> {
        self.newest(T::table(), below, limit)?.into_iter().map(T::from_values).collect()
    }
}

impl<R: Rows + ?Sized> RowsExt for R {}

/// A value that does not fit its column.
pub(crate) fn corrupt(expected: &str, found: &Value) -> StoreError {
    let found = match found {
        Value::Null => "nothing".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("{:?}", text.chars().take(40).collect::<String>()),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    };
    StoreError::Corrupt { expected: expected.to_owned(), found }
}

impl Cell for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        Ok(value)
    }
}

impl Cell for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Int(number) => Ok(number),
            other => Err(corrupt("an integer", &other)),
        }
    }
}

macro_rules! integer_cells {
    ($($type:ty),+) => {$(
        impl Cell for $type {
            fn to_value(&self) -> Value { Value::Int(i64::from(*self)) }
            fn from_value(value: Value) -> Result<Self, StoreError> {
                <$type>::try_from(i64::from_value(value)?)
                    .map_err(|_| StoreError::Corrupt { expected: "a small integer".to_owned(), found: "a large one".to_owned() })
            }
        }
    )+};
}
integer_cells!(u8, u16, u32);

impl Cell for bool {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        Ok(i64::from_value(value)? != 0)
    }
}

impl Cell for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(corrupt("text", &other)),
        }
    }
}

impl Cell for Bytes {
    fn to_value(&self) -> Value {
        Value::Blob(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Blob(bytes) => Ok(bytes),
            other => Err(corrupt("bytes", &other)),
        }
    }
}

impl Cell for [u8; 32] {
    fn to_value(&self) -> Value {
        Value::Blob(Bytes::copy_from_slice(self))
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        let bytes = Bytes::from_value(value)?;
        <[u8; 32]>::try_from(bytes.as_ref()).map_err(|_| corrupt("32 bytes", &Value::Blob(bytes)))
    }
}

impl<T: Cell> Cell for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Cell::to_value)
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        if value == Value::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

/// Columns that hold a newtype over an integer.
macro_rules! number_cells {
    ($($type:ty),+ $(,)?) => {$(
        impl Cell for $type {
            fn to_value(&self) -> Value { Value::Int(self.0) }
            fn from_value(value: Value) -> Result<Self, StoreError> { i64::from_value(value).map(Self) }
        }
    )+};
}

/// Columns that hold a word.
macro_rules! word_cells {
    ($($type:ty),+ $(,)?) => {$(
        impl Cell for $type {
            fn to_value(&self) -> Value { Value::Text(self.word().to_owned()) }
            fn from_value(value: Value) -> Result<Self, StoreError> {
                let text = String::from_value(value)?;
                Self::from_word(&text).ok_or_else(|| corrupt(stringify!($type), &Value::Text(text)))
            }
        }
    )+};
}

/// Columns that hold JSON.
macro_rules! json_cells {
    ($($type:ty),+ $(,)?) => {$(
        impl Cell for $type {
            fn to_value(&self) -> Value { Value::Text(serde_json::to_string(self).unwrap_or_default()) }
            fn from_value(value: Value) -> Result<Self, StoreError> {
                let text = String::from_value(value)?;
                serde_json::from_str(&text).map_err(|_| corrupt(stringify!($type), &Value::Text(text)))
            }
        }
    )+};
}

/// A table of an entity whose fields are its columns.
macro_rules! row {
    ($type:ident, $table:ident, $name:literal, [$key:ident $(, $field:ident)* $(,)?]) => {
        #[doc = concat!("The table `", $name, "`.")]
        pub static $table: $crate::table::Table =
            $crate::table::Table { name: $name, columns: &[stringify!($key) $(, stringify!($field))*] };

        impl $crate::row::Row for $type {
            fn table() -> &'static $crate::table::Table { &$table }
            fn key(&self) -> i64 { match $crate::row::Cell::to_value(&self.$key) { Value::Int(key) => key, _ => 0 } }
            fn values(&self) -> Vec<Value> {
                vec![$crate::row::Cell::to_value(&self.$key) $(, $crate::row::Cell::to_value(&self.$field))*]
            }
            fn from_values(values: Vec<Value>) -> Result<Self, $crate::StoreError> {
                let mut values = values.into_iter();
                let mut next = || values.next().ok_or_else(|| $crate::StoreError::Corrupt {
                    expected: concat!("all columns of ", $name).to_owned(), found: "fewer".to_owned() });
                Ok(Self {
                    $key: $crate::row::Cell::from_value(next()?)?
                    $(, $field: $crate::row::Cell::from_value(next()?)?)*
                })
            }
        }
    };
}

pub(crate) use {json_cells, number_cells, row, word_cells};
