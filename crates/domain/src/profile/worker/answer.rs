//! What a worker's answer to an event means, and what it writes into its record (event-workers, sections 6 and 7).

use std::fmt;

use serde::Deserialize;

use crate::Timestamp;
use crate::answer::{Answer, Said};
use crate::limits;
use crate::outcome::Response;
use crate::profile::{excerpt, read_status};
use crate::record::{RecordChange, RecordStatus};
use crate::retry::NextStep;

/// What a worker said in its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Understood {
    /// It examined the subject; this is the result.
    Processed(String),
    /// It cannot examine this subject, for this reason.
    Rejected(Option<String>),
    /// It failed, for this reason.
    Error(Option<String>),
    /// It delivers its result later.
    Deferred,
}

/// Why an answer is none in the workers' protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The body is not a JSON object with members of the right types.
    Unparsable(String),
    /// The action is none of the four.
    UnknownAction(Option<String>),
    /// It was processed, and there is no result.
    MissingContent,
    /// A status that has no meaning for events.
    UnexpectedStatus(u16),
    /// A body over the limit.
    TooLarge,
}

impl Fault {
    /// Its code in the published vectors.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Fault::Unparsable(_) => "unparsable_body",
            Fault::UnknownAction(_) => "unknown_action",
            Fault::MissingContent => "missing_content",
            Fault::UnexpectedStatus(_) => "unexpected_status",
            Fault::TooLarge => "unreadable_body",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("parsing failed: ")?;
        match self {
            Fault::Unparsable(why) => write!(out, "expected a JSON object with action and content, {why}"),
            Fault::UnknownAction(None) => {
                out.write_str("expected the action processed, rejected, error or deferred, found none")
            }
            Fault::UnknownAction(Some(found)) => {
                let found: String = found.chars().take(40).collect();
                write!(out, "expected the action processed, rejected, error or deferred, found {found:?}")
            }
            Fault::MissingContent => out.write_str("expected a content with the action processed, found none"),
            Fault::UnexpectedStatus(status) => {
                write!(out, "expected the status 200, 202, 406 or 500, found {status}")?;
                out.write_str(if (300..400).contains(status) { "; redirects are not followed" } else { "" })
            }
            Fault::TooLarge => write!(out, "the answer is over {} bytes", limits::ANSWER_BYTES_MAX),
        }
    }
}

impl From<Fault> for Answer {
    /// Final: the worker has answered, if not so that anybody could read it.
    fn from(fault: Fault) -> Answer {
        Answer::Error { reason: Some(fault.to_string()) }
    }
}

#[derive(Deserialize, Default)]
struct Members {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    content: Option<String>,
}

/// Whether a status means that the worker could not be asked, so that it is asked again (event-workers, section 13).
const fn asks_again(status: u16) -> bool {
    matches!(status, 408 | 429 | 502..=504)
}

/// What an answer to an event means.
#[must_use]
pub fn read(response: &Response, now: Timestamp) -> Answer {
    if asks_again(response.status) {
        return read_status(response, now);
    }
    match understood(response) {
        // Nobody says for how long; whoever forgets is asked again.
        Ok(Understood::Deferred) => Answer::Deferred { until: Some(now.after(limits::DEFERRAL)) },
        Ok(understood) => understood.into(),
        Err(fault) => fault.into(),
    }
}

/// What an answer means whose body is over the limit.
#[must_use]
pub fn too_large(status: u16, now: Timestamp) -> Answer {
    if asks_again(status) {
        return read_status(&Response { status, ..Response::default() }, now);
    }
    Fault::TooLarge.into()
}

/// What a body means that answers with 200, or is sent later.
#[must_use]
pub fn read_body(body: &[u8]) -> Answer {
    let response = Response { status: 200, retry_after: None, connected: None, body: body.to_vec() };
    understood(&response).map_or_else(Answer::from, Answer::from)
}

/// Reads an answer: the body first, whatever the status says.
///
/// # Errors
/// [`Fault`] where it is none in the workers' protocol.
pub fn understood(response: &Response) -> Result<Understood, Fault> {
    let Members { action, content } = members(&response.body)?;
    match response.status {
        200 => match action.as_deref() {
            Some("processed") => content.map(Understood::Processed).ok_or(Fault::MissingContent),
            Some("rejected") => Ok(Understood::Rejected(content)),
            Some("error") => Ok(Understood::Error(content)),
            Some("deferred") => Ok(Understood::Deferred),
            _ => Err(Fault::UnknownAction(action)),
        },
        202 => Ok(Understood::Deferred),
        406 => Ok(Understood::Rejected(content)),
        500 => Ok(Understood::Error(content)),
        status => Err(Fault::UnexpectedStatus(status)),
    }
}

fn members(body: &[u8]) -> Result<Members, Fault> {
    if body.is_empty() {
        return Ok(Members::default());
    }
    let found = || Fault::Unparsable(format!("found something else{}", excerpt(body)));
    // An array would be taken member by member.
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'n') => {}
        _ => return Err(found()),
    }
    let members: Result<Option<Members>, _> = serde_json::from_slice(body);
    members.map(Option::unwrap_or_default).map_err(|why| match why.classify() {
        serde_json::error::Category::Data => Fault::Unparsable(format!("found another: {why}")),
        _ => found(),
    })
}

impl From<Understood> for Answer {
    fn from(understood: Understood) -> Answer {
        match understood {
            Understood::Processed(_) => Answer::Processed(Said { complete: true, ..Said::default() }),
            Understood::Rejected(reason) => Answer::Rejected { reason },
            Understood::Error(reason) => Answer::Error { reason },
            Understood::Deferred => Answer::Deferred { until: None },
        }
    }
}

/// What an attempt writes into the worker's record. A result that was there before stays, unless there is a new one.
///
/// A failed attempt that is made again says so: the record heals when the next one succeeds.
#[must_use]
pub fn record(meant: &Answer, body: &[u8], next: &NextStep) -> RecordChange {
    let ended = |status, can_process, message| RecordChange { body: None, status, can_process, message };
    match meant {
        Answer::Processed(_) => RecordChange {
            body: members(body).ok().and_then(|members| members.content),
            ..ended(RecordStatus::Completed, Some(true), None)
        },
        Answer::Rejected { reason } => ended(RecordStatus::Completed, Some(false), reason.clone()),
        Answer::Deferred { .. } => ended(RecordStatus::Queued, Some(true), None),
        Answer::Error { reason } => {
            let unsaid = || "the worker reported an error and gave no reason".to_owned();
            ended(RecordStatus::Error, None, Some(reason.clone().unwrap_or_else(unsaid)))
        }
        failed => {
            let mut text = failed.text().unwrap_or_default();
            if let NextStep::RetryAt(at) = next {
                text.push_str(&format!("; asked again at {}", at.rfc3339_seconds()));
            }
            ended(RecordStatus::Error, None, Some(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::{Jitter, RetryPolicy, next_step};

    const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

    fn answer(status: u16, body: &str) -> Answer {
        let response = Response { status, retry_after: None, connected: None, body: body.as_bytes().to_vec() };
        read(&response, NOW)
    }

    fn step(answer: &Answer) -> NextStep {
        next_step(&RetryPolicy::WORKER, 1, answer, Timestamp::NEVER, NOW, Jitter(0))
    }

    #[test]
    fn what_is_none_in_the_protocol_is_a_final_error_that_says_what_was_found() {
        for (status, body, text) in [
            (200, "", "parsing failed: expected the action processed, rejected, error or deferred, found none"),
            (
                200,
                r#"{"action":"Done"}"#,
                "parsing failed: expected the action processed, rejected, error or deferred, found \"Done\"",
            ),
            (
                200,
                r#"{"action":"processed"}"#,
                "parsing failed: expected a content with the action processed, found none",
            ),
            (200, "ok", "parsing failed: expected a JSON object with action and content, found something else: ok"),
            (404, "", "parsing failed: expected the status 200, 202, 406 or 500, found 404"),
            (
                302,
                "",
                "parsing failed: expected the status 200, 202, 406 or 500, found 302; redirects are not followed",
            ),
        ] {
            let answer = answer(status, body);
            assert_eq!(answer.text().as_deref(), Some(text));
            assert!(matches!(step(&answer), NextStep::Conclude(_)), "{status} {body}");
        }
        let typed = answer(200, r#"{"action":1}"#).text().expect("text");
        assert!(typed.starts_with("parsing failed: ") && typed.contains("line 1"), "{typed}");
    }

    #[test]
    fn only_a_worker_that_could_not_be_asked_is_asked_again() {
        for status in [408, 429, 502, 503, 504] {
            assert!(matches!(step(&answer(status, "<html>")), NextStep::RetryAt(_)), "{status}");
            assert!(matches!(step(&too_large(status, NOW)), NextStep::RetryAt(_)), "{status}");
        }
        for status in [200, 202, 204, 301, 400, 404, 406, 410, 425, 500, 501, 505, 599] {
            assert!(!matches!(step(&answer(status, "")), NextStep::RetryAt(_)), "{status}");
            assert!(!matches!(step(&too_large(status, NOW)), NextStep::RetryAt(_)), "{status}");
        }
    }

    #[test]
    fn a_deferral_has_an_end() {
        let until = NOW.after(limits::DEFERRAL);
        assert_eq!(step(&answer(202, "")), NextStep::Defer { until });
        assert_eq!(step(&answer(200, r#"{"action":"deferred"}"#)), NextStep::Defer { until });
    }

    #[test]
    fn a_failed_attempt_is_an_error_until_the_next_one() {
        let failed = Answer::Failed { why: "connection refused".to_owned() };
        let again = record(&failed, b"", &step(&failed));
        assert_eq!(again.status, RecordStatus::Error);
        assert_eq!(again.message.as_deref(), Some("connection refused; asked again at 2026-01-01T00:00:05Z"));
        assert_eq!(record(&failed, b"", &NextStep::GiveUp).message.as_deref(), Some("connection refused"));
    }
}
