//! What people decide, and holds that end.

use domain::rule::{Hold, HoldKind, HoldScope, RestrictionKind};
use domain::subject::{Actor, Collection};
use domain::{ClearanceKey, CollectionKey, HoldKey, ResultKey, Timestamp};

use super::consequences::{Of, fence, write};
use super::{Turn, recheck};
use crate::StoreError;
use crate::command::{Answer, Decide, Decision, EndHold, HoldCollection, Judged, LiftHold, LiftRestriction, News};
use crate::row::RowsExt;
use crate::tables::{Clearance, Rechecked, Restriction};

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
        end_on_collection(turn, &hold, "its time came".to_owned(), end.now)?;
        return Ok(Answer::Done);
    };
    let fenced = match fence(turn, judged)? {
        Ok(fenced) => fenced,
        Err(answer) => return Ok(answer),
    };
    write(turn, &fenced, &of(end.now))?;
    Ok(verdict_of(judged))
}

pub(super) fn hold_collection(turn: &mut Turn<'_>, new: &HoldCollection) -> Result<Answer, StoreError> {
    let Some(collection) = turn.rows.load::<Collection>(new.collection.0)? else { return Ok(Answer::NotFound) };
    let key = HoldKey(turn.key(new.now));
    turn.rows.add(&Hold {
        key,
        scope: HoldScope::Collection,
        of: collection.key.0,
        track: new.track.clone(),
        kind: HoldKind::Hold,
        until: new.until,
        cause: None,
        rule: None,
        text: format!("held by {}: {}", new.by, new.reason),
        at: new.now,
        ended: None,
        ended_by: None,
    })?;
    if new.until != Timestamp::NEVER {
        turn.news.push(News::HoldUntil(new.until));
    }
    recheck::begin(turn, Rechecked::Collection(collection.key), new.now)?;
    turn.audit(new.now, &new.by, format!("held {} {}: {}", collection.kind, collection.name, new.reason))?;
    Ok(Answer::Held(key))
}

pub(super) fn lift(turn: &mut Turn<'_>, lift: &LiftHold) -> Result<Answer, StoreError> {
    let hold = turn.rows.load::<Hold>(lift.hold.0)?;
    let Some(hold) = hold.filter(|hold| hold.ended.is_none() && hold.scope == HoldScope::Collection) else {
        return Ok(Answer::NotFound);
    };
    end_on_collection(turn, &hold, format!("lifted by {}: {}", lift.by, lift.reason), lift.now)?;
    turn.audit(lift.now, &lift.by, format!("lifted a hold: {}", lift.reason))?;
    Ok(Answer::Done)
}

pub(super) fn lift_restriction(turn: &mut Turn<'_>, lift: &LiftRestriction) -> Result<Answer, StoreError> {
    let restriction = turn.rows.load::<Restriction>(lift.restriction.0)?;
    let Some(before) = restriction.filter(|restriction| restriction.ended.is_none()) else {
        return Ok(Answer::NotFound);
    };
    let (ended, ended_by) = (Some(lift.now), Some(format!("lifted by {}: {}", lift.by, lift.reason)));
    turn.rows.change(&before, &Restriction { ended, ended_by, ..before.clone() })?;
    if before.kind == RestrictionKind::Approval {
        let actor = Actor { kind: before.actor_kind, value: before.actor.clone() };
        recheck::begin(turn, Rechecked::Actor(actor), lift.now)?;
    }
    let (kind, of, actor) = (before.kind, before.actor_kind, &before.actor);
    turn.audit(lift.now, &lift.by, format!("lifted the {kind} restriction of {of} {actor}: {}", lift.reason))?;
    Ok(Answer::Done)
}

/// A hold on a collection ends; its subjects are judged again in steps.
fn end_on_collection(turn: &mut Turn<'_>, hold: &Hold, by: String, now: Timestamp) -> Result<(), StoreError> {
    turn.rows.change(hold, &Hold { ended: Some(now), ended_by: Some(by), ..hold.clone() })?;
    recheck::begin(turn, Rechecked::Collection(CollectionKey(hold.of)), now)
}

const fn of(now: Timestamp) -> Of {
    Of { result: ResultKey(0), artifact: None, now, event: None }
}

fn verdict_of(judged: &Judged) -> Answer {
    judged.plan.verdict.as_ref().map_or(Answer::Done, |verdict| Answer::Verdict(verdict.kind))
}
