//! The emergency switches: for one service, or for the whole gate, verdicts stop waiting for answers.
//!
//! What is owed stays owed and is still asked for; rules still act on what is found. Subjects that only waited are judged
//! again at once. Turned on again, it holds for what is judged from then on.

use axum::extract::State;
use axum::{Extension, Json};
use domain::catalogue::Switch;
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use domain::{Key as _, ServiceKey};
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;
use store::change::Listed as _;
use store::judged;
use store::row::RowsExt as _;

use super::auth::Caller;
use super::change::{Changed, change};
use super::extract::{Segments, Strict};
use super::license;
use super::services::find;
use crate::problem::Problem;
use crate::server::{Server, Shared};
use crate::text::instant;

/// So many subjects are looked at in one reading.
const STEP: usize = 500;

/// Whether answers are waited for, and why it was turned.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// Whether they are.
    pub waits: bool,
    /// Why.
    pub reason: String,
}

pub async fn show(State(server): State<Server>) -> Json<Value> {
    let catalogue = server.parts.store.catalogue();
    let name = |key: ServiceKey| catalogue.services.get(&key).map(|service| service.name.as_str());
    let shown = |switch: &Switch| {
        json!({
            "service": switch.service.and_then(name),
            "waits": !switch.off,
            "since": switch.at.rfc3339(),
            "by": switch.by,
            "reason": switch.reason,
            "text": text(switch, switch.service.and_then(name)),
        })
    };
    let whole = catalogue.switch(None);
    let services: Vec<Value> = catalogue.switches.values().filter(|each| each.service.is_some()).map(shown).collect();
    let unlicensed = license::stopped(&server);
    Json(json!({
        "waits": !whole.is_some_and(|switch| switch.off),
        "gate": whole.map(shown),
        "services": services,
        "unlicensed": unlicensed,
        "text": whole.map_or_else(|| "The gate is on: verdicts wait for answers.".to_owned(), |whole| text(whole, None)),
    }))
}

/// How a switch stands, as one sentence.
pub(crate) fn text(switch: &Switch, service: Option<&str>) -> String {
    let (which, whose) = match service {
        None => ("The gate".to_owned(), "answers"),
        Some(name) => (format!("The switch of {name}"), "its answers"),
    };
    let (word, wait) = if switch.off { ("off", "do not wait") } else { ("on", "wait") };
    let since = instant(switch.at);
    format!("{which} is {word}: verdicts {wait} for {whose}. Since {since}, by {}: {}", switch.by, switch.reason)
}

pub async fn turn(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(turn): Strict<Turn>,
) -> Result<Json<Value>, Problem> {
    set(&server, &caller.name, None, &turn).await?;
    Ok(show(State(server)).await)
}

pub async fn turn_service(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(turn): Strict<Turn>,
) -> Result<Json<Value>, Problem> {
    set(&server, &caller.name, Some(&id), &turn).await?;
    Ok(show(State(server)).await)
}

/// Turns the switch of a service, or of the whole gate.
///
/// # Errors
/// When there is no such service, or no reason.
pub(crate) async fn set(server: &Server, who: &str, service: Option<&str>, turn: &Turn) -> Result<(), Problem> {
    let reason = super::subjects::checked(&turn.reason)?;
    change(server, who, |catalogue, keys| {
        let service = service.map(|id| find(server, catalogue, id)).transpose()?;
        let key = catalogue.switch(service.map(|service| service.key)).map_or_else(|| keys.key(), |switch| switch.key);
        let switch = Switch {
            key,
            service: service.map(|service| service.key),
            off: !turn.waits,
            by: who.to_owned(),
            reason: reason.to_owned(),
            at: server.now(),
        };
        let of = service.map_or("the whole gate".to_owned(), |service| format!("the service {}", service.name));
        let word = if turn.waits { "on" } else { "off" };
        let what = format!("turned the switch of {of} {word}: {reason}");
        Ok(Changed { entries: vec![switch.entry()], what, answer: () })
    })
    .await?;
    if !turn.waits {
        // Who turned it is answered when nothing waits any more.
        release_waiting(server).await?;
    }
    Ok(())
}

/// Judges every subject again that waits.
///
/// # Errors
/// When the store fails.
pub(crate) async fn release_waiting(server: &Shared) -> Result<(), StoreError> {
    let mut below = None;
    loop {
        let page: Vec<Subject> = server.parts.store.read(move |rows| rows.page(below, STEP)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        below = Some(last.key.number());
        for subject in page.iter().filter(|subject| subject.verdict == VerdictKind::Pending) {
            judged::recheck(&server.parts.store, subject.key, server.now()).await?;
        }
    }
}
