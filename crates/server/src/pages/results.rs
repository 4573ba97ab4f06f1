//! Results: what services concluded, what their rules matched, and what came of it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::ResultKey;
use domain::expectation::Expectation;
use domain::result::{ResultKind, ServiceResult};
use domain::rule::Match;
use http::StatusCode;
use store::row::RowsExt;
use store::table::{Find, Rows, Value};
use store::tables::MATCH_RESULT;
use store::{StoreError, search};

use super::answer::page;
use super::chrome::Chrome;
use super::listing::{self, Found, choice, sees, times};
use super::parts::{self, Badge, Control, Facts, Field, Moment, Tone};
use super::story::{self, subject_text};
use super::subject::path_of;
use super::visitor::Visitor;
use crate::api::{Params, Segments, View};
use crate::problem::Problem;
use crate::server::Server;
use crate::text::instant;

#[derive(Template)]
#[template(path = "results.html")]
struct ResultsPage {
    chrome: Chrome,
    found: Found<ResultLine>,
}

/// A result in a list.
pub struct ResultLine {
    pub id: String,
    pub by: String,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub rules: String,
    pub late: bool,
    pub badge: Badge,
    pub at: Moment,
}

pub async fn list(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let view = View::of(&server);
    let found = listing::find(&server, &visitor, &params, "/results", fields(&view), result_line).await?;
    Ok(page(found.status, &ResultsPage { chrome: Chrome::new(&visitor, "/results", "Results"), found }))
}

fn fields(view: &View) -> Vec<Field> {
    let services: Vec<&str> = view.catalogue.services.values().map(|service| service.name.as_str()).collect();
    let mut rules: Vec<&str> = view.catalogue.rules.values().map(|rule| rule.name.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let kinds = ResultKind::ALL.iter().map(|kind| (kind.word(), kind_text(*kind)));
    let mut fields = vec![
        Field::line("q", "Word in its text").control(Control::Line("search")),
        choice("service", "Service", "Any service", services.iter().map(|name| (*name, *name))),
        choice("rule", "Rule that matched", "Any or none", rules.iter().map(|name| (*name, *name))),
        choice("kind", "Kind", "Any kind", kinds),
        choice("late", "In time", "In time or late", [("true", "Late"), ("false", "In time")]),
    ];
    fields.extend(times());
    fields
}

fn kind_text(kind: ResultKind) -> &'static str {
    match kind {
        ResultKind::Processed => "examined",
        ResultKind::Skipped => "nothing to examine",
        ResultKind::Rejected => "cannot examine such",
        ResultKind::Error => "failed",
        ResultKind::Missing => "no answer came",
        ResultKind::Pushed => "of its own accord",
    }
}

fn badge(kind: ResultKind) -> Badge {
    let tone = match kind {
        ResultKind::Processed => Tone::Good,
        ResultKind::Skipped | ResultKind::Rejected | ResultKind::Pushed => Tone::Calm,
        ResultKind::Error | ResultKind::Missing => Tone::Stop,
    };
    Badge::new(tone, kind_text(kind))
}

/// Who said it.
fn author(result: &ServiceResult, view: &View) -> String {
    let service = result.service.map(|key| view.service(key).unwrap_or("a service that is gone").to_owned());
    let account = || result.account.map(|key| format!("the account {}", view.account(key).unwrap_or("that is gone")));
    service.or_else(account).unwrap_or_else(|| "Countersign itself".to_owned())
}

/// A result's line.
pub fn result_line(view: &View, rows: &mut dyn Rows, result: &ServiceResult) -> Result<ResultLine, StoreError> {
    let subject = result.subject.map_or(Ok(None), |subject| search::subject_name(rows, subject))?;
    let matches: Vec<Match> = rows.all(&Find::equal(&MATCH_RESULT, vec![Value::Int(result.key.0)]))?;
    let rules: Vec<&str> = matches.iter().map(|found| found.name.as_str()).collect();
    Ok(ResultLine {
        id: view.id(result.key),
        by: author(result, view),
        subject: subject.as_ref().map(subject_text),
        rules: rules.join(", "),
        late: result.late,
        badge: badge(result.kind),
        at: Moment::new(result.at, view.now),
        text: result.text.clone(),
    })
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    chrome: Chrome,
    id: String,
    badge: Badge,
    subject: Option<(String, String)>,
    event: Option<(String, String)>,
    run: Option<String>,
    text: Option<String>,
    facts: Facts,
    matches: Vec<String>,
    content: Option<String>,
    size: usize,
}

pub async fn show(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let key: ResultKey = server.parse(&id)?;
    let view = View::of(&server);
    let shown = server.parts.store.read(move |rows| {
        let Some(result) = rows.load::<ServiceResult>(key.0)? else { return Ok(None) };
        if !sees(&visitor, rows, result.subject)? {
            return Ok(None);
        }
        result_page(&visitor, &view, rows, result).map(Some)
    });
    let shown = shown.await?.ok_or_else(|| Problem::no_such("result", &id))?;
    Ok(page(StatusCode::OK, &shown))
}

fn result_page(
    visitor: &Visitor,
    view: &View,
    rows: &mut dyn Rows,
    result: ServiceResult,
) -> Result<ResultPage, StoreError> {
    let by = author(&result, view);
    let subject = result.subject.map_or(Ok(None), |subject| search::subject_name(rows, subject))?;
    let owed = result.expectation.map_or(Ok(None), |owed| rows.load::<Expectation>(owed.0))?;
    let event = owed.map_or(Ok(None), |owed| rows.load::<domain::event::Event>(owed.event.0))?;
    let matches: Vec<Match> = rows.all(&Find::equal(&MATCH_RESULT, vec![Value::Int(result.key.0)]))?;
    let facts = Facts::default()
        .and("Said by", by.as_str())
        .and("At", instant(result.at))
        .and("In time", if result.late { "no: it came when its time was over, and satisfies nothing" } else { "yes" })
        .and_some("Examined", result.coverage.map(|coverage| coverage.word().replace('_', " ")));
    Ok(ResultPage {
        chrome: Chrome::new(visitor, "/results", format!("Result of {by}")),
        id: view.id(result.key),
        badge: badge(result.kind),
        subject: subject.map(|name| (subject_text(&name), path_of(&name))),
        event: event.map(|event| (view.id(event.key), event.kind)),
        run: result.run.map(|run| view.id(run)),
        facts,
        matches: matches.iter().map(story::match_text).collect(),
        content: story::content(&result.raw),
        size: result.raw.len(),
        text: result.text,
    })
}
