//! What handlers take from a request, each refused with a problem of ours.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query};
use http::Request;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{self, Problem};
use crate::receive::read_body;
use crate::resources;
use crate::text::nearest;

/// A JSON document of the API is at most so large.
const JSON_BYTES_MAX: usize = 1024 * 1024;
/// The longest `?wait=`.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The segments of the path, decoded.
pub struct Segments<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => Err(Problem::no_such("path", parts.uri.path())),
        }
    }
}

/// The body as JSON, strictly read.
pub struct Strict<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Strict<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let body = read_body(request.into_body(), JSON_BYTES_MAX).await?;
        resources::read(&body).map(Self)
    }
}

/// The body as JSON, strictly read; none says nothing.
pub struct StrictOrNothing<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for StrictOrNothing<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let body = read_body(request.into_body(), JSON_BYTES_MAX).await?;
        if body.is_empty() { Ok(Self(T::default())) } else { resources::read(&body).map(Self) }
    }
}

/// The parameters of the query.
pub struct Params(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<BTreeMap<String, String>>::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(Problem::new(&problem::MALFORMED, "the query does not parse")),
        }
    }
}

impl Params {
    /// Refuses parameters of other names than these.
    pub fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let Some(stranger) = self.0.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        let hint = match nearest(stranger, known.iter().copied()) {
            Some(name) => format!("; did you mean {name:?}?"),
            None if known.is_empty() => String::new(),
            None => format!("; known are {}", known.join(", ")),
        };
        let shown: String = stranger.chars().take(80).collect();
        Err(Problem::new(&problem::UNKNOWN_MEMBER, format!("the parameter {shown:?} is not known here{hint}")))
    }

    /// Every parameter, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// These parameters.
    #[cfg(test)]
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The parameter of this name.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How long the caller wants to wait, if at all; at most a minute.
    pub fn wait(&self) -> Result<Option<Duration>, Problem> {
        Ok(self.span("wait")?.map(|span| span.min(WAIT_MAX)))
    }

    /// The length of time of this name.
    pub fn span(&self, name: &str) -> Result<Option<Duration>, Problem> {
        let read = |text| domain::time::parse_span(text).map_err(|why| Problem::invalid(format!("{name}: {why}")));
        self.one(name).map(read).transpose()
    }
}
