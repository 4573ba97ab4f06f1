//! Holds that people make and lift.

use axum::extract::State;
use axum::{Extension, Json};
use domain::rights::Needs;
use domain::rule::Hold;
use domain::{HoldKey, Timestamp};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::command::{Answer, HoldCollection};
use store::row::RowsExt;
use store::{judged, search};

use super::auth::Caller;
use super::batches::find_collection;
use super::extract::{Segments, Strict};
use super::lists::changed;
use super::subjects::{Because, checked};
use super::submit::{check, instant};
use crate::problem::{self, Problem};
use crate::server::Server;
use crate::sight::place;

/// A hold on a collection. Without a track: on all of them; without an end: until somebody lifts it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldSpec {
    collection: String,
    kind: Option<String>,
    track: Option<String>,
    until: Option<String>,
    reason: String,
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<HoldSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    if let Some(track) = &spec.track {
        check("track", track)?;
    }
    let reason = checked(&spec.reason)?.to_owned();
    let now = server.now();
    let until = spec.until.as_deref().map_or(Ok(Timestamp::NEVER), |text| instant("until", text))?;
    if until <= now {
        return Err(Problem::invalid("until: expected an instant that is still to come"));
    }
    let (name, kind, mut sight) = (spec.collection, spec.kind, caller.sight());
    let found = server.parts.store.read(move |rows| find_collection(rows, &name, kind.as_deref(), &mut sight));
    let collection = found.await??.key;
    let hold = HoldCollection { collection, track: spec.track, until, by: caller.name.clone(), reason, now };
    let Answer::Held(hold) = server.parts.store.submit(hold).await? else {
        return Err(Problem::new(&problem::NOT_FOUND, "the collection is gone"));
    };
    let id = server.show(hold);
    Ok((StatusCode::CREATED, changed::<Hold>(&server, &caller, &id).await?))
}

pub async fn release(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(because): Strict<Because>,
) -> Result<Json<Value>, Problem> {
    let reason = checked(&because.reason)?;
    let hold: HoldKey = server.parse(&id)?;
    let absent = || Problem::new(&problem::NOT_FOUND, "there is no such hold, or it has ended");
    let held = server.parts.store.read(move |rows| match rows.load::<Hold>(hold.0)? {
        Some(held) => search::housing(rows, &held),
        None => Ok(None),
    });
    let collection = held.await?;
    caller.require(Needs::ChangeSubject, collection.as_ref().map(place), absent)?;
    match judged::release(&server.parts.store, hold, &caller.name, reason, server.now()).await? {
        Answer::Verdict(verdict) => Ok(Json(json!({ "id": id, "verdict": verdict }))),
        Answer::NotFound => Err(absent()),
        _ => Ok(Json(json!({ "id": id }))),
    }
}
