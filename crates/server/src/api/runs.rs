//! Runs on demand: services are asked about a subject once more.

use axum::extract::State;
use axum::{Extension, Json};
use domain::catalogue::{Catalogue, Service};
use domain::event::Event;
use domain::rights::Needs;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::batches::event_to_ask;

use super::auth::Caller;
use super::events::demand;
use super::extract::{Segments, StrictOrNothing};
use super::lists::subject_of;
use super::services::find;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

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
