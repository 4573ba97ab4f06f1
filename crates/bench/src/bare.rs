//! The bare server that every rate is compared with: axum on two worker threads, reads the body, answers 204.

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::event::Events;
use crate::load::{Load, Loaded, Pace, start};

/// A bare server on a free loopback port; it ends when dropped.
pub struct Bare {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Bare {
    /// Starts it.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("bare")
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(any(|_body: Bytes| async { StatusCode::NO_CONTENT }));
        let listener = listener.tap_io(|stream| {
            // A connection that cannot take it is broken, as its first read will tell.
            let _ = stream.set_nodelay(true);
        });
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, runtime: Some(runtime) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a bare server answers to the product's own requests, over this many connections.
pub fn measure(connections: usize, seconds: f64) -> Loaded {
    let bare = Bare::start();
    let load =
        Load { target: bare.address(), connections, pace: Pace::Closed, seconds_max: seconds, requests_max: u64::MAX };
    let events = Events::new("/", "bare");
    start(load, move |sequence, request| events.write(sequence, request)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_server_accepts_what_is_sent() {
        let loaded = measure(2, 0.05);

        assert!(!loaded.accepted.is_empty());
        assert_eq!((loaded.refused, loaded.failed), (0, 0));
    }
}
