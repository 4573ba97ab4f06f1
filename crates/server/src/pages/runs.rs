//! Runs: what waits and why, what failed, and trying it again.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::event::Event;
use domain::expectation::Expectation;
use domain::result::ServiceResult;
use domain::rights::Needs;
use domain::run::{Attempt, Run, RunState};
use domain::subject::SubjectName;
use domain::{RunKey, Timestamp};
use http::StatusCode;
use store::row::RowsExt;
use store::table::{Find, Rows, Value};
use store::tables::{ATTEMPT_RUN, RESULT_EXPECTATION, RUN_EXPECTATION};
use store::{StoreError, search};

use super::answer::page;
use super::chrome::{Chrome, done};
use super::form::Typed;
use super::listing::{self, Found, choice, sees, times};
use super::parts::{self, Badge, Facts, Field, Moment, Tone};
use super::story::{self, Line, house, subject_text};
use super::subject::path_of;
use super::visitor::Visitor;
use crate::api::{Params, Segments, View, runs, waiting};
use crate::problem::Problem;
use crate::server::Server;
use crate::text::{encoded, instant};

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    chrome: Chrome,
    found: Found<RunLine>,
    /// The service of which everything that failed may be tried again.
    again: Option<String>,
}

/// A run in a list.
struct RunLine {
    id: String,
    service: String,
    event: Option<(String, String)>,
    subject: Option<String>,
    state: String,
    /// Why it waits, or what went wrong last.
    why: Option<String>,
    badge: Badge,
    attempts: String,
    at: Option<Moment>,
}

pub async fn list(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let view = View::of(&server);
    let found = listing::find(&server, &visitor, &params, "/runs", fields(&view), run_line).await?;
    let failed = params.one("state") == Some("exhausted") && visitor.administers() && !found.lines.is_empty();
    let again = params.one("service").filter(|service| failed && !service.is_empty()).map(str::to_owned);
    let chrome = Chrome::new(&visitor, "/runs", "Runs");
    Ok(page(found.status, &RunsPage { chrome, found, again }))
}

fn fields(view: &View) -> Vec<Field> {
    let services: Vec<&str> = view.catalogue.services.values().map(|service| service.name.as_str()).collect();
    let states = [
        ("waiting", "Not over yet"),
        ("due", "About to go out"),
        ("leased", "Under way"),
        ("deferred", "The service calls back"),
        ("exhausted", "Given up"),
        ("cancelled", "No longer wanted"),
        ("answered", "Answered"),
    ];
    let mut fields = vec![
        choice("state", "Standing", "Any standing", states),
        choice("service", "Service", "Any service", services.iter().map(|name| (*name, *name))),
    ];
    fields.extend(times());
    fields
}

fn run_line(view: &View, rows: &mut dyn Rows, run: &Run) -> Result<RunLine, StoreError> {
    let about = about(rows, run)?;
    let gate = search::gate(rows, run.service)?;
    let last = rows.all::<Attempt>(&Find::equal(&ATTEMPT_RUN, vec![Value::Int(run.key.0)]).newest(None).limit(1))?;
    let shut = (run.is_open() && gate.state.word() != "open")
        .then(|| format!("The gate of {} is shut: {}.", service(view, run), gate_text(gate.state.word())));
    let failed = last.first().filter(|last| last.status.is_none_or(|status| !(200..300).contains(&status)));
    let failed = failed.map(|last| {
        let text = last.text.clone().unwrap_or_else(|| last.answer.replace('_', " "));
        format!("Last time, {}: {text}", instant(last.ended))
    });
    Ok(RunLine {
        id: view.id(run.key),
        service: service(view, run),
        event: about.event.as_ref().map(|event| (view.id(event.key), event.kind.clone())),
        subject: about.subject.as_ref().map(subject_text),
        state: story::run_text(run),
        why: shut.or(failed),
        badge: badge(run, view.now),
        attempts: attempts(run.attempt),
        at: about.event.map(|event| Moment::new(event.at, view.now)),
    })
}

fn service(view: &View, run: &Run) -> String {
    view.service(run.service).unwrap_or("a service that is gone").to_owned()
}

fn gate_text(word: &str) -> &'static str {
    match word {
        "paused" => "a person paused it",
        "license" => "no valid license covers it",
        "gone" => "it said that it is gone",
        _ => "it failed again and again",
    }
}

fn attempts(count: u32) -> String {
    match count {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        many => format!("tried {many} times"),
    }
}

/// Where a run stands, in a word or two.
fn badge(run: &Run, now: Timestamp) -> Badge {
    match &run.state {
        RunState::Due { at } if *at <= now => Badge::new(Tone::Live, "about to go out"),
        RunState::Due { .. } => Badge::new(Tone::Wait, "tried again later"),
        RunState::Leased(_) => Badge::new(Tone::Live, "under way"),
        RunState::Deferred { .. } => Badge::new(Tone::Wait, "will call back"),
        RunState::Answered => Badge::new(Tone::Good, "answered"),
        RunState::Exhausted => Badge::new(Tone::Stop, "given up"),
        RunState::Cancelled => Badge::new(Tone::Calm, "no longer wanted"),
    }
}

/// What a run is about.
struct About {
    owed: Option<Expectation>,
    event: Option<Event>,
    subject: Option<SubjectName>,
}

fn about(rows: &mut dyn Rows, run: &Run) -> Result<About, StoreError> {
    let owed = rows.load::<Expectation>(run.expectation.0)?;
    let event = owed.as_ref().map_or(Ok(None), |owed| rows.load::<Event>(owed.event.0))?;
    let subject = owed.as_ref().and_then(|owed| owed.subject);
    let subject = subject.map_or(Ok(None), |subject| search::subject_name(rows, subject))?;
    Ok(About { owed, event, subject })
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    chrome: Chrome,
    id: String,
    service: String,
    badge: Badge,
    event: Option<(String, String)>,
    subject: Option<(String, String)>,
    /// What is waited for, or where it stands.
    text: String,
    facts: Facts,
    tries: Vec<Try>,
    others: Vec<Line>,
    results: Vec<Line>,
    /// Whether the visitor may have the service asked again.
    may_ask: bool,
}

/// One attempt.
struct Try {
    tone: Tone,
    text: String,
    body: Option<String>,
}

pub async fn show(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let key: RunKey = server.parse(&id)?;
    let view = View::of(&server);
    let shown = server.parts.store.read(move |rows| {
        let Some(run) = rows.load::<Run>(key.0)? else { return Ok(None) };
        let about = about(rows, &run)?;
        if !sees(&visitor, rows, about.owed.as_ref().and_then(|owed| owed.subject))? {
            return Ok(None);
        }
        run_page(&visitor, &view, rows, &run, about).map(Some)
    });
    let shown = shown.await?.ok_or_else(|| Problem::no_such("run", &id))?;
    Ok(page(StatusCode::OK, &shown))
}

fn run_page(
    visitor: &Visitor,
    view: &View,
    rows: &mut dyn Rows,
    run: &Run,
    about: About,
) -> Result<RunPage, StoreError> {
    let service = service(view, run);
    let waited = match &about.owed {
        Some(owed) if run.is_open() => waiting::read(rows, owed, view.now)?.map(|waiting| waiting.text(&service)),
        _ => None,
    };
    let attempts: Vec<Attempt> = rows.all(&Find::equal(&ATTEMPT_RUN, vec![Value::Int(run.key.0)]))?;
    let recorded = about.event.as_ref().map_or(Timestamp(0), |event| event.at);
    let texts = story::attempts_text(run, &attempts, recorded);
    let tries = attempts.iter().zip(texts).map(|(attempt, text)| Try {
        tone: if attempt.status.is_some_and(|status| (200..300).contains(&status)) { Tone::Good } else { Tone::Stop },
        text,
        body: attempt.body.as_deref().and_then(story::content),
    });
    let under = Value::Int(run.expectation.0);
    let others = rows.all::<Run>(&Find::equal(&RUN_EXPECTATION, vec![under.clone()]).newest(None).limit(20))?;
    let others = others.iter().filter(|other| other.key != run.key);
    let results = rows.all::<ServiceResult>(&Find::equal(&RESULT_EXPECTATION, vec![under]).newest(None).limit(20))?;
    let why = match run.why.word() {
        "first" => "the event was recorded",
        "demand" => "somebody asked for it",
        _ => "no answer had come until then",
    };
    let mut facts = Facts::default().and("Why it was made", why);
    if let Some(owed) = &about.owed {
        let deadline = search::gate(rows, run.service)?.wall(owed.deadline, view.now);
        facts = facts.and("Deadline", instant(deadline));
        facts = facts.and("Verdict", if owed.blocks { "waits for this answer" } else { "does not wait for it" });
    }
    facts = facts.and("Webhook id", view.id(run.key));
    Ok(RunPage {
        chrome: Chrome::new(visitor, "/runs", format!("Run for {service}")),
        id: view.id(run.key),
        badge: badge(run, view.now),
        event: about.event.map(|event| (view.id(event.key), event.kind)),
        may_ask: visitor.may(Needs::Ask, about.subject.as_ref().map(house)),
        subject: about.subject.map(|name| (subject_text(&name), path_of(&name))),
        text: waited.unwrap_or_else(|| story::run_text(run)),
        facts,
        tries: tries.collect(),
        others: others
            .map(|other| Line { text: story::run_text(other), more: Some(format!("/runs/{}", view.id(other.key))) })
            .collect(),
        results: results
            .iter()
            .map(|result| Line {
                text: story::result_text(result),
                more: Some(format!("/results/{}", view.id(result.key))),
            })
            .collect(),
        service,
    })
}

/// Asks the run's service again.
pub async fn again(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let run = runs::ask_again(&server, &visitor.caller(), server.parse(&id)?).await?;
    Ok(done(&format!("/runs/{}", server.show(run)), "The service is asked again: this is the new run."))
}

/// The service of which everything that failed is tried again.
#[derive(serde::Deserialize)]
pub struct Again {
    service: String,
}

/// Asks a service again about everything that it gave no answer to.
pub async fn all_again(
    State(server): State<Server>,
    visitor: Visitor,
    Typed(again): Typed<Again>,
) -> Result<Response, Problem> {
    let (asked, more) = runs::ask_all_of(&server, &visitor.name, &again.service).await?;
    let more = if more { " There are more: do it again for those." } else { "" };
    let notice = match asked.len() {
        0 => format!("There is nothing that {} gave no answer to.", again.service),
        1 => format!("{} is asked again about one event.{more}", again.service),
        many => format!("{} is asked again about {many} events.{more}", again.service),
    };
    Ok(done(&format!("/runs?state=waiting&service={}", encoded(&again.service)), &notice))
}

#[cfg(test)]
mod tests {
    use domain::run::{Lease, RunWhy};
    use domain::{ExpectationKey, ServiceKey};

    use super::*;

    #[test]
    fn every_state_has_words_of_its_own() {
        let run = |state| Run {
            key: RunKey(1),
            expectation: ExpectationKey(1),
            service: ServiceKey(1),
            state,
            attempt: 1,
            leases: 1,
            why: RunWhy::First,
            batch: None,
        };
        let now = Timestamp(10);
        let states = [
            RunState::Due { at: Timestamp(10) },
            RunState::Due { at: Timestamp(11) },
            RunState::Leased(Lease { node: 1, epoch: 1, nth: 1 }),
            RunState::Deferred { until: Timestamp(11) },
            RunState::Answered,
            RunState::Exhausted,
            RunState::Cancelled,
        ];
        let mut words: Vec<String> = states.into_iter().map(|state| badge(&run(state), now).word).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), 7);
        assert_eq!([attempts(0), attempts(1), attempts(3)], ["not tried yet", "tried once", "tried 3 times"]);
    }
}
