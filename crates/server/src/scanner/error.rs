//! Every error of the scanner protocol's API, in the form of the framework that its clients know.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};
use store::StoreError;
use verify::account::JwtRefusal;

use crate::problem::Problem;

/// Why a call of the scanner protocol is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Nobody was recognised.
    Unauthenticated(JwtRefusal),
    /// Somebody was, and may not do it.
    Forbidden(&'static str),
    /// There is no such thing, or it is none of the caller's.
    NotFound,
    /// It was done before.
    Conflict(&'static str),
    /// Another method is needed.
    Method { found: String, allow: &'static str },
    /// The body is of another kind than JSON.
    MediaType(String),
    /// The body is no JSON.
    Malformed(String),
    /// What is wrong with each member of the body.
    Members(Map<String, Value>),
    /// What has nothing to do with the protocol: a limit, or something that failed here.
    Failed(Problem),
}

/// What is said where a permission is missing.
const NOT_PERMITTED: &str = "You do not have permission to perform this action.";
/// Who must be recognised, and how.
const CHALLENGE: HeaderValue = HeaderValue::from_static("JWT realm=\"countersign\"");

impl Refused {
    /// A permission is missing.
    pub fn permission() -> Self {
        Self::Forbidden(NOT_PERMITTED)
    }

    /// Another method than the one that is allowed.
    pub fn method(found: &Method, allow: &'static str) -> Self {
        Self::Method { found: found.as_str().chars().take(40).collect(), allow }
    }

    /// One remark about one member of the body.
    pub fn member(name: &str, remark: impl Into<String>) -> Self {
        Self::Members(Map::from_iter([(name.to_owned(), json!([remark.into()]))]))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let detail = |text: &str| json!({ "detail": text });
        match self {
            Refused::Unauthenticated(why) => {
                answer(StatusCode::UNAUTHORIZED, &detail(why.text()), Some((header::WWW_AUTHENTICATE, CHALLENGE)))
            }
            Refused::Forbidden(why) => answer(StatusCode::FORBIDDEN, &detail(why), None),
            Refused::NotFound => StatusCode::NOT_FOUND.into_response(),
            Refused::Conflict(why) => answer(StatusCode::CONFLICT, &detail(why), None),
            Refused::Method { found, allow } => {
                let allow = (header::ALLOW, HeaderValue::from_static(allow));
                let text = format!("Method \"{found}\" not allowed.");
                answer(StatusCode::METHOD_NOT_ALLOWED, &detail(&text), Some(allow))
            }
            Refused::MediaType(found) => {
                let text = format!("Unsupported media type \"{found}\" in request.");
                answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, &detail(&text), None)
            }
            Refused::Malformed(why) => {
                answer(StatusCode::BAD_REQUEST, &detail(&format!("JSON parse error - {why}")), None)
            }
            Refused::Members(members) => answer(StatusCode::BAD_REQUEST, &Value::Object(members), None),
            Refused::Failed(problem) => {
                let status = StatusCode::from_u16(problem.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let later = (status == StatusCode::SERVICE_UNAVAILABLE)
                    .then_some((header::RETRY_AFTER, HeaderValue::from_static("10")));
                answer(status, &detail(&problem.detail), later)
            }
        }
    }
}

fn answer(status: StatusCode, body: &Value, more: Option<(header::HeaderName, HeaderValue)>) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    if let Some((name, value)) = more {
        response.headers_mut().insert(name, value);
    }
    response
}

impl From<JwtRefusal> for Refused {
    fn from(why: JwtRefusal) -> Self {
        Self::Unauthenticated(why)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
