//! What a scanner says.

use std::fmt;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value, json};

/// A scanner's answer to one call.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It looked, and this is what it found.
    Found(Findings),
    /// There is nothing for it to look at: done, and no rule matches.
    Skipped,
    /// It sends its findings later, to [`Call::result_url`](crate::Call::result_url). Without such a URL nothing can
    /// end the wait but its deadline.
    Deferred,
    /// An object of its own making, sent as it is.
    Object(Map<String, Value>),
}

impl Answer {
    /// Findings of this version of the scanner: none yet.
    #[must_use]
    pub fn version(version: impl Into<String>) -> Findings {
        Findings { version: version.into(), matched: Vec::new(), annotations: Map::new() }
    }
}

impl From<Findings> for Answer {
    fn from(findings: Findings) -> Self {
        Self::Found(findings)
    }
}

/// What a scanner found: the names of rules that match, and what it says about each.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    version: String,
    matched: Vec<String>,
    annotations: Map<String, Value>,
}

impl Findings {
    /// The same, and this rule matches.
    #[must_use]
    pub fn matched(mut self, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        if !self.matched.contains(&rule) {
            self.matched.push(rule);
        }
        self
    }

    /// The same, and this rule matches because of this: what, and in which file if it is in one.
    #[must_use]
    pub fn annotated(self, rule: impl Into<String>, message: &str, file: Option<&str>) -> Self {
        let mut annotation = Map::from_iter([("message".to_owned(), message.into())]);
        if let Some(file) = file {
            annotation.insert("file".to_owned(), file.into());
        }
        let rule = rule.into();
        let mut found = self.matched(rule.clone());
        let entry = found.annotations.entry(rule).or_insert_with(|| json!([]));
        if let Value::Array(list) = entry {
            list.push(annotation.into());
        }
        found
    }

    /// As the protocol writes them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = json!({ "version": self.version, "matchedRules": self.matched });
        if !self.annotations.is_empty() {
            json["annotations"] = self.annotations.clone().into();
        }
        json
    }
}

/// Why a scanner could not look. The gateway tries again later, and never takes it for a pass.
///
/// Every error becomes one with `?`, with status 500.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    /// A failure that the gateway is told in these words, with status 500.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into() }
    }

    /// The same with this status: 503 where it is busy. What is no error stays 500.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        let is_error = |status: &StatusCode| status.is_client_error() || status.is_server_error();
        let error = StatusCode::from_u16(status).ok().filter(is_error);
        Self { status: error.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

// `Failure` is no `Error` itself, so that this covers every one.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self::new(message)
    }
}

/// The answer as it is sent.
pub(crate) fn written(said: Result<Answer, Failure>) -> Response<Full<Bytes>> {
    match said {
        Ok(Answer::Found(findings)) => json_response(StatusCode::OK, &findings.to_json()),
        Ok(Answer::Object(members)) => json_response(StatusCode::OK, &members.into()),
        Ok(Answer::Deferred) => json_response(StatusCode::ACCEPTED, &json!({})),
        Ok(Answer::Skipped) => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(failure) => error_response(failure.status, &failure.message, None),
    }
}

/// An error in the protocol's form.
pub(crate) fn error_response(status: StatusCode, text: &str, extra: Option<&str>) -> Response<Full<Bytes>> {
    json_response(status, &json!({ "error": text, "extra_info": extra }))
}

fn json_response(status: StatusCode, json: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(json.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_annotated_matches_once() {
        let found = Answer::version("1.0").matched("A").annotated("A", "why", Some("x.js")).annotated("B", "how", None);

        let expected = json!({
            "version": "1.0",
            "matchedRules": ["A", "B"],
            "annotations": { "A": [{ "message": "why", "file": "x.js" }], "B": [{ "message": "how" }] },
        });
        assert_eq!(found.to_json(), expected);
        assert_eq!(Answer::version("1.0").to_json(), json!({ "version": "1.0", "matchedRules": [] }));
    }

    #[test]
    fn each_answer_has_its_status_and_a_failure_is_never_a_success() {
        let status = |said| written(said).status().as_u16();
        assert_eq!(status(Ok(Answer::version("1").into())), 200);
        assert_eq!(status(Ok(Answer::Object(Map::new()))), 200);
        assert_eq!(status(Ok(Answer::Deferred)), 202);
        assert_eq!(status(Ok(Answer::Skipped)), 204);
        assert_eq!(status(Err(Failure::new("no"))), 500);
        assert_eq!(status(Err(Failure::new("busy").with_status(503))), 503);
        for no_error in [0, 200, 204, 302, 9999] {
            assert_eq!(status(Err(Failure::new("no").with_status(no_error))), 500, "{no_error}");
        }
    }

    #[test]
    fn an_error_becomes_a_failure_with_its_causes() {
        let failure: Failure = std::io::Error::other(std::fmt::Error).into();
        assert!(failure.message.contains("an error occurred"), "{failure:?}");
    }
}
