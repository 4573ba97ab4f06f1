//! Readings: what the rest of the product asks of the rows.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use domain::event::{Event, Receipt};
use domain::expectation::{Expectation, ExpectationState};
use domain::gate::Gate;
use domain::judge::SubjectState;
use domain::person::Session;
use domain::planted::{self, Bug};
use domain::profile::{Told, ToldArtifact};
use domain::rule::{Flag, Hold, HoldScope, Match, MatchState, RestrictionKind};
use domain::run::Run;
use domain::subject::{Actor, Collection, Subject, SubjectName};
use domain::*;

use crate::StoreError;
use crate::row::{Cell, RowsExt};
use crate::table::{Find, Index, Rows, Value};
use crate::tables::*;

/// Rows that name blobs, read at once.
const NAMED_AT_ONCE: usize = 1_000;

/// Where a receipt's digest stands among its columns.
const RECEIPT_DIGEST: usize = 6;

/// Kinds of collections.
pub const COLLECTION_KINDS: [&str; 4] = ["addon", "operation", "repository", "collection"];

/// The kind of the subjects that live in a kind of collection, where it is one.
#[must_use]
pub fn subject_kind(collection_kind: &str) -> Option<&'static str> {
    ["version", "evidence", "commit"].into_iter().find(|kind| self::collection_kind(kind) == collection_kind)
}

/// The kind of collection that subjects of a kind live in.
#[must_use]
pub fn collection_kind(subject_kind: &str) -> &'static str {
    match subject_kind {
        "version" => "addon",
        "evidence" => "operation",
        "commit" => "repository",
        _ => "collection",
    }
}

/// Rows that hold this key in an index's first column.
fn of(index: &'static Index, key: i64) -> Find {
    Find::equal(index, vec![Value::Int(key)])
}

/// A collection by its name.
///
/// # Errors
/// When the engine fails.
pub fn collection_by_name(rows: &mut dyn Rows, kind: &str, name: &str) -> Result<Option<Collection>, StoreError> {
    let find = Find::equal(&COLLECTION_NAME, vec![Value::Text(kind.to_owned()), Value::Text(name.to_owned())]).limit(1);
    Ok(rows.all(&find)?.into_iter().next())
}

/// A subject by its name.
///
/// # Errors
/// When the engine fails.
pub fn subject_by_name(rows: &mut dyn Rows, name: &SubjectName) -> Result<Option<Subject>, StoreError> {
    let mut equal = vec![Value::Text(name.kind.clone()), Value::Text(name.id.clone())];
    if !SubjectName::unique_in_kind(&name.kind) {
        let Some(collection) = collection_by_name(rows, collection_kind(&name.kind), &name.collection)? else {
            return Ok(None);
        };
        equal.push(Value::Int(collection.key.0));
    }
    Ok(rows.all(&Find::equal(&SUBJECT_NAME, equal).limit(1))?.into_iter().next())
}

/// A subject's name.
///
/// # Errors
/// When the engine fails.
pub fn subject_name(rows: &mut dyn Rows, key: SubjectKey) -> Result<Option<SubjectName>, StoreError> {
    Ok(housed(rows, key)?.map(|housed| housed.name()))
}

/// A subject and the collection that it lives in.
#[derive(Debug, Clone)]
pub struct Housed {
    /// The subject.
    pub subject: Subject,
    /// Its collection.
    pub collection: Option<Collection>,
}

/// The session whose token has this digest.
///
/// # Errors
/// When the engine fails.
pub fn session(rows: &mut dyn Rows, token: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    let digest = Value::Blob(Bytes::copy_from_slice(token));
    Ok(rows.all(&Find::equal(&SESSION_TOKEN, vec![digest]).limit(1))?.pop())
}

/// An account's sessions, those included that no longer count.
///
/// # Errors
/// When the engine fails.
pub fn sessions(rows: &mut dyn Rows, account: AccountKey) -> Result<Vec<Session>, StoreError> {
    rows.all(&of(&SESSION_ACCOUNT, account.0))
}

/// A subject with its collection.
///
/// # Errors
/// When the engine fails.
pub fn housed(rows: &mut dyn Rows, key: SubjectKey) -> Result<Option<Housed>, StoreError> {
    let Some(subject) = rows.load::<Subject>(key.0)? else { return Ok(None) };
    let collection = rows.load::<Collection>(subject.collection.0)?;
    Ok(Some(Housed { subject, collection }))
}

/// The collection that a hold stops, or whose subject it stops.
///
/// # Errors
/// When the engine fails.
pub fn housing(rows: &mut dyn Rows, hold: &Hold) -> Result<Option<Collection>, StoreError> {
    match hold.scope {
        HoldScope::Collection => rows.load(hold.of),
        HoldScope::Subject => Ok(housed(rows, SubjectKey(hold.of))?.and_then(|housed| housed.collection)),
    }
}

impl Housed {
    /// The subject's name.
    #[must_use]
    pub fn name(&self) -> SubjectName {
        SubjectName {
            kind: self.subject.kind.clone(),
            collection: self.collection.as_ref().map(|collection| collection.name.clone()).unwrap_or_default(),
            id: self.subject.id.clone(),
        }
    }

    /// What the platform says of both, as JSON: `{"subject": .., "collection": ..}`.
    #[must_use]
    pub fn snapshot(&self) -> String {
        let collection = self.collection.as_ref().map_or("null", |collection| &collection.attributes);
        format!(r#"{{"subject":{},"collection":{collection}}}"#, self.subject.attributes)
    }
}

/// Everything that a judgement of a subject looks at.
///
/// # Errors
/// When the engine fails.
pub fn subject_state(rows: &mut dyn Rows, key: SubjectKey) -> Result<Option<SubjectState>, StoreError> {
    let Some(subject) = rows.load::<Subject>(key.0)? else { return Ok(None) };
    let expectations: Vec<Expectation> = rows.all(&of(&EXPECTATION_SUBJECT, key.0))?;
    let mut holds = active_holds(rows, HoldScope::Subject, key.0)?;
    holds.extend(active_holds(rows, HoldScope::Collection, subject.collection.0)?);
    let flags: Vec<Flag> = rows.all(&of(&FLAG_OPEN, key.0))?;
    let mut waiting: Vec<Match> = rows.all(&of(&MATCH_SUBJECT, key.0))?;
    waiting.retain(|found| found.state == MatchState::Waiting);
    let cleared = !rows.find(&of(&CLEARANCE_SUBJECT, key.0).limit(1))?.is_empty();
    let actors = actors(rows, key)?;
    let restricted = restricted(rows, &actors, RestrictionKind::Approval)?;
    Ok(Some(SubjectState { subject, expectations, holds, flags, waiting, cleared, restricted }))
}

/// What a recheck judges next, and where it stands afterwards: zero when there is no more.
///
/// # Errors
/// When the engine fails.
pub fn to_recheck(rows: &mut dyn Rows, recheck: &Recheck) -> Result<(Vec<SubjectState>, i64), StoreError> {
    let step = |find: Find| find.newest(Some(recheck.below)).limit(limits::RECHECK_STEP);
    let named: Vec<(i64, SubjectKey)> = match &recheck.of {
        Rechecked::Collection(collection) => {
            let subjects: Vec<Subject> = rows.all(&step(of(&SUBJECT_COLLECTION, collection.0)))?;
            subjects.into_iter().map(|subject| (subject.key.0, subject.key)).collect()
        }
        Rechecked::Actor(actor) => {
            let name = vec![Value::Text(actor.kind.word().to_owned()), Value::Text(actor.value.clone())];
            let rows: Vec<ActorRow> = rows.all(&step(Find::equal(&ACTOR_NAME, name)))?;
            rows.into_iter().map(|row| (row.key, row.subject)).collect()
        }
    };
    let next = named.last().filter(|_| named.len() == limits::RECHECK_STEP).map_or(0, |(row, _)| *row);
    let mut states = Vec::with_capacity(named.len());
    for (_, subject) in named {
        states.extend(subject_state(rows, subject)?);
    }
    Ok((states, next))
}

/// The active holds on something.
///
/// # Errors
/// When the engine fails.
pub fn active_holds(rows: &mut dyn Rows, scope: HoldScope, of: i64) -> Result<Vec<Hold>, StoreError> {
    rows.all(&Find::equal(&HOLD_ACTIVE, vec![Value::Text(scope.word().to_owned()), Value::Int(of)]))
}

/// Whether one of these actors is restricted in this way.
///
/// # Errors
/// When the engine fails.
pub fn restricted(rows: &mut dyn Rows, actors: &[Actor], kind: RestrictionKind) -> Result<bool, StoreError> {
    for actor in actors {
        let equal = vec![Value::Text(actor.kind.word().to_owned()), Value::Text(actor.value.clone())];
        let known: Vec<Restriction> = rows.all(&Find::equal(&RESTRICTION_ACTOR, equal))?;
        if known.iter().any(|each| each.kind == kind) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who stands behind a subject.
///
/// # Errors
/// When the engine fails.
pub fn actors(rows: &mut dyn Rows, subject: SubjectKey) -> Result<Vec<Actor>, StoreError> {
    let actors: Vec<ActorRow> = rows.all(&of(&ACTOR_SUBJECT, subject.0))?;
    Ok(actors.into_iter().map(|each| Actor { kind: each.kind, value: each.value }).collect())
}

/// Whether a run is under way whose answer may conclude this expectation, whatever was said before.
///
/// # Errors
/// When the engine fails.
pub fn under_way(rows: &mut dyn Rows, expectation: &Expectation) -> Result<bool, StoreError> {
    let Some(bound) = expectation.bound else { return Ok(false) };
    Ok(rows.load::<Run>(bound.0)?.is_some_and(|run| run.is_open()))
}

/// What was owed and found about artifacts that no subject lists yet.
///
/// # Errors
/// When the engine fails.
pub fn orphans(rows: &mut dyn Rows, artifacts: &[ArtifactKey]) -> Result<(Vec<Expectation>, Vec<Match>), StoreError> {
    let mut expectations = Vec::new();
    let mut matches = Vec::new();
    let artifacts: BTreeSet<ArtifactKey> = artifacts.iter().copied().collect();
    for artifact in artifacts {
        expectations.extend(rows.all::<Expectation>(&of(&EXPECTATION_ARTIFACT, artifact.0))?);
        matches.extend(rows.all::<Match>(&of(&MATCH_ARTIFACT, artifact.0))?);
    }
    expectations.retain(|each: &Expectation| each.subject.is_none());
    matches.retain(|found: &Match| found.subject.is_none() && found.state == MatchState::Waiting);
    Ok((expectations, matches))
}

/// A service's gate; one that was never turned is open.
///
/// # Errors
/// When the engine fails.
pub fn gate(rows: &mut dyn Rows, service: ServiceKey) -> Result<Gate, StoreError> {
    Ok(rows.load(service.0)?.unwrap_or(Gate::new(service, Timestamp(0))))
}

/// What a service is told about an event.
///
/// # Errors
/// When the engine fails.
pub fn told(rows: &mut dyn Rows, event: EventKey) -> Result<Told, StoreError> {
    let event: Event = rows.load(event.0)?.ok_or_else(|| StoreError::Corrupt {
        expected: "an expectation's event".to_owned(),
        found: "nothing".to_owned(),
    })?;
    let subject = match event.subject {
        Some(subject) => subject_name(rows, subject)?,
        None => None,
    };
    let receipt = match event.receipt {
        Some(receipt) => rows.load::<Receipt>(receipt.0)?,
        None => None,
    };
    let (artifacts, others) = tell_artifacts(rows, &event)?;
    let has_body = receipt.is_some();
    Ok(Told { subject, artifacts, others, has_body, body: receipt.and_then(|each| each.body), event })
}

/// The artifacts that belong to an event, its own, else its subject's; and the subject's others.
///
/// # Errors
/// When the engine fails.
pub fn tell_artifacts(
    rows: &mut dyn Rows,
    event: &Event,
) -> Result<(Vec<ToldArtifact>, Vec<ToldArtifact>), StoreError> {
    let listings: Vec<Listing> = match event.subject {
        Some(subject) => rows.all(&of(&LISTING_SUBJECT, subject.0))?,
        None => Vec::new(),
    };
    let mut own = Vec::new();
    let mut others = Vec::new();
    if let Some(key) = event.artifact {
        let role = listings.iter().find(|each| each.artifact == key).map_or("upload", |each| each.role.as_str());
        own.extend(tell_artifact(rows, key, role)?);
    }
    for listing in listings.iter().filter(|each| Some(each.artifact) != event.artifact) {
        let list = if event.artifact.is_some() { &mut others } else { &mut own };
        list.extend(tell_artifact(rows, listing.artifact, &listing.role)?);
    }
    Ok((own, others))
}

fn tell_artifact(rows: &mut dyn Rows, key: ArtifactKey, role: &str) -> Result<Option<ToldArtifact>, StoreError> {
    Ok(rows.load::<Artifact>(key.0)?.map(|artifact| ToldArtifact {
        key,
        sha256: artifact.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        size: artifact.size,
        content_type: artifact.content_type,
        filename: artifact.name,
        role: role.to_owned(),
        at: artifact.at,
    }))
}

/// Artifacts that are kept although their time has come, the longest overdue first.
///
/// # Errors
/// When the engine fails.
pub fn due_artifacts(rows: &mut dyn Rows, now: Timestamp, limit: usize) -> Result<Vec<Artifact>, StoreError> {
    rows.all(&Find::equal(&ARTIFACT_EXPIRES, Vec::new()).at_most(now.0).limit(limit))
}

/// Whether an artifact's bytes can be had: they are kept, and its time has not come or a call may still fetch them.
///
/// # Errors
/// When the engine fails.
pub fn is_kept(rows: &mut dyn Rows, artifact: &Artifact, now: Timestamp) -> Result<bool, StoreError> {
    Ok(artifact.removed.is_none() && (now < artifact.expires || may_be_fetched(rows, artifact.key)?))
}

/// Whether an answer is awaited for which an artifact may be fetched: about it, or about a subject that lists it.
///
/// # Errors
/// When the engine fails.
pub fn may_be_fetched(rows: &mut dyn Rows, artifact: ArtifactKey) -> Result<bool, StoreError> {
    let mut owed: Vec<Expectation> = rows.all(&of(&EXPECTATION_ARTIFACT, artifact.0))?;
    for listing in rows.all::<Listing>(&of(&LISTING_ARTIFACT, artifact.0))? {
        owed.extend(rows.all::<Expectation>(&of(&EXPECTATION_SUBJECT, listing.subject.0))?);
    }
    for expectation in &owed {
        if is_awaited(rows, expectation)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an expectation's answer is awaited: it is open, or a run of it is.
///
/// # Errors
/// When the engine fails.
pub fn is_awaited(rows: &mut dyn Rows, expectation: &Expectation) -> Result<bool, StoreError> {
    if expectation.state == ExpectationState::Open {
        return Ok(true);
    }
    let runs: Vec<Run> = rows.all(&of(&RUN_EXPECTATION, expectation.key.0))?;
    Ok(runs.iter().any(Run::is_open))
}

/// The blobs that rows name, by digest, each with the end of its time: an artifact's expiry; a receipt's has none.
///
/// # Errors
/// When the engine fails or a row is corrupt.
pub fn named_blobs(rows: &mut dyn Rows) -> Result<BTreeMap<[u8; 32], Timestamp>, StoreError> {
    let mut named = BTreeMap::new();
    let mut below = None;
    loop {
        let page: Vec<Artifact> = rows.page(below, NAMED_AT_ONCE)?;
        let Some(last) = page.last() else { break };
        below = Some(last.key.0);
        for artifact in page.iter().filter(|artifact| artifact.removed.is_none()) {
            let until = named.entry(artifact.sha256).or_insert(artifact.expires);
            *until = artifact.expires.max(*until);
        }
    }
    let mut after = Value::Blob(Bytes::new());
    loop {
        let find = Find::equal(&RECEIPT_BLOB, Vec::new()).after(after).limit(NAMED_AT_ONCE).narrow(RECEIPT_DIGEST + 1);
        let page = rows.find(&find)?;
        let Some(digest) = page.last().and_then(|row| row.get(RECEIPT_DIGEST)) else { return Ok(named) };
        after = digest.clone();
        for row in page {
            let digest = row.into_iter().nth(RECEIPT_DIGEST).unwrap_or(Value::Null);
            named.insert(Cell::from_value(digest)?, Timestamp::NEVER);
        }
    }
}

/// Whether a blob is kept for anything but this artifact: another one, or a receipt.
///
/// # Errors
/// When the engine fails.
pub fn blob_has_others(rows: &mut dyn Rows, artifact: &Artifact) -> Result<bool, StoreError> {
    blob_is_kept(rows, &artifact.sha256, Some(artifact.key))
}

/// Whether a blob is kept for anything, one artifact aside.
///
/// # Errors
/// When the engine fails.
pub fn blob_is_kept(rows: &mut dyn Rows, sha256: &[u8; 32], but: Option<ArtifactKey>) -> Result<bool, StoreError> {
    let digest = || vec![Value::Blob(bytes::Bytes::copy_from_slice(sha256))];
    let artifacts: Vec<Artifact> = rows.all(&Find::equal(&ARTIFACT_BLOB, digest()).limit(2))?;
    if artifacts.iter().any(|other| Some(other.key) != but) {
        return Ok(true);
    }
    Ok(!rows.find(&Find::equal(&RECEIPT_BLOB, digest()).limit(1))?.is_empty())
}

/// What a dispatcher must know when it starts: when each service is next due, and the next checks and holds.
#[derive(Debug, Clone, Default)]
pub struct Agenda {
    /// Services with the instant at which their oldest run is due.
    pub due: Vec<(ServiceKey, Timestamp)>,
    /// The next check of an expectation, in wall time.
    pub check: Option<Timestamp>,
    /// The next end of a hold.
    pub hold: Option<Timestamp>,
    /// Whether programs are to run.
    pub perform: bool,
}

/// Reads the agenda.
///
/// # Errors
/// When the engine fails.
pub fn agenda(rows: &mut dyn Rows, services: &[ServiceKey], now: Timestamp) -> Result<Agenda, StoreError> {
    let mut agenda = Agenda::default();
    for service in services {
        let oldest: Vec<Run> = rows.all(&of(&RUN_DUE, service.0).limit(1))?;
        if let Some(domain::run::RunState::Due { at }) = oldest.first().map(|run| &run.state) {
            agenda.due.push((*service, *at));
        }
        let gate = gate(rows, *service)?;
        if gate.state.stops_time() {
            continue;
        }
        let next: Vec<Expectation> = rows.all(&of(&EXPECTATION_CHECK, service.0).limit(1))?;
        if let Some(next) = next.first() {
            let at = gate.wall(next.next_check, now);
            agenda.check = Some(agenda.check.map_or(at, |known| known.min(at)));
        }
    }
    for scope in HoldScope::ALL {
        let next: Vec<Hold> =
            rows.all(&Find::equal(&HOLD_UNTIL, vec![Value::Text(scope.word().to_owned())]).limit(1))?;
        if let Some(next) = next.first().filter(|hold| hold.until != Timestamp::NEVER) {
            agenda.hold = Some(agenda.hold.map_or(next.until, |known| known.min(next.until)));
        }
    }
    agenda.perform = !planned(rows, 1)?.is_empty();
    Ok(agenda)
}

/// Expectations of a service whose next check has come.
///
/// # Errors
/// When the engine fails.
pub fn due_checks(
    rows: &mut dyn Rows,
    service: ServiceKey,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Expectation>, StoreError> {
    let gate = gate(rows, service)?;
    if gate.state.stops_time() {
        return Ok(Vec::new());
    }
    let mut due: Vec<Expectation> =
        rows.all(&of(&EXPECTATION_CHECK, service.0).at_most(gate.time(now).0).limit(limit))?;
    if planted::is(Bug::DeadlineUnnoticed) {
        due.retain(|each| gate.time(now) < each.deadline);
    }
    Ok(due)
}

/// Active holds whose time has come.
///
/// # Errors
/// When the engine fails.
pub fn due_holds(rows: &mut dyn Rows, now: Timestamp, limit: usize) -> Result<Vec<Hold>, StoreError> {
    let mut due = Vec::new();
    for scope in HoldScope::ALL {
        let find = Find::equal(&HOLD_UNTIL, vec![Value::Text(scope.word().to_owned())]).at_most(now.0).limit(limit);
        due.extend(rows.all::<Hold>(&find)?);
    }
    Ok(due)
}

/// Matches whose program is to run.
///
/// # Errors
/// When the engine fails.
pub fn planned(rows: &mut dyn Rows, limit: usize) -> Result<Vec<Match>, StoreError> {
    let find = Find::equal(&MATCH_PLANNED, vec![Value::Text(MatchState::Planned.word().to_owned())]).limit(limit);
    rows.all(&find)
}
