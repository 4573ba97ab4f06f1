//! Subjects: how they were judged, where they live, and whether a person should look.

use std::collections::BTreeSet;

use domain::rule::HoldScope;
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use domain::{CollectionKey, SubjectKey};

use super::walk::{From, MERGED_MAX, Page, Span, Work, glance, place, walk};
use super::word::{self, Subjects};
use crate::StoreError;
use crate::row::Cell;
use crate::table::{Find, Rows, Value};
use crate::tables::{FLAG, FLAG_OPEN, HOLD, HOLD_ACTIVE, SUBJECT_BLOCKED, SUBJECT_COLLECTION, SUBJECT_HELD};

/// Which subjects. What is not stated does not matter; what is stated must all hold.
#[derive(Debug, Clone, Default)]
pub struct SubjectFilter {
    /// Judged so.
    pub verdict: Option<VerdictKind>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of one of these collections.
    pub collections: Option<BTreeSet<CollectionKey>>,
    /// Whether it has an open flag.
    pub flagged: Option<bool>,
    /// Whether a hold on it is active.
    pub held: Option<bool>,
    /// The beginning of its id or of its collection's name.
    pub word: Option<String>,
    /// Only what an account may see: subjects of these collections.
    pub within: Option<BTreeSet<CollectionKey>>,
}

glance! {
    /// What lists look at in a subject.
    SubjectGlance of SUBJECT { kind: String, collection: CollectionKey, id: String, verdict: String }
}

/// A page of subjects.
///
/// # Errors
/// When the engine fails.
pub fn subjects(rows: &mut dyn Rows, filter: &SubjectFilter, span: &Span) -> Result<Page<Subject>, StoreError> {
    let mut work = Work::new(rows, span.looked_max);
    let named = filter.word.as_deref().map(|word| word::named(&mut work, word)).transpose()?;
    let (about, many) = match named {
        Some(Subjects::Few(keys)) => (Some(keys), None),
        Some(Subjects::Many) => (None, filter.word.as_deref()),
        None => (None, None),
    };
    let among: Option<BTreeSet<i64>> = about.as_ref().map(|keys| keys.iter().copied().collect());
    let from = about.map_or_else(|| candidates(filter), From::Keys);
    walk(&mut work, &from, span, |work, subject: &SubjectGlance| {
        if filter.verdict.is_some_and(|verdict| subject.verdict != verdict.word())
            || filter.kind.as_ref().is_some_and(|kind| subject.kind != *kind)
            || [&filter.collections, &filter.within]
                .into_iter()
                .flatten()
                .any(|collections| !collections.contains(&subject.collection))
            || among.as_ref().is_some_and(|among| !among.contains(&subject.key))
        {
            return Ok(false);
        }
        if let Some(word) = many
            && !work.begins(Some(SubjectKey(subject.key)), word)?
        {
            return Ok(false);
        }
        let states = [(filter.flagged, flags_of(Some(subject.key))), (filter.held, holds_on(Some(subject.key)))];
        for (wanted, (find, _)) in states {
            if let Some(wanted) = wanted
                && work.column(find.limit(1), 0)?.is_empty() == wanted
            {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// The open flags, of a subject; and the column that names their subject.
fn flags_of(subject: Option<i64>) -> (Find, usize) {
    (Find::equal(&FLAG_OPEN, subject.map(Value::Int).into_iter().collect()), place(&FLAG, "subject"))
}

/// The active holds on subjects, or on one; and the column that names it.
fn holds_on(subject: Option<i64>) -> (Find, usize) {
    let scope = Value::Text(HoldScope::Subject.word().to_owned());
    (Find::equal(&HOLD_ACTIVE, [scope].into_iter().chain(subject.map(Value::Int)).collect()), place(&HOLD, "of"))
}

/// The shortest way to the subjects that may be meant.
fn candidates(filter: &SubjectFilter) -> From {
    if filter.flagged == Some(true) {
        let (find, place) = flags_of(None);
        return From::Ordered(find, place);
    }
    if filter.held == Some(true) {
        let (find, place) = holds_on(None);
        return From::Ordered(find, place);
    }
    for collections in [&filter.collections, &filter.within].into_iter().flatten() {
        if collections.len() <= MERGED_MAX {
            let of = |key: &CollectionKey| Find::equal(&SUBJECT_COLLECTION, vec![key.to_value()]);
            return From::Finds(collections.iter().map(of).collect());
        }
    }
    let judged = match filter.verdict {
        Some(VerdictKind::Held) => &SUBJECT_HELD,
        Some(VerdictKind::Blocked) => &SUBJECT_BLOCKED,
        Some(VerdictKind::Pending | VerdictKind::Clear) | None => return From::Table,
    };
    From::Finds(vec![Find::equal(judged, filter.verdict.iter().map(Cell::to_value).collect())])
}
