//! The first page: the latest events, and the latest refusals with their reasons.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::event::{Event, Provenance};
use domain::subject::Subject;
use http::{HeaderMap, StatusCode};
use store::row::RowsExt;
use store::table::Rows;
use store::tables::Quarantine;
use store::{StoreError, search};
use verify::receive::Reason;

use super::answer::page;
use super::login;
use super::story::subject_text;
use crate::api::View;
use crate::problem::{Problem, ProblemType};
use crate::server::Server;
use crate::text::instant;

/// Rows of each list.
const LATEST: usize = 50;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    events: Vec<EventLine>,
    refused: Vec<RefusedLine>,
}

struct EventLine {
    id: String,
    kind: String,
    at: String,
    by: String,
    subject: Option<String>,
    verdict: Option<&'static str>,
}

struct RefusedLine {
    at: String,
    path: String,
    reason: String,
    title: &'static str,
    text: String,
    mend: &'static str,
}

pub async fn show(State(server): State<Server>, headers: HeaderMap) -> Result<Response, Problem> {
    if !login::is_open(&server, &headers) {
        return Ok(login::welcome());
    }
    let view = View::of(&server);
    let home = server.parts.store.read(move |rows| {
        let events: Vec<Event> = rows.page(None, LATEST)?;
        let events = events.into_iter().map(|event| event_line(&view, rows, event)).collect::<Result<_, _>>()?;
        let refused: Vec<Quarantine> = rows.page(None, LATEST)?;
        Ok(Home { events, refused: refused.into_iter().map(refused_line).collect() })
    });
    Ok(page(StatusCode::OK, &home.await?))
}

fn event_line(view: &View, rows: &mut dyn Rows, event: Event) -> Result<EventLine, StoreError> {
    let (subject, verdict) = match event.subject {
        None => (None, None),
        Some(key) => {
            let verdict = rows.load::<Subject>(key.0)?.map(|subject| subject.verdict.word());
            (search::subject_name(rows, key)?.as_ref().map(subject_text), verdict)
        }
    };
    let by = match event.provenance {
        Provenance::Signed(source) => view.source(source).unwrap_or_else(|| "a source".to_owned()),
        Provenance::Account(account) => view.account(account).unwrap_or("an account").to_owned(),
        Provenance::External => "a forge endpoint".to_owned(),
        Provenance::Internal => "Countersign itself".to_owned(),
    };
    Ok(EventLine { id: view.id(event.key), kind: event.kind, at: instant(event.at), by, subject, verdict })
}

fn refused_line(row: Quarantine) -> RefusedLine {
    let reason = Reason::from_code(&row.reason);
    RefusedLine {
        at: instant(row.at),
        path: row.path,
        title: reason.map_or("Refused", |reason| ProblemType::of_reason(reason).title),
        mend: reason.map_or("", Reason::mend),
        reason: row.reason,
        text: row.text,
    }
}
