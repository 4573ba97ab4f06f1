//! What a word means: the subjects whose id, or whose collection's name, begins with it.

use std::collections::BTreeSet;

use domain::{CollectionKey, SubjectKey};

use super::walk::{GATHERED_MAX, MERGED_MAX, Work, glance};
use crate::StoreError;
use crate::search::COLLECTION_KINDS;
use crate::table::{Find, Value};
use crate::tables::{COLLECTION_NAME, SUBJECT_COLLECTION, SUBJECT_NAME};

glance! {
    /// What a word looks at in a subject.
    SubjectKind of SUBJECT { kind: String }
}

/// The subjects that something is about.
pub(super) enum Subjects {
    /// These, the newest first.
    Few(Vec<i64>),
    /// More than are worth gathering.
    Many,
}

impl Subjects {
    fn of(keys: BTreeSet<i64>) -> Self {
        if keys.len() > GATHERED_MAX { Self::Many } else { Self::Few(keys.into_iter().rev().collect()) }
    }

    /// Searches of an index by subject, one for each; none where they are too many.
    pub(super) fn finds(&self, find: impl Fn(i64) -> Find) -> Option<Vec<Find>> {
        match self {
            Self::Few(keys) if keys.len() <= MERGED_MAX => Some(keys.iter().map(|key| find(*key)).collect()),
            _ => None,
        }
    }
}

/// The subjects whose id, or whose collection's name, begins with a word.
pub(super) fn named(work: &mut Work<'_>, word: &str) -> Result<Subjects, StoreError> {
    let mut keys = BTreeSet::new();
    let mut last = Value::Null;
    // The kinds of subjects that there are, one after the other.
    while let Some(next) = first_after(work, last)? {
        let find = Find::equal(&SUBJECT_NAME, vec![Value::Text(next.kind.clone())]).begins(word);
        keys.extend(work.column(find.limit(GATHERED_MAX + 1), 0)?);
        last = Value::Text(next.kind);
    }
    let mut collections = BTreeSet::new();
    for kind in COLLECTION_KINDS {
        let find = Find::equal(&COLLECTION_NAME, vec![Value::Text(kind.to_owned())]).begins(word);
        collections.extend(work.column(find.limit(MERGED_MAX), 0)?.into_iter().map(CollectionKey));
    }
    match within(work, &collections)? {
        Subjects::Few(more) => keys.extend(more),
        Subjects::Many => return Ok(Subjects::Many),
    }
    Ok(Subjects::of(keys))
}

fn first_after(work: &mut Work<'_>, kind: Value) -> Result<Option<SubjectKind>, StoreError> {
    let mut find = Find::equal(&SUBJECT_NAME, Vec::new()).limit(1);
    if kind != Value::Null {
        find = find.after(kind);
    }
    Ok(work.find(find)?.pop())
}

/// The subjects of collections.
pub(super) fn within(work: &mut Work<'_>, collections: &BTreeSet<CollectionKey>) -> Result<Subjects, StoreError> {
    let mut keys = BTreeSet::new();
    for collection in collections {
        let find = Find::equal(&SUBJECT_COLLECTION, vec![Value::Int(collection.0)]).newest(None);
        keys.extend(work.column(find.limit(GATHERED_MAX + 1), 0)?);
        if keys.len() > GATHERED_MAX {
            return Ok(Subjects::Many);
        }
    }
    Ok(Subjects::of(keys))
}

/// Whether a subject lives in one of these collections.
pub(super) fn is_within(
    work: &mut Work<'_>,
    subject: Option<SubjectKey>,
    collections: &BTreeSet<CollectionKey>,
) -> Result<bool, StoreError> {
    let Some(subject) = subject else { return Ok(false) };
    Ok(work.collection(subject)?.is_some_and(|collection| collections.contains(&collection)))
}

/// Whether a text has a word in it, whatever the case of its letters.
pub(super) fn contains(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(&word.to_lowercase())
}
