//! Refused requests: shown with what is wrong with them, and tried again.

use axum::extract::State;
use axum::{Extension, Json};
use domain::{QuarantineKey, SourceKey};
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;
use store::row::RowsExt;
use store::table::Rows;
use store::tables::Quarantine;

use super::auth::Caller;
use super::extract::{Segments, Strict};
use super::show::{Show, View};
use super::sources;
use crate::problem::Problem;
use crate::receive::{Explained, Held, Tried};
use crate::server::Server;

/// Requests that are tried again in one call at the most.
const TRIED_MAX: usize = 100;

/// Rows of one look into the quarantine.
const PAGE: usize = 100;

/// Whose requests are to be tried again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrySpec {
    source: String,
    after: Option<String>,
}

/// A refused request, and what is wrong with it. That is found out now, by today's secrets.
pub async fn one(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let row = load(&server, &id).await?;
    let view = View::of(&server);
    let shown = row.clone();
    let mut shown = server.parts.store.read(move |rows| shown.show(&view, rows)).await?;
    shown["explanation"] = match Held::of(row, &server) {
        Ok(held) => explanation(&server, held).await?,
        Err(why) => json!({ "text": why.detail }),
    };
    Ok(Json(shown))
}

async fn explanation(server: &Server, held: Held) -> Result<Value, Problem> {
    let own = server.clone();
    Ok(match server.slow.run(move || held.explain(&own)).await? {
        Explained::Believed => json!({
            "believed": true,
            "text": "by the source's present secrets and settings this request is believed",
            "mend": "Try it again.",
        }),
        Explained::Answered => json!({
            "believed": true,
            "text": "by the source's present secrets and settings this request is believed; it asks only for an answer",
            "mend": "Let the sender ask or confirm again: it does not wait for this answer any more.",
        }),
        Explained::Refused(reason, diagnosis) => json!({
            "believed": false,
            "reason": reason.code(),
            "mistake": diagnosis.mistake.map(|mistake| mistake.code()),
            "certain": diagnosis.certain,
            "text": diagnosis.text,
            "mend": diagnosis.mend,
        }),
    })
}

/// Tries one again.
pub async fn retry(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    let held = Held::of(load(&server, &id).await?, &server)?;
    let tried = held.try_again(&server, &caller.name).await?;
    Ok(Json(outcome(&server, &id, &tried)))
}

/// Tries again what was sent to one source, the oldest first.
pub async fn retry_all(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<RetrySpec>,
) -> Result<Json<Value>, Problem> {
    let source = sources::find(&server, &server.parts.store.catalogue(), &spec.source)?.key;
    let after = spec.after.as_deref().map(|id| server.parse::<QuarantineKey>(id)).transpose()?;
    let mut rows = server.parts.store.read(move |rows| of_source(rows, source, after)).await?;
    let more = rows.len() > TRIED_MAX;
    rows.truncate(TRIED_MAX);
    let mut tried = Vec::with_capacity(rows.len());
    for row in rows {
        let id = server.show(row.key);
        let outcome = match Held::of(row, &server) {
            Ok(held) => held.try_again(&server, &caller.name).await.map(|tried| outcome(&server, &id, &tried)),
            Err(why) => Err(why),
        };
        // Whatever becomes of one, those after it have their turn, and those before it are told of.
        tried.push(outcome.unwrap_or_else(|why| json!({ "id": id, "believed": false, "text": why.detail })));
    }
    let next_after = tried.last().filter(|_| more).map(|last| last["id"].clone());
    Ok(Json(json!({ "data": tried, "next_after": next_after })))
}

fn outcome(server: &Server, id: &str, tried: &Tried) -> Value {
    match tried {
        Tried::Recorded(kept) => json!({
            "id": id,
            "believed": true,
            "receipt": kept.receipt.map(|key| server.show(key)),
            "event": kept.event.map(|key| server.show(key)),
            "text": if kept.event.is_some() { "recorded" } else { "it had been received since; nothing new was recorded" },
        }),
        Tried::Refused(refusal) => json!({
            "id": id,
            "believed": false,
            "reason": refusal.reason.code(),
            "text": refusal.detail,
        }),
    }
}

async fn load(server: &Server, id: &str) -> Result<Quarantine, Problem> {
    let key: QuarantineKey = server.parse(id)?;
    let row = server.parts.store.read(move |rows| rows.load::<Quarantine>(key.0)).await?;
    row.ok_or_else(|| Problem::no_such("refused request", id))
}

/// The requests that were sent to a source, the oldest first; after one of them, and one more than are tried at once.
fn of_source(
    rows: &mut dyn Rows,
    source: SourceKey,
    after: Option<QuarantineKey>,
) -> Result<Vec<Quarantine>, StoreError> {
    let mut found = Vec::new();
    let mut below = None;
    loop {
        let page: Vec<Quarantine> = rows.page(below, PAGE)?;
        let Some(last) = page.last() else { break };
        below = Some(last.key.0);
        found.extend(
            page.into_iter().filter(|row| row.source == Some(source) && after.is_none_or(|after| after < row.key)),
        );
    }
    found.reverse();
    found.truncate(TRIED_MAX + 1);
    Ok(found)
}
