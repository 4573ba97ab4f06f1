//! The scanner protocol's API: results that a scanner sends later or on its own initiative, and the files that it
//! fetches (scanner-pipeline, sections 9 and 11).
//!
//! A scanner is recognised by a token that its account signed ([`auth`]). The order of the checks is part of the
//! protocol: who calls, what they may, whether there is such a result, whether it is still open, and only then what
//! they say. Paths end in a slash. `error` holds the one table of errors.

pub(crate) mod auth;
mod body;
mod downloads;
mod error;
mod nonces;
mod results;
mod schema;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, patch, post};
use domain::catalogue::Permission;
use http::{HeaderMap, Method};

pub(crate) use error::Refused;
pub(crate) use nonces::Nonces;

use crate::server::Server;

pub(crate) fn router() -> Router<Server> {
    let one = patch(results::patch).fallback(|State(server), method: Method, headers: HeaderMap| async move {
        another_method(&server, &headers, Permission::PatchResults, &method, "PATCH").await
    });
    let all = post(results::push).fallback(|State(server), method: Method, headers: HeaderMap| async move {
        another_method(&server, &headers, Permission::PushResults, &method, "POST").await
    });
    Router::new()
        .route("/api/v5/scanner/results/{id}/", one)
        .route("/api/v5/scanner/results/", all)
        .route("/uploads/file/{uuid}/", get(downloads::upload))
        .route("/downloads/file/{version}/", get(downloads::file))
        .route("/downloads/source/{version}", get(downloads::source))
}

/// A method that is not served: who calls and what they may is looked at before, as for one that is.
async fn another_method(
    server: &Server,
    headers: &HeaderMap,
    needs: Permission,
    found: &Method,
    allow: &'static str,
) -> Refused {
    let permitted = auth::account(server, headers).await.and_then(|account| auth::require(&account, needs));
    permitted.err().unwrap_or_else(|| Refused::method(found, allow))
}
