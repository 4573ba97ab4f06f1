//! The list of sources.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::SourceKey;
use http::StatusCode;

use super::fares::{fares, in_force, last_request, state};
use crate::api::View;
use crate::pages::answer::page;
use crate::pages::chrome::Chrome;
use crate::pages::parts::{Badge, Moment};
use crate::pages::visitor::Visitor;
use crate::problem::Problem;
use crate::server::Server;

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage {
    chrome: Chrome,
    rows: Vec<Line>,
}

struct Line {
    href: String,
    name: String,
    text: String,
    counts: String,
    last: Option<Moment>,
    secrets: String,
    badge: Badge,
}

pub async fn list(State(server): State<Server>, visitor: Visitor) -> Result<Response, Problem> {
    let view = View::of(&server);
    let keys: Vec<SourceKey> = view.catalogue.sources.keys().copied().collect();
    let now = view.now;
    let fares = server.parts.store.read(move |rows| fares(rows, &keys, now)).await?;
    let rows = view.catalogue.sources.values().zip(&fares).map(|(source, fares)| {
        let (badge, text) = state(source, fares, now);
        Line {
            href: format!("/sources/{}", view.id(source.key)),
            name: format!("{}/{}", source.provider, source.name),
            text,
            counts: fares.told(),
            last: last_request(&server, source, fares).map(|at| Moment::new(at, now)),
            secrets: in_force(source, now),
            badge,
        }
    });
    let chrome = Chrome::new(&visitor, "/sources", "Sources");
    Ok(page(StatusCode::OK, &SourcesPage { chrome, rows: rows.collect() }))
}
