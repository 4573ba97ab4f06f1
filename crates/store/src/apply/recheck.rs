//! Rechecks: subjects that are judged again, step by step, since something outside them changed.

use domain::ResultKey;

use super::Turn;
use super::consequences::{Of, fence, write};
use crate::StoreError;
use crate::command::{Answer, News, StepRecheck};
use crate::row::{Cell, Row, RowsExt};
use crate::table::Find;
use crate::tables::{RECHECK, RECHECK_OF, Recheck, Rechecked};

/// Begins one. One of the same subjects begins anew, so that no step of it that is under way still counts.
pub(super) fn begin(turn: &mut Turn<'_>, of: Rechecked, now: domain::Timestamp) -> Result<(), StoreError> {
    for before in turn.rows.all::<Recheck>(&Find::equal(&RECHECK_OF, vec![of.to_value()]))? {
        turn.rows.delete(&RECHECK, before.key)?;
    }
    let key = turn.key(now);
    turn.rows.add(&Recheck { key, of, below: i64::MAX })?;
    turn.news.push(News::Recheck);
    Ok(())
}

pub(super) fn step(turn: &mut Turn<'_>, step: &StepRecheck) -> Result<Answer, StoreError> {
    let recheck = turn.rows.load::<Recheck>(step.recheck)?.filter(|recheck| recheck.below == step.below);
    let Some(before) = recheck else { return Ok(Answer::Moved) };
    let mut fences = Vec::with_capacity(step.judged.len());
    for judged in &step.judged {
        match fence(turn, judged)? {
            Ok(fenced) => fences.push(fenced),
            Err(answer) => return Ok(answer),
        }
    }
    for fenced in &fences {
        write(turn, fenced, &Of { result: ResultKey(0), artifact: None, now: step.now, event: None })?;
    }
    if step.next == 0 {
        turn.rows.delete(Recheck::table(), before.key)?;
    } else {
        turn.rows.change(&before, &Recheck { below: step.next, ..before.clone() })?;
    }
    Ok(Answer::Done)
}
