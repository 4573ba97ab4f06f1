//! One event's whole life, as rows: what was received, what was asked of whom, what was said, what follows.

use domain::event::{Event, Receipt};
use domain::expectation::Expectation;
use domain::judge::SubjectState;
use domain::result::ServiceResult;
use domain::rule::Match;
use domain::run::{Attempt, Run};
use domain::subject::SubjectName;
use domain::{EventKey, Timestamp};
use serde_json::{Value, json};
use store::row::RowsExt;
use store::table::{Find, Index, Rows, Value as Cell};
use store::tables::{ATTEMPT_RUN, EXPECTATION_EVENT, MATCH_RESULT, RESULT_EXPECTATION, RUN_EXPECTATION};
use store::{StoreError, search};

use super::show::{Show, View};
use super::verdict;
use super::waiting::{self, Waiting};
use crate::sight::Sight;

/// An event with everything that came of it.
pub struct Timeline {
    pub event: Event,
    pub receipt: Option<Receipt>,
    pub asked: Vec<Asked>,
    pub subject: Option<(SubjectName, SubjectState)>,
}

impl Timeline {
    /// It, as far as somebody sees it: a receipt may have brought events of other collections too, and names secrets.
    pub fn within(mut self, sight: &Sight) -> Self {
        self.receipt = self.receipt.filter(|_| sight.is_whole());
        self
    }
}

/// What one service owes, and did.
pub struct Asked {
    pub expectation: Expectation,
    /// Its deadline in wall time, should its service's gate stay as it is.
    pub deadline: Timestamp,
    /// What is waited for, while it is open.
    pub waiting: Option<Waiting>,
    pub runs: Vec<(Run, Vec<Attempt>)>,
    pub results: Vec<(ServiceResult, Vec<Match>)>,
}

fn of(index: &'static Index, key: i64) -> Find {
    Find::equal(index, vec![Cell::Int(key)])
}

/// Reads it.
pub fn read(rows: &mut dyn Rows, key: EventKey, now: Timestamp) -> Result<Option<Timeline>, StoreError> {
    let Some(event) = rows.load::<Event>(key.0)? else { return Ok(None) };
    let receipt = match event.receipt {
        Some(receipt) => rows.load::<Receipt>(receipt.0)?,
        None => None,
    };
    let mut asked = Vec::new();
    for expectation in rows.all::<Expectation>(&of(&EXPECTATION_EVENT, key.0))? {
        asked.push(read_asked(rows, expectation, now)?);
    }
    let subject = match event.subject {
        Some(subject) => search::subject_name(rows, subject)?.zip(search::subject_state(rows, subject)?),
        None => None,
    };
    Ok(Some(Timeline { event, receipt, asked, subject }))
}

fn read_asked(rows: &mut dyn Rows, expectation: Expectation, now: Timestamp) -> Result<Asked, StoreError> {
    let deadline = search::gate(rows, expectation.service)?.wall(expectation.deadline, now);
    let mut runs = Vec::new();
    for run in rows.all::<Run>(&of(&RUN_EXPECTATION, expectation.key.0))? {
        let attempts = rows.all(&of(&ATTEMPT_RUN, run.key.0))?;
        runs.push((run, attempts));
    }
    let mut results = Vec::new();
    for result in rows.all::<ServiceResult>(&of(&RESULT_EXPECTATION, expectation.key.0))? {
        let matches = rows.all(&of(&MATCH_RESULT, result.key.0))?;
        results.push((result, matches));
    }
    let waiting = waiting::read(rows, &expectation, now)?;
    Ok(Asked { expectation, deadline, waiting, runs, results })
}

impl Show for Timeline {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let mut shown = self.event.show(view, rows)?;
        shown["receipt"] = match &self.receipt {
            Some(receipt) => receipt.show(view, rows)?,
            None => Value::Null,
        };
        let asked = self.asked.iter().map(|asked| asked.show(view, rows)).collect::<Result<Vec<_>, _>>()?;
        shown["expectations"] = json!(asked);
        shown["verdict"] = match &self.subject {
            Some((_, state)) => verdict::show(view, state, rows)?,
            None => Value::Null,
        };
        Ok(shown)
    }
}

impl Show for Asked {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let mut shown = self.expectation.show(view, rows)?;
        shown["waiting"] = json!(self.waiting.as_ref().map(|waiting| waiting.show(view)));
        shown["runs"] = shown_with(&self.runs, "tries", view, rows)?;
        shown["results"] = shown_with(&self.results, "matches", view, rows)?;
        Ok(shown)
    }
}

/// Rows, each with those that belong to it.
fn shown_with<T: Show, U: Show>(
    pairs: &[(T, Vec<U>)],
    name: &str,
    view: &View,
    rows: &mut dyn Rows,
) -> Result<Value, StoreError> {
    let mut shown = Vec::with_capacity(pairs.len());
    for (row, others) in pairs {
        let mut value = row.show(view, rows)?;
        let others = others.iter().map(|other| other.show(view, rows)).collect::<Result<Vec<_>, _>>()?;
        value[name] = json!(others);
        shown.push(value);
    }
    Ok(json!(shown))
}
