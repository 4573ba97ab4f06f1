//! What is answered: a status and a short JSON text. No secret, no claim, no path.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

/// Why a request was not answered 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Method,
    Headers(&'static str),
    NoClaim,
    TooSlow,
    TooLarge,
    Broken,
    /// No JSON object, and a content type that is none of JSON's.
    ContentType,
    /// No JSON object.
    NotAnObject,
    Repository(&'static str),
    NotValid,
    TooManyFailures,
    Validator(&'static str),
    Busy,
    ShuttingDown,
}

impl Refusal {
    /// The status.
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Headers(_) | Refusal::Broken | Refusal::NotAnObject | Refusal::Repository(_) => {
                StatusCode::BAD_REQUEST
            }
            Refusal::NoClaim => StatusCode::UNAUTHORIZED,
            Refusal::NotValid => StatusCode::FORBIDDEN,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::TooManyFailures => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Validator(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Busy | Refusal::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What is said.
    pub fn text(self) -> &'static str {
        match self {
            Refusal::Method => "expected POST",
            Refusal::NoClaim => "no signature or token of Gitea, Forgejo, GitHub or GitLab",
            Refusal::TooSlow => "the body did not come within 30 seconds",
            Refusal::TooLarge => "the body has more than 26214400 octets",
            Refusal::Broken => "the body broke off",
            Refusal::ContentType => "expected a JSON object; let the forge send application/json",
            Refusal::NotAnObject => "expected a JSON object",
            Refusal::NotValid => "not valid",
            Refusal::TooManyFailures => "too many requests were not valid",
            Refusal::Busy => "too many requests at a time",
            Refusal::ShuttingDown => "shutting down",
            Refusal::Headers(why) | Refusal::Repository(why) | Refusal::Validator(why) => why,
        }
    }

    /// The answer.
    pub fn answer(self) -> Response<Full<Bytes>> {
        let body = serde_json::json!({ "error": self.text() }).to_string();
        let mut response = json(self.status(), Bytes::from(body));
        let headers = response.headers_mut();
        match self {
            Refusal::Method => drop(headers.insert(ALLOW, HeaderValue::from_static("POST"))),
            Refusal::Busy | Refusal::ShuttingDown => drop(headers.insert(RETRY_AFTER, HeaderValue::from_static("10"))),
            Refusal::TooManyFailures => drop(headers.insert(RETRY_AFTER, HeaderValue::from_static("60"))),
            _ => {}
        }
        response
    }
}

/// The answer to a valid request.
pub fn ok() -> Response<Full<Bytes>> {
    json(StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#))
}

fn json(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
