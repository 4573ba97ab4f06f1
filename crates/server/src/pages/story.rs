//! An event's life in words. Pure: rows in, sentences out.

use domain::Timestamp;
use domain::catalogue::OnFailure;
use domain::event::{Event, Provenance, Receipt};
use domain::expectation::{Expectation, ExpectationState};
use domain::result::ServiceResult;
use domain::rule::{Action, HoldFor, Match, MatchState};
use domain::run::{Attempt, Run, RunState, RunWhy};
use domain::subject::SubjectName;
use domain::time::show_span;

use super::parts::Badge;
use crate::api::View;
use crate::api::timeline::{Asked, Timeline};
use crate::text::instant;

/// So much of a result's content is shown.
const CONTENT_CHARS_MAX: usize = 4_000;

/// What a page tells.
pub struct Story {
    pub id: String,
    pub kind: String,
    pub subject: Option<String>,
    pub steps: Vec<Step>,
    pub verdict: Option<Judged>,
}

/// One step of an event's life.
#[derive(Default)]
pub struct Step {
    pub title: String,
    pub lines: Vec<String>,
    pub facts: Vec<(&'static str, String)>,
    pub tries: Vec<String>,
    pub contents: Vec<String>,
}

/// The verdict and why.
pub struct Judged {
    pub badge: Badge,
    pub reasons: Vec<String>,
}

/// Tells it.
pub fn tell(timeline: &Timeline, view: &View) -> Story {
    let mut steps = vec![received(&timeline.event, timeline.receipt.as_ref(), view)];
    steps.extend(timeline.receipt.as_ref().map(verified));
    steps.extend(timeline.asked.iter().map(|asked| owed(asked, view)));
    if timeline.asked.is_empty() {
        let lines = vec!["No service asked to hear of it.".to_owned()];
        steps.push(Step { title: "Nobody was asked".to_owned(), lines, ..Step::default() });
    }
    let verdict = timeline.subject.as_ref().map(|(_, state)| Judged {
        badge: Badge::verdict(state.subject.verdict),
        reasons: state.subject.reasons.iter().map(|reason| sentence(&reason.text)).collect(),
    });
    Story {
        id: view.id(timeline.event.key),
        kind: timeline.event.kind.clone(),
        subject: timeline.subject.as_ref().map(|(name, _)| subject_text(name)),
        steps,
        verdict,
    }
}

fn received(event: &Event, receipt: Option<&Receipt>, view: &View) -> Step {
    let mut facts = vec![("at", instant(event.at))];
    let from = match event.provenance {
        Provenance::Signed(source) => view.source(source).unwrap_or_else(|| "a source that is gone".to_owned()),
        Provenance::Account(account) => {
            format!("the account {}", view.account(account).unwrap_or("that is gone"))
        }
        Provenance::External => "a forge endpoint, which verified it".to_owned(),
        Provenance::Internal => "Countersign itself".to_owned(),
    };
    facts.push(("from", from));
    facts.extend(event.delivery.clone().map(|delivery| ("delivery", delivery)));
    if let Some(receipt) = receipt {
        facts.push(("receipt", view.id(receipt.key)));
        facts.push(("body", format!("{} bytes", receipt.body_bytes)));
        facts.push(("SHA-256", verify::hex::encode(&receipt.digest)));
    }
    Step { title: "Received".to_owned(), facts, ..Step::default() }
}

fn verified(receipt: &Receipt) -> Step {
    let facts = vec![("scheme", receipt.scheme.clone()), ("secret", receipt.secret.clone())];
    Step { title: "Verified".to_owned(), facts, ..Step::default() }
}

fn owed(asked: &Asked, view: &View) -> Step {
    let service = view.service(asked.expectation.service).unwrap_or("a service that is gone");
    let mut step = Step { title: standing(&asked.expectation, service, asked.deadline), ..Step::default() };
    step.lines.extend(asked.waiting.as_ref().map(|waiting| waiting.text(service)));
    for (run, attempts) in &asked.runs {
        step.lines.push(run_text(run));
        step.tries.extend(attempts.iter().map(attempt_text));
    }
    for (result, matches) in &asked.results {
        step.lines.push(result_text(result));
        step.tries.extend(matches.iter().map(match_text));
        step.contents.extend(content(&result.raw));
    }
    step
}

/// Where an expectation stands: "waiting for malware-scan until 14:05, then held".
fn standing(expectation: &Expectation, service: &str, deadline: Timestamp) -> String {
    let until = instant(deadline);
    match (expectation.state, expectation.blocks, expectation.on_failure) {
        (ExpectationState::Open, true, OnFailure::Hold) => format!("Waiting for {service} until {until}, then held"),
        (ExpectationState::Open, true, OnFailure::Closed) => {
            format!("Waiting for {service} until {until}, then blocked")
        }
        (ExpectationState::Open, true, OnFailure::Open) => {
            format!("Waiting for {service} until {until}, then passed as waived")
        }
        (ExpectationState::Open, false, _) => {
            format!("Waiting for {service} until {until}; the verdict does not wait for it")
        }
        (ExpectationState::Complete, ..) => match expectation.coverage {
            Some(coverage) => format!("{service} has answered; coverage {}", coverage.word().replace('_', " ")),
            None => format!("{service} has answered"),
        },
        (ExpectationState::Missing, ..) => format!("{service} gave no usable answer"),
    }
}

fn run_text(run: &Run) -> String {
    let why = match run.why {
        RunWhy::First => "Call",
        RunWhy::Demand => "Call on demand",
        RunWhy::Redelivery => "Call again after silence",
    };
    let state = match &run.state {
        RunState::Due { at } => format!("goes out from {} on", instant(*at)),
        RunState::Leased(_) => "is under way".to_owned(),
        RunState::Deferred { until } => format!("was taken; the service calls back until {}", instant(*until)),
        RunState::Answered => "was answered".to_owned(),
        RunState::Exhausted => "was tried as often as the schedule says".to_owned(),
        RunState::Cancelled => "was cancelled".to_owned(),
    };
    format!("{why}: {state}.")
}

fn attempt_text(attempt: &Attempt) -> String {
    let Attempt { nth, started, ended, .. } = attempt;
    let status = attempt.status.map(|status| format!("status {status}, ")).unwrap_or_default();
    let text = attempt.text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    let took = ended.since(*started).as_millis();
    format!("Attempt {nth}, {}, {took} ms: {status}{}{text}", instant(*started), attempt.answer)
}

fn result_text(result: &ServiceResult) -> String {
    let late = if result.late { ", after the deadline" } else { "" };
    let text = result.text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("Result: {}{late}, {}{text}", result.kind, instant(result.at))
}

/// What a rule found, and what came of it.
pub fn match_text(found: &Match) -> String {
    let action = match &found.action {
        Action::Hold(HoldFor::Span(span)) => format!("hold for {}", show_span(*span)),
        Action::Hold(HoldFor::Ever) => "hold until someone lifts it".to_owned(),
        Action::Restrict(kind) => format!("restrict {kind}"),
        Action::Exec(program) => format!("run {program}"),
        Action::None | Action::Flag | Action::Release | Action::Block | Action::Notify => {
            found.action.word().to_owned()
        }
    };
    let state = match found.state {
        MatchState::Waiting => "waits for the other answers",
        MatchState::Done => "done",
        MatchState::Planned => "about to run",
        MatchState::Started => "running",
        MatchState::Unknown => "interrupted; whether it took effect is not known",
        MatchState::Failed => "failed",
        MatchState::Superseded => "a more severe rule took its place",
        MatchState::Cleared => "set aside, since a person had dealt with the subject",
        MatchState::Shadow => "on trial, so nothing was done",
        MatchState::None => "nothing to act on",
    };
    let text = found.text.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
    format!("Rule {}: {action}: {state}{text}", found.name)
}

/// What a service said, set out for reading where it is JSON.
fn content(raw: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(raw).ok().filter(|text| !text.is_empty())?;
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned());
    Some(pretty.chars().take(CONTENT_CHARS_MAX).collect())
}

/// A subject in one line.
pub fn subject_text(name: &SubjectName) -> String {
    format!("{} {} in {}", name.kind, name.id, name.collection)
}

/// A text as a sentence begins.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}
