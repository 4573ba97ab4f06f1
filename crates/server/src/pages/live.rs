//! What keeps an open page up to date: a stream that says "something changed", and nothing of what.
//!
//! The page then asks for itself again and takes the parts that are marked as live, so that one place decides what is
//! shown to whom.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::HeaderMap;

use crate::problem::{self, Problem};
use crate::server::Server;

/// At most so many pages are kept up to date at once.
const STREAMS_MAX: usize = 200;
/// Changes that follow each other closely are told once.
const TOGETHER: Duration = Duration::from_millis(400);

/// How many streams are open.
#[derive(Clone, Default)]
pub struct Streams(Arc<AtomicUsize>);

/// One open stream's place, until dropped.
struct Place(Streams);

impl Streams {
    fn enter(&self) -> Option<Place> {
        let more = |open| (open < STREAMS_MAX).then_some(open + 1);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Place(self.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

pub async fn stream(State(server): State<Server>, headers: HeaderMap) -> Response {
    let Some(place) = server.streams.enter() else {
        let detail = format!("{STREAMS_MAX} pages are kept up to date already");
        return Problem::new(&problem::TOO_MANY_WAITERS, detail).into_response();
    };
    let commits = server.parts.bus.commits();
    let changes =
        stream::unfold((server, headers, commits, place), |(server, headers, mut commits, place)| async move {
            tokio::select! {
                changed = commits.changed() => changed.ok()?,
                () = server.stopping.cancelled() => return None,
            }
            tokio::time::sleep(TOGETHER).await;
            // Who signed out is told nothing more.
            server.session_of(&headers).await.ok()??;
            let event: Result<Event, Infallible> = Ok(Event::default().event("changed").data("."));
            Some((event, (server, headers, commits, place)))
        });
    Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_streams_are_open_and_no_more_until_one_ends() {
        let streams = Streams::default();
        let mut places: Vec<_> = (0..STREAMS_MAX).filter_map(|_| streams.enter()).collect();
        assert!(places.len() == STREAMS_MAX && streams.enter().is_none());
        places.pop();
        assert!(streams.enter().is_some());
    }
}
