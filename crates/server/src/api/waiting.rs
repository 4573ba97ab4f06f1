//! What is waited for: of whom, about what, since when, until when, and what stands in the way. In words, too.

use std::time::Duration;

use domain::answer::Answer;
use domain::catalogue::OnFailure;
use domain::event::Event;
use domain::expectation::{Expectation, ExpectationState};
use domain::gate::{Gate, GateState};
use domain::run::{Attempt, Run, RunState};
use domain::{EventKey, ServiceKey, Timestamp};
use serde_json::{Value, json};
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{ATTEMPT_RUN, RUN_EXPECTATION};
use store::{StoreError, search};

use super::show::View;
use crate::text::{instant, length};

/// An answer that is owed.
pub struct Waiting {
    service: ServiceKey,
    event: EventKey,
    kind: String,
    since: Timestamp,
    /// The deadline, should the gate stay as it is.
    until: Timestamp,
    /// What is left until then in the service's own time.
    left: Duration,
    blocks: bool,
    on_failure: OnFailure,
    gate: Gate,
    next: Next,
    /// Whether the service said that it answers later.
    deferred: bool,
    attempts: u32,
    /// What was wrong with the last answer.
    last: Option<String>,
}

/// When the service is asked next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It is being asked.
    Now,
    /// As soon as there is a place for the call.
    Soon,
    /// At this instant.
    At(Timestamp),
    /// Not while its gate is shut, or not any more.
    Never,
}

/// Reads what is waited for under an expectation; nothing if its answer is there or over.
pub fn read(rows: &mut dyn Rows, expectation: &Expectation, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    if expectation.state != ExpectationState::Open {
        return Ok(None);
    }
    let Some(event) = rows.load::<Event>(expectation.event.0)? else { return Ok(None) };
    let gate = search::gate(rows, expectation.service)?;
    let of = Find::equal(&RUN_EXPECTATION, vec![Cell::Int(expectation.key.0)]);
    let runs: Vec<Run> = rows.all(&of.newest(None))?;
    let mut last = None;
    for run in &runs {
        let newest = Find::equal(&ATTEMPT_RUN, vec![Cell::Int(run.key.0)]).newest(None).limit(1);
        last = rows.all::<Attempt>(&newest)?.into_iter().next();
        if last.is_some() {
            break;
        }
    }
    let counted = runs.iter().fold(0_u32, |sum, run| sum.saturating_add(run.attempt));
    Ok(Some(Waiting {
        service: expectation.service,
        event: event.key,
        since: event.at,
        kind: event.kind,
        until: gate.wall(expectation.deadline, now),
        left: Timestamp(expectation.deadline.0).since(Timestamp(gate.time(now).0)),
        blocks: expectation.blocks,
        on_failure: expectation.on_failure,
        next: next(expectation, &gate, &runs, now),
        deferred: expectation.deferred_until.is_some(),
        // Probes of a shut gate are noted, and not counted.
        attempts: counted.max(u32::from(last.is_some())),
        last: last.filter(|last| Answer::is_problem(&last.answer)).map(|last| last.text.unwrap_or(last.answer)),
        gate,
    }))
}

fn next(expectation: &Expectation, gate: &Gate, runs: &[Run], now: Timestamp) -> Next {
    if runs.iter().any(|run| matches!(run.state, RunState::Leased(_))) {
        return Next::Now;
    }
    if matches!(gate.state, GateState::Paused | GateState::License | GateState::Gone) {
        return Next::Never;
    }
    let due = runs.iter().filter_map(|run| if let RunState::Due { at } = run.state { Some(at) } else { None }).min();
    let checked = (expectation.next_check < expectation.deadline).then(|| gate.wall(expectation.next_check, now));
    match due.into_iter().chain(checked).min() {
        Some(at) if at <= now => Next::Soon,
        Some(at) => Next::At(at),
        None => Next::Never,
    }
}

impl Waiting {
    /// It, as JSON.
    pub fn show(&self, view: &View) -> Value {
        let service = view.service(self.service);
        let next = match self.next {
            Next::Now | Next::Soon => Some(view.now),
            Next::At(at) => Some(at),
            Next::Never => None,
        };
        json!({
            "service": service,
            "event": self.kind,
            "event_id": view.id(self.event),
            "since": self.since.rfc3339(),
            "until": self.until.rfc3339(),
            "paused": self.gate.state.stops_time(),
            "next": next.map(Timestamp::rfc3339),
            "attempts": self.attempts,
            "last": self.last,
            "text": self.text(service.unwrap_or("a service that is gone")),
        })
    }

    /// It, as one sentence.
    pub fn text(&self, service: &str) -> String {
        let mut text = format!("Waiting for {service} about {} since {}", self.kind, instant(self.since));
        let until = if self.gate.state.stops_time() {
            format!(", its deadline standing still with {} left", length(self.left))
        } else {
            format!(", until {} at the latest", instant(self.until))
        };
        text.push_str(&until);
        text.push_str(match (self.blocks, self.on_failure) {
            (true, OnFailure::Hold) => ", then held",
            (true, OnFailure::Closed) => ", then blocked",
            (true, OnFailure::Open) => ", then passed as waived",
            (false, _) => ", while the verdict does not wait for it",
        });
        text.push_str(&format!("; {}; {}", self.asked(), self.asked_next()));
        if let Some(last) = &self.last {
            text.push_str(&format!("; the last problem: {last}"));
        }
        text.push('.');
        text
    }

    fn asked(&self) -> String {
        let asked = match self.attempts {
            0 => "not asked yet".to_owned(),
            1 => "asked once so far".to_owned(),
            times => format!("asked {times} times so far"),
        };
        if self.deferred { format!("{asked}, and it said that it answers later") } else { asked }
    }

    fn asked_next(&self) -> String {
        let since = instant(self.gate.since);
        match (self.gate.state, self.next) {
            (_, Next::Now) => "it is being asked now".to_owned(),
            (GateState::Paused, _) => format!("paused by a person since {since}, so it is not asked until resumed"),
            (GateState::License, _) => format!("no valid license covers it since {since}, so it is not asked"),
            (GateState::Gone, _) => format!("it says since {since} that it is gone, so it is not asked until resumed"),
            (GateState::Breaker, _) => {
                format!("it fails again and again since {since}, so it is asked once a probe gets through")
            }
            (GateState::Open, Next::Soon) => "next asked as soon as there is a place".to_owned(),
            (GateState::Open, Next::At(at)) => format!("next asked at {}", instant(at)),
            (GateState::Open, Next::Never) => "not asked again".to_owned(),
        }
    }
}
