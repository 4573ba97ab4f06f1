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
use store::lists::{Page, Span};
use store::row::{Row, RowsExt};
use store::table::{Find, Index, Rows, Value as Cell};
use store::tables::*;
use store::{StoreError, search};

use super::auth::Caller;
use super::extract::{Params, Segments};
use super::filters::{Filtered, Search, times};
use super::show::{Show, View};
use crate::problem::{self, Problem};
use crate::server::Server;
use crate::sight::{self, Seen, Sight};

/// Rows of a page, unless the caller asks for fewer or more.
const LIMIT: usize = 50;
/// Rows of a page at most.
pub(super) const LIMIT_MAX: usize = 200;

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
    /// The names of its filters.
    const FILTERS: &'static [&'static str] = &[];

    /// The list that a query asks for.
    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem>;

    /// The key that a cursor names.
    fn key_of(view: &View, id: &str) -> Result<i64, BadId>;

    /// The cursor of the page after one that ended at this key. The row may be gone, or one that the caller does not see:
    /// the cursor says nothing about it.
    fn cursor(view: &View, key: i64) -> String;
}

/// The rows that the one filter finds which a query states, by its index.
fn by_index<T: Listed>(filters: &[Filter], view: &View, params: &Params) -> Result<Search<T>, Problem> {
    let mut asked = filters.iter().filter_map(|filter| Some((filter, params.one(filter.name)?)));
    let find = match (asked.next(), asked.next()) {
        (Some(_), Some(_)) => return Err(Problem::invalid("one filter at a time")),
        (Some((filter, id)), None) => {
            let columns = (filter.columns)(view, id).map_err(|why| Problem::invalid(why.to_string()))?;
            Some(Find::equal(filter.index, columns))
        }
        (None, _) => None,
    };
    Ok(Box::new(move |rows, span, sight| {
        let found = sight::newest::<T>(rows, sight, find.as_ref(), span.below, span.limit)?;
        Ok(Page { rows: found.rows, next: found.next, looked_to: None })
    }))
}

fn key<K: Key>(view: &View, id: &str) -> Result<Vec<Cell>, BadId> {
    view.salt.parse::<K>(id).map(|key| vec![Cell::Int(key.number())])
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
            const FILTERS: &'static [&'static str] = &[$($name),*];

            fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
                by_index(&[$(Filter { name: $name, index: &$index, columns: $columns }),*], view, params)
            }

            fn key_of(view: &View, id: &str) -> Result<i64, BadId> {
                view.salt.parse::<$key>(id).map(Key::number)
            }
            fn cursor(view: &View, key: i64) -> String {
                view.id(<$key>::from_number(key))
            }
        }
    )+};
}
listed! {
    Attempt, AttemptKey, "run" by ATTEMPT_RUN key::<RunKey>;
    Match, MatchKey, "subject" by MATCH_SUBJECT key::<SubjectKey>, "result" by MATCH_RESULT key::<ResultKey>;
    Flag, FlagKey, "subject" by FLAG_OPEN key::<SubjectKey>;
    Hold, HoldKey, "subject" by HOLD_ACTIVE held_subject, "collection" by HOLD_ACTIVE held_collection;
    Collection, CollectionKey;
    Artifact, ArtifactKey;
    Restriction, RestrictionKey => Oversee;
    Clearance, ClearanceKey, "subject" by CLEARANCE_SUBJECT key::<SubjectKey>;
    Batch, BatchKey;
}

/// Rows whose filters combine.
macro_rules! filtered {
    ($($row:ty, $key:ty $(=> $needs:ident)?;)+) => {$(
        impl Listed for $row {
            $(const NEEDS: Needs = Needs::$needs;)?
            const FILTERS: &'static [&'static str] = <$row as Filtered>::NAMES;

            fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
                <$row as Filtered>::search(view, params)
            }
            fn key_of(view: &View, id: &str) -> Result<i64, BadId> {
                view.salt.parse::<$key>(id).map(Key::number)
            }
            fn cursor(view: &View, key: i64) -> String {
                view.id(<$key>::from_number(key))
            }
        }
    )+};
}
filtered! {
    Receipt, ReceiptKey => Oversee;
    Event, EventKey;
    Run, RunKey;
    ServiceResult, ResultKey;
    Subject, SubjectKey;
    Quarantine, QuarantineKey => Oversee;
    Audit, AuditKey => Administer;
}

impl Listed for Expectation {
    const FILTERS: &'static [&'static str] = &["event", "subject"];

    fn search(view: &View, params: &Params) -> Result<Search<Self>, Problem> {
        let filters = [
            Filter { name: "event", index: &EXPECTATION_EVENT, columns: key::<EventKey> },
            Filter { name: "subject", index: &EXPECTATION_SUBJECT, columns: key::<SubjectKey> },
        ];
        by_index(&filters, view, params)
    }

    fn key_of(view: &View, id: &str) -> Result<i64, BadId> {
        view.salt.parse_expectation(id).map(|(key, _)| key.0)
    }
    fn cursor(view: &View, key: i64) -> String {
        view.salt.show_expectation(ExpectationKey(key), EventKey(0))
    }
}

/// One page of rows. For whoever does not see all, it may be shorter than asked for, and still not be the last.
pub async fn list<T: Listed>(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let mut known = vec!["limit", "cursor"];
    known.extend(T::FILTERS);
    params.only(&known)?;
    let view = View::of(&server);
    let span = span::<T>(&view, &params, LIMIT)?;
    let search = T::search(&view, &params)?;
    let mut sight = caller.sight();
    let page = server.parts.store.read(move |rows| {
        let found = search(rows, &span, &mut sight)?;
        show_page(&view, rows, &found)
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
    let next = page.next.map(|key| T::cursor(view, key));
    let data = page.rows.iter().map(|row| row.show(view, rows)).collect::<Result<Vec<_>, _>>()?;
    let mut shown = json!({ "data": data, "next_cursor": next });
    if let Some(at) = page.looked_to {
        shown["looked_back_to"] = json!(at.rfc3339());
    }
    Ok(shown)
}

/// Which page a query asks for.
pub fn span<T: Listed>(view: &View, params: &Params, limit: usize) -> Result<Span, Problem> {
    let below = params.one("cursor").map(|id| T::key_of(view, id)).transpose();
    let below = below.map_err(|why| Problem::invalid(format!("cursor: {why}")))?;
    let limit = match params.one("limit") {
        None => limit,
        Some(text) => text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
            Problem::invalid(format!("limit: expected a number from 1 to {LIMIT_MAX}, found {text:?}"))
        })?,
    };
    let (from, until) = if T::FILTERS.contains(&"from") { times(view, params)? } else { (None, None) };
    Ok(Span { below, from, until, ..Span::newest(limit) })
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
