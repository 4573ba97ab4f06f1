//! One event's page: its life, what exactly arrived, and asking about it again.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::EventKey;
use domain::event::{Event, Provenance, Receipt};
use domain::rights::Needs;
use http::StatusCode;
use store::row::RowsExt;

use super::answer::page;
use super::bytes::{self, SHOWN_BYTES_MAX};
use super::chrome::{Chrome, done};
use super::story::{Story, house, tell};
use super::visitor::Visitor;
use crate::api::{Segments, View, events, timeline};
use crate::links;
use crate::problem::Problem;
use crate::server::Server;
use crate::text::encoded;

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    chrome: Chrome,
    story: Story,
    arrived: Option<Arrived>,
    data: Option<String>,
    /// Whether the visitor may have it asked about again.
    may_replay: bool,
}

/// What exactly arrived.
struct Arrived {
    size: i64,
    sha256: String,
    headers: Vec<(String, String)>,
    /// As text and in hex, where it is not too large to be shown.
    shown: Option<(String, String)>,
    curl: Option<String>,
}

pub async fn show(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let key: EventKey = server.parse(&id)?;
    let view = View::of(&server);
    let now = view.now;
    let mut sight = visitor.sight();
    let found = server.parts.store.read(move |rows| {
        let timeline = timeline::read(rows, key, now)?;
        let seen = timeline.as_ref().map_or(Ok(false), |timeline| sight.sees(rows, &timeline.event))?;
        Ok(timeline.filter(|_| seen).map(|timeline| timeline.within(&sight)))
    });
    let timeline = found.await?.ok_or_else(|| Problem::no_such("event", &id))?;
    let story = tell(&timeline, &view, server.timings.of(key));
    let arrived = timeline.receipt.as_ref().map(|receipt| arrived(&server, &timeline.event, receipt, &view));
    let may_replay = visitor.may(Needs::ChangeSubject, timeline.subject.as_ref().map(|(name, _)| house(name)));
    let data = timeline.event.data.as_ref().and_then(|data| super::story::content(data.as_bytes()));
    let chrome = Chrome::new(&visitor, "/events", &story.kind);
    Ok(page(StatusCode::OK, &EventPage { chrome, story, arrived, data, may_replay }))
}

fn arrived(server: &Server, event: &Event, receipt: &Receipt, view: &View) -> Arrived {
    let headers = bytes::headers(&receipt.headers);
    let shown = receipt.body.as_ref().filter(|body| body.len() <= SHOWN_BYTES_MAX);
    let source = match event.provenance {
        Provenance::Signed(source) => view.catalogue.sources.get(&source),
        Provenance::Account(_) | Provenance::External | Provenance::Internal => None,
    };
    let curl = source.map(|source| {
        let base = server.parts.settings.public_url.trim_end_matches('/');
        let url = format!("{base}/api/webhooks/incoming/{}/{}", encoded(&source.provider), encoded(&source.name));
        bytes::curl(&url, &headers, &format!("{}.bin", view.id(receipt.key)))
    });
    Arrived {
        size: receipt.body_bytes,
        sha256: verify::hex::encode(&receipt.digest),
        shown: shown.map(|body| (String::from_utf8_lossy(body).into_owned(), bytes::hex(body))),
        headers,
        curl,
    }
}

/// The exact bytes that arrived, as a file.
pub async fn body(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Response, Problem> {
    let key: EventKey = server.parse(&id)?;
    let found = server.parts.store.read(move |rows| {
        let Some(event) = rows.load::<Event>(key.0)? else { return Ok(None) };
        event.receipt.map_or(Ok(None), |receipt| rows.load::<Receipt>(receipt.0))
    });
    let receipt = found.await?.ok_or_else(|| Problem::no_such("event that came in a request", &id))?;
    links::receipt_body(&server, receipt).await
}

/// Asks every subscriber about it again.
pub async fn replay(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let asked = events::ask_again(&server, &visitor.caller(), server.parse(&id)?).await?;
    let notice = match asked.len() {
        0 => "No service subscribes to such an event; nobody was asked.".to_owned(),
        1 => "One service is asked again.".to_owned(),
        many => format!("{many} services are asked again."),
    };
    Ok(done(&format!("/events/{id}"), &notice))
}
