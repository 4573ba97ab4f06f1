//! `PUT /api/results/{token}`: a service sends its result later.

use axum::body::Body;
use axum::extract::State;
use domain::answer::Answer as Meant;
use domain::catalogue::Service;
use domain::limits::ANSWER_BYTES_MAX;
use domain::link::LinkKind;
use domain::profile;
use http::StatusCode;
use store::command::Answer;
use store::judged;

use super::link;
use crate::api::Segments;
use crate::problem::{self, Problem};
use crate::receive::read_body;
use crate::server::Server;

pub async fn put(
    State(server): State<Server>,
    Segments(token): Segments<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let link = link(&server, &token, LinkKind::Result)?;
    let catalogue = server.parts.store.catalogue();
    let service = catalogue.services.get(&link.service).ok_or_else(unknown)?;
    let raw = read_body(body, ANSWER_BYTES_MAX).await?;
    let meant = meant(service, &raw)?;
    match judged::call_back(&server.parts.store, link.expectation, link.service, raw, &meant, server.now()).await? {
        Answer::Concluded(_) | Answer::Noted => Ok(StatusCode::NO_CONTENT),
        Answer::NotFound => Err(unknown()),
        _ => Err(Problem::new(&problem::ALREADY_COMPLETE, "the result is complete, or its deadline has passed")),
    }
}

/// What the service means, in its own dialect; what does not conclude or defer changes nothing.
fn meant(service: &Service, raw: &[u8]) -> Result<Meant, Problem> {
    let meant = profile::read_body(service, raw);
    if meant.conclusion().is_some() || matches!(meant, Meant::Deferred { .. }) {
        return Ok(meant);
    }
    let detail = meant.text().unwrap_or_else(|| "it does not read".to_owned());
    Err(Problem::new(&problem::UNREADABLE_RESULT, detail))
}

fn unknown() -> Problem {
    Problem::new(&problem::NOT_FOUND, "the link names nothing that is awaited")
}
