//! The accept loop: our own, so that the time for a head, the number of connections and the draining are ours.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::guests::{Guests, Standing};
use crate::receive::Peer;

/// What one listener allows before anything is known of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenLimits {
    /// The time for a connection's first byte, and then for each request's head; one that is idle is closed after it, too.
    pub head_within: Duration,
    /// The most headers of a request.
    pub headers_max: usize,
    /// How many bytes of a request's head are gathered before no more is read.
    pub head_bytes_max: usize,
    /// The most connections. When there would be more, the one that has been without a request the longest is closed;
    /// while all have one under way, more wait.
    pub connections_max: usize,
    /// How long requests under way may take to end after the shutdown.
    pub drain_within: Duration,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            head_within: Duration::from_secs(10),
            headers_max: 100,
            head_bytes_max: 64 * 1024,
            connections_max: 10_000,
            drain_within: Duration::from_secs(30),
        }
    }
}

/// An answer of at most so many bytes fits into the system's own buffers: it is on its way as soon as it is made.
const SHORT_BYTES_MAX: u64 = 16 * 1024;

/// After an error that closing a connection may mend, such as too many open files.
const REST: Duration = Duration::from_millis(50);

/// Serves until `shutdown`, then lets what is under way end.
///
/// # Errors
/// None today: errors of single connections end those alone, and accepting is tried again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ListenLimits,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let http = http(&limits);
    let guests = Guests::new(limits.connections_max);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, Peer(peer)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let guest = tokio::select! {
            () = shutdown.cancelled() => break,
            guest = guests.admit() => guest,
        };
        let (http, router, watcher, shutdown) = (http.clone(), router.clone(), graceful.watcher(), shutdown.clone());
        tokio::spawn(async move {
            let speaks = tokio::select! {
                speaks = speaks_within(&stream, limits.head_within) => speaks,
                () = shutdown.cancelled() => false,
                () = guest.asked_to_leave() => false,
            };
            if !speaks {
                return;
            }
            // Apart, so that one who says nothing does not take the room for it.
            let connection = Box::pin(watcher.watch(connection(&http, stream, peer, router, guest.standing())));
            tokio::select! {
                ended = connection => {
                    // A caller that goes away or breaks the protocol ends its own connection and nothing else.
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                }
                () = guest.asked_to_leave() => tracing::debug!("a connection without a request gave way to another"),
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_within, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to drain was over");
    }
    Ok(())
}

fn http(limits: &ListenLimits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.head_bytes_max.max(8 * 1024))
        .half_close(false);
    http
}

/// Whether the first byte comes in time. Until then a connection costs next to nothing.
async fn speaks_within(stream: &TcpStream, time: Duration) -> bool {
    matches!(tokio::time::timeout(time, stream.readable()).await, Ok(Ok(())))
}

fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: Peer,
    router: Router,
    standing: Standing,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + use<> {
    // A connection that cannot take it is broken, as its first read will tell.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        standing.busy();
        let (answer, standing) = (router.clone().call(request), standing.clone());
        async move {
            let answer = answer.await.unwrap_or_else(|never| match never {});
            // One whose end is not in sight stays busy until the next request.
            if answer.body().size_hint().exact().is_some_and(|bytes| bytes <= SHORT_BYTES_MAX) {
                standing.quiet();
            }
            Ok::<_, Infallible>(answer)
        }
    });
    http.serve_connection(TokioIo::new(stream), service)
}
