//! Batches: a cursor for each service, moved with the runs it made, and what became of them.

use domain::expectation::{Expectation, ExpectationState};
use domain::result::{Coverage, ResultKind};
use domain::run::{Run, RunState, RunWhy};
use domain::{BatchKey, Timestamp, limits};

use super::Turn;
use super::check::end_record;
use super::claim::{demand, owed, tell_due};
use crate::StoreError;
use crate::command::{Answer, News, StartBatch, StepBatch, TurnBatch};
use crate::row::RowsExt;
use crate::table::{Find, Value};
use crate::tables::{Batch, BatchState, PART_BATCH, Part, RUN_BATCH, RUN_EXPECTATION};

/// Between two wake-ups of whoever makes the next runs: so many runs have ended.
const WAKE_EACH: i64 = limits::BATCH_OPEN / 4;

pub(super) fn start(turn: &mut Turn<'_>, start: &StartBatch) -> Result<Answer, StoreError> {
    let key = BatchKey(turn.key(start.now));
    turn.rows.add(&Batch {
        key,
        state: BatchState::Running,
        text: start.text.clone(),
        chosen: start.chosen.clone(),
        named: start.named,
        total: start.total,
        at: start.now,
    })?;
    for service in &start.services {
        turn.rows.add(&Part {
            key: turn.desk.numbers.key(start.now),
            batch: key,
            service: *service,
            cursor: start.below,
            asked: 0,
            done: 0,
            failed: 0,
            cancelled: 0,
            skipped: 0,
        })?;
    }
    turn.audit(start.now, &start.who, format!("began the batch {:?}", start.text))?;
    turn.news.push(News::Batch);
    Ok(Answer::Batch(key))
}

pub(super) fn turn(turn: &mut Turn<'_>, to: &TurnBatch) -> Result<Answer, StoreError> {
    let Some(before) = turn.rows.load::<Batch>(to.batch.0)? else { return Ok(Answer::NotFound) };
    let allowed = match before.state {
        BatchState::Running => matches!(to.to, BatchState::Paused | BatchState::Aborted),
        BatchState::Paused => matches!(to.to, BatchState::Running | BatchState::Aborted),
        BatchState::Aborted | BatchState::Completed => false,
    };
    if !allowed {
        return Ok(Answer::Moved);
    }
    turn.rows.change(&before, &Batch { state: to.to, ..before.clone() })?;
    if to.to == BatchState::Aborted {
        cancel_due(turn, to.batch, to.now)?;
    }
    turn.audit(to.now, &to.who, format!("turned the batch {:?} to {}", before.text, to.to.word()))?;
    turn.news.push(News::Batch);
    Ok(Answer::Done)
}

pub(super) fn step(turn: &mut Turn<'_>, step: &StepBatch) -> Result<Answer, StoreError> {
    let running = turn.rows.load::<Batch>(step.batch.0)?.is_some_and(|batch| batch.state == BatchState::Running);
    let part = parts(turn, step.batch)?
        .into_iter()
        .find(|part| part.service == step.service && part.cursor == step.cursor && part.cursor != 0);
    let (Some(before), true) = (part, running) else { return Ok(Answer::Moved) };
    let (mut asked, mut skipped) = (before.asked, before.skipped + step.skipped);
    for each in &step.demands {
        match demand(turn, each)? {
            Answer::Run(_) => asked += 1,
            _ => skipped += 1,
        }
    }
    turn.rows.change(&before, &Part { cursor: step.next, asked, skipped, ..before.clone() })?;
    complete(turn, step.batch)?;
    Ok(Answer::Done)
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was answered.
    Done,
    /// No usable answer came.
    Failed,
    /// It was no longer wanted.
    Cancelled,
}

impl End {
    /// The end of a run that was concluded so.
    pub(super) const fn of(kind: ResultKind) -> Self {
        match kind {
            ResultKind::Error | ResultKind::Missing => End::Failed,
            _ => End::Done,
        }
    }

    /// The end of a run that is not wanted any more: its expectation was concluded by somebody else, or is asked anew.
    pub(super) fn of_unwanted(expectation: &Expectation) -> Self {
        if expectation.state == ExpectationState::Complete { End::Done } else { End::Cancelled }
    }
}

/// Counts a run that has ended, where it belongs to a batch.
pub(super) fn ended(turn: &mut Turn<'_>, run: &Run, end: End) -> Result<(), StoreError> {
    let Some(batch) = run.batch else { return Ok(()) };
    let part = parts(turn, batch)?.into_iter().find(|part| part.service == run.service);
    let Some(before) = part else { return Ok(()) };
    let mut after = before.clone();
    match end {
        End::Done => after.done += 1,
        End::Failed => after.failed += 1,
        End::Cancelled => after.cancelled += 1,
    }
    turn.rows.change(&before, &after)?;
    if after.cursor != 0 && after.open() % WAKE_EACH == 0 {
        turn.news.push(News::Batch);
    }
    if after.cursor == 0 && after.open() == 0 { complete(turn, batch) } else { Ok(()) }
}

fn parts(turn: &mut Turn<'_>, batch: BatchKey) -> Result<Vec<Part>, StoreError> {
    turn.rows.all(&Find::equal(&PART_BATCH, vec![Value::Int(batch.0)]))
}

/// A batch is completed when all its subjects were taken and all its runs have ended.
fn complete(turn: &mut Turn<'_>, batch: BatchKey) -> Result<(), StoreError> {
    let parts = parts(turn, batch)?;
    if parts.iter().any(|part| part.cursor != 0 || part.open() != 0) {
        return Ok(());
    }
    let Some(before) = turn.rows.load::<Batch>(batch.0)? else { return Ok(()) };
    match before.state {
        BatchState::Running | BatchState::Paused => {
            turn.rows.change(&before, &Batch { state: BatchState::Completed, ..before.clone() })
        }
        BatchState::Aborted | BatchState::Completed => Ok(()),
    }
}

/// The batch was aborted: what it alone asked for and nobody has sent yet is not asked any more. What is owed whatever
/// becomes of the batch goes out as it would have without it.
fn cancel_due(turn: &mut Turn<'_>, batch: BatchKey, now: Timestamp) -> Result<(), StoreError> {
    let due = Find::equal(&RUN_BATCH, vec![Value::Int(batch.0), Value::Text("due".to_owned())]);
    for run in turn.rows.all::<Run>(&due)? {
        ended(turn, &run, End::Cancelled)?;
        let expectation = owed(turn, &run)?;
        if expectation.state == ExpectationState::Open && was_asked_without(turn, &expectation)? {
            turn.rows.change(&run, &Run { batch: None, ..run.clone() })?;
            tell_due(turn, run.service, now);
            continue;
        }
        turn.rows.change(&run, &Run { state: RunState::Cancelled, ..run.clone() })?;
        let mut after = Expectation { bound: None, ..expectation.clone() };
        if after.state == ExpectationState::Open {
            // It never blocked, so no verdict is judged by it.
            after.state = ExpectationState::Missing;
            after.coverage = Some(Coverage::None);
            after.redeliver_left = 0;
        }
        turn.rows.change(&expectation, &after)?;
        end_record(turn, &expectation, Some("the batch was aborted before the worker was asked"), now)?;
    }
    Ok(())
}

/// Whether a service owes an answer for another reason than that somebody asked for a run.
fn was_asked_without(turn: &mut Turn<'_>, expectation: &Expectation) -> Result<bool, StoreError> {
    let runs: Vec<Run> = turn.rows.all(&Find::equal(&RUN_EXPECTATION, vec![Value::Int(expectation.key.0)]))?;
    Ok(runs.iter().any(|run| run.why == RunWhy::First))
}
