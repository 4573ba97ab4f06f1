//! One pool of connections per policy.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;
use tower_service::Service;

use crate::connect::{Dialled, Gate};
use crate::policy::Policy;

/// How long a connection nobody waits for any more may take to be made.
const UNWATCHED_CONNECT_MAX: Duration = Duration::from_secs(30);

/// How much of an answer's head is buffered.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How many policies keep their connections. Services share a policy when their exceptions are the same, so this
/// many means that policies come and go; then all start afresh.
const POLICIES_MAX: usize = 1024;

/// hyper's pooling client under one policy.
pub(crate) type PolicyClient = Client<Connector, Full<Bytes>>;

/// The clients of all policies in use. A connection is reused only under the policy that opened it.
pub(crate) struct Pools {
    clients: RwLock<HashMap<Arc<Policy>, Arc<PolicyClient>>>,
}

impl Pools {
    pub(crate) fn new() -> Self {
        Self { clients: RwLock::new(HashMap::new()) }
    }

    /// The client of `policy`, built on first use.
    pub(crate) fn client(&self, policy: &Arc<Policy>, build: impl FnOnce() -> PolicyClient) -> Arc<PolicyClient> {
        if let Some(client) = self.clients.read().unwrap_or_else(PoisonError::into_inner).get(policy.as_ref()) {
            return Arc::clone(client);
        }
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= POLICIES_MAX && !clients.contains_key(policy) {
            clients.clear();
        }
        Arc::clone(clients.entry(Arc::clone(policy)).or_insert_with(|| Arc::new(build())))
    }
}

/// A client whose connections pass `gate` and then speak TLS where the URL asks for it.
pub(crate) fn policy_client(
    gate: Gate,
    tls: Arc<rustls::ClientConfig>,
    idle_within: Duration,
    idle_per_host_max: usize,
) -> PolicyClient {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle_within)
        .pool_max_idle_per_host(idle_per_host_max)
        // Only what hyper hands back unwritten, so a POST is repeated no less safely than a GET.
        .retry_canceled_requests(true)
        .http1_max_buf_size(HEAD_BYTES_MAX)
        .build(Connector(HttpsConnector::from((gate, tls))))
}

/// The gate and TLS above it, within a time of their own: hyper finishes a connection in the background when
/// another one became free first.
#[derive(Clone)]
pub(crate) struct Connector(HttpsConnector<Gate>);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Dialled>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move { timeout(UNWATCHED_CONNECT_MAX, connecting).await? })
    }
}
