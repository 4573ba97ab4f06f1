//! Changing the catalogue: one command with its audit row, computed again when somebody was faster.

use domain::catalogue::{Catalogue, Owner};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use store::change::NewKeys;
use store::command::{Answer, Change};
use store::tables::Entry;

use crate::problem::{self, Problem};
use crate::resources;
use crate::server::Shared;

/// What is to be written.
pub struct Changed<T> {
    /// Entries that are added or replaced.
    pub entries: Vec<Entry>,
    /// What it is, in words, for the audit.
    pub what: String,
    /// What is answered once it is written.
    pub answer: T,
}

/// Makes a change from the newest catalogue and writes it.
pub async fn change<T>(
    server: &Shared,
    who: &str,
    make: impl Fn(&Catalogue, &mut NewKeys) -> Result<Changed<T>, Problem>,
) -> Result<T, Problem> {
    loop {
        let catalogue = server.parts.store.catalogue();
        let now = server.now();
        let Changed { entries, what, answer } = make(&catalogue, &mut NewKeys::after(&catalogue, now))?;
        let change = Change { catalogue: catalogue.version, entries, who: who.to_owned(), what, now };
        match server.parts.store.submit(change).await? {
            Answer::Recompute => tokio::task::yield_now().await,
            _ => return Ok(answer),
        }
    }
}

/// Refuses to change what the configuration file owns.
pub fn writable(owner: Owner, what: &str, name: &str) -> Result<(), Problem> {
    match owner {
        Owner::Api => Ok(()),
        Owner::File => {
            Err(Problem::new(&problem::READ_ONLY, format!("the {what} {name:?} belongs to the configuration file")))
        }
    }
}

/// A specification with some members replaced; null takes a member away.
pub fn patched<T: Serialize + DeserializeOwned>(before: &T, patch: Map<String, Value>) -> Result<T, Problem> {
    let mut members = serde_json::to_value(before).unwrap_or_default();
    if let Some(members) = members.as_object_mut() {
        for (name, value) in patch {
            if value.is_null() {
                members.remove(&name);
            } else {
                members.insert(name, value);
            }
        }
    }
    resources::read_value(members)
}

/// Every entry of a kind in the form of a list; there are few, so one page holds them all.
pub fn page(data: impl Iterator<Item = Value>) -> axum::Json<Value> {
    let data: Vec<Value> = data.collect();
    axum::Json(serde_json::json!({ "data": data, "next_cursor": null }))
}
