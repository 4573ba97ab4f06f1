//! What a judgement writes, and the events it causes.

use std::sync::Arc;

use domain::event::Event;
use domain::expectation::{Expectation, ExpectationState, Planned};
use domain::gate::{Gate, GateState};
use domain::judge::{Cause, SubjectState};
use domain::planted::{self, Bug};
use domain::profile::Told;
use domain::record::{Record, RecordStatus};
use domain::rule::{Flag, Hold, HoldScope, Match, MatchState};
use domain::run::{Run, RunState, RunWhy};
use domain::subject::{Collection, Subject, SubjectName};
use domain::*;

use super::{Turn, recheck};
use crate::StoreError;
use crate::command::{About, Answer, Claimed, Judged, NewEvent, News, RecordedEvent};
use crate::row::RowsExt;
use crate::search::{self, Housed};
use crate::table::{Find, Value};
use crate::tables::{ACTOR_SUBJECT, ActorRow, RECORD_SUBJECT, RESTRICTION_ACTOR, Rechecked, Restriction};

/// A judgement whose fences hold, with the subject as it is now.
pub(super) struct Fenced<'a> {
    pub(super) judged: &'a Judged,
    pub(super) subject: Option<Subject>,
}

/// Checks a judgement's fences, before anything is written.
pub(super) fn fence<'a>(turn: &mut Turn<'_>, judged: &'a Judged) -> Result<Result<Fenced<'a>, Answer>, StoreError> {
    if judged.catalogue != turn.desk.catalogue {
        return Ok(Err(Answer::Recompute));
    }
    let Some((key, revision)) = judged.subject else { return Ok(Ok(Fenced { judged, subject: None })) };
    match turn.rows.load::<Subject>(key.0)? {
        Some(subject) if subject.revision == revision || planted::is(Bug::RevisionIgnored) => {
            let holds = search::active_holds(turn.rows, HoldScope::Collection, subject.collection.0)?;
            if holds.iter().map(|hold| hold.key).ne(judged.collection_holds.iter().copied()) {
                return Ok(Err(Answer::Stale));
            }
            Ok(Ok(Fenced { judged, subject: Some(subject) }))
        }
        _ => Ok(Err(Answer::Stale)),
    }
}

/// Which result the new matches belong to.
pub(super) struct Of {
    pub(super) result: ResultKey,
    pub(super) artifact: Option<ArtifactKey>,
    pub(super) now: Timestamp,
    /// The event that it all goes back to.
    pub(super) event: Option<EventKey>,
}

/// Writes everything of a judgement but the expectation's own row.
pub(super) fn write(turn: &mut Turn<'_>, fenced: &Fenced<'_>, of: &Of) -> Result<(), StoreError> {
    let Fenced { judged, subject } = fenced;
    let plan = &judged.plan;
    let mut keys = Vec::with_capacity(plan.matches.len());
    for found in &plan.matches {
        let key = MatchKey(turn.key(of.now));
        turn.rows.add(&Match {
            key,
            result: of.result,
            rule: found.rule,
            name: found.name.clone(),
            service: found.service,
            subject: subject.as_ref().map(|subject| subject.key),
            artifact: of.artifact,
            action: found.action.clone(),
            severity: found.severity,
            state: found.state,
            epoch: None,
            text: found.text.clone(),
            at: of.now,
        })?;
        if found.state == MatchState::Planned {
            turn.news.push(News::Perform);
        }
        keys.push(key);
    }
    let key_of = |cause: Cause| match cause {
        Cause::New(place) => keys.get(place).copied(),
        Cause::Known(key) => Some(key),
    };
    for settled in &plan.settled {
        if let Some(before) = turn.rows.load::<Match>(settled.key.0)? {
            let subject = subject.as_ref().map(|subject| subject.key).or(before.subject);
            let text = settled.text.clone().or_else(|| before.text.clone());
            turn.rows.change(&before, &Match { state: settled.state, text, subject, ..before.clone() })?;
            if settled.state == MatchState::Planned {
                turn.news.push(News::Perform);
            }
        }
    }
    if let Some(subject) = subject {
        write_on_subject(turn, judged, subject, of, key_of)?;
    }
    for event in &judged.events {
        let cause = event.cause.or(of.event);
        record_event(turn, &NewEvent { cause, ..event.clone() }, None, None, of.now)?;
    }
    Ok(())
}

fn write_on_subject(
    turn: &mut Turn<'_>,
    judged: &Judged,
    subject: &Subject,
    of: &Of,
    key_of: impl Fn(Cause) -> Option<MatchKey>,
) -> Result<(), StoreError> {
    let plan = &judged.plan;
    let now = of.now;
    for flag in &plan.flags {
        let key = FlagKey(turn.key(now));
        let cause = key_of(flag.cause);
        turn.rows.add(&Flag { key, subject: subject.key, cause, text: flag.text.clone(), at: now, ended: None })?;
    }
    for hold in &plan.holds {
        if planted::is(Bug::HoldForgotten) {
            break;
        }
        let key = HoldKey(turn.key(now));
        turn.rows.add(&Hold { key, cause: key_of(hold.cause), ..hold.on(subject, now) })?;
        if hold.until != Timestamp::NEVER {
            turn.news.push(News::HoldUntil(hold.until));
        }
    }
    for (key, by) in &plan.holds_ended {
        if let Some(before) = turn.rows.load::<Hold>(key.0)? {
            let after = Hold { ended: Some(now), ended_by: Some(by.clone()), ..before.clone() };
            turn.rows.change(&before, &after)?;
        }
    }
    if plan.holds.iter().any(|hold| hold.scope == HoldScope::Collection) {
        recheck::begin(turn, Rechecked::Collection(subject.collection), now)?;
    }
    for key in &plan.flags_ended {
        if let Some(before) = turn.rows.load::<Flag>(key.0)? {
            turn.rows.change(&before, &Flag { ended: Some(now), ..before.clone() })?;
        }
    }
    for key in &plan.waived {
        if let Some(before) = turn.rows.load::<Expectation>(key.0)? {
            let coverage = Some(domain::result::Coverage::Waived);
            turn.rows.change(&before, &Expectation { coverage, ..before.clone() })?;
        }
    }
    for (kind, cause) in &plan.restrictions {
        restrict(turn, subject, *kind, key_of(*cause), now)?;
    }
    let verdict = plan.verdict.as_ref();
    let after = Subject {
        revision: subject.revision + 1,
        verdict: verdict.map_or(subject.verdict, |verdict| verdict.kind),
        reasons: verdict.map_or_else(|| subject.reasons.clone(), |verdict| verdict.reasons.clone()),
        block_lifted: subject.block_lifted || plan.block_lifted,
        review_deadline: plan.review_deadline,
        ..subject.clone()
    };
    turn.rows.change(subject, &after)?;
    turn.judged(subject.key);
    Ok(())
}

fn restrict(
    turn: &mut Turn<'_>,
    subject: &Subject,
    kind: domain::rule::RestrictionKind,
    cause: Option<MatchKey>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = restriction_text(turn, subject, cause)?;
    let actors: Vec<ActorRow> = turn.rows.all(&Find::equal(&ACTOR_SUBJECT, vec![Value::Int(subject.key.0)]))?;
    for actor in actors {
        let known: Vec<Restriction> = turn.rows.all(&Find::equal(
            &RESTRICTION_ACTOR,
            vec![Value::Text(actor.kind.word().to_owned()), Value::Text(actor.value.clone())],
        ))?;
        if known.iter().any(|each| each.kind == kind) {
            continue;
        }
        let key = RestrictionKey(turn.key(now));
        turn.rows.add(&Restriction {
            key,
            kind,
            actor_kind: actor.kind,
            actor: actor.value,
            cause,
            text: text.clone(),
            at: now,
            ended: None,
            ended_by: None,
        })?;
    }
    Ok(())
}

/// Why an actor is restricted, in the protocol's words (scanner-pipeline, section 12.3).
fn restriction_text(turn: &mut Turn<'_>, subject: &Subject, cause: Option<MatchKey>) -> Result<String, StoreError> {
    let found: Option<Match> = cause.map_or(Ok(None), |key| turn.rows.load(key.0))?;
    let rule: String = found.map(|found| found.name.chars().take(150).collect()).unwrap_or_default();
    let collection: Option<Collection> = turn.rows.load(subject.collection.0)?;
    let collection = collection.map(|each| format!("{} {}", capital(&each.kind), each.name)).unwrap_or_default();
    let subject = format!("{} {}", capital(&subject.kind), subject.id);
    Ok(format!("Automatically added because of a match by rule \"{rule}\" on {collection} {subject}."))
}

/// A word that begins with a capital letter.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What an event is told with, where it came in a request.
pub(super) struct Arrived<'a> {
    pub(super) receipt: ReceiptKey,
    pub(super) body: &'a bytes::Bytes,
}

/// Writes an event with everything it asks for; its fence was checked.
pub(super) fn record_event(
    turn: &mut Turn<'_>,
    new: &NewEvent,
    arrived: Option<&Arrived<'_>>,
    made: Option<&mut Vec<(SubjectName, SubjectKey)>>,
    now: Timestamp,
) -> Result<RecordedEvent, StoreError> {
    let key = EventKey(turn.key(now));
    let mut first_state = None;
    let mut holds = Vec::new();
    let subject = match &new.about {
        About::Nothing => None,
        About::Told(subject) => Some(*subject),
        About::Known(judged) => judged.subject.map(|(key, _)| key),
        About::New { name, verdict, description } => {
            let known = made.as_ref().and_then(|made| made.iter().find(|(each, _)| each == name)).map(|(_, key)| *key);
            let subject = match known {
                // Two events of one request about one new subject: the second finds it made by the first.
                Some(subject) => ask_more(turn, subject, !new.planned.is_empty())?,
                None => {
                    let (subject, on_collection) =
                        super::subject::make(turn, name, None, verdict, description.as_deref(), now)?;
                    holds = on_collection;
                    subject
                }
            };
            if let (None, Some(made)) = (known, made) {
                made.push((name.clone(), subject.key));
            }
            let key = subject.key;
            first_state = known.is_none().then_some(subject);
            Some(key)
        }
    };
    let named = if let About::New { name, .. } = &new.about { Some(name) } else { None };
    let housed = match subject {
        Some(subject) if named.is_none() || new.snapshot => search::housed(turn.rows, subject)?,
        _ => None,
    };
    let event = Event {
        key,
        receipt: arrived.map(|arrived| arrived.receipt),
        kind: new.kind.clone(),
        subject,
        artifact: new.artifact,
        provenance: new.provenance,
        hops: new.hops,
        cause: new.cause,
        delivery: new.delivery.clone(),
        data: new.data.clone(),
        snapshot: housed.as_ref().filter(|_| new.snapshot).map(Housed::snapshot),
        at: now,
    };
    turn.rows.add(&event)?;
    let mut recorded = RecordedEvent { event: key, subject, runs: Vec::with_capacity(new.planned.len()) };
    if new.planned.is_empty() {
        return Ok(recorded);
    }
    let (artifacts, others) = search::tell_artifacts(turn.rows, &event)?;
    let told = Arc::new(Told {
        body: arrived.map(|arrived| arrived.body.clone()),
        has_body: arrived.is_some(),
        subject: named.cloned().or_else(|| housed.as_ref().map(Housed::name)),
        artifacts,
        others,
        event,
    });
    let mut leased = Vec::new();
    let mut expectations = Vec::new();
    for planned in &new.planned {
        let gate = turn.gate(planned.service)?;
        let (expectation, run) = expect(turn, &told.event, subject, planned, &gate, now)?;
        let on_its_way = matches!(run.state, RunState::Leased(_));
        recorded.runs.push((run.key, planned.service, on_its_way));
        if on_its_way {
            leased.push((run, expectation.clone(), gate.wall(expectation.deadline, now)));
        } else if gate.state == GateState::Open {
            turn.news.push(News::Due { service: planned.service, at: now });
        }
        turn.news.push(News::CheckAt(gate.wall(expectation.next_check, now)));
        expectations.push(expectation);
    }
    let state = first_state.map(|subject| {
        Arc::new(SubjectState {
            subject,
            expectations,
            holds,
            flags: Vec::new(),
            waiting: Vec::new(),
            cleared: false,
            restricted: false,
        })
    });
    for (run, expectation, deadline) in leased {
        if let RunState::Leased(lease) = run.state {
            let claimed =
                Claimed { run, lease, expectation, deadline, probe: false, told: told.clone(), state: state.clone() };
            turn.news.push(News::Leased(Box::new(claimed)));
        }
    }
    Ok(recorded)
}

/// A subject that this command has made. Where more is owed about it than a call that is already on its way was told,
/// the revision rises, so that the call's answer is judged with all of it.
fn ask_more(turn: &mut Turn<'_>, subject: SubjectKey, more: bool) -> Result<Subject, StoreError> {
    let before: Subject = turn.rows.load(subject.0)?.ok_or_else(|| StoreError::Corrupt {
        expected: "the subject of this command".to_owned(),
        found: "nothing".to_owned(),
    })?;
    let after = Subject { revision: before.revision + i64::from(more), ..before.clone() };
    turn.rows.change(&before, &after)?;
    Ok(after)
}

/// Writes an expectation with its first run, leased at once where there is a place.
fn expect(
    turn: &mut Turn<'_>,
    event: &Event,
    subject: Option<SubjectKey>,
    planned: &Planned,
    gate: &Gate,
    now: Timestamp,
) -> Result<(Expectation, Run), StoreError> {
    let mut expectation = new_expectation(turn, event, subject, planned, gate, now);
    let run = make_run(turn, &expectation, RunWhy::First, None, gate, now)?;
    expectation.bound = Some(run.key);
    turn.rows.add(&expectation)?;
    if let (Some(subject), Some(source)) = (subject, &planned.record) {
        mark_processing(turn, subject, source, run.key, now)?;
    }
    Ok((expectation, run))
}

/// An expectation as it begins; it is not written yet.
pub(super) fn new_expectation(
    turn: &mut Turn<'_>,
    event: &Event,
    subject: Option<SubjectKey>,
    planned: &Planned,
    gate: &Gate,
    now: Timestamp,
) -> Expectation {
    let start = gate.time(now);
    let mut expectation = Expectation {
        key: turn.expectation(),
        event: event.key,
        service: planned.service,
        subject: if domain::event::may_count(&event.kind) { subject } else { None },
        artifact: event.artifact,
        blocks: planned.blocks,
        state: ExpectationState::Open,
        closed: false,
        coverage: None,
        result: None,
        bound: None,
        on_failure: planned.on_failure,
        deadline: start.after(planned.deadline),
        next_check: start,
        redeliver_every: planned.redeliver.map_or(0, |each| domain::time::micros(each.every)),
        redeliver_left: planned.redeliver.map_or(0, |each| i64::from(each.times)),
        deferred_until: None,
    };
    expectation.next_check = expectation.check_after(start);
    expectation
}

/// Writes a run: leased at once where its service's gate is open and a place is free, else due.
pub(super) fn make_run(
    turn: &mut Turn<'_>,
    expectation: &Expectation,
    why: RunWhy,
    batch: Option<BatchKey>,
    gate: &Gate,
    now: Timestamp,
) -> Result<Run, StoreError> {
    let mut run = Run {
        key: RunKey(turn.key(now)),
        expectation: expectation.key,
        service: expectation.service,
        state: RunState::Due { at: now },
        attempt: 0,
        leases: 0,
        why,
        batch,
    };
    if why == RunWhy::First
        && (gate.state == GateState::Open || planted::is(Bug::PauseIgnored))
        && turn.desk.slots.take(run.service)
    {
        turn.desk.taken.push(run.service);
        run.lease(turn.desk.node.node, turn.desk.node.epoch);
    }
    turn.rows.add(&run)?;
    Ok(run)
}

/// Sets a worker's record to `Processing`, its earlier body kept (event-workers, section 7).
pub(super) fn mark_processing(
    turn: &mut Turn<'_>,
    subject: SubjectKey,
    source: &str,
    run: RunKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    match find_record(turn, subject, source)? {
        Some(before) => {
            let after = Record {
                status: Some(RecordStatus::Processing),
                message: None,
                started: Some(now),
                run: Some(run),
                updated: now,
                ..before.clone()
            };
            turn.rows.change(&before, &after)
        }
        None => {
            let key = turn.key(now);
            turn.rows.add(&Record {
                key,
                subject,
                source: source.to_owned(),
                body: String::new(),
                status: Some(RecordStatus::Processing),
                can_process: None,
                message: None,
                started: Some(now),
                run: Some(run),
                updated: now,
            })
        }
    }
}

/// The record of one source about one subject.
pub(super) fn find_record(
    turn: &mut Turn<'_>,
    subject: SubjectKey,
    source: &str,
) -> Result<Option<Record>, StoreError> {
    let find = Find::equal(&RECORD_SUBJECT, vec![Value::Int(subject.0), Value::Text(source.to_owned())]);
    Ok(turn.rows.all(&find)?.into_iter().next())
}
