//! Answers: the end of an attempt, a call back, a push, a record that is set.

use domain::answer::Conclusion;
use domain::expectation::{Expectation, ExpectationState};
use domain::planted::{self, Bug};
use domain::record::{Record, RecordChange};
use domain::result::{ResultKind, ServiceResult};
use domain::rule::Match;
use domain::run::{Attempt, Run, RunState};
use domain::subject::Subject;
use domain::*;

use super::Turn;
use super::batch::{End, ended};
use super::claim::{open_runs, owed, tell_due};
use super::consequences::{Fenced, Of, fence, find_record, write};
use crate::StoreError;
use crate::command::{Answer, CallBack, Finish, Judged, News, Push, Said, Step, Upsert};
use crate::row::RowsExt;
use crate::search;
use crate::table::{Find, Value};
use crate::tables::{MATCH_SUBJECT, RECORD_SUBJECT, RESULT_EXPECTATION};

pub(super) fn finish(turn: &mut Turn<'_>, finish: &Finish) -> Result<Answer, StoreError> {
    let Some(run) = turn.rows.load::<Run>(finish.run.0)?.filter(|run| run.holds(finish.lease)) else {
        return Ok(Answer::LostLease);
    };
    let expectation = owed(turn, &run)?;
    let bound = expectation.bound == Some(run.key) || planted::is(Bug::BindingIgnored);
    let fenced = match &finish.step {
        Step::Conclude(_, judged) if bound => match fence_conclusion(turn, &expectation, judged)? {
            Ok(fenced) => Some(fenced),
            Err(answer) => return Ok(answer),
        },
        _ => None,
    };

    if !matches!(finish.step, Step::HandBack) {
        note_attempt(turn, &run, finish, fenced.is_some())?;
    }
    let (state, attempt, answer) = match &finish.step {
        Step::Conclude(..) => (RunState::Answered, run.attempt, None),
        // A call back that came first has the last word; so does a newer run.
        Step::Defer { .. } if !bound => (RunState::Answered, run.attempt, Some(Answer::Superseded)),
        Step::Defer { until } => (RunState::Deferred { until: *until }, run.attempt, Some(Answer::Noted)),
        Step::RetryAt(_) | Step::ProbeFailed | Step::HandBack if !bound => {
            (RunState::Cancelled, run.attempt, Some(Answer::Superseded))
        }
        Step::RetryAt(at) => (RunState::Due { at: *at }, run.attempt, Some(Answer::Again(*at))),
        Step::ProbeFailed | Step::HandBack => {
            (RunState::Due { at: finish.now }, run.attempt.saturating_sub(1), Some(Answer::Again(finish.now)))
        }
        Step::GiveUp => (RunState::Exhausted, run.attempt, Some(Answer::Noted)),
    };
    if let RunState::Due { at } = state {
        tell_due(turn, run.service, at);
    }
    let after = Run { state, attempt, ..run.clone() };
    turn.rows.change(&run, &after)?;
    if !after.is_open() {
        let end = match &finish.step {
            Step::Conclude(conclusion, _) => End::of(conclusion.kind),
            Step::GiveUp => End::Failed,
            _ => End::of_unwanted(&expectation),
        };
        ended(turn, &run, end)?;
    }
    if let (Step::Defer { until }, true) = (&finish.step, bound) {
        defer(turn, &expectation, *until, finish.now)?;
    }
    if let Some(change) = &finish.record {
        write_record(turn, &expectation, run.key, change, finish.now)?;
    }
    let (Step::Conclude(conclusion, _), Some(fenced)) = (&finish.step, fenced) else {
        return Ok(answer.unwrap_or(Answer::Superseded));
    };
    let said = Conclusive { conclusion, raw: &finish.body, run: Some(run.key), late: false, now: finish.now };
    Ok(Answer::Concluded(conclude(turn, &expectation, &fenced, &said)?))
}

pub(super) fn call_back(turn: &mut Turn<'_>, call: &CallBack) -> Result<Answer, StoreError> {
    let Some(expectation) = turn.rows.load::<Expectation>(call.expectation.0)? else { return Ok(Answer::NotFound) };
    if expectation.service != call.service {
        return Ok(Answer::NotFound);
    }
    // Whoever was asked again may answer again, also by calling back.
    let asked = search::under_way(turn.rows, &expectation)?;
    let over = expectation.state == ExpectationState::Missing && !asked;
    if expectation.state == ExpectationState::Complete && expectation.closed && !asked {
        return Ok(Answer::AlreadyComplete);
    }
    let (conclusion, judged, late) = match &call.said {
        Said::Deferral { .. } if over => return Ok(Answer::AlreadyComplete),
        Said::Deferral { until } => {
            let until = *until;
            defer(turn, &expectation, until, call.now)?;
            return Ok(Answer::Noted);
        }
        Said::Conclusion { conclusion, judged, late } => (conclusion, judged, *late),
    };
    if late != over {
        return Ok(Answer::Stale);
    }
    let fenced = match fence_conclusion(turn, &expectation, judged)? {
        Ok(fenced) => fenced,
        Err(answer) => return Ok(answer),
    };
    let said = Conclusive { conclusion, raw: &call.raw, run: None, late, now: call.now };
    if late {
        if is_kept(turn, expectation.key, &call.raw)? {
            return Ok(Answer::AlreadyComplete);
        }
        conclude(turn, &expectation, &fenced, &said)?;
        return Ok(Answer::AlreadyComplete);
    }
    for run in open_runs(turn, &expectation)? {
        // A call under way keeps its lease so that its attempt is noted; it may no longer conclude.
        if !matches!(run.state, RunState::Leased(_)) {
            turn.rows.change(&run, &Run { state: RunState::Answered, ..run.clone() })?;
            ended(turn, &run, End::of(conclusion.kind))?;
        }
    }
    let result = conclude(turn, &expectation, &fenced, &said)?;
    Ok(Answer::Concluded(result))
}

pub(super) fn push(turn: &mut Turn<'_>, push: &Push) -> Result<Answer, StoreError> {
    let fenced = match fence(turn, &push.judged)? {
        Ok(fenced) => fenced,
        Err(answer) => return Ok(answer),
    };
    let Some((subject, _)) = push.judged.subject else { return Ok(Answer::NotFound) };
    let pushed = turn.rows.all::<Match>(&Find::equal(&MATCH_SUBJECT, vec![Value::Int(subject.0)]))?;
    for found in pushed.iter().filter(|found| found.service == Some(push.service)) {
        let named = push.judged.plan.matches.iter().any(|new| new.rule == found.rule);
        let by_push = turn.rows.load::<ServiceResult>(found.result.0)?.is_some_and(|each| each.number.is_some());
        if named && by_push {
            return Ok(Answer::AlreadyPushed);
        }
    }
    let number = turn.pushed_number()?;
    let result = ResultKey(turn.key(push.now));
    turn.rows.add(&ServiceResult {
        key: result,
        number: Some(number),
        expectation: None,
        run: None,
        service: Some(push.service),
        account: push.account,
        subject: Some(subject),
        artifact: None,
        kind: ResultKind::Pushed,
        late: false,
        coverage: None,
        raw: push.raw.clone(),
        text: None,
        at: push.now,
    })?;
    if !push.judged.plan.matches.is_empty() {
        write(turn, &fenced, &Of { result, artifact: None, now: push.now, event: None })?;
    }
    Ok(Answer::Pushed(number))
}

pub(super) fn upsert(turn: &mut Turn<'_>, upsert: &Upsert) -> Result<Answer, StoreError> {
    if turn.rows.load::<Subject>(upsert.subject.0)?.is_none() {
        return Ok(Answer::NotFound);
    }
    let before = find_record(turn, upsert.subject, &upsert.source)?;
    if let Some(call) = &upsert.call_back {
        // Whatever becomes of the expectation, the record is the caller's to set.
        if let refused @ (Answer::Stale | Answer::Recompute) = call_back(turn, call)? {
            return Ok(refused);
        }
    }
    let change = &upsert.change;
    // Any final upsert has the last word over a call under way; one that is not final leaves it to the call.
    let keeps_run = if change.status.is_final() { None } else { before.as_ref().and_then(|record| record.run) };
    match before {
        Some(before) => {
            let after = Record {
                body: change.body.clone().unwrap_or_default(),
                status: Some(change.status),
                can_process: change.can_process,
                message: change.message.clone(),
                run: keeps_run,
                updated: upsert.now,
                ..before.clone()
            };
            turn.rows.change(&before, &after)?;
        }
        None => {
            let key = turn.key(upsert.now);
            turn.rows.add(&Record {
                key,
                subject: upsert.subject,
                source: upsert.source.clone(),
                body: change.body.clone().unwrap_or_default(),
                status: Some(change.status),
                can_process: change.can_process,
                message: change.message.clone(),
                started: None,
                run: None,
                updated: upsert.now,
            })?;
        }
    }
    Ok(Answer::Done)
}

/// Checks a conclusion's fences. An expectation that a subject adopted meanwhile must be judged with it.
pub(super) fn fence_conclusion<'a>(
    turn: &mut Turn<'_>,
    expectation: &Expectation,
    judged: &'a Judged,
) -> Result<Result<Fenced<'a>, Answer>, StoreError> {
    if expectation.subject != judged.subject.map(|(key, _)| key) {
        return Ok(Err(Answer::Stale));
    }
    fence(turn, judged)
}

/// What concludes an expectation.
pub(super) struct Conclusive<'a> {
    pub(super) conclusion: &'a Conclusion,
    pub(super) raw: &'a bytes::Bytes,
    pub(super) run: Option<RunKey>,
    pub(super) late: bool,
    pub(super) now: Timestamp,
}

/// Writes a conclusion: the result, the expectation, and everything that follows.
pub(super) fn conclude(
    turn: &mut Turn<'_>,
    expectation: &Expectation,
    fenced: &Fenced<'_>,
    said: &Conclusive<'_>,
) -> Result<ResultKey, StoreError> {
    let plan = &fenced.judged.plan;
    let result = ResultKey(turn.key(said.now));
    let coverage = plan.expectation.as_ref().map(|change| change.coverage).or(said.conclusion.coverage);
    turn.rows.add(&ServiceResult {
        key: result,
        number: None,
        expectation: Some(expectation.key),
        run: said.run,
        service: Some(expectation.service),
        account: None,
        subject: expectation.subject,
        artifact: expectation.artifact,
        kind: said.conclusion.kind,
        late: said.late,
        coverage,
        raw: said.raw.clone(),
        text: said.conclusion.text.clone(),
        at: said.now,
    })?;
    if !said.late {
        let after = match &plan.expectation {
            Some(change) => Expectation {
                state: change.state,
                closed: change.closed,
                coverage: Some(change.coverage),
                result: Some(result),
                bound: None,
                deferred_until: None,
                ..expectation.clone()
            },
            None => Expectation { bound: None, deferred_until: None, ..expectation.clone() },
        };
        turn.rows.change(expectation, &after)?;
    }
    let of = Of { result, artifact: expectation.artifact, now: said.now, event: Some(expectation.event) };
    write(turn, fenced, &of)?;
    Ok(result)
}

/// Late results that are kept of one expectation: whoever tries again and again fills no disk.
const LATE_MAX: usize = 16;

/// Whether these bytes were kept as late already, or so many others were.
fn is_kept(turn: &mut Turn<'_>, expectation: ExpectationKey, raw: &bytes::Bytes) -> Result<bool, StoreError> {
    let find = Find::equal(&RESULT_EXPECTATION, vec![Value::Int(expectation.0)]);
    let late = turn.rows.all::<ServiceResult>(&find)?.into_iter().filter(|result| result.late);
    let kept: Vec<ServiceResult> = late.collect();
    Ok(kept.len() >= LATE_MAX || kept.iter().any(|result| result.raw == *raw))
}

/// Notes an attempt. The body is kept here where no result keeps it.
fn note_attempt(turn: &mut Turn<'_>, run: &Run, finish: &Finish, concluded: bool) -> Result<(), StoreError> {
    let key = AttemptKey(turn.key(finish.now));
    let body = (!concluded && !finish.body.is_empty()).then(|| finish.body.slice(..finish.body.len().min(4096)));
    turn.rows.add(&Attempt {
        key,
        run: run.key,
        nth: run.attempt,
        started: finish.started,
        connected: finish.connected,
        ended: finish.now,
        status: finish.status,
        answer: finish.answer.to_owned(),
        text: finish.text.clone(),
        body,
    })
}

/// Moves an expectation's next check to the end of a deferral, never past its own deadline.
fn defer(turn: &mut Turn<'_>, expectation: &Expectation, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let gate = turn.gate(expectation.service)?;
    let at = gate.time(now).after(until.since(now)).min(expectation.deadline);
    let mut after = Expectation { deferred_until: Some(at), ..expectation.clone() };
    after.next_check = after.check_after(gate.time(now));
    turn.rows.change(expectation, &after)?;
    turn.news.push(News::CheckAt(gate.wall(after.next_check, now)));
    Ok(())
}

/// Writes an answer into the worker's record, if the record still waits for this run.
fn write_record(
    turn: &mut Turn<'_>,
    expectation: &Expectation,
    run: RunKey,
    change: &RecordChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(subject) = expectation.subject else { return Ok(()) };
    let find = Find::equal(&RECORD_SUBJECT, vec![Value::Int(subject.0)]);
    let waiting = turn.rows.all::<Record>(&find)?.into_iter().find(|each| each.run == Some(run));
    let Some(before) = waiting else { return Ok(()) };
    let after = Record {
        body: change.body.clone().unwrap_or_else(|| before.body.clone()),
        status: Some(change.status),
        can_process: change.can_process,
        message: change.message.clone(),
        updated: now,
        ..before.clone()
    };
    turn.rows.change(&before, &after)
}
