//! The one stylesheet, under a name made from its content, so that browsers may keep it for ever.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use sha2::{Digest, Sha256};

use crate::api::Segments;
use crate::problem::Problem;

const CSS: &str = include_str!("style.css");

static NAME: LazyLock<String> =
    LazyLock::new(|| format!("{}.css", verify::hex::encode(&Sha256::digest(CSS.as_bytes())[..8])));

/// Where pages find it.
#[must_use]
pub fn path() -> String {
    format!("/assets/{}", *NAME)
}

pub(crate) async fn show(Segments(name): Segments<String>) -> Response {
    if name != *NAME {
        return Problem::no_such("asset", &name).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, CSS).into_response()
}
