//! What an account sees: everything, or what belongs to the collections that it is a member of.
//!
//! Lists, single rows and pages ask here, so that what is not seen is not there: in none of them, by no id.

use std::collections::{BTreeMap, BTreeSet};

use domain::catalogue::{Access, Account, Place};
use domain::event::{Event, Receipt};
use domain::expectation::Expectation;
use domain::result::ServiceResult;
use domain::rights::{self, Needs};
use domain::rule::{Flag, Hold, HoldScope, Match};
use domain::run::{Attempt, Run};
use domain::subject::{Collection, Subject};
use domain::{CollectionKey, ExpectationKey, RunKey, SubjectKey};
use store::row::{Row, RowsExt};
use store::table::{Find, Rows, Value};
use store::tables::{
    Artifact, Audit, Batch, COLLECTION_NAME, Chosen, Clearance, LISTING_ARTIFACT, Listing, Quarantine, Restriction,
};
use store::{StoreError, search};

/// What one account sees. It remembers the collections that it has looked at, and so lives as long as one reading.
pub(crate) struct Sight {
    account: Account,
    all: bool,
    looked_at: BTreeMap<CollectionKey, bool>,
}

impl Sight {
    /// What this account sees.
    pub fn of(account: &Account) -> Self {
        Self { all: rights::sees_all(account), account: account.clone(), looked_at: BTreeMap::new() }
    }

    /// Whether that is everything.
    pub fn is_whole(&self) -> bool {
        self.all
    }

    /// Whether it sees a collection and what belongs to it.
    pub fn collection(&mut self, rows: &mut dyn Rows, key: CollectionKey) -> Result<bool, StoreError> {
        if self.all {
            return Ok(true);
        }
        if let Some(seen) = self.looked_at.get(&key) {
            return Ok(*seen);
        }
        let collection: Option<Collection> = rows.load(key.0)?;
        let seen = collection.is_some_and(|each| rights::may(&self.account, Needs::Read, Some(place(&each))));
        self.looked_at.insert(key, seen);
        Ok(seen)
    }

    /// The collections of which it sees what belongs to them; none: it sees everything.
    pub fn within(&self, rows: &mut dyn Rows) -> Result<Option<BTreeSet<CollectionKey>>, StoreError> {
        if self.all {
            return Ok(None);
        }
        let mut keys = BTreeSet::new();
        let operations = self.account.operations.granted.keys().map(|name| ("operation", name));
        let others = self
            .account
            .collections
            .iter()
            .flat_map(|(kind, by_name)| by_name.keys().map(move |name| (kind.as_str(), name)));
        for (kind, name) in operations.chain(others) {
            keys.extend(search::collection_by_name(rows, kind, name)?.map(|found| found.key));
        }
        if self.account.operations.all.is_some() {
            let all = Find::equal(&COLLECTION_NAME, vec![Value::Text("operation".to_owned())]);
            keys.extend(rows.all::<Collection>(&all)?.into_iter().map(|found| found.key));
        }
        Ok(Some(keys))
    }

    /// Whether it sees a subject; what is about none is no member's.
    pub fn subject(&mut self, rows: &mut dyn Rows, key: Option<SubjectKey>) -> Result<bool, StoreError> {
        if self.all {
            return Ok(true);
        }
        let subject: Option<Subject> = key.map_or(Ok(None), |key| rows.load(key.0))?;
        subject.map_or(Ok(false), |subject| self.collection(rows, subject.collection))
    }

    /// Whether it sees this row.
    pub fn sees(&mut self, rows: &mut dyn Rows, row: &impl Seen) -> Result<bool, StoreError> {
        if self.all { Ok(true) } else { row.is_seen(self, rows) }
    }

    /// Those of some rows that it sees.
    pub fn seen<T: Seen>(&mut self, rows: &mut dyn Rows, of: Vec<T>) -> Result<Vec<T>, StoreError> {
        let mut seen = Vec::with_capacity(of.len());
        for row in of {
            if self.sees(rows, &row)? {
                seen.push(row);
            }
        }
        Ok(seen)
    }
}

/// Rows that are read at a time for an account that does not see all, ...
const CHUNK: usize = 200;
/// ... and looked at for one page: one who sees little gets shorter pages, and goes on from there.
const LOOKED_AT_MAX: usize = 2_000;

/// One page of rows.
pub(crate) struct Page<T> {
    pub rows: Vec<T>,
    /// The key below which the next page begins, where there may be more.
    pub next: Option<i64>,
}

/// The newest rows below a key that an account sees: of the whole table, or of what an index finds.
pub(crate) fn newest<T: Row + Seen>(
    rows: &mut dyn Rows,
    sight: &mut Sight,
    find: Option<&Find>,
    below: Option<i64>,
    limit: usize,
) -> Result<Page<T>, StoreError> {
    let read = |rows: &mut dyn Rows, below, limit| match find {
        Some(find) => rows.all::<T>(&find.clone().newest(below).limit(limit)),
        None => rows.page::<T>(below, limit),
    };
    let (mut seen, mut below, mut looked_at) = (Vec::new(), below, 0);
    loop {
        let at_once = if sight.is_whole() { limit + 1 } else { CHUNK };
        let chunk = read(rows, below, at_once)?;
        let is_last = chunk.len() < at_once;
        for row in chunk {
            if seen.len() == limit || looked_at == LOOKED_AT_MAX {
                return Ok(Page { rows: seen, next: below });
            }
            (below, looked_at) = (Some(row.key()), looked_at + 1);
            if sight.sees(rows, &row)? {
                seen.push(row);
            }
        }
        if is_last {
            return Ok(Page { rows: seen, next: None });
        }
    }
}

/// A collection by its name.
pub(crate) fn place(collection: &Collection) -> Place<'_> {
    Place { kind: &collection.kind, name: &collection.name }
}

/// The members of a collection: the accounts that were granted something in it.
pub(crate) fn members<'a>(
    accounts: impl Iterator<Item = &'a Account>,
    place: Place<'a>,
) -> impl Iterator<Item = (&'a Account, Access)> {
    accounts.filter(|each| each.active).filter_map(move |each| Some((each, each.access_to(place)?)))
}

/// A row of which can be told who sees it.
pub(crate) trait Seen {
    /// Whether an account sees it that does not see everything.
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError>;
}

macro_rules! seen {
    (by subject: $($row:ty),+; nobody: $($none:ty),+) => {
        $(impl Seen for $row {
            fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
                sight.subject(rows, Option::<SubjectKey>::from(self.subject))
            }
        })+
        $(impl Seen for $none {
            fn is_seen(&self, _: &mut Sight, _: &mut dyn Rows) -> Result<bool, StoreError> {
                Ok(false)
            }
        })+
    };
}
seen!(
    by subject: Event, Expectation, ServiceResult, Match, Flag, Clearance, Listing;
    nobody: Receipt, Restriction, Quarantine, Audit
);

impl Seen for Collection {
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
        sight.collection(rows, self.key)
    }
}

impl Seen for Subject {
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
        sight.collection(rows, self.collection)
    }
}

/// A batch is of one collection.
impl Seen for Batch {
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
        match &self.chosen {
            Chosen::Collection { collection, .. } => sight.collection(rows, *collection),
            Chosen::Listed(subjects) => sight.subject(rows, subjects.first().copied()),
        }
    }
}

impl Seen for Hold {
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
        match self.scope {
            HoldScope::Subject => sight.subject(rows, Some(SubjectKey(self.of))),
            HoldScope::Collection => sight.collection(rows, CollectionKey(self.of)),
        }
    }
}

impl Seen for Run {
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
        expectation(self.expectation, sight, rows)
    }
}

impl Seen for Attempt {
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
        run(self.run, sight, rows)
    }
}

/// An upload is seen by whoever sees a subject that lists it.
impl Seen for Artifact {
    fn is_seen(&self, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
        let listings: Vec<Listing> = rows.all(&Find::equal(&LISTING_ARTIFACT, vec![Value::Int(self.key.0)]))?;
        for listing in listings {
            if sight.subject(rows, Some(listing.subject))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn expectation(key: ExpectationKey, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
    let owed: Option<Expectation> = rows.load(key.0)?;
    owed.map_or(Ok(false), |owed| owed.is_seen(sight, rows))
}

fn run(key: RunKey, sight: &mut Sight, rows: &mut dyn Rows) -> Result<bool, StoreError> {
    let run: Option<Run> = rows.load(key.0)?;
    run.map_or(Ok(false), |run| run.is_seen(sight, rows))
}
