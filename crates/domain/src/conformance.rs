//! Runs published vector files: those about workers' answers here, every other kind in [`verify::conformance`].

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use verify::conformance::{ConformanceError, ReadCertificate, Row, parsed};

use crate::Timestamp;
use crate::answer::Answer;
use crate::outcome::{Outcome, Response};
use crate::profile;
use crate::profile::worker::{self, Live};
use crate::record::RecordChange;
use crate::retry::{Jitter, NextStep, next_step};

/// Any instant: nothing in these vectors depends on it.
const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

/// Runs every vector of a file, whose kind is known by its content. `read` reads the certificates that vectors bring.
///
/// # Errors
/// [`ConformanceError`] where the file as a whole cannot be run.
pub fn run(file_text: &str, read: ReadCertificate) -> Result<Vec<Row>, ConformanceError> {
    match serde_json::from_str::<Value>(file_text) {
        Ok(file) if file["event_responses"].is_array() => workers(&file),
        _ => verify::conformance::run(file_text, read),
    }
}

/// What workers answer, and what must come of it.
fn workers(file: &Value) -> Result<Vec<Row>, ConformanceError> {
    let rows = |name: &str| file[name].as_array().map(Vec::as_slice).unwrap_or_default().iter().enumerate();
    let events = rows("event_responses").chain(rows("transport_failures")).map(|(at, row)| event(&parsed(at, row)?));
    let tests = rows("test_responses").map(|(at, row)| test(&parsed(at, row)?));
    events.chain(tests).collect()
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    level: String,
    response: Option<Told>,
    failure: Option<String>,
    expect: Value,
    retry: Option<String>,
}

/// A response as it is told.
#[derive(Deserialize)]
struct Told {
    status: u16,
    body: Option<String>,
    body_base64: Option<String>,
    body_template: Option<String>,
    announced_length: Option<usize>,
}

fn event(vector: &Vector) -> Result<Row, ConformanceError> {
    let outcome = vector.outcome()?;
    let meant = match &outcome {
        Outcome::Answered(response) => worker::read(response, NOW),
        Outcome::TooLarge { status } => worker::too_large(*status, NOW),
        unanswered => profile::unanswered(unanswered),
    };
    let next = next_step(&worker::WORKER.retry, 1, &meant, Timestamp::NEVER, NOW, Jitter(0));
    let body = if let Outcome::Answered(response) = &outcome { response.body.as_slice() } else { &[] };
    let record = worker::record(&meant, body, &next);
    let asked_again = if matches!(next, NextStep::RetryAt(_)) { "may" } else { "no" };

    let record_expected = &vector.expect["record"];
    let pairs = [
        (text(&vector.expect["outcome"]), outcome_word(&meant).to_owned()),
        (text(&record_expected["status"]), record.status.word().to_owned()),
        (format!("canProcess {}", record_expected["canProcess"]), format!("canProcess {}", json!(record.can_process))),
        bodies(&record_expected["body"], &record),
        messages(&record_expected["message"], &record),
        reasons(&vector.expect["reason"], &outcome, &meant),
        (format!("retry {}", vector.retry.as_deref().unwrap_or("no")), format!("retry {asked_again}")),
    ];
    let (expected, got): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
    Ok(vector.row(expected.join(", "), got.join(", ")))
}

fn test(vector: &Vector) -> Result<Row, ConformanceError> {
    let Live { live, message } = worker::test_read(&vector.outcome()?);
    let wanted = vector.expect["message"].as_str();
    let shown = |live: &str, message: Option<&str>| match message {
        Some(message) => format!("live {live}, {message:?}"),
        None => format!("live {live}"),
    };
    let expected = shown(&vector.expect["live"].to_string(), wanted);
    Ok(vector.row(expected, shown(&live.to_string(), wanted.map(|_| message.as_str()))))
}

impl Vector {
    /// A row on which implementations may differ passes, and says how we differ.
    fn row(&self, expected: String, got: String) -> Row {
        Row { id: self.id.clone(), pass: self.level == "either" || expected == got, expected, got }
    }

    fn outcome(&self) -> Result<Outcome, ConformanceError> {
        match (&self.response, self.failure.as_deref()) {
            (Some(told), _) if told.announced_length.is_some() => {
                Ok(Outcome::Unreachable("the connection was closed before the whole answer had come".to_owned()))
            }
            (Some(told), _) => {
                let body = told.body().ok_or_else(|| self.malformed("its body cannot be read".to_owned()))?;
                Ok(Outcome::Answered(Response { status: told.status, retry_after: None, connected: None, body }))
            }
            (None, Some(failure @ ("refused" | "dns" | "reset" | "tls" | "garbage"))) => {
                Ok(Outcome::Unreachable(failure.to_owned()))
            }
            (None, Some("hang" | "slow" | "trickle")) => Ok(Outcome::TimedOut(Duration::from_secs(60))),
            (None, Some("flood")) => Ok(Outcome::TooLarge { status: 200 }),
            (None, Some(other)) => Err(self.malformed(format!("the failure {other} is not known"))),
            (None, None) => Err(self.malformed("it has neither a response nor a failure".to_owned())),
        }
    }

    fn malformed(&self, fault: String) -> ConformanceError {
        ConformanceError::Malformed { id: self.id.clone(), fault }
    }
}

impl Told {
    fn body(&self) -> Option<Vec<u8>> {
        if let Some(template) = &self.body_template {
            return Some(filled(template).into_bytes());
        }
        match &self.body_base64 {
            Some(text) => verify::conformance::decoded(text),
            None => Some(self.body.clone()?.into_bytes()),
        }
    }
}

/// A text in which `<x repeated N times>` stands for so many.
fn filled(template: &str) -> String {
    let parts = template.split_once("<x repeated ").and_then(|(before, rest)| {
        let (count, after) = rest.split_once(" times>")?;
        Some(format!("{before}{}{after}", "x".repeat(count.parse().ok()?)))
    });
    parts.unwrap_or_else(|| template.to_owned())
}

fn outcome_word(meant: &Answer) -> &'static str {
    match meant {
        Answer::Processed(_) | Answer::Rejected { .. } | Answer::Deferred { .. } => meant.word(),
        _ => "error",
    }
}

fn bodies(expected: &Value, record: &RecordChange) -> (String, String) {
    let wanted = match expected["set"].as_str() {
        Some(text) => format!("body {}", short(&filled(text))),
        None => "body kept".to_owned(),
    };
    (wanted, record.body.as_deref().map_or_else(|| "body kept".to_owned(), |body| format!("body {}", short(body))))
}

fn messages(expected: &Value, record: &RecordChange) -> (String, String) {
    let found = record.message.as_deref().map_or_else(|| "no message".to_owned(), |text| format!("message {text:?}"));
    if expected["free"] == true {
        return ("any message".to_owned(), "any message".to_owned());
    }
    match expected["equals"].as_str() {
        Some(text) => (format!("message {text:?}"), found),
        None => ("no message".to_owned(), found),
    }
}

/// Why it is an error, in the vectors' words; what the wire alone tells is not said again.
fn reasons(expected: &Value, outcome: &Outcome, meant: &Answer) -> (String, String) {
    let wanted = expected.as_str().map_or_else(|| "no reason".to_owned(), |reason| format!("reason {reason}"));
    let found = match (outcome, meant) {
        (Outcome::Answered(response), Answer::Error { .. }) => match worker::understood(response) {
            Ok(_) => "reason worker_error".to_owned(),
            Err(fault) => format!("reason {}", fault.code()),
        },
        (_, Answer::Processed(_) | Answer::Rejected { .. } | Answer::Deferred { .. }) => "no reason".to_owned(),
        _ => wanted.clone(),
    };
    (wanted, found)
}

/// A long text by its digest.
fn short(text: &str) -> String {
    if text.len() <= 100 {
        return format!("{text:?}");
    }
    format!("of {} bytes, {}", text.len(), verify::hex::encode(&verify::mac::token_digest(text.as_bytes())))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::run;

    const WORKERS: &str = include_str!("../../verify/vectors/worker-responses.json");

    #[test]
    fn every_answer_of_a_worker_comes_out_as_it_says() {
        let rows = run(WORKERS, &|_| None).expect("vectors");

        let failed: Vec<_> = rows.iter().filter(|row| !row.pass).collect();
        assert_eq!((rows.len(), failed), (146, Vec::new()));
    }

    #[test]
    fn every_other_kind_is_run_too() {
        assert_eq!(run(include_str!("../../verify/vectors/request-hmac.json"), &|_| None).expect("vectors").len(), 88);
        assert!(run("{}", &|_| None).is_err());
    }
}
