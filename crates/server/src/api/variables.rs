//! Variables: list, make, change, remove. A value is never shown.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use domain::VariableKey;
use domain::catalogue::{Catalogue, Sealed, Variable};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::change::Listed;
use store::seal::of;

use super::auth::Caller;
use super::change::{Changed, change, page, patched};
use super::extract::{Segments, Strict};
use crate::problem::{self, Problem};
use crate::resources::{self, VariableSpec};
use crate::server::{Server, Shared};

pub async fn list(State(server): State<Server>) -> Json<Value> {
    let catalogue = server.parts.store.catalogue();
    let present = catalogue.variables.values().filter(|variable| !variable.removed);
    page(present.map(|variable| show(&server, variable)))
}

pub async fn one(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    Ok(Json(show(&server, find(&server, &catalogue, &id)?)))
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<VariableSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let made = change(&server, &caller.name, |catalogue, keys| {
        let variable = resources::variable(&spec, keys.key(), &server.parts.seal, &*server.parts.random)?;
        if catalogue.variables_of(spec.operation.as_deref()).any(|other| other.slug == spec.slug) {
            let detail = format!("there is a variable {:?} in the same place already", spec.slug);
            return Err(Problem::new(&problem::TAKEN, detail));
        }
        let what = format!("made the variable {}", in_words(&variable));
        Ok(Changed { entries: vec![variable.entry()], what, answer: show(&server, &variable) })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

pub async fn patch(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let changed = change(&server, &caller.name, |catalogue, _| {
        let before = find(&server, catalogue, &id)?;
        let mut members = members.clone();
        if !members.contains_key("value") {
            let open = server.parts.seal.open(&before.value, &of::variable(before.operation.as_deref(), &before.slug));
            let value = open.map_err(|why| Problem::new(&problem::CONFLICT, why.to_string()))?;
            members.insert("value".to_owned(), json!(value.as_str()));
        }
        let Variable { operation, slug, name, .. } = before.clone();
        let shown = VariableSpec { operation, slug, name, value: String::new() };
        let spec: VariableSpec = patched(&shown, members)?;
        if (&spec.operation, &spec.slug) != (&before.operation, &before.slug) {
            return Err(Problem::invalid("a variable stays where it is: its value is bound to its operation and slug"));
        }
        let variable = resources::variable(&spec, before.key, &server.parts.seal, &*server.parts.random)?;
        let what = format!("changed the variable {}", in_words(&variable));
        Ok(Changed { entries: vec![variable.entry()], what, answer: show(&server, &variable) })
    });
    Ok(Json(changed.await?))
}

/// Removes a variable and forgets its value.
pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    change(&server, &caller.name, |catalogue, _| {
        let before = find(&server, catalogue, &id)?;
        let variable = Variable { value: Sealed(String::new()), removed: true, ..before.clone() };
        let what = format!("removed the variable {}", in_words(&variable));
        Ok(Changed { entries: vec![variable.entry()], what, answer: () })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn in_words(variable: &Variable) -> String {
    match &variable.operation {
        Some(operation) => format!("{} of the operation {operation}", variable.slug),
        None => format!("{} for all operations", variable.slug),
    }
}

fn find<'a>(server: &Shared, catalogue: &'a Catalogue, id: &str) -> Result<&'a Variable, Problem> {
    let key: VariableKey = server.parse(id)?;
    let found = catalogue.variables.get(&key).filter(|variable| !variable.removed);
    found.ok_or_else(|| Problem::no_such("variable", id))
}

fn show(server: &Shared, variable: &Variable) -> Value {
    json!({
        "id": server.show(variable.key),
        "operation": variable.operation,
        "slug": variable.slug,
        "name": variable.name,
    })
}
