//! The test message: whether a worker is up (event-workers, section 4).

use serde::Deserialize;

use crate::outcome::{Outcome, Response};
use crate::profile::{Outgoing, excerpt};

/// Whether a worker is up, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Whether it is.
    pub live: bool,
    /// The worker's message, or ours.
    pub message: String,
}

#[derive(Deserialize)]
struct Members {
    status: String,
    #[serde(default)]
    message: Option<String>,
}

/// The message; these bytes are all of it.
#[must_use]
pub fn test_message() -> Outgoing {
    super::json(br#"{"type":"test"}"#.to_vec())
}

/// What came of the message.
#[must_use]
pub fn test_read(outcome: &Outcome) -> Live {
    let failed = |why: String| Live { live: false, message: format!("the test failed: {why}") };
    match outcome {
        Outcome::Answered(response) => answered(response),
        Outcome::TooLarge { status } => failed(format!("it answered {status} with too large a body")),
        Outcome::Refused(why) | Outcome::Unreachable(why) => failed(why.clone()),
        Outcome::TimedOut(within) => failed(format!("no answer within {}", crate::time::show_span(*within))),
    }
}

fn answered(response: &Response) -> Live {
    let up = || Live { live: true, message: "the worker is up".to_owned() };
    let said = members(&response.body);
    match (response.status, said) {
        (204, _) => up(),
        (200, _) if response.body.is_empty() => up(),
        (200, Some(Members { status, message })) if status == "ok" => {
            Live { live: true, message: message.unwrap_or_else(|| up().message) }
        }
        (status, Some(Members { status: word, message })) if word == "error" => {
            let unsaid = || format!("the worker answered {status}, reports an error and gives no reason");
            Live { live: false, message: message.unwrap_or_else(unsaid) }
        }
        (status, _) => {
            let message = format!(
                "expected 204, or 200 with {{\"status\":\"ok\"}}; it answered {status}{}",
                excerpt(&response.body)
            );
            Live { live: false, message }
        }
    }
}

fn members(body: &[u8]) -> Option<Members> {
    // An array would be taken member by member.
    let object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    object.then(|| serde_json::from_slice(body).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> (bool, String) {
        let response = Response { status, retry_after: None, connected: None, body: body.as_bytes().to_vec() };
        let live = test_read(&Outcome::Answered(response));
        (live.live, live.message)
    }

    #[test]
    fn the_message_is_these_bytes() {
        assert_eq!(test_message().body, br#"{"type":"test"}"#);
    }

    #[test]
    fn a_workers_own_words_are_shown() {
        assert_eq!(read(200, r#"{"status":"ok","message":"3 models"}"#), (true, "3 models".to_owned()));
        assert_eq!(read(200, r#"{"status":"error","message":"no model"}"#), (false, "no model".to_owned()));
        assert_eq!(read(500, r#"{"status":"error","message":"boom"}"#), (false, "boom".to_owned()));
        assert_eq!(read(204, ""), (true, "the worker is up".to_owned()));
    }

    #[test]
    fn what_is_no_answer_to_a_test_is_told_with_what_was_found() {
        let (live, message) = read(404, "<h1>Not Found</h1>");
        assert!(!live);
        assert_eq!(message, "expected 204, or 200 with {\"status\":\"ok\"}; it answered 404: <h1>Not Found</h1>");
        assert!(!read(500, r#"{"status":"ok"}"#).0);
        assert!(!read(200, r#"["ok"]"#).0);
        let gone = test_read(&Outcome::Unreachable("connection refused".to_owned()));
        assert_eq!(gone, Live { live: false, message: "the test failed: connection refused".to_owned() });
    }
}
