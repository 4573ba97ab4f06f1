//! One service: how it is, what waits for it, what it hears of, what it was asked lately, and what can be done with it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::ServiceKey;
use domain::catalogue::{Catalogue, Owner, Service};
use domain::gate::{Gate, GateState};
use domain::profile::ProfileKind;
use domain::run::{Attempt, Run};
use domain::subject::SubjectName;
use http::StatusCode;
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::ATTEMPT_RUN;
use store::{StoreError, search};

use super::health::{self, Health, Last, Told, clock};
use super::list::path;
use super::words;
use crate::api::services::find_any;
use crate::api::{Segments, View, gate};
use crate::pages::answer::page;
use crate::pages::chrome::Chrome;
use crate::pages::filled::Wrong;
use crate::pages::parts::{self, Facts, Field, Moment};
use crate::pages::story::subject_text;
use crate::pages::visitor::Visitor;
use crate::problem::Problem;
use crate::resources;
use crate::server::{Server, Shared};

/// Runs that are listed.
const LATEST: usize = 10;
/// Runs of all services that are looked through for them.
const LOOKED_AT_MAX: usize = 2_000;
/// Runs of one reading.
const STEP: usize = 200;

#[derive(Template)]
#[template(path = "service.html")]
struct One {
    chrome: Chrome,
    path: String,
    name: String,
    told: Told,
    queue: String,
    last: Option<(String, Moment)>,
    /// Which calls go out while its gate is shut.
    breaker: Option<&'static str>,
    switched: Option<String>,
    waits: bool,
    facts: Facts,
    account: Option<(String, Vec<String>)>,
    heard: Vec<Heard>,
    runs: Vec<RunLine>,
    /// Whether it can be paused, resumed, changed.
    can: Can,
    wrong_name: Option<Field>,
    reason: Field,
}

/// What can be done with it now.
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own")]
struct Can {
    pause: bool,
    resume: bool,
    edit: bool,
    restore: bool,
}

struct Heard {
    event: String,
    about: &'static str,
    text: String,
}

struct RunLine {
    id: String,
    event: String,
    subject: Option<String>,
    text: String,
    answer: Option<String>,
    at: Option<Moment>,
}

pub async fn show(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    answer(&server, &visitor, &id, &Wrong::default()).await
}

/// The page of a service, with what is wrong with the form that was sent from it.
pub async fn answer(server: &Server, visitor: &Visitor, id: &str, wrong: &Wrong) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let service = find_any(server, &catalogue, id)?;
    let key = service.key;
    let view = View::of(server);
    let read = server.parts.store.read(move |rows| {
        let health = health::read(rows, &[key])?.remove(&key);
        Ok((health.unwrap_or_else(|| nothing(key)), latest(rows, key, &view)?))
    });
    let (health, runs) = read.await?;
    let status = if *wrong == Wrong::default() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page(status, &compose(server, visitor, &catalogue, service, &health, runs, wrong)))
}

fn nothing(key: ServiceKey) -> Health {
    Health { gate: Gate::new(key, domain::Timestamp(0)), queue: health::Queue::default(), last: None }
}

fn compose(
    server: &Shared,
    visitor: &Visitor,
    catalogue: &Catalogue,
    service: &Service,
    health: &Health,
    runs: Vec<RunLine>,
    wrong: &Wrong,
) -> One {
    let now = server.now();
    let standing = server.licensing().standing(service, now);
    let account = service.account.and_then(|key| catalogue.accounts.get(&key));
    let switch = catalogue.switch(Some(service.key));
    let state = health.gate.state;
    let called = service.active && !service.deleted;
    let administers = visitor.administers();
    let name = Field::line("name", "Type its name to remove it").value("").required().wrong(wrong.at(&["name"]));
    One {
        chrome: Chrome::new(visitor, "/admin/services", &service.name),
        path: path(server, service),
        name: service.name.clone(),
        told: health::tell(service, health, &standing, now),
        queue: health.queue.text(now),
        last: health.last.as_ref().map(|last| (last.text(), Moment::new(last.at, now))),
        breaker: breaker(state).filter(|_| called),
        switched: switch.filter(|switch| switch.off).map(|switch| gate::text(switch, Some(&service.name))),
        waits: switch.is_none_or(|switch| !switch.off),
        facts: facts(server, service, &words::license(&standing, now)),
        account: account.map(|account| (account.name.clone(), words::permissions(account, service.profile))),
        heard: service
            .subscriptions
            .iter()
            .map(|heard| Heard {
                about: words::event(&heard.event),
                text: words::subscription(catalogue, service, heard),
                event: heard.event.clone(),
            })
            .collect(),
        runs,
        can: Can {
            pause: administers && called && state != GateState::Paused,
            resume: administers && called && matches!(state, GateState::Paused | GateState::Gone | GateState::Breaker),
            edit: administers && !service.deleted && service.owner == Owner::Api,
            restore: administers && service.deleted && service.profile != ProfileKind::Scanner,
        },
        wrong_name: (administers && !service.deleted && service.owner == Owner::Api).then_some(name),
        reason: Field::line("reason", "Why").hint("It stands in the audit.").required().wrong(wrong.at(&["reason"])),
    }
}

/// What goes out while the gate is shut.
const fn breaker(state: GateState) -> Option<&'static str> {
    match state {
        GateState::Breaker => Some(
            "Half open: after ten failures in a row its gate shut. One call tries it, at least every 5 seconds while \
             something waits; after good answers 2 and then 4 go at once, and then everything that waits.",
        ),
        GateState::Gone => Some("Shut: nothing goes out until somebody resumes it. Deadlines go on."),
        GateState::Paused => Some("Shut by a person: nothing goes out, and deadlines stand still."),
        GateState::License => Some("Shut by the license: nothing goes out, and deadlines stand still."),
        GateState::Open => None,
    }
}

fn facts(server: &Shared, service: &Service, license: &str) -> Facts {
    let headers: Vec<&str> = service.headers.iter().map(|header| header.name.as_str()).collect();
    let public_keys = resources::public_keys(service, &server.parts.seal);
    let some = |texts: String| Some(texts).filter(|texts| !texts.is_empty());
    let judged = service.profile != ProfileKind::Worker;
    Facts::default()
        .and("Profile", words::dialect(service))
        .and("URL", service.url.clone())
        .and_some("Headers", some(headers.join(", ")))
        .and_some("Our public keys", some(public_keys.join(", ")))
        .and("Calls", words::limits_of(service))
        .and_some("No usable answer in time", judged.then(|| words::on_failure(service.on_failure)))
        .and_some("Coverage", service.require_coverage.then_some("Its answers must state it"))
        .and_some("Networks", some(service.allow_networks.join(", ")))
        .and("License", license)
        .and("Changed by", words::owner(service.owner))
        .and("Id", server.show(service.key))
}

/// The latest runs of a service, newest first, as far back as is worth looking.
fn latest(rows: &mut dyn Rows, service: ServiceKey, view: &View) -> Result<Vec<RunLine>, StoreError> {
    let (mut lines, mut below, mut seen) = (Vec::new(), None, 0);
    while lines.len() < LATEST && seen < LOOKED_AT_MAX {
        let page: Vec<Run> = rows.page(below, STEP)?;
        seen += STEP;
        below = page.last().map(|run| run.key.0);
        for run in page.iter().filter(|run| run.service == service).take(LATEST - lines.len()) {
            lines.push(run_line(rows, run, view)?);
        }
        if page.len() < STEP {
            break;
        }
    }
    Ok(lines)
}

fn run_line(rows: &mut dyn Rows, run: &Run, view: &View) -> Result<RunLine, StoreError> {
    let event = match rows.load::<domain::expectation::Expectation>(run.expectation.0)? {
        Some(owed) => rows.load::<domain::event::Event>(owed.event.0)?,
        None => None,
    };
    let subject: Option<SubjectName> = match event.as_ref().and_then(|event| event.subject) {
        Some(subject) => search::subject_name(rows, subject)?,
        None => None,
    };
    let of = Find::equal(&ATTEMPT_RUN, vec![Cell::Int(run.key.0)]).newest(None).limit(1);
    let last = rows.all::<Attempt>(&of)?.into_iter().next().map(Last::of);
    Ok(RunLine {
        id: view.id(run.key),
        event: event.map_or_else(|| "an event that is gone".to_owned(), |event| event.kind),
        subject: subject.as_ref().map(subject_text),
        text: words::run(run, view.now),
        at: last.as_ref().map(|last| Moment::new(last.at, view.now)),
        answer: last.map(|last| format!("{}, {}", clock(last.at, view.now), last.text())),
    })
}
