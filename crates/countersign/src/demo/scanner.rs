//! A scanner as its author would write it: it serves only who proves to hold the key, and finds everything malicious.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// What the scanner reports.
pub const FINDING: &str = "MALICIOUS";

/// A running scanner, until dropped.
pub struct Scanner {
    address: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
}

impl Scanner {
    /// Starts it on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(key: Zeroizing<String>) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Failure::internal)?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let router = Router::new().route("/", post(scan)).with_state(Arc::new(key));
        let serving = tokio::spawn(async move {
            if let Err(why) = axum::serve(listener, router).await {
                tracing::error!(%why, "the sample scanner broke off");
            }
        });
        Ok(Self { address, serving })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn scan(State(key): State<Arc<Zeroizing<String>>>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    match verify::sign::scanner_authorization(authorization, &key, &body) {
        Ok(()) => axum::Json(json!({ "version": "1.0.0", "matchedRules": [FINDING] })).into_response(),
        Err(refusal) => (StatusCode::UNAUTHORIZED, axum::Json(json!({ "error": refusal.code() }))).into_response(),
    }
}
