//! The bare server that every rate is compared with: axum on two worker threads, reads the body, answers 204. A variant
//! of it also verifies, and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::any;
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use verify::provider::STANDARD_WEBHOOKS;
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome};

use crate::cpu;
use crate::event::{self, Events};
use crate::load::{Load, Loaded};

/// How long a server that is dropped may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// How many servers were started; each has threads of its own name.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A bare server on a free loopback port; it ends when dropped.
pub struct Bare {
    address: SocketAddr,
    threads: String,
    runtime: Option<Runtime>,
}

impl Bare {
    /// The bare server itself.
    pub fn start() -> Self {
        Self::serve(Router::new().fallback(any(|_body: Bytes| async { StatusCode::NO_CONTENT })))
    }

    /// The variant that verifies each request as the product does: its head, then all of it.
    pub fn verifying() -> Self {
        let endpoint = Arc::new(endpoint());
        Self::serve(Router::new().fallback(any(move |request| judge(Arc::clone(&endpoint), request))))
    }

    fn serve(router: Router) -> Self {
        let threads = format!("bare-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(&threads)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let listener = listener.tap_io(|stream| {
            // A connection that cannot take it is broken, as its first read will tell.
            let _ = stream.set_nodelay(true);
        });
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, threads, runtime: Some(runtime) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its processor time so far.
    pub fn cpu(&self) -> Duration {
        cpu::of_threads(&self.threads).expect("the kernel tells of our own threads")
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(ENDS_WITHIN);
        }
    }
}

/// What a bare server answers to the product's own requests, over this many connections.
pub fn measure(connections: usize, seconds: f64) -> Loaded {
    let bare = Bare::start();
    Load::closed(bare.address(), connections, seconds).send(Events::new("/", "bare")).finish()
}

/// The endpoint of the source `bench`.
fn endpoint() -> Endpoint {
    Endpoint::new(EndpointSettings {
        provider: &STANDARD_WEBHOOKS,
        secrets: vec![("bench".to_owned(), event::secret())],
        window_s: None,
        public_url: None,
        handshake: HandshakeSettings::default(),
        subject: None,
    })
    .expect("our own settings")
}

async fn judge(endpoint: Arc<Endpoint>, request: Request) -> StatusCode {
    let (head, body) = request.into_parts();
    let headers: Vec<(&str, &[u8])> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let url = format!("http://127.0.0.1{}", head.uri);
    let head = Head { method: head.method.as_str(), url: &url, headers: &headers };
    if endpoint.look(&head, now_s()).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(body) = to_bytes(body, endpoint.body_bytes_max()).await else {
        return StatusCode::BAD_REQUEST;
    };
    match endpoint.receive(&head, &body, now_s()) {
        Outcome::Accept(_) => StatusCode::NO_CONTENT,
        Outcome::Reply { .. } | Outcome::Refuse(_) => StatusCode::UNAUTHORIZED,
    }
}

fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs() as i64
}

/// The processor time of one verification of our own request, called `times` times on a thread of its own.
pub fn verification_alone(times: u32) -> Duration {
    const THREAD: &str = "verify-alone";
    let work = move || {
        let endpoint = endpoint();
        let mut request = Vec::new();
        Events::new("/", "alone").write(0, &mut request);
        let text = String::from_utf8(request).expect("our own request is text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let headers: Vec<(&str, &[u8])> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name, value.as_bytes()))
            .collect();
        let head = Head { method: "POST", url: "http://127.0.0.1/", headers: &headers };
        let before = cpu::of_threads(THREAD).expect("the kernel tells of our own threads");
        for _ in 0..times {
            let looked = endpoint.look(&head, now_s());
            let outcome = endpoint.receive(&head, body.as_bytes(), now_s());
            assert!(looked.is_ok() && matches!(outcome, Outcome::Accept(_)), "a genuine request is believed");
        }
        cpu::of_threads(THREAD).expect("the kernel tells of our own threads") - before
    };
    let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(work).expect("a thread");
    thread.join().expect("verification does not panic") / times
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

    #[test]
    fn the_verifying_one_believes_what_we_sign_and_nothing_else() {
        let bare = Bare::verifying();
        let load = Load::closed(bare.address(), 1, 10.0).at_most(5);

        assert_eq!(load.send(Events::new("/", "genuine")).finish().accepted.len(), 5);
        let forged = Events::new("/", "forged").forged();
        let forged = crate::load::start(load, move |_, request| request.extend_from_slice(&forged));
        assert_eq!(forged.finish().refused, 5);
        assert!(bare.cpu() > Duration::ZERO);
    }
}
