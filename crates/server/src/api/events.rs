//! Events: record one, see its whole life, ask about it again.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::event::{self, Event, Provenance, Receipt};
use domain::event_type;
use domain::expectation::{Expectation, ExpectationState};
use domain::rights::Needs;
use domain::subject::SubjectName;
use domain::{EventKey, RunKey, ServiceKey};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::command::{Answer, RecordedEvent};
use store::judged::{self, Arriving};
use store::row::RowsExt;
use store::search;
use store::table::{Find, Value as Cell};
use store::tables::EXPECTATION_EVENT;

use super::auth::Caller;
use super::change::{Changed, change};
use super::extract::{Params, Segments, Strict};
use super::show::{Show, View};
use super::submit::{bounded, check, kept_artifact};
use super::{timeline, verdict};
use crate::links;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::sight::place;
use crate::timings::Took;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    r#type: String,
    subject: Option<SubjectName>,
    artifact: Option<String>,
    data: Option<Box<RawValue>>,
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    params: Params,
    Strict(spec): Strict<EventSpec>,
) -> Result<Response, Problem> {
    params.only(&["wait"])?;
    let within = params.wait()?;
    check("type", &spec.r#type)?;
    if !event::may_count(&spec.r#type) {
        return Err(Problem::invalid(format!("type: {:?} is ours alone to send", spec.r#type)));
    }
    if spec.r#type == event_type::PUSH {
        let detail = "type: \"push\" never happens; whoever subscribes to it sends results of its own accord";
        return Err(Problem::invalid(detail));
    }
    if let Some(SubjectName { kind, collection, id }) = &spec.subject {
        for (what, text) in [("subject.kind", kind), ("subject.collection", collection), ("subject.subject", id)] {
            check(what, text)?;
        }
    }
    if let Some(data) = &spec.data {
        bounded("data", data.get().to_owned())?;
    }
    let artifact = match &spec.artifact {
        Some(id) => Some(kept_artifact(&server, id).await?),
        None => None,
    };
    let arriving = Arriving {
        kind: spec.r#type,
        subject: spec.subject,
        artifact,
        provenance: Provenance::Account(caller.key),
        delivery: None,
        replay: None,
        data: spec.data.map(|data| data.get().to_owned()),
        description: None,
    };
    let (now, began) = (server.now(), Instant::now());
    let recorded = match judged::record(&server.parts.store, None, vec![arriving], now, now).await? {
        Answer::Recorded(recorded) => recorded.events.into_iter().next(),
        _ => None,
    };
    let recorded = recorded.ok_or_else(|| Problem::new(&problem::INTERNAL, "the event was not recorded"))?;
    server.metrics.submitted.inc();
    server.timings.note(recorded.event, Took { sync: began.elapsed(), ..Took::default() });
    match within {
        None => Ok((StatusCode::ACCEPTED, Json(accepted(&server, &recorded))).into_response()),
        Some(within) => waited(&server, &recorded, within).await,
    }
}

fn accepted(server: &Shared, recorded: &RecordedEvent) -> Value {
    let catalogue = server.parts.store.catalogue();
    let name = |key: &ServiceKey| catalogue.services.get(key).map(|service| service.name.clone());
    let runs = recorded.runs.iter().map(|(run, service, on_its_way)| {
        let state = if *on_its_way { "leased" } else { "due" };
        json!({ "id": server.show(*run), "service": name(service), "state": state })
    });
    json!({ "id": server.show(recorded.event), "runs": runs.collect::<Vec<_>>() })
}

async fn waited(server: &Shared, recorded: &RecordedEvent, within: Duration) -> Result<Response, Problem> {
    let id = server.show(recorded.event);
    let (verdict, settled) = match recorded.subject {
        Some(subject) => {
            let seen = verdict::wait(server, subject, within).await?;
            (seen.shown, seen.settled)
        }
        None => (Value::Null, answered(server, recorded.event, within).await?),
    };
    if settled {
        return Ok(Json(json!({ "id": id, "verdict": verdict })).into_response());
    }
    let location = format!("/api/v1/events/{id}");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(accepted(server, recorded))).into_response())
}

/// Whether everything that an event without a subject asked for was answered in time.
async fn answered(server: &Shared, event: EventKey, within: Duration) -> Result<bool, Problem> {
    let deadline = tokio::time::Instant::now() + within;
    loop {
        let owed = Find::equal(&EXPECTATION_EVENT, vec![Cell::Int(event.0)]);
        let owed: Vec<Expectation> = server.parts.store.read(move |rows| rows.all(&owed)).await?;
        if owed.iter().all(|each| each.state != ExpectationState::Open) {
            return Ok(true);
        }
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        tokio::time::sleep(left.min(Duration::from_secs(1))).await;
    }
}

pub async fn one(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    let key: EventKey = server.parse(&id)?;
    let view = View::of(&server);
    let mut sight = caller.sight();
    let shown = server.parts.store.read(move |rows| match timeline::read(rows, key, view.now)? {
        Some(timeline) if sight.sees(rows, &timeline.event)? => timeline.within(&sight).show(&view, rows).map(Some),
        Some(_) | None => Ok(None),
    });
    shown.await?.map(Json).ok_or_else(|| Problem::no_such("event", &id))
}

/// Asks every subscriber about an event once more. What they said before stays until they say something else.
pub async fn replay(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let key: EventKey = server.parse(&id)?;
    let asked = ask_again(&server, &caller, key).await?;
    let catalogue = server.parts.store.catalogue();
    let runs = asked.into_iter().map(|(run, service)| {
        let name = catalogue.services.get(&service).map(|service| service.name.as_str());
        json!({ "id": server.show(run), "service": name, "state": "due" })
    });
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id, "runs": runs.collect::<Vec<_>>() }))))
}

/// Asks every subscriber about an event once more, and writes down who wanted it.
pub async fn ask_again(server: &Shared, caller: &Caller, key: EventKey) -> Result<Vec<(RunKey, ServiceKey)>, Problem> {
    let id = server.show(key);
    let absent = || Problem::no_such("event", &id);
    let found = server.parts.store.read(move |rows| {
        let Some(event) = rows.load::<Event>(key.0)? else { return Ok(None) };
        let housed = event.subject.map_or(Ok(None), |subject| search::housed(rows, subject))?;
        Ok(Some((event, housed.and_then(|housed| housed.collection))))
    });
    let (event, collection) = found.await?.ok_or_else(absent)?;
    caller.require(Needs::ChangeSubject, collection.as_ref().map(place), absent)?;
    let catalogue = server.parts.store.catalogue();
    let subscribed: Vec<ServiceKey> = catalogue.subscribers(&event.kind).map(|(service, _)| service.key).collect();
    let mut asked = Vec::with_capacity(subscribed.len());
    for service in subscribed {
        asked.extend(demand(server, &event, service).await?.map(|run| (run, service)));
    }
    note(server, &caller.name, format!("asked again about the event {id}")).await?;
    Ok(asked)
}

/// Writes down what somebody did that changes nothing of the catalogue.
pub(super) async fn note(server: &Shared, who: &str, what: String) -> Result<(), Problem> {
    change(server, who, |_, _| Ok(Changed { entries: Vec::new(), what: what.clone(), answer: () })).await
}

pub(super) async fn demand(server: &Shared, event: &Event, service: ServiceKey) -> Result<Option<RunKey>, Problem> {
    loop {
        match judged::demand(&server.parts.store, event, service, None, server.now()).await? {
            Answer::Run(run) => return Ok(Some(run)),
            Answer::Recompute => tokio::task::yield_now().await,
            _ => return Ok(None),
        }
    }
}

/// The exact bytes of a receipt.
pub async fn receipt_body(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Response, Problem> {
    let key: domain::ReceiptKey = server.parse(&id)?;
    let receipt = server.parts.store.read(move |rows| rows.load::<Receipt>(key.0)).await?;
    links::receipt_body(&server, receipt.ok_or_else(|| Problem::no_such("receipt", &id))?).await
}
