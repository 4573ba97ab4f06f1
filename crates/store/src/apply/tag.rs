//! Tags: labels in one collection, and the subjects that have them.

use domain::{SubjectKey, TagKey, Timestamp};

use super::Turn;
use crate::StoreError;
use crate::command::{Answer, MakeTag};
use crate::row::RowsExt;
use crate::table::{Find, Value};
use crate::tables::{Meta, TAG_NAME, TAGGING, TAGGING_SUBJECT, Tag, Tagging, meta};

pub(super) fn make(turn: &mut Turn<'_>, make: &MakeTag) -> Result<Answer, StoreError> {
    let equal = vec![Value::Int(make.collection.0), Value::Text(make.name.clone())];
    if !turn.rows.find(&Find::equal(&TAG_NAME, equal).limit(1))?.is_empty() {
        return Ok(Answer::Taken);
    }
    let key = next(turn)?;
    let MakeTag { collection, name, colour, description } = make.clone();
    turn.rows.add(&Tag { key, collection, name, colour, description })?;
    Ok(Answer::Tag(key))
}

/// The next number. It is written down, so that the number of a tag that is gone names no other one.
fn next(turn: &mut Turn<'_>) -> Result<TagKey, StoreError> {
    let before: Option<Meta> = turn.rows.load(meta::TAG)?;
    let value = before.as_ref().map_or(0, |meta| meta.value) + 1;
    let after = Meta { key: meta::TAG, value };
    match before {
        Some(before) => turn.rows.change(&before, &after)?,
        None => turn.rows.add(&after)?,
    }
    Ok(TagKey(value))
}

/// Puts tags on a subject; those that it has already stay.
pub(super) fn put_on(
    turn: &mut Turn<'_>,
    subject: SubjectKey,
    tags: &[TagKey],
    now: Timestamp,
) -> Result<(), StoreError> {
    for tag in tags {
        if !taggings(turn, subject)?.iter().any(|each| each.tag == *tag) {
            let key = turn.key(now);
            turn.rows.add(&Tagging { key, subject, tag: *tag })?;
        }
    }
    Ok(())
}

/// Takes tags off a subject, where it has them.
pub(super) fn take_off(turn: &mut Turn<'_>, subject: SubjectKey, tags: &[TagKey]) -> Result<(), StoreError> {
    for known in taggings(turn, subject)?.iter().filter(|each| tags.contains(&each.tag)) {
        turn.rows.delete(&TAGGING, known.key)?;
    }
    Ok(())
}

fn taggings(turn: &mut Turn<'_>, subject: SubjectKey) -> Result<Vec<Tagging>, StoreError> {
    turn.rows.all(&Find::equal(&TAGGING_SUBJECT, vec![Value::Int(subject.0)]))
}
