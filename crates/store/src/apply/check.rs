//! Expectations in time: redeliveries until the deadline, then the missing answer.

use domain::Timestamp;
use domain::answer::Conclusion;
use domain::expectation::{Expectation, ExpectationState};
use domain::record::{Record, RecordStatus};
use domain::run::{Run, RunState, RunWhy};

use super::Turn;
use super::answer::{Conclusive, conclude, fence_conclusion};
use super::batch::{End, ended};
use super::claim::{open_runs, tell_due};
use super::consequences::{make_run, mark_processing};
use crate::StoreError;
use crate::command::{Answer, Check, News};
use crate::row::RowsExt;
use crate::table::{Find, Value};
use crate::tables::{RECORD_SUBJECT, RUN_EXPECTATION};

pub(super) fn check(turn: &mut Turn<'_>, check: &Check) -> Result<Answer, StoreError> {
    let Some(expectation) = turn.rows.load::<Expectation>(check.expectation.0)? else { return Ok(Answer::NotDue) };
    let gate = turn.gate(expectation.service)?;
    let time = gate.time(check.now);
    if expectation.state != ExpectationState::Open || time < expectation.next_check {
        return Ok(Answer::NotDue);
    }
    if expectation.deadline <= time {
        return missing(turn, &expectation, check);
    }
    let open = open_runs(turn, &expectation)?;
    if open.iter().any(|run| matches!(run.state, RunState::Leased(_))) {
        let mut after = Expectation { deferred_until: None, ..expectation.clone() };
        after.next_check = after.check_after(time).max(time.after(std::time::Duration::from_secs(1)));
        turn.rows.change(&expectation, &after)?;
        turn.news.push(News::CheckAt(gate.wall(after.next_check, check.now)));
        return Ok(Answer::InFlight);
    }
    // The new run stands for the old one in its batch.
    let batch = open.iter().find_map(|run| run.batch);
    for run in open {
        turn.rows.change(&run, &Run { state: RunState::Cancelled, ..run.clone() })?;
    }
    let run = make_run(turn, &expectation, RunWhy::Redelivery, batch, &gate, check.now)?;
    take_over_record(turn, &expectation, &run, check.now)?;
    let mut after = Expectation {
        bound: Some(run.key),
        redeliver_left: (expectation.redeliver_left - 1).max(0),
        deferred_until: None,
        ..expectation.clone()
    };
    after.next_check = after.check_after(time);
    turn.rows.change(&expectation, &after)?;
    tell_due(turn, expectation.service, check.now);
    turn.news.push(News::CheckAt(gate.wall(after.next_check, check.now)));
    Ok(Answer::Run(run.key))
}

/// The new run's answer is the one that a worker's record waits for now, if it still waited for an older run's.
fn take_over_record(
    turn: &mut Turn<'_>,
    expectation: &Expectation,
    run: &Run,
    now: Timestamp,
) -> Result<(), StoreError> {
    let records = awaited_records(turn, expectation)?;
    records.iter().try_for_each(|record| mark_processing(turn, record.subject, &record.source, run.key, now))
}

/// The records of workers that wait for a run of this expectation.
fn awaited_records(turn: &mut Turn<'_>, expectation: &Expectation) -> Result<Vec<Record>, StoreError> {
    let Some(subject) = expectation.subject else { return Ok(Vec::new()) };
    let find = Find::equal(&RUN_EXPECTATION, vec![Value::Int(expectation.key.0)]);
    let runs: Vec<Run> = turn.rows.all(&find)?;
    let records: Vec<Record> = turn.rows.all(&Find::equal(&RECORD_SUBJECT, vec![Value::Int(subject.0)]))?;
    Ok(records.into_iter().filter(|record| runs.iter().any(|run| record.run == Some(run.key))).collect())
}

fn missing(turn: &mut Turn<'_>, expectation: &Expectation, check: &Check) -> Result<Answer, StoreError> {
    let Some(judged) = &check.missing else { return Ok(Answer::Stale) };
    let fenced = match fence_conclusion(turn, expectation, judged)? {
        Ok(fenced) => fenced,
        Err(answer) => return Ok(answer),
    };
    for run in open_runs(turn, expectation)? {
        turn.rows.change(&run, &Run { state: RunState::Cancelled, ..run.clone() })?;
        ended(turn, &run, End::Failed)?;
    }
    let conclusion = Conclusion::missing();
    let raw = bytes::Bytes::new();
    let said = Conclusive { conclusion: &conclusion, raw: &raw, run: None, late: false, now: check.now };
    end_record(turn, expectation, conclusion.text.as_deref(), check.now)?;
    Ok(Answer::Concluded(conclude(turn, expectation, &fenced, &said)?))
}

/// A worker's record that still waits for an answer waits no longer; its body stays, and so does an earlier failure.
pub(super) fn end_record(
    turn: &mut Turn<'_>,
    expectation: &Expectation,
    why: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for before in awaited_records(turn, expectation)? {
        let waits = !before.status.is_some_and(RecordStatus::is_final);
        let message = if waits { why.map(str::to_owned) } else { before.message.clone() };
        let can_process = if waits { None } else { before.can_process };
        let status = if waits { Some(RecordStatus::Error) } else { before.status };
        turn.rows
            .change(&before, &Record { status, can_process, message, run: None, updated: now, ..before.clone() })?;
    }
    Ok(())
}
