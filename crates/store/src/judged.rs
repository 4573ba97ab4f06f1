//! Read, judge, commit, and again when somebody was faster.
//!
//! A judgement is made beside the writer, at a revision of the subject and a version of the catalogue. The command that
//! carries it is refused as `Stale` or `Recompute` when either has moved on; then it is simply made again.

use bytes::Bytes;
use domain::answer::{Answer as Meant, Conclusion};
use domain::catalogue::Catalogue;
use domain::event::{self, Event, Provenance};
use domain::expectation::{self, Expectation, ExpectationState, Planned};
use domain::judge::{SubjectState, Trigger, first_verdict, judge};
use domain::rule::{Hold, HoldScope, RestrictionKind};
use domain::subject::{Actor, SubjectName};
use domain::verdict::Verdict;
use domain::*;

use crate::command::*;
use crate::row::RowsExt;
use crate::table::Rows;
use crate::tables::{Recheck, Rechecked};
use crate::{Store, StoreError, search};

/// How often a judgement is made again before the store is said to be too busy: each time somebody else got further.
const TRIES_MAX: usize = 1_000;

/// An event as it arrives, before it is known what it asks for.
#[derive(Debug, Clone)]
pub struct Arriving {
    /// Its type.
    pub kind: String,
    /// The subject that it names.
    pub subject: Option<SubjectName>,
    /// The upload it is about.
    pub artifact: Option<ArtifactKey>,
    /// How we know.
    pub provenance: Provenance,
    /// The sender's own id of the delivery.
    pub delivery: Option<String>,
    /// What identifies the delivery.
    pub replay: Option<[u8; 16]>,
    /// Frozen data as JSON.
    pub data: Option<String>,
    /// The description of its subject, where the event makes it; a known subject is left as it is.
    pub description: Option<Box<Description>>,
}

/// Judges, and adds the events that the judgement causes.
#[must_use]
pub fn judged(
    state: Option<&SubjectState>,
    trigger: Trigger<'_>,
    artifact: Option<ArtifactKey>,
    catalogue: &Catalogue,
    hops: u8,
    now: Timestamp,
) -> Judged {
    let plan = judge(state, trigger, artifact, catalogue, now);
    let subject = state.map(|state| state.subject.key);
    let mut events = Vec::new();
    let hops = hops.saturating_add(1);
    if let (Some(subject), Some(verdict), true) = (subject, &plan.verdict, plan.changed) {
        let data = Some(verdict_data(verdict));
        events.push(caused(event::VERDICT, Some(subject), artifact, data, hops, catalogue));
    }
    for notice in &plan.notices {
        let data = serde_json::json!({ "rule": notice.name }).to_string();
        events.push(caused(event::NOTIFY, subject, artifact, Some(data), hops, catalogue));
    }
    let subject = state.map(|state| (state.subject.key, state.subject.revision));
    let on_collection = |hold: &&Hold| hold.scope == HoldScope::Collection;
    let holds = state.into_iter().flat_map(|state| &state.holds);
    let collection_holds = holds.filter(on_collection).map(|hold| hold.key).collect();
    Judged { subject, collection_holds, catalogue: catalogue.version, plan, events }
}

fn caused(
    kind: &str,
    subject: Option<SubjectKey>,
    artifact: Option<ArtifactKey>,
    data: Option<String>,
    hops: u8,
    catalogue: &Catalogue,
) -> NewEvent {
    NewEvent {
        kind: kind.to_owned(),
        about: subject.map_or(About::Nothing, About::Told),
        artifact: if subject.is_some() { None } else { artifact },
        provenance: Provenance::Internal,
        hops,
        cause: None,
        delivery: None,
        replay: None,
        data,
        snapshot: catalogue.freezes(kind),
        planned: expectation::plan(catalogue, kind, Provenance::Internal, hops),
    }
}

/// A verdict as the JSON that its event carries.
#[must_use]
pub fn verdict_data(verdict: &Verdict) -> String {
    let reasons: Vec<serde_json::Value> = verdict
        .reasons
        .iter()
        .map(|reason| {
            serde_json::json!({
                "code": reason.code,
                "text": reason.text,
                "until": reason.until.map(Timestamp::rfc3339),
            })
        })
        .collect();
    serde_json::json!({ "verdict": verdict.kind, "reasons": reasons }).to_string()
}

/// Records a believed request, or events of our own application.
///
/// Answers `Recorded` or `Repeat`.
///
/// # Errors
/// When the engine fails.
pub async fn record(
    store: &Store,
    receipt: Option<NewReceipt>,
    arriving: Vec<Arriving>,
    remember_until: Timestamp,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let mut seen = vec![Seen::default(); arriving.len()];
    for _ in 0..TRIES_MAX {
        let catalogue = store.catalogue();
        let record = Record {
            catalogue: catalogue.version,
            receipt: receipt.clone(),
            events: plan_events(&arriving, &seen, &catalogue, now),
            remember_until,
            now,
        };
        match store.submit(record).await? {
            Answer::Recompute => {}
            Answer::Stale => {
                let source = receipt.as_ref().map(|receipt| receipt.source);
                let looked = arriving.iter().map(|each| (each.subject.clone(), each.replay)).collect::<Vec<_>>();
                seen = store.read(move |rows| see(rows, source, &looked)).await?;
            }
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// What is known of an arriving event when it is planned.
#[derive(Clone, Default)]
struct Seen {
    /// Its subject's state.
    state: Option<SubjectState>,
    /// Whether it arrived before: then it will not be recorded, and asks for nothing.
    repeated: bool,
}

fn see(
    rows: &mut dyn Rows,
    source: Option<SourceKey>,
    looked: &[(Option<SubjectName>, Option<[u8; 16]>)],
) -> Result<Vec<Seen>, StoreError> {
    let mut seen = Vec::with_capacity(looked.len());
    for (place, (name, replay)) in looked.iter().enumerate() {
        let state = match name {
            Some(name) => state_of(rows, name)?,
            None => None,
        };
        // Only where several events are about one subject must it be known which of them its judgement is about.
        let shared = name.is_some() && looked.iter().enumerate().any(|(other, each)| other != place && each.0 == *name);
        let repeated = match (source, replay) {
            (Some(source), Some(key)) if shared => rows.replayed(source.0, *key)?.is_some(),
            _ => false,
        };
        seen.push(Seen { state, repeated });
    }
    Ok(seen)
}

fn state_of(rows: &mut dyn Rows, name: &SubjectName) -> Result<Option<SubjectState>, StoreError> {
    match search::subject_by_name(rows, name)? {
        Some(subject) => search::subject_state(rows, subject.key),
        None => Ok(None),
    }
}

/// The events with all they ask for. Of those about one subject the first carries the judgement of all.
fn plan_events(arriving: &[Arriving], seen: &[Seen], catalogue: &Catalogue, now: Timestamp) -> Vec<NewEvent> {
    let planned: Vec<Vec<Planned>> =
        arriving.iter().map(|each| expectation::plan(catalogue, &each.kind, each.provenance, 0)).collect();
    let about = |place: usize| {
        let Some(name) = &arriving[place].subject else { return About::Nothing };
        let mut together = (0..arriving.len())
            .filter(|other| arriving[*other].subject.as_ref() == Some(name) && !seen[*other].repeated);
        let all: Vec<Planned> = together.clone().flat_map(|other| planned[other].iter().cloned()).collect();
        match &seen[place].state {
            None => About::New {
                name: name.clone(),
                verdict: first_verdict(&all, catalogue),
                description: arriving[place].description.clone(),
            },
            Some(state) if together.next() == Some(place) => {
                let trigger = Trigger::Asked { planned: &all };
                About::Known(Box::new(judged(Some(state), trigger, None, catalogue, 0, now)))
            }
            Some(state) => About::Told(state.subject.key),
        }
    };
    let abouts: Vec<About> = (0..arriving.len()).map(about).collect();
    arriving
        .iter()
        .zip(abouts)
        .zip(planned)
        .map(|((each, about), planned)| NewEvent {
            kind: each.kind.clone(),
            about,
            artifact: each.artifact,
            provenance: each.provenance,
            hops: 0,
            cause: None,
            delivery: each.delivery.clone(),
            replay: each.replay,
            data: each.data.clone(),
            snapshot: catalogue.freezes(&each.kind),
            planned,
        })
        .collect()
}

/// Ends an attempt with a conclusion.
///
/// Answers `Concluded`, `Superseded` or `LostLease`.
///
/// # Errors
/// When the engine fails.
pub async fn conclude(
    store: &Store,
    claimed: &Claimed,
    conclusion: &Conclusion,
    finish: Finish,
) -> Result<Answer, StoreError> {
    let mut known = claimed.state.clone();
    let mut expectation = claimed.expectation.clone();
    for nth in 0..TRIES_MAX {
        if nth > 0 || (known.is_none() && expectation.subject.is_some()) {
            let Some(looked) = look(store, expectation.key).await? else { return Ok(Answer::LostLease) };
            expectation = looked.expectation;
            known = looked.state.map(Into::into);
        }
        let catalogue = store.catalogue();
        let trigger = Trigger::Concluded { expectation: &expectation, conclusion };
        let hops = claimed.told.event.hops;
        let state = if expectation.subject.is_some() { known.as_deref() } else { None };
        let judged = judged(state, trigger, expectation.artifact, &catalogue, hops, finish.now);
        let step = Step::Conclude(conclusion.clone(), Box::new(judged));
        match store.submit(Finish { step, ..finish.clone() }).await? {
            Answer::Stale | Answer::Recompute => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// An expectation, and what a judgement about it looks at.
struct Looked {
    expectation: Expectation,
    /// Its subject's state.
    state: Option<SubjectState>,
    /// Whether a run is under way whose answer may conclude it.
    asked: bool,
    /// Its event's.
    hops: u8,
}

async fn look(store: &Store, key: ExpectationKey) -> Result<Option<Looked>, StoreError> {
    store
        .read(move |rows| {
            let Some(expectation) = rows.load::<Expectation>(key.0)? else { return Ok(None) };
            let state = match expectation.subject {
                Some(subject) => search::subject_state(rows, subject)?,
                None => None,
            };
            let asked = search::under_way(rows, &expectation)?;
            let hops = rows.load::<Event>(expectation.event.0)?.map_or(0, |event| event.hops);
            Ok(Some(Looked { expectation, state, asked, hops }))
        })
        .await
}

/// Takes a result that a service sends later.
///
/// Answers `Concluded`, `Noted`, `NotFound` or `AlreadyComplete`.
///
/// # Errors
/// When the engine fails.
pub async fn call_back(
    store: &Store,
    key: ExpectationKey,
    service: ServiceKey,
    raw: Bytes,
    meant: &Meant,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    for _ in 0..TRIES_MAX {
        let Some(call) = prepare_call_back(store, key, service, raw.clone(), meant, now).await? else {
            return Ok(Answer::NotFound);
        };
        match store.submit(call).await? {
            Answer::Stale | Answer::Recompute => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

async fn prepare_call_back(
    store: &Store,
    key: ExpectationKey,
    service: ServiceKey,
    raw: Bytes,
    meant: &Meant,
    now: Timestamp,
) -> Result<Option<CallBack>, StoreError> {
    let Some(Looked { expectation, state, asked, hops }) = look(store, key).await? else { return Ok(None) };
    let Some(conclusion) = meant.conclusion() else {
        let until = if let Meant::Deferred { until: Some(until) } = meant { *until } else { Timestamp::NEVER };
        return Ok(Some(CallBack { expectation: key, service, raw, said: Said::Deferral { until }, now }));
    };
    let late = expectation.state == ExpectationState::Missing && !asked;
    let catalogue = store.catalogue();
    let trigger = if late {
        Trigger::Late { expectation: &expectation, conclusion: &conclusion }
    } else {
        Trigger::Concluded { expectation: &expectation, conclusion: &conclusion }
    };
    let judged = Box::new(judged(state.as_ref(), trigger, expectation.artifact, &catalogue, hops, now));
    let said = Said::Conclusion { conclusion, judged, late };
    Ok(Some(CallBack { expectation: key, service, raw, said, now }))
}

/// Sets a worker's record; as the service's own account with a final status it is its call back too.
///
/// Answers `Done` or `NotFound`.
///
/// # Errors
/// When the engine fails.
pub async fn upsert(
    store: &Store,
    subject: SubjectKey,
    source: &str,
    change: domain::record::RecordChange,
    own: Option<(ExpectationKey, ServiceKey, Meant)>,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    for _ in 0..TRIES_MAX {
        let call_back = match &own {
            Some((key, service, meant)) => {
                let raw = Bytes::from(change.body.clone().unwrap_or_default());
                prepare_call_back(store, *key, *service, raw, meant, now).await?.map(Box::new)
            }
            None => None,
        };
        let upsert = Upsert { subject, source: source.to_owned(), change: change.clone(), call_back, now };
        match store.submit(upsert).await? {
            Answer::Stale | Answer::Recompute => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// Takes a result on a service's own initiative.
///
/// Answers `Pushed`, `AlreadyPushed` or `NotFound`.
///
/// # Errors
/// When the engine fails.
pub async fn push(
    store: &Store,
    service: ServiceKey,
    account: Option<AccountKey>,
    subject: SubjectKey,
    matched: &[String],
    raw: Bytes,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let trigger = |_: &SubjectState| Trigger::Pushed { service, matched };
    on_subject(store, subject, now, trigger, |judged| Push { service, account, raw: raw.clone(), judged, now }.into())
        .await
}

/// A person lifts a hold. Answers `Verdict`, `Done` where it was on a collection, or `NotFound`.
///
/// # Errors
/// When the engine fails.
pub async fn release(
    store: &Store,
    hold: HoldKey,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let found = store.read(move |rows| rows.load::<Hold>(hold.0)).await?;
    let Some(found) = found.filter(|hold| hold.ended.is_none()) else { return Ok(Answer::NotFound) };
    if found.scope == HoldScope::Collection {
        return store.submit(LiftHold { hold, by: by.to_owned(), reason: reason.to_owned(), now }).await;
    }
    let trigger = |_: &SubjectState| Trigger::HoldEnded { hold };
    on_subject(store, SubjectKey(found.of), now, trigger, |mut judged| {
        for (ended, how) in &mut judged.plan.holds_ended {
            if *ended == hold {
                *how = format!("lifted by {by}: {reason}");
            }
        }
        let what = Decision::Release(hold);
        Decide { what, by: by.to_owned(), reason: reason.to_owned(), judged, now }.into()
    })
    .await
}

/// A person has dealt with a subject, as it was at the revision that they saw. Answers `Verdict`, `NotFound`, or `Moved`
/// where it has another one now: what came since must not be closed unseen.
///
/// # Errors
/// When the engine fails.
pub async fn clear(
    store: &Store,
    subject: SubjectKey,
    seen: Option<i64>,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    for _ in 0..TRIES_MAX {
        let state = store.read(move |rows| search::subject_state(rows, subject)).await?;
        let Some(state) = state else { return Ok(Answer::NotFound) };
        if seen.is_some_and(|seen| seen != state.subject.revision) {
            return Ok(Answer::Moved);
        }
        let judged = judged(Some(&state), Trigger::Cleared, None, &store.catalogue(), 0, now);
        let what = Decision::Clear(subject);
        let decide = Decide { what, by: by.to_owned(), reason: reason.to_owned(), judged, now };
        match store.submit(decide).await? {
            Answer::Stale | Answer::Recompute => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// Judges a subject again, since something outside it changed. Answers `Verdict` or `NotFound`.
///
/// # Errors
/// When the engine fails.
pub async fn recheck(store: &Store, subject: SubjectKey, now: Timestamp) -> Result<Answer, StoreError> {
    let trigger = |_: &SubjectState| Trigger::Recheck;
    on_subject(store, subject, now, trigger, |judged| {
        Decide { what: Decision::Recheck, by: String::new(), reason: String::new(), judged, now }.into()
    })
    .await
}

/// Judges the next subjects of a recheck. Answers `Done`, or `Moved` when somebody else was there first.
///
/// # Errors
/// When the engine fails.
pub async fn step_recheck(store: &Store, recheck: &Recheck, now: Timestamp) -> Result<Answer, StoreError> {
    for _ in 0..TRIES_MAX {
        let taken = recheck.clone();
        let (states, next) = store.read(move |rows| search::to_recheck(rows, &taken)).await?;
        let catalogue = store.catalogue();
        let again = |state: &SubjectState| judged(Some(state), Trigger::Recheck, None, &catalogue, 0, now);
        let judged = states.iter().map(|state| (state, again(state)));
        // No judgement says which restrictions it saw, so that one under way is only stale once the subject has changed.
        let always = matches!(recheck.of, Rechecked::Actor(_));
        let moves = |(state, judged): &(&SubjectState, Judged)| always || says_otherwise(state, judged);
        let judged = judged.filter(moves).map(|(_, judged)| judged).collect();
        let step = StepRecheck { recheck: recheck.key, below: recheck.below, next, judged, now };
        match store.submit(step).await? {
            Answer::Stale | Answer::Recompute => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// Whether a judgement differs from what stands.
fn says_otherwise(state: &SubjectState, judged: &Judged) -> bool {
    judged.plan.verdict.as_ref().is_some_and(|verdict| {
        verdict.kind != state.subject.verdict
            || verdict.reasons != state.subject.reasons
            || !judged.plan.settled.is_empty()
    })
}

/// Ends a hold whose time has come. Answers `Verdict`, `Done` or `NotDue`.
///
/// # Errors
/// When the engine fails.
pub async fn end_hold(store: &Store, hold: &Hold, now: Timestamp) -> Result<Answer, StoreError> {
    if hold.scope == HoldScope::Collection {
        return store.submit(EndHold { hold: hold.key, judged: None, now }).await;
    }
    let key = hold.key;
    on_subject(
        store,
        SubjectKey(hold.of),
        now,
        |_| Trigger::HoldEnded { hold: key },
        |mut judged| {
            for (_, how) in &mut judged.plan.holds_ended {
                "its time came".clone_into(how);
            }
            EndHold { hold: key, judged: Some(judged), now }.into()
        },
    )
    .await
}

/// Judges one thing that happened to a subject and commits it, until nobody was faster.
async fn on_subject<'a>(
    store: &Store,
    subject: SubjectKey,
    now: Timestamp,
    trigger: impl Fn(&SubjectState) -> Trigger<'a>,
    command: impl Fn(Judged) -> Command,
) -> Result<Answer, StoreError> {
    for _ in 0..TRIES_MAX {
        let state = store.read(move |rows| search::subject_state(rows, subject)).await?;
        let Some(state) = state else { return Ok(Answer::NotFound) };
        let catalogue = store.catalogue();
        let judged = judged(Some(&state), trigger(&state), None, &catalogue, 0, now);
        match store.submit(command(judged)).await? {
            Answer::Stale | Answer::Recompute => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// Looks at an expectation whose next check has come. Answers `Run`, `InFlight`, `Concluded` or `NotDue`.
///
/// # Errors
/// When the engine fails.
pub async fn check(store: &Store, key: ExpectationKey, now: Timestamp) -> Result<Answer, StoreError> {
    for _ in 0..TRIES_MAX {
        let found = store
            .read(move |rows| {
                let Some(expectation) = rows.load::<Expectation>(key.0)? else { return Ok(None) };
                let gate = search::gate(rows, expectation.service)?;
                let over = expectation.deadline <= gate.time(now);
                let state = match expectation.subject {
                    Some(subject) if over => search::subject_state(rows, subject)?,
                    _ => None,
                };
                let event = rows.load::<Event>(expectation.event.0)?;
                Ok(Some((expectation, over, state, event.map_or(0, |event| event.hops))))
            })
            .await?;
        let Some((expectation, over, state, hops)) = found else { return Ok(Answer::NotDue) };
        let missing = over.then(|| {
            let conclusion = Conclusion::missing();
            let trigger = Trigger::Concluded { expectation: &expectation, conclusion: &conclusion };
            Box::new(judged(state.as_ref(), trigger, expectation.artifact, &store.catalogue(), hops, now))
        });
        match store.submit(Check { expectation: key, missing, now }).await? {
            Answer::Stale | Answer::Recompute => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// A subject as the platform describes it.
#[derive(Debug, Clone)]
pub struct Described {
    /// Its name.
    pub name: SubjectName,
    /// What the platform says of it, as a JSON object.
    pub attributes: String,
    /// Whether rules may never take it down on their own.
    pub protected: bool,
    /// How many use it, where that is known.
    pub users: Option<i64>,
    /// The track on which it is to be released; none: as before.
    pub track: Option<String>,
    /// By when a person is to have looked at it; none: as before.
    pub review_deadline: Option<Timestamp>,
    /// Who stands behind it.
    pub actors: Vec<Actor>,
    /// The artifacts that it lists now, with their roles.
    pub artifacts: Vec<(ArtifactKey, String)>,
}

/// Takes a subject's description; it adopts what was said about the artifacts that it lists first.
///
/// Answers `Verdict` or `Restricted`.
///
/// # Errors
/// When the engine fails.
pub async fn put_subject(store: &Store, described: &Described, now: Timestamp) -> Result<Answer, StoreError> {
    for _ in 0..TRIES_MAX {
        let (name, actors) = (described.name.clone(), described.actors.clone());
        let artifacts: Vec<ArtifactKey> = described.artifacts.iter().map(|(key, _)| *key).collect();
        let (state, orphans, restricted) = store
            .read(move |rows| {
                let restricted = search::restricted(rows, &actors, RestrictionKind::Approval)?;
                Ok((state_of(rows, &name)?, search::orphans(rows, &artifacts)?, restricted))
            })
            .await?;
        let catalogue = store.catalogue();
        // It is judged as it is described now.
        let state = state.map(|mut state| {
            state.subject.protected = described.protected;
            state.subject.users = described.users;
            state.subject.track = described.track.clone().or(state.subject.track);
            state.subject.review_deadline = described.review_deadline.or(state.subject.review_deadline);
            state.restricted |= restricted;
            state
        });
        let trigger = Trigger::Adopted { expectations: &orphans.0, matches: &orphans.1 };
        let judged = state.as_ref().map(|state| judged(Some(state), trigger, None, &catalogue, 0, now));
        // A new subject about which there is something to judge is made first, and lists and is judged in a second step.
        let in_two_steps = judged.is_none() && (restricted || orphans != Default::default());
        let put = PutSubject {
            name: described.name.clone(),
            attributes: described.attributes.clone(),
            protected: described.protected,
            users: described.users,
            track: described.track.clone(),
            review_deadline: described.review_deadline,
            actors: described.actors.clone(),
            restricted,
            artifacts: if in_two_steps { Vec::new() } else { described.artifacts.clone() },
            orphans: if in_two_steps { Default::default() } else { orphans },
            judged,
            now,
        };
        match store.submit(put).await? {
            Answer::Stale | Answer::Recompute => {}
            Answer::Verdict(_) if in_two_steps => {}
            answer => return Ok(answer),
        }
    }
    Err(too_busy())
}

/// Asks a service about an event once more. Answers `Run` or `NotFound`.
///
/// # Errors
/// When the engine fails.
pub async fn demand(
    store: &Store,
    event: &Event,
    service: ServiceKey,
    batch: Option<BatchKey>,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let catalogue = store.catalogue();
    let Some(planned) = planned_for(&catalogue, event, service) else { return Ok(Answer::NotFound) };
    store.submit(Demand { event: event.key, planned, batch, now }).await
}

/// What a service would be asked about an event, whether or not it subscribed to its type.
#[must_use]
pub fn planned_for(catalogue: &Catalogue, event: &Event, service: ServiceKey) -> Option<Planned> {
    let service = catalogue.services.get(&service).filter(|service| !service.deleted)?;
    let subscription = service.subscriptions.iter().find(|each| each.takes(&event.kind)).cloned().unwrap_or(
        domain::catalogue::Subscription {
            event: event.kind.clone(),
            active: true,
            blocks: Some(false),
            deadline: None,
            redeliver: None,
        },
    );
    Some(expectation::plan_one(catalogue, &event.kind, service, &subscription, event.provenance))
}

fn too_busy() -> StoreError {
    StoreError::Failed(format!("somebody else changed the same subject {TRIES_MAX} times in a row"))
}
