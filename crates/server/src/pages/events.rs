//! Everything that was believed, the newest first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::event::{Event, Provenance};
use domain::expectation::Expectation;
use domain::subject::Subject;
use store::StoreError;
use store::lists::{self, EventState};
use store::row::RowsExt;
use store::search;
use store::table::{Find, Rows, Value};
use store::tables::EXPECTATION_EVENT;

use super::answer::page;
use super::chrome::Chrome;
use super::listing::{self, Found, choice, times};
use super::parts::{self, Badge, Control, Field, Moment, Tone};
use super::story::subject_text;
use super::visitor::Visitor;
use crate::api::{Params, View};
use crate::problem::Problem;
use crate::server::Server;

#[derive(Template)]
#[template(path = "events.html")]
struct EventsPage {
    chrome: Chrome,
    found: Found<EventLine>,
}

/// An event in a list.
pub struct EventLine {
    pub id: String,
    pub kind: String,
    pub at: Moment,
    pub by: String,
    pub subject: Option<String>,
    /// How far what was asked about it has come; none: nobody was asked.
    pub standing: Option<Badge>,
    pub verdict: Option<Badge>,
}

pub async fn list(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let view = View::of(&server);
    let found = listing::find(&server, &visitor, &params, "/events", fields(&view), event_line).await?;
    Ok(page(found.status, &EventsPage { chrome: Chrome::new(&visitor, "/events", "Events"), found }))
}

fn fields(view: &View) -> Vec<Field> {
    let sources: Vec<String> =
        view.catalogue.sources.values().map(|source| format!("{}/{}", source.provider, source.name)).collect();
    let mut fields = vec![
        Field::line("q", "Word or id").control(Control::Line("search")),
        Field::line("type", "Type, or github.*"),
        choice("source", "Source", "Any source", sources.iter().map(|name| (name.as_str(), name.as_str()))),
        choice(
            "state",
            "Standing",
            "Any standing",
            [("open", "Waiting for answers"), ("failed", "Without an answer"), ("done", "Answered")],
        ),
        Field::line("collection", "Collection"),
    ];
    fields.extend(times());
    fields
}

/// An event's line.
pub fn event_line(view: &View, rows: &mut dyn Rows, event: &Event) -> Result<EventLine, StoreError> {
    let (subject, verdict) = match event.subject {
        None => (None, None),
        Some(key) => {
            let verdict = rows.load::<Subject>(key.0)?.map(|subject| Badge::verdict(subject.verdict));
            (search::subject_name(rows, key)?.as_ref().map(subject_text), verdict)
        }
    };
    let asked = rows.all::<Expectation>(&Find::equal(&EXPECTATION_EVENT, vec![Value::Int(event.key.0)]))?.len();
    let standing = if asked == 0 { None } else { Some(standing(lists::state_of(rows, event.key)?)) };
    Ok(EventLine {
        id: view.id(event.key),
        by: sender(event.provenance, view),
        kind: event.kind.clone(),
        at: Moment::new(event.at, view.now),
        subject,
        standing,
        verdict,
    })
}

fn standing(state: EventState) -> Badge {
    match state {
        EventState::Open => Badge::new(Tone::Live, "waiting for an answer"),
        EventState::Failed => Badge::new(Tone::Stop, "an answer is missing"),
        EventState::Done => Badge::new(Tone::Good, "answered"),
    }
}

/// Who told of it.
pub fn sender(provenance: Provenance, view: &View) -> String {
    match provenance {
        Provenance::Signed(source) => view.source(source).unwrap_or_else(|| "a source that is gone".to_owned()),
        Provenance::Account(account) => {
            format!("the account {}", view.account(account).unwrap_or("that is gone"))
        }
        Provenance::External => "a forge endpoint".to_owned(),
        Provenance::Internal => "Countersign itself".to_owned(),
    }
}
