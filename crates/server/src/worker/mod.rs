//! The worker protocol's API (event-workers, sections 9 and 10): what workers and other programs call.
//!
//! Each request is signed whole, so its body is kept until the signature is judged (`signed`), and then read from the
//! same bytes. Then it is seen what the account may do there (`rights`). Every refusal is `{"error":"text"}` (`error`).

mod error;
mod evidence;
mod filter;
mod form;
mod json;
mod list;
mod media;
mod metadata;
mod operations;
mod path;
mod rights;
mod room;
mod signed;
mod tags;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;

use crate::server::Server;
use error::Refused;
pub(crate) use evidence::Said;
pub(crate) use rights::EVIDENCE;
pub(crate) use room::Rooms;

/// The routes of the protocol.
pub(crate) fn router() -> Router<Server> {
    let one = "/api/operations/{slug}/evidence/{uuid}";
    Router::new()
        .route("/api/checkconnection", get(operations::check_connection))
        .route("/api/operations", get(operations::list).post(operations::create))
        .route("/api/operations/{slug}/evidence", get(list::list).post(evidence::create))
        .route(one, get(evidence::one).put(evidence::change))
        .route(&format!("{one}/media"), get(media::media))
        .route(&format!("{one}/preview"), get(media::preview))
        .route(&format!("{one}/metadata"), get(metadata::list).put(metadata::put))
        .route("/api/operations/{slug}/tags", get(tags::list).post(tags::create))
        .method_not_allowed_fallback(|| async { Refused::Method })
}

/// Whether a path that no route has belongs to this protocol's clients.
pub(crate) fn is_below(path: &str) -> bool {
    path == "/api/operations" || path.starts_with("/api/operations/")
}

/// What is answered there.
pub(crate) fn unknown_path() -> Response {
    (StatusCode::NOT_FOUND, "Not Found").into_response()
}
