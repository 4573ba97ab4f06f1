//! Lists of rows, newest first, in pages: `{"data": [..], "next_cursor": ".."}`.
//!
//! A cursor is the id of a page's last row, so that nothing is kept between two pages and nothing shifts while rows
//! arrive.

use axum::extract::State;
use axum::{Extension, Json};
use domain::event::{Event, Receipt};
use domain::expectation::Expectation;
use domain::result::ServiceResult;
use domain::rights::Needs;
use domain::rule::{Flag, Hold, HoldScope, Match};
use domain::run::{Attempt, Run};
use domain::subject::{Collection, Subject};
use domain::*;
use serde_json::{Value, json};
use store::row::{Row, RowsExt};
use store::table::{Find, Index, Rows, Value as Cell};
use store::tables::*;
use store::{StoreError, search};

use super::auth::Caller;
use super::extract::{Params, Segments};
use super::show::{Show, View};
use crate::problem::{self, Problem};
use crate::server::Server;
use crate::sight::{self, Page, Seen, Sight};

/// Rows of a page, unless the caller asks for fewer or more.
const LIMIT: usize = 50;
/// Rows of a page at most.
const LIMIT_MAX: usize = 200;

/// What a filter looks up: the parameter, the index, and the index's first columns as the parameter gives them.
pub struct Filter {
    pub name: &'static str,
    index: &'static Index,
    columns: fn(&View, &str) -> Result<Vec<Cell>, BadId>,
}

/// A row that is listed.
pub trait Listed: Row + Show + Seen + Send + 'static {
    /// What reading it needs.
    const NEEDS: Needs = Needs::Read;
    /// What filters it has.
    const FILTERS: &'static [Filter] = &[];

    /// The key that a cursor names.
    fn key_of(view: &View, id: &str) -> Result<i64, BadId>;

    /// The cursor that names this row.
    fn cursor(&self, view: &View) -> String;
}

fn key<K: Key>(view: &View, id: &str) -> Result<Vec<Cell>, BadId> {
    view.salt.parse::<K>(id).map(|key| vec![Cell::Int(key.number())])
}

fn expectation(view: &View, id: &str) -> Result<Vec<Cell>, BadId> {
    view.salt.parse_expectation(id).map(|(key, _)| vec![Cell::Int(key.0)])
}

fn held_subject(view: &View, id: &str) -> Result<Vec<Cell>, BadId> {
    let subject = view.salt.parse::<SubjectKey>(id)?;
    Ok(vec![Cell::Text(HoldScope::Subject.word().to_owned()), Cell::Int(subject.0)])
}

fn held_collection(view: &View, id: &str) -> Result<Vec<Cell>, BadId> {
    let collection = view.salt.parse::<CollectionKey>(id)?;
    Ok(vec![Cell::Text(HoldScope::Collection.word().to_owned()), Cell::Int(collection.0)])
}

macro_rules! listed {
    ($($row:ty, $key:ty $(, $name:literal by $index:ident $columns:expr)* $(=> $needs:ident)?;)+) => {$(
        impl Listed for $row {
            $(const NEEDS: Needs = Needs::$needs;)?
            const FILTERS: &'static [Filter] = &[$(Filter { name: $name, index: &$index, columns: $columns }),*];

            fn key_of(view: &View, id: &str) -> Result<i64, BadId> {
                view.salt.parse::<$key>(id).map(Key::number)
            }
            fn cursor(&self, view: &View) -> String {
                view.id(self.key)
            }
        }
    )+};
}
listed! {
    Receipt, ReceiptKey => Oversee;
    Event, EventKey, "subject" by EVENT_SUBJECT key::<SubjectKey>;
    Run, RunKey, "expectation" by RUN_EXPECTATION expectation;
    Attempt, AttemptKey, "run" by ATTEMPT_RUN key::<RunKey>;
    ServiceResult, ResultKey, "subject" by RESULT_SUBJECT key::<SubjectKey>,
        "expectation" by RESULT_EXPECTATION expectation, "artifact" by RESULT_ARTIFACT key::<ArtifactKey>;
    Match, MatchKey, "subject" by MATCH_SUBJECT key::<SubjectKey>, "result" by MATCH_RESULT key::<ResultKey>;
    Flag, FlagKey, "subject" by FLAG_OPEN key::<SubjectKey>;
    Hold, HoldKey, "subject" by HOLD_ACTIVE held_subject, "collection" by HOLD_ACTIVE held_collection;
    Subject, SubjectKey, "collection" by SUBJECT_COLLECTION key::<CollectionKey>;
    Collection, CollectionKey;
    Artifact, ArtifactKey;
    Restriction, RestrictionKey => Oversee;
    Clearance, ClearanceKey, "subject" by CLEARANCE_SUBJECT key::<SubjectKey>;
    Batch, BatchKey => Oversee;
    Quarantine, QuarantineKey => Oversee;
    Audit, AuditKey => Administer;
}

impl Listed for Expectation {
    const FILTERS: &'static [Filter] = &[
        Filter { name: "event", index: &EXPECTATION_EVENT, columns: key::<EventKey> },
        Filter { name: "subject", index: &EXPECTATION_SUBJECT, columns: key::<SubjectKey> },
    ];

    fn key_of(view: &View, id: &str) -> Result<i64, BadId> {
        view.salt.parse_expectation(id).map(|(key, _)| key.0)
    }
    fn cursor(&self, view: &View) -> String {
        view.salt.show_expectation(self.key, self.event)
    }
}

/// One page of rows. For whoever does not see all, it may be shorter than asked for, and still not be the last.
pub async fn list<T: Listed>(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let mut known = vec!["limit", "cursor"];
    known.extend(T::FILTERS.iter().map(|filter| filter.name));
    params.only(&known)?;
    let view = View::of(&server);
    let (below, limit) = place::<T>(&view, &params)?;
    let mut asked = T::FILTERS.iter().filter_map(|filter| Some((filter, params.one(filter.name)?)));
    let find = match (asked.next(), asked.next()) {
        (Some(_), Some(_)) => return Err(Problem::invalid("one filter at a time")),
        (Some((filter, id)), None) => {
            let columns = (filter.columns)(&view, id).map_err(|why| Problem::invalid(why.to_string()))?;
            Some(Find::equal(filter.index, columns))
        }
        (None, _) => None,
    };
    let mut sight = caller.sight();
    let page = server.parts.store.read(move |rows| {
        let page = sight::newest::<T>(rows, &mut sight, find.as_ref(), below, limit)?;
        show_page(&view, rows, &page)
    });
    Ok(Json(page.await?))
}

/// One page of runs; beside the expectation, an event narrows it too.
pub async fn runs(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let Some(event) = params.one("event") else {
        return list::<Run>(State(server), Extension(caller), params).await;
    };
    params.only(&["limit", "cursor", "event"])?;
    let event: EventKey = server.parse(event)?;
    let view = View::of(&server);
    let (below, limit) = place::<Run>(&view, &params)?;
    let mut sight = caller.sight();
    let page = server.parts.store.read(move |rows| {
        let mut runs = Vec::new();
        for owed in rows.all::<Expectation>(&Find::equal(&EXPECTATION_EVENT, vec![Cell::Int(event.0)]))? {
            if sight.sees(rows, &owed)? {
                runs.extend(rows.all::<Run>(&Find::equal(&RUN_EXPECTATION, vec![Cell::Int(owed.key.0)]))?);
            }
        }
        runs.retain(|run| below.is_none_or(|below| run.key.0 < below));
        runs.sort_by_key(|run| std::cmp::Reverse(run.key));
        let more = runs.len() > limit;
        runs.truncate(limit);
        let next = runs.last().filter(|_| more).map(|run| run.key.0);
        show_page(&view, rows, &Page { rows: runs, next })
    });
    Ok(Json(page.await?))
}

/// One row, if the caller sees it.
pub async fn one<T: Listed>(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    show_one::<T>(&server, caller.sight(), &id).await
}

/// One row, to whoever has just changed it.
pub async fn changed<T: Listed>(server: &Server, caller: &Caller, id: &str) -> Result<Json<Value>, Problem> {
    show_one::<T>(server, caller.sight(), id).await
}

async fn show_one<T: Listed>(server: &Server, mut sight: Sight, id: &str) -> Result<Json<Value>, Problem> {
    let view = View::of(server);
    let key = T::key_of(&view, id).map_err(|why| Problem::new(&problem::NOT_FOUND, why.to_string()))?;
    let shown = server.parts.store.read(move |rows| match rows.load::<T>(key)? {
        Some(row) if sight.sees(rows, &row)? => row.show(&view, rows).map(Some),
        Some(_) | None => Ok(None),
    });
    shown.await?.map(Json).ok_or_else(|| Problem::no_such("row", id))
}

fn show_page<T: Listed>(view: &View, rows: &mut dyn Rows, page: &Page<T>) -> Result<Value, StoreError> {
    let last: Option<T> = page.next.map_or(Ok(None), |key| rows.load(key))?;
    let next = last.map(|last| last.cursor(view));
    let data = page.rows.iter().map(|row| row.show(view, rows)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "data": data, "next_cursor": next }))
}

fn place<T: Listed>(view: &View, params: &Params) -> Result<(Option<i64>, usize), Problem> {
    let below = params.one("cursor").map(|id| T::key_of(view, id)).transpose();
    let below = below.map_err(|why| Problem::invalid(format!("cursor: {why}")))?;
    let limit = match params.one("limit") {
        None => LIMIT,
        Some(text) => text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
            Problem::invalid(format!("limit: expected a number from 1 to {LIMIT_MAX}, found {text:?}"))
        })?,
    };
    Ok((below, limit))
}

/// A subject by its name, as the paths of the API give it, if the caller may do this with it.
pub async fn subject_of(
    server: &Server,
    caller: &Caller,
    needs: Needs,
    (kind, collection, id): (String, String, String),
) -> Result<Subject, Problem> {
    let name = domain::subject::SubjectName { kind, collection, id };
    let shown = format!("{}/{}/{}", name.kind, name.collection, name.id);
    let found = server.parts.store.read(move |rows| match search::subject_by_name(rows, &name)? {
        Some(subject) => search::housed(rows, subject.key),
        None => Ok(None),
    });
    let absent = || Problem::no_such("subject", &shown);
    let housed = found.await?.ok_or_else(absent)?;
    caller.require(needs, housed.collection.as_ref().map(sight::place), absent)?;
    Ok(housed.subject)
}
