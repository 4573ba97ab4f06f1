//! Refused requests: kept within bounds, let go of in time, released when they are believed after all.

use domain::{QuarantineKey, Timestamp};

use super::Turn;
use crate::StoreError;
use crate::command::{Answer, KeepRefused, Released};
use crate::row::{Row, RowsExt};
use crate::table::Find;
use crate::tables::{Meta, QUARANTINE_AT, Quarantine, meta};

/// How many are let go of in one command: bounds the writer's work.
const STEP: usize = 128;

pub(super) fn keep(turn: &mut Turn<'_>, keep: &KeepRefused) -> Result<Answer, StoreError> {
    turn.rows.add(&keep.refused)?;
    let mut count = number(turn, meta::QUARANTINE)? + 1;
    let mut bytes = number(turn, meta::QUARANTINE_BYTES)? + keep.refused.size();
    for _ in 0..STEP {
        if count <= keep.count_max && bytes <= keep.bytes_max {
            break;
        }
        let Some(oldest) = oldest(turn, 1)?.pop() else { break };
        turn.rows.delete(Quarantine::table(), oldest.key.0)?;
        count -= 1;
        bytes -= oldest.size();
    }
    set(turn, meta::QUARANTINE, count)?;
    set(turn, meta::QUARANTINE_BYTES, bytes)?;
    Ok(Answer::Done)
}

pub(super) fn forget(turn: &mut Turn<'_>, before: Timestamp) -> Result<Answer, StoreError> {
    let gone: Vec<Quarantine> = oldest(turn, STEP)?.into_iter().filter(|each| each.at < before).collect();
    for each in &gone {
        remove(turn, each)?;
    }
    Ok(if gone.is_empty() { Answer::Noted } else { Answer::Done })
}

/// The request that is to be released, if it is still there.
pub(super) fn find(turn: &mut Turn<'_>, released: &Released) -> Result<Option<Quarantine>, StoreError> {
    turn.rows.load(released.refused.0)
}

/// Takes a request out of the quarantine.
pub(super) fn remove(turn: &mut Turn<'_>, refused: &Quarantine) -> Result<(), StoreError> {
    let QuarantineKey(key) = refused.key;
    turn.rows.delete(Quarantine::table(), key)?;
    let (count, bytes) = (number(turn, meta::QUARANTINE)?, number(turn, meta::QUARANTINE_BYTES)?);
    set(turn, meta::QUARANTINE, count - 1)?;
    set(turn, meta::QUARANTINE_BYTES, bytes - refused.size())
}

fn oldest(turn: &mut Turn<'_>, limit: usize) -> Result<Vec<Quarantine>, StoreError> {
    turn.rows.all(&Find::equal(&QUARANTINE_AT, Vec::new()).limit(limit))
}

fn number(turn: &mut Turn<'_>, key: i64) -> Result<i64, StoreError> {
    Ok(turn.rows.load::<Meta>(key)?.map_or(0, |row| row.value))
}

fn set(turn: &mut Turn<'_>, key: i64, value: i64) -> Result<(), StoreError> {
    let after = Meta { key, value: value.max(0) };
    match turn.rows.load::<Meta>(key)? {
        Some(before) if before == after => Ok(()),
        Some(before) => turn.rows.change(&before, &after),
        None => turn.rows.add(&after),
    }
}
