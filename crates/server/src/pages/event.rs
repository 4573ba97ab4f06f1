//! One event's page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::EventKey;
use http::{HeaderMap, StatusCode};

use super::answer::page;
use super::login;
use super::story::{Story, tell};
use crate::api::{Segments, View, timeline};
use crate::problem::Problem;
use crate::server::Server;

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    story: Story,
}

pub async fn show(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !login::is_open(&server, &headers) {
        return Ok(login::welcome());
    }
    let key: EventKey = server.parse(&id)?;
    let view = View::of(&server);
    let now = view.now;
    let found = server.parts.store.read(move |rows| timeline::read(rows, key, now)).await?;
    let timeline = found.ok_or_else(|| Problem::no_such("event", &id))?;
    Ok(page(StatusCode::OK, &EventPage { story: tell(&timeline, &view) }))
}
