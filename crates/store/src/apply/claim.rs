//! Leases: claiming what is due, asking on demand, and voiding a dead epoch's.

use domain::event::Event;
use domain::expectation::Expectation;
use domain::gate::GateState;
use domain::planted::{self, Bug};
use domain::rule::{Match, MatchState};
use domain::run::{Run, RunState, RunWhy};
use domain::{ServiceKey, Timestamp};

use super::Turn;
use super::batch::{End, ended};
use super::consequences::{make_run, mark_processing, new_expectation};
use crate::StoreError;
use crate::command::{Answer, Claim, Claimed, Demand, News};
use crate::row::RowsExt;
use crate::search;
use crate::table::{Find, Value};
use crate::tables::{EXPECTATION_EVENT, MATCH_STARTED, Meta, RUN_DUE, RUN_EXPECTATION, RUN_LEASED, meta};

pub(super) fn claim(turn: &mut Turn<'_>, claim: &Claim) -> Result<Answer, StoreError> {
    let gate = turn.gate(claim.service)?;
    let passes = match gate.state {
        GateState::Open => !claim.probe,
        GateState::Breaker => claim.probe,
        GateState::Gone | GateState::Paused | GateState::License => false,
    };
    if !passes {
        return Ok(Answer::Claimed(Vec::new()));
    }
    let due = Find::equal(&RUN_DUE, vec![Value::Int(claim.service.0)]).at_most(claim.due_by.0).limit(claim.limit);
    let mut claimed = Vec::new();
    for before in turn.rows.all::<Run>(&due)? {
        let mut run = before.clone();
        let lease = run.lease(turn.desk.node.node, turn.desk.node.epoch);
        turn.rows.change(&before, &run)?;
        let expectation: Expectation = owed(turn, &run)?;
        let told = search::told(turn.rows, expectation.event)?;
        let deadline = gate.wall(expectation.deadline, claim.now);
        let probe = claim.probe;
        claimed.push(Claimed { run, lease, expectation, deadline, probe, told: told.into(), state: None });
    }
    Ok(Answer::Claimed(claimed))
}

/// The expectation of a run.
pub(super) fn owed(turn: &mut Turn<'_>, run: &Run) -> Result<Expectation, StoreError> {
    turn.rows
        .load(run.expectation.0)?
        .ok_or_else(|| StoreError::Corrupt { expected: "a run's expectation".to_owned(), found: "nothing".to_owned() })
}

pub(super) fn demand(turn: &mut Turn<'_>, demand: &Demand) -> Result<Answer, StoreError> {
    let Some(event) = turn.rows.load::<Event>(demand.event.0)? else { return Ok(Answer::NotFound) };
    let service = demand.planned.service;
    let gate = turn.gate(service)?;
    let known = turn
        .rows
        .all::<Expectation>(&Find::equal(&EXPECTATION_EVENT, vec![Value::Int(event.key.0)]))?
        .into_iter()
        .find(|each| each.service == service);
    let run = match known {
        Some(before) => {
            for open in open_runs(turn, &before)? {
                // A call under way goes on; its answer is noted, and only the new run's concludes.
                if !matches!(open.state, RunState::Leased(_)) {
                    turn.rows.change(&open, &Run { state: RunState::Cancelled, ..open.clone() })?;
                    ended(turn, &open, End::Cancelled)?;
                }
            }
            let run = make_run(turn, &before, RunWhy::Demand, demand.batch, &gate, demand.now)?;
            let after = Expectation { bound: Some(run.key), deferred_until: None, ..before.clone() };
            turn.rows.change(&before, &after)?;
            run
        }
        None => {
            let planned = domain::expectation::Planned { blocks: false, ..demand.planned.clone() };
            let subject = event.subject;
            let mut expectation = new_expectation(turn, &event, subject, &planned, &gate, demand.now);
            let run = make_run(turn, &expectation, RunWhy::Demand, demand.batch, &gate, demand.now)?;
            expectation.bound = Some(run.key);
            turn.rows.add(&expectation)?;
            turn.news.push(News::CheckAt(gate.wall(expectation.next_check, demand.now)));
            run
        }
    };
    if let (Some(subject), Some(source)) = (event.subject, &demand.planned.record) {
        mark_processing(turn, subject, source, run.key, demand.now)?;
    }
    turn.news.push(News::Due { service, at: demand.now });
    Ok(Answer::Run(run.key))
}

/// The runs of an expectation that may still lead to an answer.
pub(super) fn open_runs(turn: &mut Turn<'_>, expectation: &Expectation) -> Result<Vec<Run>, StoreError> {
    let find = Find::equal(&RUN_EXPECTATION, vec![Value::Int(expectation.key.0)]);
    Ok(turn.rows.all::<Run>(&find)?.into_iter().filter(Run::is_open).collect())
}

/// A node starts: its epoch rises, and what was in flight is due at once under the same id.
pub(super) fn start(turn: &mut Turn<'_>) -> Result<Answer, StoreError> {
    let before = Meta { key: meta::EPOCH, value: turn.desk.node.epoch };
    let epoch = before.value + 1;
    turn.rows.change(&before, &Meta { value: epoch, ..before.clone() })?;
    turn.desk.node.epoch = epoch;
    let in_flight: Vec<Run> = turn.rows.all(&Find::equal(&RUN_LEASED, Vec::new()).at_most(before.value))?;
    for run in in_flight {
        if planted::is(Bug::StartForgetsLeases) {
            break;
        }
        // A run whose expectation was concluded by a call back, or by a newer run, is not wanted any more.
        let expectation = owed(turn, &run)?;
        let wanted = expectation.bound == Some(run.key);
        let state = if wanted { RunState::Due { at: Timestamp(0) } } else { RunState::Cancelled };
        turn.rows.change(&run, &Run { state, ..run.clone() })?;
        if !wanted {
            ended(turn, &run, End::of_unwanted(&expectation))?;
        }
    }
    let started: Vec<Match> =
        turn.rows.all(&Find::equal(&MATCH_STARTED, vec![Value::Text(MatchState::Started.word().to_owned())]))?;
    for found in started {
        let text = Some("interrupted: whether it took effect is not known".to_owned());
        let state = if planted::is(Bug::ProgramRepeated) { MatchState::Planned } else { MatchState::Unknown };
        turn.rows.change(&found, &Match { state, text, ..found.clone() })?;
    }
    Ok(Answer::Started { epoch })
}

/// Tells that a run of a service waits.
pub(super) fn tell_due(turn: &mut Turn<'_>, service: ServiceKey, at: Timestamp) {
    turn.news.push(News::Due { service, at });
}
