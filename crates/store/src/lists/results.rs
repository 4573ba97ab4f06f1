//! Results: who said what, about which subject, and which rules matched.

use std::collections::BTreeSet;

use domain::result::{ResultKind, ServiceResult};
use domain::{ArtifactKey, CollectionKey, ExpectationKey, ServiceKey, SubjectKey};

use super::walk::{From, Page, Span, Work, glance, place, walk};
use super::word;
use crate::StoreError;
use crate::row::Cell;
use crate::table::{Find, Rows, Value};
use crate::tables::{MATCH, MATCH_NAME, MATCH_RESULT, RESULT_ARTIFACT, RESULT_EXPECTATION, RESULT_SUBJECT};

/// Which results. What is not stated does not matter; what is stated must all hold.
#[derive(Debug, Clone, Default)]
pub struct ResultFilter {
    /// What this service said.
    pub service: Option<ServiceKey>,
    /// In which a rule of this name found something.
    pub rule: Option<String>,
    /// Of this kind.
    pub kind: Option<ResultKind>,
    /// Whether it came late.
    pub late: Option<bool>,
    /// About this subject.
    pub subject: Option<SubjectKey>,
    /// Under this expectation.
    pub expectation: Option<ExpectationKey>,
    /// About this upload.
    pub artifact: Option<ArtifactKey>,
    /// A part of its text, whatever the case of its letters.
    pub word: Option<String>,
    /// Only what an account may see: about subjects of these collections.
    pub within: Option<BTreeSet<CollectionKey>>,
}

glance! {
    /// What the list looks at in a result.
    ResultGlance of RESULT {
        expectation: Option<ExpectationKey>, service: Option<ServiceKey>, subject: Option<SubjectKey>,
        artifact: Option<ArtifactKey>, kind: String, late: bool, text: Option<String>,
    }
}

glance! {
    /// What the list looks at in a match.
    Found of MATCH { name: String }
}

/// A page of results.
///
/// # Errors
/// When the engine fails.
pub fn results(rows: &mut dyn Rows, filter: &ResultFilter, span: &Span) -> Result<Page<ServiceResult>, StoreError> {
    let mut work = Work::new(rows, span.looked_max);
    let from = candidates(&mut work, filter)?;
    walk(&mut work, &from, span, |work, result: &ResultGlance| {
        let text = result.text.as_deref().unwrap_or_default();
        if filter.service.is_some_and(|service| result.service != Some(service))
            || filter.kind.is_some_and(|kind| result.kind != kind.word())
            || filter.late.is_some_and(|late| result.late != late)
            || filter.subject.is_some_and(|subject| result.subject != Some(subject))
            || filter.expectation.is_some_and(|expectation| result.expectation != Some(expectation))
            || filter.artifact.is_some_and(|artifact| result.artifact != Some(artifact))
            || filter.word.as_ref().is_some_and(|word| !word::contains(text, word))
        {
            return Ok(false);
        }
        if let Some(rule) = &filter.rule {
            let found: Vec<Found> = work.find(Find::equal(&MATCH_RESULT, vec![Value::Int(result.key)]))?;
            if found.iter().all(|found| found.name != *rule) {
                return Ok(false);
            }
        }
        match &filter.within {
            None => Ok(true),
            Some(collections) => word::is_within(work, result.subject, collections),
        }
    })
}

/// The shortest way to the results that may be meant.
fn candidates(work: &mut Work<'_>, filter: &ResultFilter) -> Result<From, StoreError> {
    let about = |subject: i64| Find::equal(&RESULT_SUBJECT, vec![Value::Int(subject)]);
    if let Some(expectation) = filter.expectation {
        return Ok(From::Finds(vec![Find::equal(&RESULT_EXPECTATION, vec![expectation.to_value()])]));
    }
    if let Some(artifact) = filter.artifact {
        return Ok(From::Finds(vec![Find::equal(&RESULT_ARTIFACT, vec![artifact.to_value()])]));
    }
    if let Some(subject) = filter.subject {
        return Ok(From::Finds(vec![about(subject.0)]));
    }
    if let Some(rule) = &filter.rule {
        // A match is written with its result, after it: newer matches belong to newer results.
        return Ok(From::Named(Find::equal(&MATCH_NAME, vec![Value::Text(rule.clone())]), place(&MATCH, "result")));
    }
    if let Some(collections) = &filter.within
        && let Some(finds) = word::within(work, collections)?.finds(about)
    {
        return Ok(From::Finds(finds));
    }
    Ok(From::Table)
}
