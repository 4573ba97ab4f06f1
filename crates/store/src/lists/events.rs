//! Events: of a type, from a source, about a subject, and how far what was asked about them has come.

use std::collections::BTreeSet;

use domain::event::{Event, Provenance};
use domain::{CollectionKey, EventKey, SubjectKey};

use super::runs::{RunGlance, open_runs};
use super::walk::{From, GATHERED_MAX, LOOKED_MAX, Page, Span, Work, glance, walk};
use super::word::{self, Subjects};
use crate::StoreError;
use crate::row::Cell;
use crate::table::{Find, Rows, Value};
use crate::tables::{EVENT_SUBJECT, EXPECTATION_EVENT, EXPECTATION_MISSING, RUN_EXHAUSTED, RUN_EXPECTATION};

/// Which types of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// This one.
    Is(String),
    /// Those that begin so.
    Begins(String),
}

/// How far what was asked about an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventState {
    /// A service has yet to answer.
    Open,
    /// None has, and one of those that were asked gave no answer.
    Failed,
    /// Every service that was asked has answered.
    Done,
}

impl EventState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Failed, Self::Done];

    /// The word for it in filters.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }
}

/// Which events. What is not stated does not matter; what is stated must all hold.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of which type.
    pub kind: Option<Kind>,
    /// Known in one of these ways.
    pub by: Option<Vec<Provenance>>,
    /// About this subject.
    pub subject: Option<SubjectKey>,
    /// About a subject of one of these collections.
    pub collections: Option<BTreeSet<CollectionKey>>,
    /// Of which what was asked has come so far.
    pub state: Option<EventState>,
    /// The beginning of a subject's id or of a collection's name; where none begins so, a part of the type.
    pub word: Option<String>,
    /// Only what an account may see: subjects of these collections.
    pub within: Option<BTreeSet<CollectionKey>>,
}

glance! {
    /// What the list looks at in an event.
    EventGlance of EVENT { kind: String, subject: Option<SubjectKey>, provenance: Value }
}

glance! {
    /// What states look at in an expectation.
    Owed of EXPECTATION { event: i64, state: String }
}

/// A page of events.
///
/// # Errors
/// When the engine fails.
pub fn events(rows: &mut dyn Rows, filter: &EventFilter, span: &Span) -> Result<Page<Event>, StoreError> {
    let mut work = Work::new(rows, span.looked_max);
    let named = filter.word.as_deref().map(|word| word::named(&mut work, word)).transpose()?;
    let from = candidates(&mut work, filter, named.as_ref())?;
    let by: Option<Vec<Value>> = filter.by.as_ref().map(|by| by.iter().map(Cell::to_value).collect());
    let (about, in_type) = match (&filter.word, named) {
        (Some(word), Some(Subjects::Few(keys))) if keys.is_empty() => (None, Some(word.as_str())),
        (_, Some(Subjects::Few(keys))) => (Some(keys.into_iter().collect::<BTreeSet<i64>>()), None),
        // So many subjects begin so that events about them are not rare.
        (Some(word), Some(Subjects::Many)) => {
            return walk(&mut work, &from, span, |work, event: &EventGlance| {
                Ok(matches(work, event, filter, by.as_deref())? && work.begins(event.subject, word)?)
            });
        }
        _ => (None, None),
    };
    walk(&mut work, &from, span, |work, event: &EventGlance| {
        let named = about.as_ref().is_none_or(|about| event.subject.is_some_and(|key| about.contains(&key.0)));
        let typed = in_type.is_none_or(|word| word::contains(&event.kind, word));
        Ok(named && typed && matches(work, event, filter, by.as_deref())?)
    })
}

fn matches(
    work: &mut Work<'_>,
    event: &EventGlance,
    filter: &EventFilter,
    by: Option<&[Value]>,
) -> Result<bool, StoreError> {
    let typed = match &filter.kind {
        None => true,
        Some(Kind::Is(kind)) => event.kind == *kind,
        Some(Kind::Begins(kind)) => event.kind.starts_with(kind.as_str()),
    };
    if !typed
        || by.is_some_and(|by| !by.contains(&event.provenance))
        || filter.subject.is_some_and(|subject| event.subject != Some(subject))
    {
        return Ok(false);
    }
    for collections in [&filter.collections, &filter.within].into_iter().flatten() {
        if !word::is_within(work, event.subject, collections)? {
            return Ok(false);
        }
    }
    match filter.state {
        None => Ok(true),
        Some(state) => Ok(state_within(work, event.key)? == state),
    }
}

/// The shortest way to the events that may be meant.
fn candidates(work: &mut Work<'_>, filter: &EventFilter, named: Option<&Subjects>) -> Result<From, StoreError> {
    let about = |subject: i64| Find::equal(&EVENT_SUBJECT, vec![Value::Int(subject)]);
    if let Some(subject) = filter.subject {
        return Ok(From::Finds(vec![about(subject.0)]));
    }
    if let Some(named @ Subjects::Few(keys)) = named
        && !keys.is_empty()
        && let Some(finds) = named.finds(about)
    {
        return Ok(From::Finds(finds));
    }
    for collections in [&filter.collections, &filter.within].into_iter().flatten() {
        if let Some(finds) = word::within(work, collections)?.finds(about) {
            return Ok(From::Finds(finds));
        }
    }
    let few = match filter.state {
        Some(EventState::Open) => open(work)?,
        Some(EventState::Failed) => failed(work)?,
        Some(EventState::Done) | None => None,
    };
    Ok(few.map_or(From::Table, |keys| From::Keys(keys.into_iter().rev().collect())))
}

/// The events of the runs that have not ended, where these are few.
fn open(work: &mut Work<'_>) -> Result<Option<BTreeSet<i64>>, StoreError> {
    let Some(runs) = open_runs(work)? else { return Ok(None) };
    events_of(work, &runs).map(Some)
}

/// The events of which a run was given up or an answer never came, where these are few.
fn failed(work: &mut Work<'_>) -> Result<Option<BTreeSet<i64>>, StoreError> {
    let text = |word: &str| vec![Value::Text(word.to_owned())];
    let exhausted: Vec<RunGlance> =
        work.find(Find::equal(&RUN_EXHAUSTED, text("exhausted")).limit(GATHERED_MAX + 1))?;
    let missing = work.column(Find::equal(&EXPECTATION_MISSING, text("missing")).limit(GATHERED_MAX + 1), 1)?;
    if exhausted.len() > GATHERED_MAX || missing.len() > GATHERED_MAX {
        return Ok(None);
    }
    let mut keys = events_of(work, &exhausted)?;
    keys.extend(missing);
    Ok(Some(keys))
}

fn events_of(work: &mut Work<'_>, runs: &[RunGlance]) -> Result<BTreeSet<i64>, StoreError> {
    let mut keys = BTreeSet::new();
    for run in runs {
        keys.extend(work.glance::<Owed>(run.expectation)?.map(|owed| owed.event));
    }
    Ok(keys)
}

/// How far what was asked about an event has come.
///
/// # Errors
/// When the engine fails.
pub fn state_of(rows: &mut dyn Rows, event: EventKey) -> Result<EventState, StoreError> {
    state_within(&mut Work::new(rows, LOOKED_MAX), event.0)
}

fn state_within(work: &mut Work<'_>, event: i64) -> Result<EventState, StoreError> {
    let mut state = EventState::Done;
    let owed: Vec<Owed> = work.find(Find::equal(&EXPECTATION_EVENT, vec![Value::Int(event)]))?;
    for owed in owed {
        let runs: Vec<RunGlance> = work.find(Find::equal(&RUN_EXPECTATION, vec![Value::Int(owed.key)]).newest(None))?;
        if runs.iter().any(RunGlance::is_open) {
            return Ok(EventState::Open);
        }
        if owed.state == "missing" || runs.first().is_some_and(|run| run.state == "exhausted") {
            state = EventState::Failed;
        }
    }
    Ok(state)
}
