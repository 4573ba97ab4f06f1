//! A profile is a service's wire dialect: what it is sent, and what its answers mean. Pure, one file each.

pub mod scanner;
pub mod standard;
pub mod template;
pub mod worker;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::answer::{Answer, Conclusion};
use crate::catalogue::Service;
use crate::event::Event;
use crate::event_type::EventForm;
use crate::outcome::{Outcome, Response};
use crate::record::RecordChange;
use crate::result::ResultKind;
use crate::rule::When;
use crate::subject::SubjectName;
use crate::words::words;
use crate::{ArtifactKey, Timestamp, limits, retry};

words! {
    /// Which dialect.
    ProfileKind {
        /// The scanner pipeline's.
        Scanner = "scanner",
        /// The event workers'.
        Worker = "worker",
        /// Countersign's own, signed as Standard Webhooks.
        Standard = "standard",
    }
}

words! {
    /// The scanner profile's payload form.
    PayloadForm {
        /// The first generation's: nothing but the event's own fields.
        Basic = "basic",
        /// The current generation's.
        Full = "full",
    }
}

/// One dialect.
pub struct Profile {
    /// Its name.
    pub kind: ProfileKind,
    /// When its services' rules act, unless they say so themselves.
    pub when: When,
    /// Whether of all rules that act in one commit only the most severe does.
    pub highest: bool,
    /// How often and when a failed attempt is tried again.
    pub retry: retry::RetryPolicy,
    /// The largest body that its services read, in bytes: a larger one is not sent.
    pub body_bytes_max: usize,
    /// What a service is sent.
    pub request: fn(&Ask<'_>) -> Outgoing,
    /// What its answer means.
    pub read: fn(&Response, &Service, Timestamp) -> Answer,
}

/// Every dialect.
pub const ALL: &[&Profile] = &[&scanner::SCANNER, &worker::WORKER, &standard::STANDARD];

/// The dialect of a kind.
#[must_use]
pub const fn of(kind: ProfileKind) -> &'static Profile {
    match kind {
        ProfileKind::Scanner => &scanner::SCANNER,
        ProfileKind::Worker => &worker::WORKER,
        ProfileKind::Standard => &standard::STANDARD,
    }
}

/// What is known of an event when a service is told about it.
#[derive(Debug, Clone)]
pub struct Told {
    /// The event.
    pub event: Event,
    /// The subject it is about.
    pub subject: Option<SubjectName>,
    /// The uploads that belong to it.
    pub artifacts: Vec<ToldArtifact>,
    /// The subject's other uploads, where the event is about one.
    pub others: Vec<ToldArtifact>,
    /// The receipt's body, unless it is too large to be sent along.
    pub body: Option<Bytes>,
    /// Whether there is a receipt whose body can be fetched.
    pub has_body: bool,
}

/// An upload that belongs to an event.
#[derive(Debug, Clone)]
pub struct ToldArtifact {
    /// Its key.
    pub key: ArtifactKey,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: i64,
    /// Its content type.
    pub content_type: String,
    /// Its file name.
    pub filename: String,
    /// What it is to its subject: `upload`, `source`, or a word of the platform's own.
    pub role: String,
    /// When it was uploaded.
    pub at: Timestamp,
}

/// An upload, as a service is told about it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TellArtifact {
    /// Its id.
    pub id: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: i64,
    /// Its content type.
    pub content_type: String,
    /// Where the service can fetch it.
    pub url: String,
    /// Where it can be fetched in the scanner protocol.
    #[serde(skip)]
    pub download_url: String,
    /// Its file name.
    #[serde(skip)]
    pub filename: String,
    /// What it is to its subject.
    #[serde(skip)]
    pub role: String,
    /// When it was uploaded, to the second (RFC 3339).
    #[serde(skip)]
    pub created: String,
}

/// A variable, opened, as a worker is told it. Without `Debug`: it may be a secret.
pub struct TellVariable {
    /// The operation about whose subjects it is told; none: about every subject.
    pub operation: Option<String>,
    /// What names it in its operation.
    pub slug: String,
    /// The name that workers see.
    pub name: String,
    /// Its value.
    pub value: Zeroizing<String>,
}

/// Everything that a request is made from.
pub struct Ask<'a> {
    /// The service.
    pub service: &'a Service,
    /// The profile's own key, opened.
    pub secret: Option<&'a str>,
    /// What it is told.
    pub told: &'a Told,
    /// The event's id.
    pub event_id: &'a str,
    /// The uploads that belong to it.
    pub artifacts: &'a [TellArtifact],
    /// The subject's other uploads, where the event is about one.
    pub others: &'a [TellArtifact],
    /// The event's type, where it has payload templates.
    pub event_form: Option<&'a EventForm>,
    /// The variables that workers are told, those of every operation.
    pub variables: &'a [TellVariable],
    /// What names this call and its immediate repetition, at random.
    pub call_id: [u8; 16],
    /// Where we are reached.
    pub public_url: &'a str,
    /// Where a scanner may send its result later, with its account's token.
    pub scanner_result_url: &'a str,
    /// Where the service may send its result later.
    pub result_url: &'a str,
    /// Where the exact bytes of the receipt can be fetched.
    pub body_url: &'a str,
    /// The expectation's deadline.
    pub deadline: Timestamp,
}

/// A request before the envelope's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The profile's own headers, `content-type` among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body, written once: these bytes are signed and sent.
    pub body: Vec<u8>,
}

impl Told {
    /// The JSON that goes along: the receipt's body where it is JSON and small enough, or the event's own data.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        let text = match &self.body {
            Some(body) if body.len() <= limits::SENT_BODY_BYTES_MAX => std::str::from_utf8(body).ok()?,
            Some(_) => return None,
            None => return self.event.data.as_deref(),
        };
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok().then_some(text)
    }
}

/// What an attempt's outcome means: the wire first, then the profile.
#[must_use]
pub fn read(service: &Service, outcome: &Outcome, now: Timestamp) -> Answer {
    match outcome {
        Outcome::Answered(response) => (of(service.profile).read)(response, service, now),
        Outcome::TooLarge { status } if service.profile == ProfileKind::Worker => worker::too_large(*status, now),
        Outcome::TooLarge { status } if (200..300).contains(status) => {
            Answer::Unreadable { why: format!("the answer is over {} bytes", limits::ANSWER_BYTES_MAX) }
        }
        Outcome::TooLarge { status } => read_status(&Response { status: *status, ..Response::default() }, now),
        Outcome::Refused(_) | Outcome::Unreachable(_) | Outcome::TimedOut(_) => unanswered(outcome),
    }
}

/// What it means, in every dialect, that no complete answer came.
#[must_use]
pub fn unanswered(outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Refused(why) => Answer::Misconfigured { why: why.clone() },
        Outcome::Unreachable(why) => Answer::Failed { why: why.clone() },
        Outcome::TimedOut(within) => {
            Answer::Failed { why: format!("no answer within {}", crate::time::show_span(*within)) }
        }
        Outcome::Answered(_) | Outcome::TooLarge { .. } => {
            Answer::Failed { why: "its answer could not be read to the end".to_owned() }
        }
    }
}

/// What a status outside 200..300 means, in every dialect that does not say otherwise (standard.md, "The answer").
#[must_use]
pub fn read_status(response: &Response, now: Timestamp) -> Answer {
    let status = response.status;
    match status {
        429 | 503 => Answer::Busy {
            retry_after: response.retry_after.as_deref().and_then(|value| retry::retry_after(value, now)),
        },
        410 => Answer::Gone,
        300..400 => Answer::Misconfigured { why: format!("it answered {status}; redirects are not followed") },
        408 | 425 | 500..600 => Answer::Failed { why: format!("it answered {status}{}", excerpt(&response.body)) },
        400..500 => Answer::Misconfigured { why: format!("it answered {status}{}", excerpt(&response.body)) },
        _ => Answer::Unreadable { why: format!("it answered {status}, which means nothing here") },
    }
}

/// What a body means that is not an answer on the wire: a result that was sent later, or one that is stored.
#[must_use]
pub fn read_body(service: &Service, body: &[u8]) -> Answer {
    match service.profile {
        ProfileKind::Scanner => scanner::read_body(body, service.form),
        ProfileKind::Worker => worker::read_body(body),
        ProfileKind::Standard => standard::read_body(body),
    }
}

/// What an attempt writes into the record of a service that has one.
#[must_use]
pub fn record(kind: ProfileKind, meant: &Answer, body: &[u8], next: &retry::NextStep) -> Option<RecordChange> {
    match kind {
        ProfileKind::Worker => Some(worker::record(meant, body, next)),
        ProfileKind::Scanner | ProfileKind::Standard => None,
    }
}

/// The names that a stored result reported; none where its bytes no longer read in its service's dialect.
#[must_use]
pub fn names(service: &Service, kind: ResultKind, raw: &[u8]) -> Option<Vec<String>> {
    let answer = match kind {
        ResultKind::Missing => return Some(Conclusion::missing().matched),
        ResultKind::Error => Answer::Error { reason: None },
        ResultKind::Rejected => Answer::Rejected { reason: None },
        ResultKind::Skipped => return Some(Vec::new()),
        // What a worker finds is a text and names no rule.
        ResultKind::Processed if service.profile == ProfileKind::Worker => return Some(Vec::new()),
        ResultKind::Processed | ResultKind::Pushed => read_body(service, raw),
    };
    answer.conclusion().map(|conclusion| conclusion.matched)
}

/// The beginning of a body as a remark: `: "…"`, at most 200 characters, control characters left out.
fn excerpt(body: &[u8]) -> String {
    let text: String =
        String::from_utf8_lossy(&body[..body.len().min(800)]).chars().filter(|c| !c.is_control()).take(200).collect();
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// A list of names, each once, in order; too many are refused, since the one that counts may be the last.
fn distinct(names: Vec<String>) -> Result<Vec<String>, String> {
    let mut seen = std::collections::BTreeSet::new();
    let names: Vec<String> = names.into_iter().filter(|name| seen.insert(name.clone())).collect();
    if names.len() > limits::MATCHED_NAMES_MAX {
        return Err(format!("expected at most {} names of rules, found {}", limits::MATCHED_NAMES_MAX, names.len()));
    }
    Ok(names)
}
