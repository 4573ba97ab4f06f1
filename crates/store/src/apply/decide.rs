//! What people decide, and holds that end.

use domain::rule::{Hold, HoldScope};
use domain::{ClearanceKey, ResultKey, SubjectKey, Timestamp};

use super::Turn;
use super::consequences::{Of, fence, write};
use crate::StoreError;
use crate::command::{Answer, Decide, Decision, EndHold, Judged, News};
use crate::row::RowsExt;
use crate::table::{Find, Value};
use crate::tables::{Clearance, SUBJECT_COLLECTION};

pub(super) fn decide(turn: &mut Turn<'_>, decide: &Decide) -> Result<Answer, StoreError> {
    let fenced = match fence(turn, &decide.judged)? {
        Ok(fenced) => fenced,
        Err(answer) => return Ok(answer),
    };
    let what = match decide.what {
        Decision::Release(key) => {
            match turn.rows.load::<Hold>(key.0)? {
                Some(hold) if hold.ended.is_none() => {}
                _ => return Ok(Answer::NotFound),
            }
            Some("lifted a hold")
        }
        Decision::Clear(subject) => {
            let key = ClearanceKey(turn.key(decide.now));
            let (by, reason) = (decide.by.clone(), decide.reason.clone());
            turn.rows.add(&Clearance { key, subject, by, reason, at: decide.now })?;
            Some("cleared a subject")
        }
        Decision::Recheck => None,
    };
    write(turn, &fenced, &of(decide.now))?;
    if let Some(what) = what {
        turn.audit(decide.now, &decide.by, format!("{what}: {}", decide.reason))?;
    }
    Ok(verdict_of(&decide.judged))
}

pub(super) fn end_hold(turn: &mut Turn<'_>, end: &EndHold) -> Result<Answer, StoreError> {
    let Some(hold) = turn.rows.load::<Hold>(end.hold.0)? else { return Ok(Answer::NotDue) };
    if hold.ended.is_some() || end.now < hold.until {
        return Ok(Answer::NotDue);
    }
    let Some(judged) = &end.judged else {
        if hold.scope == HoldScope::Subject {
            return Ok(Answer::Stale);
        }
        let after = Hold { ended: Some(end.now), ended_by: Some("its time came".to_owned()), ..hold.clone() };
        turn.rows.change(&hold, &after)?;
        // Its subjects are judged again one after the other, each at its own revision.
        for row in turn.rows.find(&Find::equal(&SUBJECT_COLLECTION, vec![Value::Int(hold.of)]))? {
            if let Some(Value::Int(subject)) = row.first() {
                turn.news.push(News::Judged(SubjectKey(*subject)));
            }
        }
        return Ok(Answer::Done);
    };
    let fenced = match fence(turn, judged)? {
        Ok(fenced) => fenced,
        Err(answer) => return Ok(answer),
    };
    write(turn, &fenced, &of(end.now))?;
    Ok(verdict_of(judged))
}

const fn of(now: Timestamp) -> Of {
    Of { result: ResultKey(0), artifact: None, now, event: None }
}

fn verdict_of(judged: &Judged) -> Answer {
    judged.plan.verdict.as_ref().map_or(Answer::Done, |verdict| Answer::Verdict(verdict.kind))
}
