//! What an answer is worth. Pure.

use std::fmt;
use std::time::Duration;

use domain::answer::Answer;
use domain::profile::{PayloadForm, scanner};
use serde_json::{Value, json};

/// How good an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As the contract says.
    Ok,
    /// Not as it says, and nothing is let through by it.
    Weak,
    /// The gateway could not work with this scanner, or somebody else could.
    Failed,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An answer.
    Answered {
        /// Its status.
        status: u16,
        /// Its body.
        body: Vec<u8>,
    },
    /// The connection broke without one.
    Closed(String),
    /// Nothing, in this time.
    Silent(Duration),
}

/// One call, and what its answer is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which call.
    pub check: &'static str,
    /// What its answer is worth.
    pub grade: Grade,
    /// What the contract says.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
    /// What to do about it, where it is not ok.
    pub mend: Option<&'static str>,
}

/// What a call comes to, before it is told.
type Judged = (Grade, Option<&'static str>);

const FINE: Judged = (Grade::Ok, None);

const REFUSED_OTHERWISE: Judged =
    (Grade::Weak, Some("answer 4xx: after anything else the gateway takes it for a failure and tries again"));

const HANGS: Judged = (Grade::Failed, Some("answer at once what is not served: a call that hangs holds a connection"));

/// The call as the gateway makes it.
pub fn good(found: &Found) -> Line {
    let expected = "200 with \"version\" and \"matchedRules\", 202 or 204";
    let other = "answer 200, 201, 202 or 204: the gateway takes every other status for a failure";
    let (judged, found) = match found {
        Found::Answered { status: 204, .. } => (FINE, "204, skipped".to_owned()),
        Found::Answered { status: 200..=202, body } => served(found, scanner::read_body(body, PayloadForm::Full)),
        Found::Answered { status: 200..300, .. } => ((Grade::Failed, Some(other)), found.to_string()),
        Found::Answered { .. } => ((Grade::Failed, Some(mend_refused(found))), found.to_string()),
        _ => (
            (Grade::Failed, Some("answer every call; what takes longer answers 202 and sends its result later")),
            found.to_string(),
        ),
    };
    Line { check: "good call", grade: judged.0, expected, found, mend: judged.1 }
}

fn served(found: &Found, answer: Answer) -> (Judged, String) {
    match answer {
        Answer::Processed(said) => (FINE, format!("{found}, {} matched", said.matched.len())),
        Answer::Failed { why } => {
            let mend = "leave out \"error\": with it every answer but 204 is a failure";
            ((Grade::Failed, Some(mend)), format!("{found}: {why}"))
        }
        _ if matches!(found, Found::Answered { status: 202, .. }) => (FINE, format!("{found}, the result comes later")),
        Answer::Deferred { .. } => {
            let mend = "add \"matchedRules\", even empty: in the full payload form the gateway waits for it";
            ((Grade::Weak, Some(mend)), format!("{found} without \"matchedRules\""))
        }
        other => {
            let why = other.text().unwrap_or_else(|| other.word().to_owned());
            let mend = "answer {\"version\":\"1.0\",\"matchedRules\":[]}: what does not read is never a pass";
            ((Grade::Failed, Some(mend)), format!("{found}: {why}"))
        }
    }
}

fn mend_refused(found: &Found) -> &'static str {
    match found {
        Found::Answered { status: 400 | 401 | 403, .. } => {
            "give the scanner and this command the same key; sign and verify the raw bytes"
        }
        Found::Answered { status: 404, .. } => "register the path that the scanner serves, often /",
        Found::Answered { status: 300..400, .. } => "register the final URL: redirects are not followed",
        Found::Answered { status: 400..500, .. } => "serve POST with the media type application/json",
        _ => "look at the scanner's log; --body FILE sends a call that it knows",
    }
}

/// A call that proves nothing.
pub fn forged(check: &'static str, found: &Found) -> Line {
    let judged = match found {
        Found::Answered { status: 200..300, .. } => (
            Grade::Failed,
            Some("compare Authorization with HMAC-SHA256 of the raw bytes under the key, before anything else"),
        ),
        Found::Answered { status: 400..500, .. } => FINE,
        Found::Silent(_) => HANGS,
        _ => REFUSED_OTHERWISE,
    };
    line(check, "a refusal, 4xx", found, judged)
}

/// The good call once more.
pub fn replay(found: &Found) -> Line {
    let judged = match found {
        Found::Answered { status: 200..300, .. } => FINE,
        _ => (
            Grade::Weak,
            Some("serve a repeated call like the first: the signature has no nonce, and a retry is the same bytes"),
        ),
    };
    line("repeated call", "the same as the first: the signature has no nonce", found, judged)
}

/// A signed call that is not in the protocol.
pub fn odd(check: &'static str, found: &Found) -> Line {
    let judged = match found {
        Found::Answered { status: 200..300, .. } => {
            (Grade::Weak, Some("refuse with 4xx what is not in the protocol, rather than say it was scanned"))
        }
        Found::Answered { status: 400..500, .. } => FINE,
        Found::Silent(_) => HANGS,
        _ => REFUSED_OTHERWISE,
    };
    line(check, "a refusal, 4xx", found, judged)
}

/// A signed call over the limit.
pub fn huge(found: &Found) -> Line {
    let judged = match found {
        Found::Answered { status: 200..300, .. } => {
            (Grade::Failed, Some("read at most 1 MiB (1048576 bytes), then answer 413 or close the connection"))
        }
        Found::Answered { status: 400..500, .. } | Found::Closed(_) => FINE,
        Found::Silent(_) => HANGS,
        Found::Answered { .. } => REFUSED_OTHERWISE,
    };
    line("over 1 MiB", "413, or a closed connection", found, judged)
}

/// The good call in pieces.
pub fn slow(found: &Found) -> Line {
    let judged = match found {
        Found::Answered { status: 200..300, .. } => FINE,
        _ => (Grade::Failed, Some("read the body to its declared length before judging it, and allow it some seconds")),
    };
    line("slow call", "served like the first", found, judged)
}

fn line(check: &'static str, expected: &'static str, found: &Found, (grade, mend): Judged) -> Line {
    Line { check, grade, expected, found: found.to_string(), mend }
}

impl Grade {
    /// The grade as it is printed.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Ok => "ok",
            Grade::Weak => "weak",
            Grade::Failed => "FAILED",
        }
    }
}

impl Line {
    /// The line for programs.
    pub fn to_json(&self) -> Value {
        json!({
            "check": self.check,
            "grade": self.grade.word(),
            "expected": self.expected,
            "found": self.found,
            "mend": self.mend,
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, grade, expected, found, mend } = self;
        let found: String = found.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        write!(out, "{:6}  {check:16}  expected {expected}; found {found}", grade.word())?;
        mend.iter().try_for_each(|mend| write!(out, "\n{:26}{mend}", ""))
    }
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Answered { status, .. } => write!(out, "{status}"),
            Found::Closed(why) => write!(out, "a closed connection ({why})"),
            Found::Silent(within) => write!(out, "nothing within {within:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Found {
        Found::Answered { status, body: body.as_bytes().to_vec() }
    }

    fn closed() -> Found {
        Found::Closed("reset".to_owned())
    }

    const SILENT: Found = Found::Silent(Duration::from_secs(1));

    #[test]
    fn the_good_call_is_read_as_the_gateway_reads_it() {
        let grade = |status, body| good(&answered(status, body)).grade;
        assert_eq!(grade(200, r#"{"version":"1","matchedRules":[]}"#), Grade::Ok);
        assert_eq!(grade(201, r#"{"version":"1","matchedRules":[]}"#), Grade::Ok);
        for body in ["accepted", "", "[]", r#"{"queued":true}"#, r#"{"version":"1"}"#] {
            assert_eq!(grade(202, body), Grade::Ok, "{body}");
        }
        assert_eq!(grade(202, r#"{"error":"no engine"}"#), Grade::Failed);
        assert_eq!(grade(204, ""), Grade::Ok);
        assert_eq!(grade(200, r#"{"version":"1"}"#), Grade::Weak);
        for body in ["", "[]", "{}", r#"{"version":1}"#, r#"{"version":"1","error":"x"}"#] {
            assert_eq!(grade(200, body), Grade::Failed, "{body}");
        }
        for status in [203, 205, 206, 226, 301, 400, 401, 404, 500] {
            assert_eq!(grade(status, r#"{"version":"1","matchedRules":[]}"#), Grade::Failed, "{status}");
        }
        assert_eq!(good(&SILENT).grade, Grade::Failed);
    }

    #[test]
    fn a_forged_call_that_is_served_fails_and_one_that_breaks_something_is_weak() {
        let grade = |found: &Found| forged("wrong key", found).grade;
        assert_eq!(grade(&answered(401, "")), Grade::Ok);
        assert_eq!(grade(&answered(204, "")), Grade::Failed);
        assert_eq!(grade(&answered(200, "")), Grade::Failed);
        assert_eq!(grade(&answered(500, "")), Grade::Weak);
        assert_eq!(grade(&closed()), Grade::Weak);
        assert_eq!(grade(&SILENT), Grade::Failed);
    }

    #[test]
    fn a_huge_call_may_be_cut_off_but_neither_served_nor_left_hanging() {
        let grade = |found: &Found| huge(found).grade;
        assert_eq!(grade(&answered(413, "")), Grade::Ok);
        assert_eq!(grade(&closed()), Grade::Ok);
        assert_eq!(grade(&answered(200, "")), Grade::Failed);
        assert_eq!(grade(&SILENT), Grade::Failed);
        assert_eq!(grade(&answered(500, "")), Grade::Weak);
    }

    #[test]
    fn the_rest_is_weak_at_most_but_a_slow_call_must_be_served() {
        assert_eq!(odd("GET", &answered(200, "")).grade, Grade::Weak);
        assert_eq!(odd("GET", &answered(405, "")).grade, Grade::Ok);
        assert_eq!(replay(&answered(200, "")).grade, Grade::Ok);
        assert_eq!(replay(&answered(409, "")).grade, Grade::Weak);
        assert_eq!(slow(&answered(200, "")).grade, Grade::Ok);
        assert_eq!(slow(&answered(408, "")).grade, Grade::Failed);
        assert_eq!(slow(&closed()).grade, Grade::Failed);
    }

    #[test]
    fn a_line_that_is_not_ok_says_how_to_mend_it_in_one_line_of_the_terminal() {
        let shown = good(&answered(200, "{\"version\":\"1\",\"error\":\"\u{1b}[2J\"}")).to_string();
        assert!(shown.starts_with("FAILED  good call") && shown.contains("\n"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
        assert!(!forged("x", &answered(401, "")).to_string().contains('\n'));
    }
}
