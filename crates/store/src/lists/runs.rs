//! Runs: where their deliveries stand, and of whom they ask.

use std::collections::BTreeSet;

use domain::run::Run;
use domain::{CollectionKey, EventKey, ExpectationKey, ServiceKey, SubjectKey};

use super::walk::{From, GATHERED_MAX, MERGED_MAX, Page, Span, Work, glance, walk};
use super::word;
use crate::StoreError;
use crate::table::{Find, Index, Rows, Value};
use crate::tables::{
    EXPECTATION_EVENT, EXPECTATION_SUBJECT, RUN_CANCELLED, RUN_DEFERRED, RUN_DUE, RUN_EXHAUSTED, RUN_EXPECTATION,
    RUN_LEASED,
};

/// Which runs. What is not stated does not matter; what is stated must all hold.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// In one of these states: words of [`domain::run::RunState`].
    pub states: Option<Vec<&'static str>>,
    /// Of this service.
    pub service: Option<ServiceKey>,
    /// Under this expectation.
    pub expectation: Option<ExpectationKey>,
    /// About this event.
    pub event: Option<EventKey>,
    /// About this subject.
    pub subject: Option<SubjectKey>,
    /// Only what an account may see: about subjects of these collections.
    pub within: Option<BTreeSet<CollectionKey>>,
}

/// The words of the states of a run that has not ended.
pub const OPEN: [&str; 3] = ["due", "leased", "deferred"];

glance! {
    /// What lists look at in a run.
    RunGlance of RUN { expectation: i64, service: i64, state: String }
}

impl RunGlance {
    /// Whether it may still lead to an answer.
    pub(super) fn is_open(&self) -> bool {
        OPEN.contains(&self.state.as_str())
    }
}

glance! {
    /// What the list looks at in an expectation.
    About of EXPECTATION { event: EventKey, subject: Option<SubjectKey> }
}

/// A page of runs.
///
/// # Errors
/// When the engine fails.
pub fn runs(rows: &mut dyn Rows, filter: &RunFilter, span: &Span) -> Result<Page<Run>, StoreError> {
    let mut work = Work::new(rows, span.looked_max);
    let from = candidates(&mut work, filter)?;
    walk(&mut work, &from, span, |work, run: &RunGlance| {
        if filter.states.as_ref().is_some_and(|states| !states.contains(&run.state.as_str()))
            || filter.service.is_some_and(|service| run.service != service.0)
            || filter.expectation.is_some_and(|expectation| run.expectation != expectation.0)
        {
            return Ok(false);
        }
        if filter.event.is_none() && filter.subject.is_none() && filter.within.is_none() {
            return Ok(true);
        }
        let Some(about) = work.glance::<About>(run.expectation)? else { return Ok(false) };
        if filter.event.is_some_and(|event| about.event != event)
            || filter.subject.is_some_and(|subject| about.subject != Some(subject))
        {
            return Ok(false);
        }
        match &filter.within {
            None => Ok(true),
            Some(collections) => word::is_within(work, about.subject, collections),
        }
    })
}

/// The shortest way to the runs that may be meant.
fn candidates(work: &mut Work<'_>, filter: &RunFilter) -> Result<From, StoreError> {
    if let Some(expectation) = filter.expectation {
        return Ok(From::Finds(vec![of_expectation(expectation.0)]));
    }
    let owed = if let Some(event) = filter.event {
        Some(vec![Find::equal(&EXPECTATION_EVENT, vec![Value::Int(event.0)])])
    } else {
        filter.subject.map(|subject| vec![of_subject(subject.0)])
    };
    if let Some(from) = owed.map(|owed| under(work, owed)).transpose()?.flatten() {
        return Ok(from);
    }
    if let Some(states) = &filter.states {
        if let Some(finds) = states.iter().map(|state| by_state(state)).collect() {
            return Ok(From::Finds(finds));
        }
        if states.iter().all(|state| OPEN.contains(state))
            && let Some(runs) = open_runs(work)?
        {
            let keys: BTreeSet<i64> = runs.iter().map(|run| run.key).collect();
            return Ok(From::Keys(keys.into_iter().rev().collect()));
        }
    }
    if let Some(collections) = &filter.within
        && let Some(owed) = word::within(work, collections)?.finds(of_subject)
        && let Some(from) = under(work, owed)?
    {
        return Ok(from);
    }
    Ok(From::Table)
}

fn of_expectation(key: i64) -> Find {
    Find::equal(&RUN_EXPECTATION, vec![Value::Int(key)])
}

fn of_subject(key: i64) -> Find {
    Find::equal(&EXPECTATION_SUBJECT, vec![Value::Int(key)])
}

/// The runs under the expectations that are found, where these are few.
fn under(work: &mut Work<'_>, owed: Vec<Find>) -> Result<Option<From>, StoreError> {
    let mut finds = Vec::new();
    for find in owed {
        finds.extend(work.column(find.limit(MERGED_MAX + 1), 0)?.into_iter().map(of_expectation));
        if finds.len() > MERGED_MAX {
            return Ok(None);
        }
    }
    Ok(Some(From::Finds(finds)))
}

/// The runs of a state that has an index of its own.
fn by_state(state: &str) -> Option<Find> {
    let index: &'static Index = match state {
        "deferred" => &RUN_DEFERRED,
        "exhausted" => &RUN_EXHAUSTED,
        "cancelled" => &RUN_CANCELLED,
        _ => return None,
    };
    Some(Find::equal(index, vec![Value::Text(state.to_owned())]))
}

/// The runs that have not ended, where these are few.
pub(super) fn open_runs(work: &mut Work<'_>) -> Result<Option<Vec<RunGlance>>, StoreError> {
    let mut found: Vec<RunGlance> = Vec::new();
    for find in [Find::equal(&RUN_DUE, Vec::new()), Find::equal(&RUN_LEASED, Vec::new())]
        .into_iter()
        .chain(by_state("deferred"))
    {
        found.extend(work.find::<RunGlance>(find.limit(GATHERED_MAX + 1))?);
        if found.len() > GATHERED_MAX {
            return Ok(None);
        }
    }
    Ok(Some(found))
}
