//! Runs on demand: services are asked once more about a subject, or about what a run of theirs was about.

use axum::extract::State;
use axum::{Extension, Json};
use domain::catalogue::{Catalogue, Service};
use domain::event::Event;
use domain::expectation::Expectation;
use domain::rights::Needs;
use domain::run::Run;
use domain::{RunKey, ServiceKey};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::batches::event_to_ask;
use store::lists::{self, RunFilter, Span};
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::RUN_EXPECTATION;
use store::{StoreError, search};

use super::auth::Caller;
use super::events::{demand, note};
use super::extract::{Segments, Strict, StrictOrNothing};
use super::lists::subject_of;
use super::services::find;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::sight::place;

/// Who is asked.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct RunsSpec {
    #[serde(default)]
    services: Vec<String>,
}

/// Asks services about a subject: those that were named, else every one that subscribed to what happened to it.
pub async fn start(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(name): Segments<(String, String, String)>,
    StrictOrNothing(spec): StrictOrNothing<RunsSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let subject = subject_of(&server, &caller, Needs::Ask, name).await?;
    let catalogue = server.parts.store.catalogue();
    let asked: Vec<Service> = asked(&server, &catalogue, &spec.services)?.into_iter().cloned().collect();
    let named = !spec.services.is_empty();
    let read = server.parts.store.read(move |rows| {
        let about = |service: Service| Ok((event_to_ask(rows, &service, subject.key, named)?, service));
        asked.into_iter().map(about).collect::<Result<Vec<(Option<Event>, Service)>, _>>()
    });
    let asked = read.await?;
    if named && asked.iter().any(|(event, _)| event.is_none()) {
        let detail = "nothing has happened to the subject that a service could be asked about: record an event first";
        return Err(Problem::new(&problem::CONFLICT, detail));
    }
    let mut runs = Vec::with_capacity(asked.len());
    for (event, service) in asked {
        let Some(event) = event else { continue };
        let run = demand(&server, &event, service.key).await?;
        runs.extend(run.map(|run| json!({ "id": server.show(run), "service": service.name, "state": "due" })));
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "runs": runs }))))
}

/// Runs that are made anew in one call at the most.
const AGAIN_MAX: usize = 100;
/// How many pages of given up runs are looked through for them.
const PAGES_MAX: usize = 20;

/// Asks a run's service once more about the run's event.
pub async fn again(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let run = ask_again(&server, &caller, server.parse(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": server.show(run), "state": "due" }))))
}

/// The service of which everything is tried again that it gave no answer to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgainSpec {
    service: String,
}

/// Asks a service once more about everything that it gave no answer to.
pub async fn all_again(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<AgainSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (runs, more) = ask_all_of(&server, &caller.name, &spec.service).await?;
    let runs: Vec<Value> = runs.into_iter().map(|run| json!({ "id": server.show(run), "state": "due" })).collect();
    Ok((StatusCode::ACCEPTED, Json(json!({ "runs": runs, "more": more }))))
}

/// Asks a run's service once more about the run's event, and writes down who wanted it.
pub async fn ask_again(server: &Shared, caller: &Caller, key: RunKey) -> Result<RunKey, Problem> {
    let id = server.show(key);
    let absent = || Problem::no_such("run", &id);
    let found = server.parts.store.read(move |rows| {
        let Some(run) = rows.load::<Run>(key.0)? else { return Ok(None) };
        let Some(event) = event_of(rows, &run)? else { return Ok(None) };
        let housed = event.subject.map_or(Ok(None), |subject| search::housed(rows, subject))?;
        Ok(Some((run, event, housed.and_then(|housed| housed.collection))))
    });
    let (run, event, collection) = found.await?.ok_or_else(absent)?;
    caller.require(Needs::Ask, collection.as_ref().map(place), absent)?;
    let asked = demand(server, &event, run.service).await?;
    let asked = asked.ok_or_else(|| Problem::new(&problem::CONFLICT, "its service is not called any more"))?;
    note(server, &caller.name, format!("asked again what the run {id} asked")).await?;
    Ok(asked)
}

/// Asks a service, by name or id, once more about what it gave no answer to, the newest first, and writes down who
/// wanted it. Whether there is more than one call takes.
pub async fn ask_all_of(server: &Shared, who: &str, service: &str) -> Result<(Vec<RunKey>, bool), Problem> {
    let catalogue = server.parts.store.catalogue();
    let found = find(server, &catalogue, service)?;
    let (key, name) = (found.key, found.name.clone());
    let mut failed = server.parts.store.read(move |rows| unanswered(rows, key)).await?;
    let more = failed.len() > AGAIN_MAX;
    failed.truncate(AGAIN_MAX);
    let mut asked = Vec::with_capacity(failed.len());
    for event in &failed {
        asked.extend(demand(server, event, key).await?);
    }
    note(server, who, format!("asked {name} again about {} events that it gave no answer to", asked.len())).await?;
    Ok((asked, more))
}

/// The events whose newest run of a service was given up; one more than are asked about at once.
fn unanswered(rows: &mut dyn Rows, service: ServiceKey) -> Result<Vec<Event>, StoreError> {
    let filter = RunFilter { states: Some(vec!["exhausted"]), service: Some(service), ..RunFilter::default() };
    let (mut events, mut below) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = lists::runs(rows, &filter, &Span { below, ..Span::newest(AGAIN_MAX) })?;
        for run in page.rows {
            let of = Find::equal(&RUN_EXPECTATION, vec![Cell::Int(run.expectation.0)]);
            let newest: Vec<Run> = rows.all(&of.newest(None).limit(1))?;
            if newest.first().is_some_and(|newest| newest.key == run.key) {
                events.extend(event_of(rows, &run)?);
            }
            if events.len() > AGAIN_MAX {
                return Ok(events);
            }
        }
        below = page.next;
        if below.is_none() {
            break;
        }
    }
    Ok(events)
}

/// What a run asks about.
fn event_of(rows: &mut dyn Rows, run: &Run) -> Result<Option<Event>, StoreError> {
    match rows.load::<Expectation>(run.expectation.0)? {
        Some(owed) => rows.load(owed.event.0),
        None => Ok(None),
    }
}

/// The services of these names, each once; none named: every one that is called and subscribed to something.
///
/// # Errors
/// Every name at once that is no service's, or one's that is switched off.
pub fn asked<'a>(server: &Shared, catalogue: &'a Catalogue, names: &[String]) -> Result<Vec<&'a Service>, Problem> {
    if names.is_empty() {
        let subscribed = |service: &&Service| service.subscriptions.iter().any(|each| each.active);
        let called = catalogue.services.values().filter(|service| service.active && !service.deleted);
        return Ok(called.filter(subscribed).collect());
    }
    let (mut found, mut unknown, mut off): (Vec<&Service>, Vec<&str>, Vec<&str>) = Default::default();
    for name in names {
        match find(server, catalogue, name) {
            Ok(service) if !service.active => off.push(name),
            Ok(service) if found.iter().all(|each| each.key != service.key) => found.push(service),
            Ok(_) => {}
            Err(_) => unknown.push(name),
        }
    }
    if !unknown.is_empty() {
        return Err(Problem::invalid(format!("services: there is none named {}; nothing was asked", listed(&unknown))));
    }
    if !off.is_empty() {
        return Err(Problem::invalid(format!("services: switched off: {}; nothing was asked", listed(&off))));
    }
    Ok(found)
}

/// Names that were not found, the first of them.
pub fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("{:?}", name.chars().take(80).collect::<String>())).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", shown.join(", "))
}
