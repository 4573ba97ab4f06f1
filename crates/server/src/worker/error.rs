//! Every error of the worker protocol's API: `{"error":"text"}`, which never names a cause on this side.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use store::StoreError;

use crate::problem::{self, Problem};

/// Why a call of the worker protocol is refused.
#[derive(Debug)]
pub enum Refused {
    /// Nobody was recognised; or a write to what is not there or not permitted, between which no difference is told.
    Unauthorized,
    /// A read of what is not there or not permitted.
    NotFound,
    /// Another method is needed.
    Method,
    /// What was sent cannot be taken, with the reason.
    Bad(String),
    /// What has nothing to do with the protocol: a limit, or something that failed here.
    Failed(Problem),
}

impl Refused {
    /// What was sent cannot be taken.
    pub fn bad(why: impl Into<String>) -> Self {
        Self::Bad(why.into())
    }

    /// Something failed here; the log has the cause.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a call of the worker protocol failed");
        Self::Failed(Problem::new(&problem::INTERNAL, ""))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Refused::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized".to_owned()),
            Refused::NotFound => (StatusCode::NOT_FOUND, "Not Found".to_owned()),
            Refused::Method => (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed".to_owned()),
            Refused::Bad(why) => (StatusCode::BAD_REQUEST, why),
            Refused::Failed(problem) => {
                let status = StatusCode::from_u16(problem.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, if status.is_server_error() { problem.kind.title.to_owned() } else { problem.detail })
            }
        };
        (status, axum::Json(json!({ "error": text }))).into_response()
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

impl From<artifacts::BlobError> for Refused {
    fn from(error: artifacts::BlobError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<tokio::task::JoinError> for Refused {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal(error)
    }
}
