//! What keeps an open page up to date: a stream that says "something changed", and nothing of what.
//!
//! The page then asks for itself again and takes the parts that are marked as live, so that one place decides what is
//! shown to whom.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::AccountKey;
use futures_util::stream;
use http::HeaderMap;
use tokio::sync::watch;
use tokio::time::timeout;

use super::visitor::Visitor;
use crate::problem::{self, Problem};
use crate::server::Server;

/// At most so many pages are kept up to date at once.
const STREAMS_MAX: usize = 200;
/// ... and so many of one account, so that nobody takes the others' places.
const OF_AN_ACCOUNT_MAX: usize = 40;
/// Changes that follow each other closely are told once.
const TOGETHER: Duration = Duration::from_millis(400);
/// So long a page that was told is left alone: what changes meanwhile is told after it.
const REST: Duration = Duration::from_secs(2);

/// How often it is looked whether the session is still open.
const LOOK: Duration = Duration::from_secs(30);

/// How many streams are open, by account.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<AccountKey, usize>>>);

/// One open stream's place, until dropped.
struct Place(Streams, AccountKey);

impl Streams {
    fn enter(&self, account: AccountKey) -> Option<Place> {
        let mut open = self.open();
        let all: usize = open.values().sum();
        let own = open.get(&account).copied().unwrap_or(0);
        if all >= STREAMS_MAX || own >= OF_AN_ACCOUNT_MAX {
            return None;
        }
        open.insert(account, own + 1);
        Some(Place(self.clone(), account))
    }

    fn open(&self) -> MutexGuard<'_, HashMap<AccountKey, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self(streams, account) = self;
        let mut open = streams.open();
        match open.get_mut(account) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(open.remove(account)),
        }
    }
}

/// What one page is told of the commits.
struct Changes {
    commits: watch::Receiver<()>,
    /// So long it is left alone before it is told again.
    rest: Duration,
}

impl Changes {
    /// Waits until there is something to tell; none: there will be nothing any more.
    async fn next(&mut self) -> Option<()> {
        tokio::time::sleep(self.rest).await;
        self.commits.changed().await.ok()?;
        tokio::time::sleep(TOGETHER).await;
        self.commits.mark_unchanged();
        self.rest = REST;
        Some(())
    }
}

pub async fn stream(State(server): State<Server>, visitor: Visitor, headers: HeaderMap) -> Response {
    let Some(place) = server.streams.enter(visitor.key) else {
        let detail = format!("{STREAMS_MAX} pages are kept up to date at once, {OF_AN_ACCOUNT_MAX} of one account");
        return Problem::new(&problem::TOO_MANY_WAITERS, detail).into_response();
    };
    let changes = Changes { commits: server.parts.bus.commits(), rest: Duration::ZERO };
    let told = stream::unfold((server, headers, changes, place), |(server, headers, mut changes, place)| async move {
        loop {
            let changed = tokio::select! {
                changed = timeout(LOOK, changes.next()) => changed,
                () = server.stopping.cancelled() => return None,
            };
            // Who signed out is told nothing more, and leaves the place.
            server.session_of(&headers).await.ok()??;
            if let Ok(changed) = changed {
                changed?;
                break;
            }
        }
        let event: Result<Event, Infallible> = Ok(Event::default().event("changed").data("."));
        Some((event, (server, headers, changes, place)))
    });
    Sse::new(told).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_streams_are_open_and_no_more_until_one_ends() {
        let streams = Streams::default();
        let accounts = STREAMS_MAX / OF_AN_ACCOUNT_MAX;
        let enter = |account: usize| streams.enter(AccountKey(account as i64));
        let mut places: Vec<_> = (0..OF_AN_ACCOUNT_MAX).filter_map(|_| enter(0)).collect();
        assert!(places.len() == OF_AN_ACCOUNT_MAX && enter(0).is_none());
        places.extend((OF_AN_ACCOUNT_MAX..STREAMS_MAX).filter_map(|nth| enter(nth % (accounts - 1) + 1)));
        assert!(places.len() == STREAMS_MAX && enter(accounts + 1).is_none(), "{}", places.len());
        places.remove(0);
        assert!(enter(0).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_told_soon_and_then_at_most_every_two_seconds_of_all_that_changes() {
        let (told, commits) = watch::channel(());
        let mut changes = Changes { commits, rest: Duration::ZERO };
        let start = tokio::time::Instant::now();

        told.send_replace(());
        assert_eq!((changes.next().await, start.elapsed()), (Some(()), TOGETHER));
        for _ in 0..100 {
            told.send_replace(());
        }
        assert_eq!((changes.next().await, start.elapsed()), (Some(()), TOGETHER + REST + TOGETHER));
        drop(told);
        assert_eq!(changes.next().await, None, "a hundred changes are told once");
    }
}
