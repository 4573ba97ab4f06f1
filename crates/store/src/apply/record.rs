//! Recording: a believed request, its events, and everything they ask for, in one commit.

use domain::event::Receipt;
use domain::planted::{self, Bug};
use domain::{ReceiptKey, SourceKey, Timestamp};

use super::consequences::{Arrived, Of, fence, record_event, write};
use super::{Turn, refused};
use crate::StoreError;
use crate::command::{About, Answer, Judged, NewEvent, NewReceipt, Record, Recorded, Released};
use crate::row::RowsExt;
use crate::search;
use crate::table::{Find, Value};
use crate::tables::{Quarantine, SECRET_USE_SOURCE, SecretUse};

pub(super) fn record(turn: &mut Turn<'_>, record: &Record) -> Result<Answer, StoreError> {
    if record.catalogue != turn.desk.catalogue && !planted::is(Bug::CatalogueIgnored) {
        return Ok(Answer::Recompute);
    }
    let source = record.receipt.as_ref().map(|receipt| receipt.source);
    let released = record.receipt.as_ref().and_then(|receipt| receipt.released.as_ref());
    let refused = match released.map(|released| refused::find(turn, released)).transpose()? {
        Some(None) => return Ok(Answer::NotFound),
        found => found.flatten(),
    };
    let fresh = match sort_out_repeats(turn, source, &record.events)? {
        Ok(fresh) => fresh,
        Err(first) => {
            let what = "a refused request was tried again, and had been received since";
            release(turn, released, refused.as_ref(), what, record.now)?;
            return Ok(Answer::Repeat(first));
        }
    };
    let mut fences = Vec::with_capacity(fresh.len());
    for (place, event) in fresh.iter().enumerate() {
        fences.push(match &event.about {
            About::Known(judged) if fresh[..place].iter().any(|other| judges_the_same(other, judged)) => {
                return Ok(Answer::Stale);
            }
            About::Known(judged) => match fence(turn, judged)? {
                Ok(fenced) => Some(fenced),
                Err(answer) => return Ok(answer),
            },
            About::New { name, .. } if search::subject_by_name(turn.rows, name)?.is_some() => {
                return Ok(Answer::Stale);
            }
            _ => None,
        });
    }

    let receipt = match &record.receipt {
        Some(new) => Some(write_receipt(turn, new, record)?),
        None => None,
    };
    release(turn, released, refused.as_ref(), "a refused request was tried again, and believed", record.now)?;
    let arrived = receipt.zip(record.receipt.as_ref()).map(|(receipt, new)| Arrived { receipt, body: &new.body });
    let mut recorded = Recorded { receipt, events: Vec::with_capacity(fresh.len()) };
    let mut made = Vec::new();
    for (event, fenced) in fresh.into_iter().zip(fences) {
        let written = record_event(turn, event, arrived.as_ref(), Some(&mut made), record.now)?;
        if let Some(fenced) = fenced {
            let of = Of {
                result: domain::ResultKey(0),
                artifact: event.artifact,
                now: record.now,
                event: Some(written.event),
            };
            write(turn, &fenced, &of)?;
        }
        if let (Some(source), Some(key), false) = (source, event.replay, planted::is(Bug::ReplayForgotten)) {
            turn.rows.remember(source.0, key, written.event.0, record.remember_until.0)?;
        }
        recorded.events.push(written);
    }
    Ok(Answer::Recorded(recorded))
}

/// Takes the request out of the quarantine, and writes down who had it tried again.
fn release(
    turn: &mut Turn<'_>,
    released: Option<&Released>,
    refused: Option<&Quarantine>,
    what: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some((released, refused)) = released.zip(refused) else { return Ok(()) };
    refused::remove(turn, refused)?;
    turn.audit(now, &released.who, format!("{what} ({}, {})", released.id, refused.reason))
}

/// Whether an event carries a judgement of the same subject: of two, the second would not know of the first.
fn judges_the_same(other: &NewEvent, judged: &Judged) -> bool {
    matches!(&other.about, About::Known(first) if first.subject == judged.subject)
}

/// The events that are new; or, when none is, the receipt of the first time.
type Sorted<'a> = Result<Vec<&'a NewEvent>, Option<ReceiptKey>>;

fn sort_out_repeats<'a>(
    turn: &mut Turn<'_>,
    source: Option<SourceKey>,
    events: &'a [NewEvent],
) -> Result<Sorted<'a>, StoreError> {
    let mut fresh = Vec::with_capacity(events.len());
    let mut first = None;
    let mut repeated = false;
    for event in events {
        let (Some(source), Some(key)) = (source, event.replay) else {
            fresh.push(event);
            continue;
        };
        let within = fresh.iter().any(|other: &&NewEvent| other.replay == Some(key));
        match turn.rows.replayed(source.0, key)? {
            Some(known) => {
                repeated = true;
                if first.is_none() {
                    first = turn.rows.load::<domain::event::Event>(known)?.and_then(|event| event.receipt);
                }
            }
            None if within => repeated = true,
            None => fresh.push(event),
        }
    }
    Ok(if fresh.is_empty() && repeated { Err(first) } else { Ok(fresh) })
}

fn write_receipt(turn: &mut Turn<'_>, new: &NewReceipt, record: &Record) -> Result<ReceiptKey, StoreError> {
    let key = ReceiptKey(turn.key(record.now));
    if new.note_use {
        note_use(turn, new, record.now)?;
    }
    turn.rows.add(&Receipt {
        key,
        source: new.source,
        at: record.now,
        scheme: new.scheme.clone(),
        secret: new.secret.clone(),
        headers: new.headers.clone(),
        digest: new.digest,
        body_bytes: i64::try_from(new.body.len()).unwrap_or(i64::MAX),
        body: (!new.blob).then(|| new.body.clone()),
    })?;
    Ok(key)
}

/// Writes down that the secret matched.
fn note_use(turn: &mut Turn<'_>, new: &NewReceipt, at: Timestamp) -> Result<(), StoreError> {
    let of_source = Find::equal(&SECRET_USE_SOURCE, vec![Value::Int(new.source.0)]);
    let known = turn.rows.all::<SecretUse>(&of_source)?.into_iter().find(|each| each.secret == new.secret);
    match known {
        Some(before) => turn.rows.change(&before, &SecretUse { at, ..before.clone() }),
        None => {
            let key = turn.key(at);
            turn.rows.add(&SecretUse { key, source: new.source, secret: new.secret.clone(), at })
        }
    }
}
