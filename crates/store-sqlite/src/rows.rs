//! Rows in SQLite: statements built from the list of tables, each prepared once.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use store::StoreError;
use store::table::{Find, Only, Order, Rows, Table, Value};

use crate::failed;
use crate::replay::{self, ReplayMemory};

/// A statement's text for what it does to a table; kept, since building it costs as much as running it.
#[derive(Default)]
pub struct Texts {
    kept: HashMap<(usize, Kind, u64), Rc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Get,
    Insert,
    Set,
    Delete,
    Find,
    Glance,
}

impl Texts {
    fn of(&mut self, table: *const (), kind: Kind, shape: u64, build: impl FnOnce() -> String) -> Rc<str> {
        self.kept.entry((table.addr(), kind, shape)).or_insert_with(|| build().into()).clone()
    }
}

/// The rows of one transaction on a connection.
pub struct SqliteRows<'a> {
    /// The connection, inside a transaction.
    pub connection: &'a Connection,
    /// Texts of its statements.
    pub texts: &'a mut Texts,
    /// How many statements it has run.
    pub statements: &'a Cell<u64>,
    /// The writer's replay memory; readers have none.
    pub replay: Option<&'a mut ReplayMemory>,
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(Bytes::copy_from_slice(bytes)),
    }
}

fn columns(table: &Table) -> String {
    first_columns(table, table.columns.len())
}

fn first_columns(table: &Table, width: usize) -> String {
    let mut text = String::new();
    for column in &table.columns[..width] {
        let _ = write!(text, "{}\"{column}\"", if text.is_empty() { "" } else { ", " });
    }
    text
}

fn address(table: &'static Table) -> *const () {
    std::ptr::from_ref(table).cast()
}

impl SqliteRows<'_> {
    fn many(&self, sql: &str, width: usize, bound: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
        self.statements.set(self.statements.get() + 1);
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params_from_iter(bound.iter().map(Bound)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let mut values = Vec::with_capacity(width);
                for place in 0..width {
                    values.push(value(row.get_ref(place)?));
                }
                found.push(values);
            }
            Ok(found)
        };
        read().map_err(|why: rusqlite::Error| failed(&why))
    }

    fn run<'v>(&self, sql: &str, bound: impl Iterator<Item = &'v Value>) -> Result<(), StoreError> {
        self.statements.set(self.statements.get() + 1);
        let run = || {
            self.connection.prepare_cached(sql)?.execute(params_from_iter(bound.map(Bound)))?;
            Ok(())
        };
        run().map_err(|why: rusqlite::Error| failed(&why))
    }
}

impl Rows for SqliteRows<'_> {
    fn get(&mut self, table: &'static Table, key: i64) -> Result<Option<Vec<Value>>, StoreError> {
        let sql = self.texts.of(address(table), Kind::Get, 0, || {
            format!("SELECT {} FROM \"{}\" WHERE \"{}\" = ?1", columns(table), table.name, table.columns[0])
        });
        Ok(self.many(&sql, table.columns.len(), &[Value::Int(key)])?.into_iter().next())
    }

    fn insert(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError> {
        let sql = self.texts.of(address(table), Kind::Insert, 0, || {
            let places = vec!["?"; table.columns.len()].join(", ");
            format!("INSERT INTO \"{}\" ({}) VALUES ({places})", table.name, columns(table))
        });
        self.run(&sql, row.iter())
    }

    fn set(&mut self, table: &'static Table, key: i64, changed: Vec<(usize, Value)>) -> Result<(), StoreError> {
        let shape = changed.iter().fold(0_u64, |shape, (place, _)| shape | 1 << place);
        let sql = self.texts.of(address(table), Kind::Set, shape, || {
            let sets: Vec<String> =
                changed.iter().map(|(place, _)| format!("\"{}\" = ?", table.columns[*place])).collect();
            format!("UPDATE \"{}\" SET {} WHERE \"{}\" = ?", table.name, sets.join(", "), table.columns[0])
        });
        let key = Value::Int(key);
        self.run(&sql, changed.iter().map(|(_, value)| value).chain(std::iter::once(&key)))
    }

    fn delete(&mut self, table: &'static Table, key: i64) -> Result<(), StoreError> {
        let sql = self.texts.of(address(table), Kind::Delete, 0, || {
            format!("DELETE FROM \"{}\" WHERE \"{}\" = ?1", table.name, table.columns[0])
        });
        self.run(&sql, [Value::Int(key)].iter())
    }

    fn find(&mut self, find: &Find) -> Result<Vec<Vec<Value>>, StoreError> {
        let index = find.index;
        let width = find.width.unwrap_or(index.table.columns.len());
        let shape = find.equal.len() as u64
            | u64::from(find.at_most.is_some()) << 8
            | u64::from(find.below.is_some()) << 9
            | u64::from(find.begins.is_some()) << 10
            | u64::from(find.after.is_some()) << 11
            | (find.order as u64) << 12
            | (width as u64) << 16;
        let sql = self.texts.of(std::ptr::from_ref(index).cast(), Kind::Find, shape, || find_text(find));
        let mut bound = find.equal.clone();
        if let Some(begins) = &find.begins {
            bound.push(Value::Text(begins.clone()));
            bound.push(Value::Text(format!("{begins}{}", char::MAX)));
        }
        bound.extend(find.after.clone());
        bound.extend(find.at_most.map(Value::Int));
        bound.extend(find.below.map(Value::Int));
        bound.push(Value::Int(i64::try_from(find.limit).unwrap_or(i64::MAX)));
        self.many(&sql, width, &bound)
    }

    fn glance(
        &mut self,
        table: &'static Table,
        width: usize,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let key = table.columns[0];
        let sql = self.texts.of(address(table), Kind::Glance, width as u64, || {
            let some = first_columns(table, width);
            format!("SELECT {some} FROM \"{}\" WHERE \"{key}\" < ?1 ORDER BY \"{key}\" DESC LIMIT ?2", table.name)
        });
        let bound = [Value::Int(below.unwrap_or(i64::MAX)), Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))];
        self.many(&sql, width, &bound)
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
        let found = match &self.replay {
            Some(replay) => replay.find(self.connection, source, key),
            None => replay::look_through(self.connection, source, key),
        };
        found.map_err(|why| failed(&why))
    }

    fn remember(&mut self, source: i64, key: [u8; 16], event: i64, until: i64) -> Result<(), StoreError> {
        let Some(replay) = &mut self.replay else {
            return Err(StoreError::Failed("a reader remembers nothing".to_owned()));
        };
        self.statements.set(self.statements.get() + 1);
        replay.remember(self.connection, (source, key, event, until)).map_err(|why| failed(&why))
    }
}

fn find_text(find: &Find) -> String {
    let index = find.index;
    let table = index.table;
    let key = table.columns[0];
    let mut wheres: Vec<String> =
        index.columns[..find.equal.len()].iter().map(|column| format!("\"{column}\" = ?")).collect();
    match index.only {
        Only::All => {}
        // Spelt as in the index, so that the planner knows the index holds every such row.
        Only::Is(column, text) => wheres.push(format!("\"{column}\" = '{text}'")),
        Only::Null(column) => wheres.push(format!("\"{column}\" IS NULL")),
        Only::Some(column) => wheres.push(format!("\"{column}\" IS NOT NULL")),
    }
    let rest = &index.columns[find.equal.len()..];
    if let Some(next) = rest.first() {
        if find.begins.is_some() {
            wheres.push(format!("\"{next}\" >= ? AND \"{next}\" < ?"));
        }
        if find.after.is_some() {
            wheres.push(format!("\"{next}\" > ?"));
        }
        if find.at_most.is_some() {
            wheres.push(format!("\"{next}\" <= ?"));
        }
    }
    if find.below.is_some() {
        wheres.push(format!("\"{key}\" < ?"));
    }
    let by_index = |turn: &str| {
        rest.iter().chain([&key]).map(|column| format!("\"{column}\"{turn}")).collect::<Vec<_>>().join(", ")
    };
    let order = match find.order {
        Order::Index => by_index(""),
        Order::Backwards => by_index(" DESC"),
        Order::Newest => format!("\"{key}\" DESC"),
    };
    format!(
        "SELECT {} FROM \"{}\" INDEXED BY \"{}\" WHERE {} ORDER BY {order} LIMIT ?",
        first_columns(table, find.width.unwrap_or(table.columns.len())),
        table.name,
        index.name.to_lowercase(),
        if wheres.is_empty() { "1".to_owned() } else { wheres.join(" AND ") },
    )
}
