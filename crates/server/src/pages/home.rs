//! The first page: the latest events, and the latest refusals with their reasons.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::event::{Event, Provenance};
use domain::subject::Subject;
use http::StatusCode;
use store::row::RowsExt;
use store::table::Rows;
use store::tables::Quarantine;
use store::{StoreError, search};
use verify::receive::Reason;

use super::answer::page;
use super::chrome::Chrome;
use super::parts::{self, Badge, Moment};
use super::story::subject_text;
use super::visitor::Visitor;
use crate::api::View;
use crate::problem::{Problem, ProblemType};
use crate::server::Server;

/// Rows of each list.
const LATEST: usize = 50;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    chrome: Chrome,
    events: Vec<EventLine>,
    refused: Vec<RefusedLine>,
}

struct EventLine {
    id: String,
    kind: String,
    at: Moment,
    by: String,
    subject: Option<String>,
    verdict: Option<Badge>,
}

struct RefusedLine {
    at: Moment,
    path: String,
    reason: String,
    title: &'static str,
    text: String,
    mend: &'static str,
}

pub async fn show(State(server): State<Server>, visitor: Visitor) -> Result<Response, Problem> {
    let chrome = Chrome::new(&visitor, "/", "Overview");
    let view = View::of(&server);
    let home = server.parts.store.read(move |rows| {
        let events: Vec<Event> = rows.page(None, LATEST)?;
        let events = events.into_iter().map(|event| event_line(&view, rows, event)).collect::<Result<_, _>>()?;
        let refused: Vec<Quarantine> = rows.page(None, LATEST)?;
        Ok(Home { chrome, events, refused: refused.into_iter().map(|row| refused_line(row, view.now)).collect() })
    });
    Ok(page(StatusCode::OK, &home.await?))
}

fn event_line(view: &View, rows: &mut dyn Rows, event: Event) -> Result<EventLine, StoreError> {
    let (subject, verdict) = match event.subject {
        None => (None, None),
        Some(key) => {
            let verdict = rows.load::<Subject>(key.0)?.map(|subject| Badge::verdict(subject.verdict));
            (search::subject_name(rows, key)?.as_ref().map(subject_text), verdict)
        }
    };
    let by = match event.provenance {
        Provenance::Signed(source) => view.source(source).unwrap_or_else(|| "a source".to_owned()),
        Provenance::Account(account) => view.account(account).unwrap_or("an account").to_owned(),
        Provenance::External => "a forge endpoint".to_owned(),
        Provenance::Internal => "Countersign itself".to_owned(),
    };
    Ok(EventLine {
        id: view.id(event.key),
        kind: event.kind,
        at: Moment::new(event.at, view.now),
        by,
        subject,
        verdict,
    })
}

fn refused_line(row: Quarantine, now: Timestamp) -> RefusedLine {
    let reason = Reason::from_code(&row.reason);
    RefusedLine {
        at: Moment::new(row.at, now),
        path: row.path,
        title: reason.map_or("Refused", |reason| ProblemType::of_reason(reason).title),
        mend: reason.map_or("", Reason::mend),
        reason: row.reason,
        text: row.text,
    }
}
