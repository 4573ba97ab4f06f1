//! An event's life in words. Pure: rows in, sentences out.

use std::time::Duration;

use domain::Timestamp;
use domain::catalogue::{OnFailure, Place};
use domain::event::{Event, Receipt};
use domain::expectation::{Expectation, ExpectationState};
use domain::result::ServiceResult;
use domain::rule::{Action, HoldFor, Match, MatchState};
use domain::run::{Attempt, Run, RunState, RunWhy};
use domain::subject::SubjectName;
use domain::time::show_span;

use store::search::collection_kind;

use super::events::sender;
use super::parts::{Badge, Tone};
use super::subject::path_of;
use crate::api::View;
use crate::api::timeline::{Asked, Timeline};
use crate::text::{instant, length, plain, set_out};
use crate::timings::Took;

/// So many bytes are shown of what a service or a worker wrote.
pub const CONTENT_BYTES_MAX: usize = 4_000;

/// What a page tells.
pub struct Story {
    pub id: String,
    pub kind: String,
    pub subject: Option<(String, String)>,
    pub steps: Vec<Step>,
    pub verdict: Option<Judged>,
}

/// One step of an event's life.
#[derive(Default)]
pub struct Step {
    pub title: String,
    pub tone: Option<Tone>,
    pub lines: Vec<Line>,
    pub facts: Vec<(&'static str, String)>,
    pub tries: Vec<String>,
    pub contents: Vec<String>,
}

impl Step {
    /// Its class in the stylesheet.
    pub fn class(&self) -> &'static str {
        self.tone.map_or("", Tone::class)
    }
}

/// A sentence, and where more of it is told.
pub struct Line {
    pub text: String,
    pub more: Option<String>,
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self { text, more: None }
    }
}

/// The verdict and why.
pub struct Judged {
    pub badge: Badge,
    pub reasons: Vec<String>,
}

/// Tells it.
pub fn tell(timeline: &Timeline, view: &View, took: Option<Took>) -> Story {
    let mut steps = vec![received(&timeline.event, timeline.receipt.as_ref(), took, view)];
    steps.extend(timeline.receipt.as_ref().map(|receipt| verified(receipt, took)));
    let recorded = timeline.event.at.after(took.map_or(Duration::ZERO, |took| took.whole()));
    steps.extend(timeline.asked.iter().map(|asked| owed(asked, recorded, view)));
    if timeline.asked.is_empty() {
        let lines = vec!["No service asked to hear of it.".to_owned().into()];
        steps.push(Step { title: "Nobody was asked".to_owned(), lines, ..Step::default() });
    }
    let verdict = timeline.subject.as_ref().map(|(_, state)| Judged {
        badge: Badge::verdict(state.subject.verdict),
        reasons: state.subject.reasons.iter().map(|reason| sentence(&reason.text)).collect(),
    });
    Story {
        id: view.id(timeline.event.key),
        kind: timeline.event.kind.clone(),
        subject: timeline.subject.as_ref().map(|(name, _)| (subject_text(name), path_of(name))),
        steps,
        verdict,
    }
}

fn received(event: &Event, receipt: Option<&Receipt>, took: Option<Took>, view: &View) -> Step {
    let mut facts = vec![("at", instant(event.at))];
    facts.push(("from", sender(event.provenance, view)));
    facts.extend(event.delivery.clone().map(|delivery| ("delivery", delivery)));
    if let Some(receipt) = receipt {
        facts.push(("receipt", view.id(receipt.key)));
        facts.extend(took.map(|spent| ("network", format!("{} until the body was here", self::took(spent.network)))));
    }
    facts.extend(took.map(|spent| ("sync", format!("{} until it was on disk", self::took(spent.sync)))));
    Step { title: "Received".to_owned(), tone: Some(Tone::Good), facts, ..Step::default() }
}

fn verified(receipt: &Receipt, took: Option<Took>) -> Step {
    let mut facts = vec![("scheme", receipt.scheme.clone()), ("secret", receipt.secret.clone())];
    facts.extend(took.and_then(|spent| spent.verify).map(|verify| ("took", self::took(verify))));
    Step { title: "Verified".to_owned(), tone: Some(Tone::Good), facts, ..Step::default() }
}

fn owed(asked: &Asked, recorded: Timestamp, view: &View) -> Step {
    let service = view.service(asked.expectation.service).unwrap_or("a service that is gone");
    let tone = match asked.expectation.state {
        ExpectationState::Open => Tone::Wait,
        ExpectationState::Complete => Tone::Good,
        ExpectationState::Missing => Tone::Stop,
    };
    let title = standing(&asked.expectation, service, asked.deadline);
    let mut step = Step { title, tone: Some(tone), ..Step::default() };
    step.lines.extend(asked.waiting.as_ref().map(|waiting| waiting.text(service).into()));
    for (run, attempts) in &asked.runs {
        step.lines.push(Line { text: run_text(run), more: Some(format!("/runs/{}", view.id(run.key))) });
        step.tries.extend(attempts_text(run, attempts, recorded));
    }
    for (result, matches) in &asked.results {
        step.lines.push(Line { text: result_text(result), more: Some(format!("/results/{}", view.id(result.key))) });
        step.tries.extend(matches.iter().map(match_text));
        step.contents.extend(content(&result.raw));
    }
    step
}

/// A run's attempts, each with the time before it, until there was a place for the call.
pub fn attempts_text(run: &Run, attempts: &[Attempt], recorded: Timestamp) -> Vec<String> {
    let mut before = (run.why == RunWhy::First).then_some(recorded);
    attempts
        .iter()
        .map(|attempt| {
            let waited = before.map(|before| attempt.started.since(before));
            before = Some(attempt.ended);
            attempt_text(attempt, waited)
        })
        .collect()
}

/// Where an expectation stands: "waiting for malware-scan until 14:05, then held".
pub fn standing(expectation: &Expectation, service: &str, deadline: Timestamp) -> String {
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

/// Where a run stands.
pub fn run_text(run: &Run) -> String {
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

fn attempt_text(attempt: &Attempt, waited: Option<Duration>) -> String {
    let Attempt { nth, started, connected, ended, .. } = attempt;
    let status = attempt.status.map(|status| format!("status {status}, ")).unwrap_or_default();
    let text = attempt.text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    let waited = waited.map(|waited| format!("after {} in the queue, ", took(waited))).unwrap_or_default();
    let network = connected.map(|connected| format!("{} of network, ", took(connected.since(*started))));
    let service = took(ended.since(connected.unwrap_or(*started)));
    let (network, answer) = (network.unwrap_or_default(), attempt.answer.replace('_', " "));
    format!(
        "Attempt {nth} at {}: {waited}{network}{service} with the service; {status}{answer}{text}",
        instant(*started)
    )
}

/// A length of time that is short as a rule.
fn took(span: Duration) -> String {
    let micros = span.as_micros();
    match micros {
        0..100 => "less than 0.1 ms".to_owned(),
        100..10_000 => format!("{}.{} ms", micros / 1_000, micros / 100 % 10),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
        _ => length(span),
    }
}

/// What a service concluded.
pub fn result_text(result: &ServiceResult) -> String {
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
    let state = match_state(found.state);
    let text = found.text.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
    format!("Rule {}: {action}: {state}{text}", found.name)
}

/// Where a match's action stands.
pub const fn match_state(state: MatchState) -> &'static str {
    match state {
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
    }
}

/// What a service said, set out for reading where it is JSON.
pub fn content(raw: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(raw).ok().filter(|text| !text.is_empty())?;
    Some(set_out(text, CONTENT_BYTES_MAX))
}

/// The collection that a subject lives in.
pub fn house(name: &SubjectName) -> Place<'_> {
    Place { kind: collection_kind(&name.kind), name: &name.collection }
}

/// A subject in one line.
pub fn subject_text(name: &SubjectName) -> String {
    plain(&format!("{} {} in {}", name.kind, name.id, name.collection))
}

/// A text as a sentence begins.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use domain::{AttemptKey, ExpectationKey, RunKey, ServiceKey};

    use super::*;

    fn attempt(nth: u32, started_ms: i64, ended_ms: i64) -> Attempt {
        Attempt {
            key: AttemptKey(1),
            run: RunKey(1),
            nth,
            started: Timestamp(started_ms * 1_000),
            connected: Some(Timestamp(started_ms * 1_000 + 1_500)),
            ended: Timestamp(ended_ms * 1_000),
            status: Some(503),
            answer: "failed".to_owned(),
            text: None,
            body: None,
        }
    }

    #[test]
    fn an_attempt_tells_how_long_it_waited_and_how_long_the_service_took() {
        let run = Run {
            key: RunKey(1),
            expectation: ExpectationKey(1),
            service: ServiceKey(1),
            state: RunState::Answered,
            attempt: 2,
            leases: 2,
            why: RunWhy::First,
            batch: None,
        };
        let tries = [attempt(1, 2, 25), attempt(2, 5_025, 5_030)];

        let told = attempts_text(&run, &tries, Timestamp(0));
        assert_eq!(
            told[0],
            "Attempt 1 at 1970-01-01 00:00:00 UTC: after 2.0 ms in the queue, 1.5 ms of network, 21 ms with the service; status 503, failed"
        );
        assert!(
            told[1].contains("after 5.0 s in the queue, 1.5 ms of network, 3.5 ms with the service"),
            "{}",
            told[1]
        );
        let asked = Run { why: RunWhy::Demand, ..run };
        assert!(attempts_text(&asked, &tries, Timestamp(0))[0].contains("UTC: 1.5 ms of network, 21 ms with"));
    }
}
