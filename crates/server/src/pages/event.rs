//! One event's page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::EventKey;
use http::StatusCode;

use super::answer::page;
use super::chrome::Chrome;
use super::story::{Story, tell};
use super::visitor::Visitor;
use crate::api::{Segments, View, timeline};
use crate::problem::Problem;
use crate::server::Server;

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    chrome: Chrome,
    story: Story,
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
        Ok(timeline.filter(|_| seen))
    });
    let found = found.await?;
    let timeline = found.ok_or_else(|| Problem::no_such("event", &id))?;
    let story = tell(&timeline, &view);
    Ok(page(StatusCode::OK, &EventPage { chrome: Chrome::new(&visitor, "/events", &story.kind), story }))
}
