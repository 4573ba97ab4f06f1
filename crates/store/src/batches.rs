//! Batches, read: their subjects in order, what a service is asked about each, and the next step.

use domain::catalogue::{Catalogue, Service};
use domain::event::{Event, may_count};
use domain::subject::Subject;
use domain::{ServiceKey, SubjectKey, Timestamp, limits};

use crate::StoreError;
use crate::command::{Demand, StepBatch};
use crate::judged::planned_for;
use crate::row::RowsExt;
use crate::table::{Find, Rows, Value};
use crate::tables::{BATCH_RUNNING, Batch, BatchState, Chosen, EVENT_SUBJECT, PART_BATCH, Part, SUBJECT_COLLECTION};

/// Read in one go where all are looked at.
const PAGE: usize = 1_000;
/// Events of a subject that are read in one go.
const EVENTS: usize = 32;

/// A page of a batch's subjects below a key, the highest key first.
struct Taken {
    subjects: Vec<Subject>,
    /// Those that are not there any more.
    gone: i64,
    /// Where the next page begins; zero: there is none.
    next: i64,
}

fn take(rows: &mut dyn Rows, chosen: &Chosen, below: i64, limit: usize) -> Result<Taken, StoreError> {
    match chosen {
        Chosen::Collection { collection, kind } => {
            let find =
                Find::equal(&SUBJECT_COLLECTION, vec![Value::Int(collection.0)]).newest(Some(below)).limit(limit);
            let mut subjects: Vec<Subject> = rows.all(&find)?;
            let next = subjects.last().filter(|_| subjects.len() == limit).map_or(0, |last| last.key.0);
            subjects.retain(|each| kind.as_ref().is_none_or(|kind| each.kind == *kind));
            Ok(Taken { subjects, gone: 0, next })
        }
        Chosen::Listed(keys) => {
            let keys: Vec<SubjectKey> = keys.iter().copied().filter(|key| key.0 < below).take(limit).collect();
            let mut taken = Taken { subjects: Vec::with_capacity(keys.len()), gone: 0, next: 0 };
            for key in &keys {
                match rows.load::<Subject>(key.0)? {
                    Some(subject) => taken.subjects.push(subject),
                    None => taken.gone += 1,
                }
            }
            taken.next = keys.last().filter(|_| keys.len() == limit).map_or(0, |last| last.0);
            Ok(taken)
        }
    }
}

/// How many subjects a batch of these has, and a key above all of theirs.
///
/// # Errors
/// When the engine fails.
pub fn measure(rows: &mut dyn Rows, chosen: &Chosen) -> Result<(i64, i64), StoreError> {
    let (mut total, mut above, mut below) = (0, 1, i64::MAX);
    while below != 0 {
        let taken = take(rows, chosen, below, PAGE)?;
        above = taken.subjects.first().map_or(above, |first| above.max(first.key.0 + 1));
        total += i64::try_from(taken.subjects.len()).unwrap_or(i64::MAX);
        below = taken.next;
    }
    Ok((total, above))
}

/// What a service is asked about a subject: the newest event that it subscribed to; where it was named, any event
/// rather than none.
///
/// # Errors
/// When the engine fails.
pub fn event_to_ask(
    rows: &mut dyn Rows,
    service: &Service,
    subject: SubjectKey,
    named: bool,
) -> Result<Option<Event>, StoreError> {
    let (mut newest, mut below) = (None, None);
    loop {
        let find = Find::equal(&EVENT_SUBJECT, vec![Value::Int(subject.0)]).newest(below).limit(EVENTS);
        let page: Vec<Event> = rows.all(&find)?;
        let full = page.len() == EVENTS;
        below = page.last().map(|event| event.key.0);
        for event in page.into_iter().filter(|event| may_count(&event.kind)) {
            if service.subscriptions.iter().any(|each| each.takes(&event.kind)) {
                return Ok(Some(event));
            }
            newest.get_or_insert(event);
        }
        if !full {
            return Ok(newest.filter(|_| named));
        }
    }
}

/// The parts of a batch.
///
/// # Errors
/// When the engine fails.
pub fn parts(rows: &mut dyn Rows, batch: &Batch) -> Result<Vec<Part>, StoreError> {
    rows.all(&Find::equal(&PART_BATCH, vec![Value::Int(batch.key.0)]))
}

/// The parts, with their batches, that have room for more runs.
///
/// # Errors
/// When the engine fails.
pub fn with_room(rows: &mut dyn Rows, catalogue: &Catalogue) -> Result<Vec<(Batch, Part)>, StoreError> {
    let running = Find::equal(&BATCH_RUNNING, vec![Value::Text(BatchState::Running.word().to_owned())]);
    let mut found = Vec::new();
    for batch in rows.all::<Batch>(&running)? {
        let parts = parts(rows, &batch)?;
        let has_room = |part: &Part| part.cursor != 0 && part.open() * 2 <= open_max(catalogue, part.service);
        found.extend(parts.into_iter().filter(has_room).map(|part| (batch.clone(), part)));
    }
    Ok(found)
}

/// How many runs of a batch a service has before it at the most.
fn open_max(catalogue: &Catalogue, service: ServiceKey) -> i64 {
    let concurrency = catalogue.services.get(&service).map_or(0, |service| service.concurrency);
    limits::BATCH_OPEN.max(2 * i64::from(concurrency.min(limits::CONCURRENCY_MAX)))
}

/// The next step of a part.
///
/// # Errors
/// When the engine fails.
pub fn next_step(
    rows: &mut dyn Rows,
    catalogue: &Catalogue,
    batch: &Batch,
    part: &Part,
    now: Timestamp,
) -> Result<StepBatch, StoreError> {
    let mut step = StepBatch {
        batch: batch.key,
        service: part.service,
        cursor: part.cursor,
        next: 0,
        demands: Vec::new(),
        skipped: 0,
        now,
    };
    let Some(service) = catalogue.services.get(&part.service).filter(|service| !service.deleted) else {
        // A service that was removed is asked nothing new.
        step.skipped = batch.total - part.asked - part.skipped;
        return Ok(step);
    };
    let taken = take(rows, &batch.chosen, part.cursor, limits::BATCH_STEP)?;
    step.next = taken.next;
    step.skipped = taken.gone;
    for subject in taken.subjects {
        let event = event_to_ask(rows, service, subject.key, batch.named)?;
        let planned = event.as_ref().and_then(|event| planned_for(catalogue, event, part.service));
        match (event, planned) {
            (Some(event), Some(planned)) => {
                step.demands.push(Demand { event: event.key, planned, batch: Some(batch.key), now });
            }
            _ => step.skipped += 1,
        }
    }
    Ok(step)
}
