//! Whether the audit is what was written: its root, and a look at the whole of it.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use store::chain::{self, Looked};
use store::tables::AuditRoot;

use super::extract::Params;
use crate::problem::Problem;
use crate::server::Server;

pub async fn root(State(server): State<Server>) -> Result<Json<Value>, Problem> {
    let root = server.parts.store.read(chain::root).await?;
    Ok(Json(shown_root(root)))
}

pub async fn check(State(server): State<Server>, params: Params) -> Result<Json<Value>, Problem> {
    params.only(&["root"])?;
    let kept = params.one("root").map(read_root).transpose().map_err(|why| Problem::invalid(format!("root: {why}")))?;
    let looked = server.parts.store.read(move |rows| chain::look(rows, kept)).await?;
    Ok(Json(shown(&looked)))
}

/// Reads a root as it is shown.
///
/// # Errors
/// What was expected and found.
pub fn read_root(text: &str) -> Result<[u8; 32], String> {
    let bytes = verify::hex::decode(text.as_bytes()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.ok_or_else(|| format!("expected 64 letters of hex, found {:?}", text.chars().take(80).collect::<String>()))
}

/// A root as JSON.
#[must_use]
pub fn shown_root(root: Option<AuditRoot>) -> Value {
    json!({ "entries": root.map_or(0, |root| root.nth), "root": root.map(|root| verify::hex::encode(&root.digest)) })
}

/// What a look found, as JSON.
#[must_use]
pub fn shown(looked: &Looked) -> Value {
    let faults = looked
        .faults
        .iter()
        .map(|fault| json!({ "kind": fault.word(), "entry": fault.entry(), "text": fault.to_string() }));
    json!({
        "sound": looked.faults.is_empty(),
        "entries": looked.entries,
        "root": looked.root.map(|root| verify::hex::encode(&root.digest)),
        "kept": looked.kept,
        "text": text(looked),
        "faults": faults.collect::<Vec<_>>(),
    })
}

fn text(looked: &Looked) -> String {
    let entries = match looked.entries {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    };
    if !looked.faults.is_empty() {
        return format!("The audit is not what was written; it has {entries}.");
    }
    match looked.kept {
        Some(nth) => format!("The audit is whole: {entries}, and the given root is that of entry {nth}."),
        None => {
            format!("The audit is whole: {entries}. Only a root that was kept elsewhere shows that none was cut off.")
        }
    }
}
