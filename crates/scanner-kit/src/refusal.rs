//! Every reason not to serve a call.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, HeaderValue};
use hyper::{Response, StatusCode};
use verify::sign::ScannerRefusal;

use crate::answer::error_response;

/// Why a call is not served. The texts are those of the protocol's other library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is over the limit.
    TooLarge,
    /// The body was not whole in time.
    TooSlow,
    /// The body broke off.
    Broken,
    /// The media type is not exactly `application/json`.
    ContentType,
    /// The caller does not prove to hold the key.
    Unproven(ScannerRefusal),
    /// Proven, but not a POST.
    Method,
    /// Proven, but not at `/`.
    Path,
    /// Proven, but not a JSON object or array.
    NotJson(String),
}

impl Refusal {
    pub(crate) fn written(&self) -> Response<Full<Bytes>> {
        let (status, text) = self.told();
        let extra = match self {
            Refusal::NotJson(why) => Some(why.as_str()),
            _ => None,
        };
        let mut response = error_response(status, text, extra);
        let headers = response.headers_mut();
        if matches!(self, Refusal::Method) {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if !self.is_to_the_proven() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn told(&self) -> (StatusCode, &'static str) {
        match self {
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "request entity too large"),
            Refusal::TooSlow => (StatusCode::REQUEST_TIMEOUT, "request timeout"),
            Refusal::Broken => (StatusCode::BAD_REQUEST, "request aborted"),
            Refusal::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported content type"),
            Refusal::Unproven(ScannerRefusal::MissingAuthorization) => {
                (StatusCode::BAD_REQUEST, "missing authorization header")
            }
            Refusal::Unproven(ScannerRefusal::UnsupportedScheme) => {
                (StatusCode::BAD_REQUEST, "unsupported authorization scheme")
            }
            Refusal::Unproven(ScannerRefusal::SignatureMismatch) => {
                (StatusCode::UNAUTHORIZED, "authentication has failed")
            }
            Refusal::Method => (StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
            Refusal::Path => (StatusCode::NOT_FOUND, "not found"),
            Refusal::NotJson(_) => (StatusCode::BAD_REQUEST, "expected a JSON object or array"),
        }
    }

    /// Whether the caller has proven to hold the key. Any other's connection is closed: it would hold a place of those
    /// who have, and some of its body may not have been read.
    fn is_to_the_proven(&self) -> bool {
        matches!(self, Refusal::Method | Refusal::Path | Refusal::NotJson(_))
    }
}
