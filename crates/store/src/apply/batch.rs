//! Batches: a cursor for each service, moved with the runs it made.

use domain::BatchKey;

use super::Turn;
use super::claim::demand;
use crate::StoreError;
use crate::command::{Answer, StartBatch, StepBatch};
use crate::row::RowsExt;
use crate::table::{Find, Value};
use crate::tables::{Batch, BatchState, PART_BATCH, Part};

pub(super) fn start(turn: &mut Turn<'_>, start: &StartBatch) -> Result<Answer, StoreError> {
    let key = BatchKey(turn.key(start.now));
    turn.rows.add(&Batch { key, state: BatchState::Running, text: start.text.clone(), at: start.now })?;
    for service in &start.services {
        let part = turn.key(start.now);
        turn.rows.add(&Part { key: part, batch: key, service: *service, cursor: 0, written: 0 })?;
    }
    Ok(Answer::Batch(key))
}

pub(super) fn turn(turn: &mut Turn<'_>, batch: BatchKey, to: BatchState) -> Result<Answer, StoreError> {
    let Some(before) = turn.rows.load::<Batch>(batch.0)? else { return Ok(Answer::NotFound) };
    let allowed = match before.state {
        BatchState::Running => to != BatchState::Running,
        BatchState::Paused => matches!(to, BatchState::Running | BatchState::Aborted),
        BatchState::Aborted | BatchState::Completed => false,
    };
    if !allowed {
        return Ok(Answer::Moved);
    }
    turn.rows.change(&before, &Batch { state: to, ..before.clone() })?;
    Ok(Answer::Done)
}

pub(super) fn step(turn: &mut Turn<'_>, step: &StepBatch) -> Result<Answer, StoreError> {
    let running = turn.rows.load::<Batch>(step.batch.0)?.is_some_and(|batch| batch.state == BatchState::Running);
    let parts: Vec<Part> = turn.rows.all(&Find::equal(&PART_BATCH, vec![Value::Int(step.batch.0)]))?;
    let part = parts.into_iter().find(|part| part.service == step.service && part.cursor == step.cursor);
    let (Some(before), true) = (part, running) else { return Ok(Answer::Moved) };
    let mut written = before.written;
    for each in &step.demands {
        if matches!(demand(turn, each)?, Answer::Run(_)) {
            written += 1;
        }
    }
    turn.rows.change(&before, &Part { cursor: step.next, written, ..before.clone() })?;
    Ok(Answer::Done)
}
