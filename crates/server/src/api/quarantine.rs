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
        Ok(held) => explanation(&explained(&server, held).await?),
        Err(why) => json!({ "text": why.detail }),
    };
    Ok(Json(shown))
}

/// What is wrong with a refused request. It is looked at where slow work is done.
pub(crate) async fn explained(server: &Server, held: Held) -> Result<Explained, Problem> {
    let own = server.clone();
    server.slow.run(move || held.explain(&own)).await
}

fn explanation(explained: &Explained) -> Value {
    let (text, mend) = (explained.text(), explained.mend());
    match explained {
        Explained::Believed | Explained::Answered => json!({ "believed": true, "text": text, "mend": mend }),
        Explained::Refused(reason, diagnosis) => json!({
            "believed": false,
            "reason": reason.code(),
            "mistake": diagnosis.mistake.map(|mistake| mistake.code()),
            "certain": diagnosis.certain,
            "text": text,
            "mend": mend,
        }),
    }
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
    let (tried, more) = try_all(&server, &caller.name, source, after).await?;
    let next_after = tried.last().filter(|_| more).map(|(id, _)| id.clone());
    let told = tried.iter().map(|(id, tried)| match tried {
        Ok(tried) => outcome(&server, id, tried),
        Err(why) => json!({ "id": id, "believed": false, "text": why.detail }),
    });
    Ok(Json(json!({ "data": told.collect::<Vec<_>>(), "next_after": next_after })))
}

/// Each request with what became of it.
type TriedEach = Vec<(String, Result<Tried, Problem>)>;

/// Tries again what was sent to a source, the oldest first, and says whether there is more.
pub(crate) async fn try_all(
    server: &Server,
    who: &str,
    source: SourceKey,
    after: Option<QuarantineKey>,
) -> Result<(TriedEach, bool), Problem> {
    let mut rows = server.parts.store.read(move |rows| of_source(rows, source, after)).await?;
    let more = rows.len() > TRIED_MAX;
    rows.truncate(TRIED_MAX);
    let mut tried = Vec::with_capacity(rows.len());
    for row in rows {
        let id = server.show(row.key);
        // Whatever becomes of one, those after it have their turn, and those before it are told of.
        let outcome = match Held::of(row, server) {
            Ok(held) => held.try_again(server, who).await,
            Err(why) => Err(why),
        };
        tried.push((id, outcome));
    }
    Ok((tried, more))
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

pub(crate) async fn load(server: &Server, id: &str) -> Result<Quarantine, Problem> {
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
