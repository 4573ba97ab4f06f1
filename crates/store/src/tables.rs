//! Every table and every index. The engines build their schema and their statements from this list.

use bytes::Bytes;
use domain::catalogue::OnFailure;
use domain::event::{Event, Provenance, Receipt};
use domain::expectation::{Expectation, ExpectationState};
use domain::gate::{Gate, GateState, ServiceTime};
use domain::person::Session;
use domain::record::{Record, RecordStatus};
use domain::result::{Coverage, ResultKind, ServiceResult};
use domain::rule::{Action, Flag, Hold, HoldKind, HoldScope, Match, MatchState, RestrictionKind};
use domain::run::{Attempt, Lease, Run, RunState, RunWhy};
use domain::subject::{Actor, ActorKind, Collection, Subject};
use domain::verdict::{Reason, VerdictKind};
use domain::*;

use crate::StoreError;
use crate::row::{Cell, Row, corrupt, json_cells, number_cells, row, word_cells};
use crate::table::{Index, Only, Table, Value};

number_cells!(
    Timestamp,
    ServiceTime,
    ReceiptKey,
    EventKey,
    ExpectationKey,
    RunKey,
    AttemptKey,
    ResultKey,
    ArtifactKey,
    SourceKey,
    ServiceKey,
    RuleKey,
    MatchKey,
    FlagKey,
    HoldKey,
    AccountKey,
    CollectionKey,
    SubjectKey,
    BatchKey,
    TagKey,
    RestrictionKey,
    ClearanceKey,
    QuarantineKey,
    AuditKey,
    CredentialKey,
    SessionKey,
);
word_cells!(
    VerdictKind,
    ExpectationState,
    Coverage,
    OnFailure,
    RunWhy,
    ResultKind,
    MatchState,
    HoldKind,
    HoldScope,
    RestrictionKind,
    ActorKind,
    GateState,
    RecordStatus,
    EntryKind,
    BatchState,
);
json_cells!(Action, Chosen, Rechecked, Vec<Reason>);

impl Cell for Provenance {
    fn to_value(&self) -> Value {
        Value::Text(match self {
            Provenance::Signed(source) => format!("signed:{}", source.0),
            Provenance::Account(account) => format!("account:{}", account.0),
            Provenance::External => "external".to_owned(),
            Provenance::Internal => "internal".to_owned(),
        })
    }
    fn from_value(value: Value) -> Result<Self, StoreError> {
        let text = String::from_value(value)?;
        let (word, number) = text.split_once(':').unwrap_or((&text, "0"));
        match (word, number.parse()) {
            ("signed", Ok(source)) => Ok(Provenance::Signed(SourceKey(source))),
            ("account", Ok(account)) => Ok(Provenance::Account(AccountKey(account))),
            ("external", _) => Ok(Provenance::External),
            ("internal", _) => Ok(Provenance::Internal),
            _ => Err(corrupt("a provenance", &Value::Text(text))),
        }
    }
}

/// When an account was last recognised. It is no part of the catalogue, which each change of makes everyone read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastLogin {
    /// The account.
    pub account: AccountKey,
    /// When, to the minute.
    pub at: Timestamp,
}

/// When a token or a key of an account was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialUse {
    /// The token or key.
    pub credential: CredentialKey,
    /// When, to the minute.
    pub at: Timestamp,
}

/// The newest step of time whose code an account has signed in with: neither it nor an older one is taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentCode {
    /// The account.
    pub account: AccountKey,
    /// The step.
    pub step: i64,
}

/// One entry of the catalogue, its content as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key, unique over all kinds.
    pub key: i64,
    /// What it is.
    pub kind: EntryKind,
    /// Its name.
    pub name: String,
    /// Its content.
    pub doc: String,
}

/// Defines a word enum of the store's own.
macro_rules! store_words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $value),+ }
        impl $name {
            /// The word that stands for this value everywhere.
            #[must_use]
            pub const fn word(self) -> &'static str { match self { $(Self::$value => $word),+ } }
            /// The value whose word this is.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> { match word { $($word => Some(Self::$value),)+ _ => None } }
        }
    };
}

store_words! {
    /// What an entry of the catalogue is.
    EntryKind {
        /// Who sends to us.
        Source = "source",
        /// Who we send to.
        Service = "service",
        /// When this is found, do that.
        Rule = "rule",
        /// A person or a machine.
        Account = "account",
        /// Whether verdicts wait for answers.
        Switch = "switch",
        /// What scanners are told about a type of event.
        EventType = "event_type",
        /// A value that workers are told.
        Variable = "variable",
    }
}

store_words! {
    /// Where a batch stands.
    BatchState {
        /// It goes on.
        Running = "running",
        /// A person stopped it; it can go on.
        Paused = "paused",
        /// A person ended it.
        Aborted = "aborted",
        /// It is done.
        Completed = "completed",
    }
}

/// One who stands behind a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorRow {
    /// Its key.
    pub key: i64,
    /// The subject.
    pub subject: SubjectKey,
    /// How it is named.
    pub kind: ActorKind,
    /// The name.
    pub value: String,
}

/// One upload of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its key.
    pub key: ArtifactKey,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size: i64,
    /// Its file name.
    pub name: String,
    /// Its content type.
    pub content_type: String,
    /// Who uploaded it.
    pub owner: Option<AccountKey>,
    /// When.
    pub at: Timestamp,
    /// Until when it is kept; put off while a call may fetch it.
    pub expires: Timestamp,
    /// When its bytes were let go.
    pub removed: Option<Timestamp>,
}

/// An artifact under a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its key.
    pub key: i64,
    /// The subject.
    pub subject: SubjectKey,
    /// `upload`, `source`, `media`.
    pub role: String,
    /// The artifact.
    pub artifact: ArtifactKey,
}

/// A label in one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its small number.
    pub key: TagKey,
    /// The collection.
    pub collection: CollectionKey,
    /// Its name, unique in the collection.
    pub name: String,
    /// The word of its colour.
    pub colour: String,
    /// What it is for.
    pub description: Option<String>,
}

/// A tag on a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagging {
    /// Its key.
    pub key: i64,
    /// The subject.
    pub subject: SubjectKey,
    /// The tag.
    pub tag: TagKey,
}

/// Refusal of an actor's later submissions or releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Its key.
    pub key: RestrictionKey,
    /// What is refused.
    pub kind: RestrictionKind,
    /// How the actor is named.
    pub actor_kind: ActorKind,
    /// The name.
    pub actor: String,
    /// The match that made it.
    pub cause: Option<MatchKey>,
    /// Why.
    pub text: String,
    /// Since when.
    pub at: Timestamp,
    /// When it was lifted.
    pub ended: Option<Timestamp>,
    /// Who lifted it and why, in words.
    pub ended_by: Option<String>,
}

/// Subjects that are to be judged again, step by step, since something outside them changed. It is gone when all were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    /// Its key: another one each time that it begins anew.
    pub key: i64,
    /// Which subjects.
    pub of: Rechecked,
    /// How far it has come: the rows that name the subjects are taken in falling order of their keys, the next one
    /// below this.
    pub below: i64,
}

/// Which subjects are judged again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rechecked {
    /// Those of a collection: a hold on it was made or has ended.
    Collection(CollectionKey),
    /// Those that an actor stands behind: a restriction was lifted.
    Actor(Actor),
}

/// A person has dealt with a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearance {
    /// Its key.
    pub key: ClearanceKey,
    /// The subject.
    pub subject: SubjectKey,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A long piece of work over many subjects: every chosen subject, every chosen service, each pair once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its key.
    pub key: BatchKey,
    /// Where it stands.
    pub state: BatchState,
    /// What it is, in words.
    pub text: String,
    /// Its subjects.
    pub chosen: Chosen,
    /// Whether its services were named. They are asked about every subject; others only about what they subscribed to.
    pub named: bool,
    /// How many subjects it has.
    pub total: i64,
    /// Since when.
    pub at: Timestamp,
}

/// The subjects of a batch.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// Those of a collection that were there when the batch began.
    Collection {
        /// The collection.
        collection: CollectionKey,
        /// Only of this kind.
        kind: Option<String>,
    },
    /// These, the highest key first.
    Listed(Vec<SubjectKey>),
}

/// A batch's share of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its key.
    pub key: i64,
    /// The batch.
    pub batch: BatchKey,
    /// The service.
    pub service: ServiceKey,
    /// How far it has come: the last subject that was taken; subjects are taken in falling order of their keys. Zero
    /// when all were.
    pub cursor: i64,
    /// How many runs were made.
    pub asked: i64,
    /// How many of them were answered.
    pub done: i64,
    /// How many of them ended without a usable answer.
    pub failed: i64,
    /// How many of them were no longer wanted.
    pub cancelled: i64,
    /// How many subjects there was nothing to ask about.
    pub skipped: i64,
}

impl Part {
    /// How many runs have not ended.
    #[must_use]
    pub const fn open(&self) -> i64 {
        self.asked - self.done - self.failed - self.cancelled
    }
}

/// One administrative change or decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Its key.
    pub key: AuditKey,
    /// When.
    pub at: Timestamp,
    /// Who, in words.
    pub who: String,
    /// What was done, in words.
    pub what: String,
    /// Its place: the first is 1.
    pub nth: i64,
    /// What chains it to the entry before, as [`crate::chain`] says.
    pub digest: [u8; 32],
}

/// What a group commit left the audit with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRoot {
    /// The place of the commit's last entry.
    pub nth: i64,
    /// That entry's digest.
    pub digest: [u8; 32],
}

/// A refused request that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Its key.
    pub key: QuarantineKey,
    /// When it arrived.
    pub at: Timestamp,
    /// The source it was sent to.
    pub source: Option<SourceKey>,
    /// The path it was sent to.
    pub path: String,
    /// The code of the reason.
    pub reason: String,
    /// The reason in words.
    pub text: String,
    /// Header names and values, credentials redacted, as JSON.
    pub headers: String,
    /// The whole head, credentials included, sealed.
    pub credential: Option<String>,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The body's length in bytes.
    pub body_bytes: i64,
    /// The body, up to a limit.
    pub body: Option<Bytes>,
}

impl Quarantine {
    /// What it takes of the room for refused requests, in bytes.
    #[must_use]
    pub fn size(&self) -> i64 {
        let texts = [&self.path, &self.reason, &self.text, &self.headers].map(String::len).iter().sum::<usize>();
        let sealed = self.credential.as_ref().map_or(0, String::len);
        let body = self.body.as_ref().map_or(0, Bytes::len);
        i64::try_from(texts + sealed + body).unwrap_or(i64::MAX)
    }
}

/// When one of a source's secrets last proved a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// Its key.
    pub key: i64,
    /// Whose secret.
    pub source: SourceKey,
    /// The secret's id.
    pub secret: String,
    /// When, give or take the time between two notes.
    pub at: Timestamp,
}

/// One of the store's own numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Which: a constant of [`meta`].
    pub key: i64,
    /// The number.
    pub value: i64,
}

/// Keys of [`Meta`].
pub mod meta {
    /// The catalogue's version.
    pub const CATALOGUE: i64 = 1;
    /// The node's epoch.
    pub const EPOCH: i64 = 2;
    /// The highest number given out that no expectation shows: a pushed result's, or a pruned expectation's.
    pub const EXPECTATION: i64 = 3;
    /// The salt of ids.
    pub const SALT: i64 = 4;
    /// How many refused requests are kept.
    pub const QUARANTINE: i64 = 5;
    /// The highest number of a tag that was given out.
    pub const TAG: i64 = 6;
    /// How many bytes the refused requests have that are kept.
    pub const QUARANTINE_BYTES: i64 = 7;
}

row!(Receipt, RECEIPT, "receipt", [key, source, at, scheme, secret, headers, digest, body_bytes, body]);
row!(
    Event,
    EVENT,
    "event",
    [key, receipt, kind, subject, artifact, provenance, hops, cause, delivery, at, data, snapshot]
);
row!(Collection, COLLECTION, "collection", [key, kind, name, attributes]);
row!(
    Subject,
    SUBJECT,
    "subject",
    [
        key,
        kind,
        collection,
        id,
        track,
        revision,
        verdict,
        reasons,
        attributes,
        protected,
        users,
        block_lifted,
        review_deadline,
        at
    ]
);
row!(ActorRow, ACTOR, "actor", [key, subject, kind, value]);
row!(Artifact, ARTIFACT, "artifact", [key, sha256, size, name, content_type, owner, at, expires, removed]);
row!(Listing, LISTING, "listing", [key, subject, role, artifact]);
row!(Tag, TAG, "tag", [key, collection, name, colour, description]);
row!(Tagging, TAGGING, "tagging", [key, subject, tag]);
row!(
    Expectation,
    EXPECTATION,
    "expectation",
    [
        key,
        event,
        service,
        subject,
        artifact,
        blocks,
        state,
        closed,
        coverage,
        result,
        bound,
        on_failure,
        deadline,
        next_check,
        redeliver_every,
        redeliver_left,
        deferred_until,
    ]
);
row!(Attempt, ATTEMPT, "attempt", [key, run, nth, started, connected, ended, status, answer, text, body]);
row!(
    ServiceResult,
    RESULT,
    "result",
    [key, number, expectation, run, service, account, subject, artifact, kind, late, coverage, text, at, raw]
);
row!(Record, RECORD, "record", [key, subject, source, body, status, can_process, message, started, run, updated]);
row!(
    Match,
    MATCH,
    "match",
    [key, result, rule, name, service, subject, artifact, action, severity, state, epoch, text, at]
);
row!(Flag, FLAG, "flag", [key, subject, cause, text, at, ended]);
row!(Hold, HOLD, "hold", [key, scope, of, track, kind, until, cause, rule, text, at, ended, ended_by]);
row!(Restriction, RESTRICTION, "restriction", [key, kind, actor_kind, actor, cause, text, at, ended, ended_by]);
row!(Recheck, RECHECK, "recheck", [key, of, below]);
row!(Clearance, CLEARANCE, "clearance", [key, subject, by, reason, at]);
row!(LastLogin, LAST_LOGIN, "last_login", [account, at]);
row!(CredentialUse, CREDENTIAL_USE, "credential_use", [credential, at]);
row!(SpentCode, SPENT_CODE, "spent_code", [account, step]);
row!(Session, SESSION, "session", [key, account, era, token, begun, seen, address, agent]);
row!(Batch, BATCH, "batch", [key, state, text, chosen, named, total, at]);
row!(Part, PART, "part", [key, batch, service, cursor, asked, done, failed, cancelled, skipped]);
row!(Audit, AUDIT, "audit", [key, at, who, what, nth, digest]);
row!(AuditRoot, AUDIT_ROOT, "audit_root", [nth, digest]);
row!(
    Quarantine,
    QUARANTINE,
    "quarantine",
    [key, at, source, path, reason, text, headers, credential, digest, body_bytes, body]
);
row!(SecretUse, SECRET_USE, "secret_use", [key, source, secret, at]);
row!(Gate, GATE, "gate", [service, state, since, stopped, by]);
row!(Entry, ENTRY, "entry", [key, kind, name, doc]);
row!(Meta, META, "meta", [key, value]);

/// The table `run`: the state's data spread over columns.
pub static RUN: Table = Table {
    name: "run",
    columns: &[
        "key",
        "expectation",
        "service",
        "state",
        "at",
        "node",
        "epoch",
        "nth",
        "attempt",
        "leases",
        "why",
        "batch",
    ],
};

impl Row for Run {
    fn table() -> &'static Table {
        &RUN
    }
    fn key(&self) -> i64 {
        self.key.0
    }
    fn values(&self) -> Vec<Value> {
        let (at, lease) = match &self.state {
            RunState::Due { at } | RunState::Deferred { until: at } => (Some(*at), None),
            RunState::Leased(lease) => (None, Some(*lease)),
            RunState::Answered | RunState::Exhausted | RunState::Cancelled => (None, None),
        };
        vec![
            self.key.to_value(),
            self.expectation.to_value(),
            self.service.to_value(),
            Value::Text(self.state.word().to_owned()),
            at.to_value(),
            lease.map(|lease| lease.node).to_value(),
            lease.map(|lease| lease.epoch).to_value(),
            lease.map(|lease| lease.nth).to_value(),
            self.attempt.to_value(),
            self.leases.to_value(),
            self.why.to_value(),
            self.batch.to_value(),
        ]
    }
    fn from_values(values: Vec<Value>) -> Result<Self, StoreError> {
        let [key, expectation, service, state, at, node, epoch, nth, attempt, leases, why, batch] =
            <[Value; 12]>::try_from(values).map_err(|_| corrupt("all columns of run", &Value::Null))?;
        let state = match String::from_value(state)?.as_str() {
            "due" => RunState::Due { at: Cell::from_value(at)? },
            "deferred" => RunState::Deferred { until: Cell::from_value(at)? },
            "leased" => RunState::Leased(Lease {
                node: Cell::from_value(node)?,
                epoch: Cell::from_value(epoch)?,
                nth: Cell::from_value(nth)?,
            }),
            "answered" => RunState::Answered,
            "exhausted" => RunState::Exhausted,
            "cancelled" => RunState::Cancelled,
            other => return Err(corrupt("a run's state", &Value::Text(other.to_owned()))),
        };
        Ok(Run {
            key: Cell::from_value(key)?,
            expectation: Cell::from_value(expectation)?,
            service: Cell::from_value(service)?,
            state,
            attempt: Cell::from_value(attempt)?,
            leases: Cell::from_value(leases)?,
            why: Cell::from_value(why)?,
            batch: Cell::from_value(batch)?,
        })
    }
}

/// Every table.
pub static TABLES: &[&Table] = &[
    &META,
    &ENTRY,
    &LAST_LOGIN,
    &CREDENTIAL_USE,
    &SPENT_CODE,
    &SESSION,
    &GATE,
    &RECEIPT,
    &EVENT,
    &COLLECTION,
    &SUBJECT,
    &ACTOR,
    &ARTIFACT,
    &LISTING,
    &TAG,
    &TAGGING,
    &EXPECTATION,
    &RUN,
    &ATTEMPT,
    &RESULT,
    &RECORD,
    &MATCH,
    &FLAG,
    &HOLD,
    &RESTRICTION,
    &RECHECK,
    &CLEARANCE,
    &BATCH,
    &PART,
    &AUDIT,
    &AUDIT_ROOT,
    &QUARANTINE,
    &SECRET_USE,
];

macro_rules! indexes {
    ($($(#[$doc:meta])* $name:ident on $table:ident $columns:tt $(only $only:expr)? $(, unique $unique:literal)?;)+) => {
        $(
            $(#[$doc])*
            pub static $name: Index = Index {
                name: stringify!($name),
                table: &$table,
                columns: &$columns,
                only: indexes!(@only $($only)?),
                unique: indexes!(@unique $($unique)?),
            };
        )+
        /// Every index.
        pub static INDEXES: &[&Index] = &[$(&$name),+];
    };
    (@only) => { Only::All };
    (@only $only:expr) => { $only };
    (@unique) => { false };
    (@unique $unique:literal) => { $unique };
}

indexes! {
    /// A session by the digest of its token.
    SESSION_TOKEN on SESSION ["token"], unique true;
    /// An account's sessions.
    SESSION_ACCOUNT on SESSION ["account"];
    /// A subject's history.
    EVENT_SUBJECT on EVENT ["subject"] only Only::Some("subject");
    /// A collection by its name.
    COLLECTION_NAME on COLLECTION ["kind", "name"], unique true;
    /// A subject by its name: the one hash-ordered index that a commit cannot avoid.
    SUBJECT_NAME on SUBJECT ["kind", "id", "collection"], unique true;
    /// A collection's subjects.
    SUBJECT_COLLECTION on SUBJECT ["collection"];
    /// The subjects that are held.
    SUBJECT_HELD on SUBJECT ["verdict"] only Only::Is("verdict", "held");
    /// The subjects that are blocked.
    SUBJECT_BLOCKED on SUBJECT ["verdict"] only Only::Is("verdict", "blocked");
    /// Who stands behind a subject.
    ACTOR_SUBJECT on ACTOR ["subject"];
    /// What an actor stands behind.
    ACTOR_NAME on ACTOR ["kind", "value"];
    /// A subject's artifacts.
    LISTING_SUBJECT on LISTING ["subject"];
    /// Who lists an artifact.
    LISTING_ARTIFACT on LISTING ["artifact"];
    /// The artifacts that are kept, by when they expire.
    ARTIFACT_EXPIRES on ARTIFACT ["expires"] only Only::Null("removed");
    /// The artifacts that a blob is kept for.
    ARTIFACT_BLOB on ARTIFACT ["sha256"] only Only::Null("removed");
    /// The receipts whose body is a blob.
    RECEIPT_BLOB on RECEIPT ["digest"] only Only::Null("body");
    /// A collection's tags, by name.
    TAG_NAME on TAG ["collection", "name"], unique true;
    /// A subject's tags.
    TAGGING_SUBJECT on TAGGING ["subject"];
    /// The subjects that have a tag.
    TAGGING_TAG on TAGGING ["tag"];
    /// What is owed about an event.
    EXPECTATION_EVENT on EXPECTATION ["event"];
    /// What is to be looked at next, in the service's time.
    EXPECTATION_CHECK on EXPECTATION ["service", "next_check"] only Only::Is("state", "open");
    /// What was never answered.
    EXPECTATION_MISSING on EXPECTATION ["state"] only Only::Is("state", "missing");
    /// What a verdict is made from.
    EXPECTATION_SUBJECT on EXPECTATION ["subject"] only Only::Some("subject");
    /// What the first subject that lists an artifact adopts.
    EXPECTATION_ARTIFACT on EXPECTATION ["artifact"] only Only::Some("artifact");
    /// The runs of an expectation.
    RUN_EXPECTATION on RUN ["expectation"];
    /// The due runs of one service, oldest first.
    RUN_DUE on RUN ["service", "at"] only Only::Is("state", "due");
    /// Leases of an epoch: as small as what is in flight.
    RUN_LEASED on RUN ["epoch"] only Only::Is("state", "leased");
    /// The runs whose service will call back.
    RUN_DEFERRED on RUN ["state"] only Only::Is("state", "deferred");
    /// The runs that were tried as often as the policy says.
    RUN_EXHAUSTED on RUN ["state"] only Only::Is("state", "exhausted");
    /// The runs that were no longer wanted.
    RUN_CANCELLED on RUN ["state"] only Only::Is("state", "cancelled");
    /// The runs of a batch.
    RUN_BATCH on RUN ["batch", "state"] only Only::Some("batch");
    /// The attempts of a run.
    ATTEMPT_RUN on ATTEMPT ["run"];
    /// What was said about a subject.
    RESULT_SUBJECT on RESULT ["subject"] only Only::Some("subject");
    /// What was said under an expectation.
    RESULT_EXPECTATION on RESULT ["expectation"];
    /// What was said about an artifact before a subject listed it.
    RESULT_ARTIFACT on RESULT ["artifact"] only Only::Some("artifact");
    /// A subject's records.
    RECORD_SUBJECT on RECORD ["subject", "source"], unique true;
    /// What rules found about a subject.
    MATCH_SUBJECT on MATCH ["subject"] only Only::Some("subject");
    /// What rules found in a result.
    MATCH_RESULT on MATCH ["result"];
    /// What the rules of a name found.
    MATCH_NAME on MATCH ["name"];
    /// Programs to run.
    MATCH_PLANNED on MATCH ["state"] only Only::Is("state", "planned");
    /// Programs that are running.
    MATCH_STARTED on MATCH ["state"] only Only::Is("state", "started");
    /// What was found about an artifact before a subject listed it.
    MATCH_ARTIFACT on MATCH ["artifact"] only Only::Some("artifact");
    /// A subject's open flags.
    FLAG_OPEN on FLAG ["subject"] only Only::Null("ended");
    /// The active holds on a subject or a collection.
    HOLD_ACTIVE on HOLD ["scope", "of"] only Only::Null("ended");
    /// The active holds by when they end.
    HOLD_UNTIL on HOLD ["scope", "until"] only Only::Null("ended");
    /// What is judged again, each once.
    RECHECK_OF on RECHECK ["of"], unique true;
    /// The restrictions of an actor that are in force.
    RESTRICTION_ACTOR on RESTRICTION ["actor_kind", "actor"] only Only::Null("ended");
    /// A subject's clearances.
    CLEARANCE_SUBJECT on CLEARANCE ["subject"];
    /// Refused requests, the oldest first.
    QUARANTINE_AT on QUARANTINE ["at"];
    /// When a source's secrets matched last.
    SECRET_USE_SOURCE on SECRET_USE ["source"];
    /// The batches that go on.
    BATCH_RUNNING on BATCH ["state"] only Only::Is("state", "running");
    /// A batch's parts.
    PART_BATCH on PART ["batch"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_names_columns_of_its_table() {
        for index in INDEXES {
            let only = match index.only {
                Only::All => None,
                Only::Is(column, _) | Only::Null(column) | Only::Some(column) => Some(column),
            };
            for column in index.columns.iter().copied().chain(only) {
                assert!(index.table.columns.contains(&column), "{}: {column}", index.name);
            }
        }
    }

    #[test]
    fn a_run_survives_the_round_trip_in_every_state() {
        let lease = Lease { node: 1, epoch: 2, nth: 3 };
        for state in [
            RunState::Due { at: Timestamp(5) },
            RunState::Leased(lease),
            RunState::Deferred { until: Timestamp(6) },
            RunState::Answered,
            RunState::Exhausted,
            RunState::Cancelled,
        ] {
            let run = Run {
                key: RunKey(1),
                expectation: ExpectationKey(2),
                service: ServiceKey(3),
                state,
                attempt: 4,
                leases: 3,
                why: RunWhy::First,
                batch: None,
            };
            assert_eq!(Run::from_values(run.values()).expect("a run"), run);
            assert_eq!(run.values().len(), RUN.columns.len());
        }
    }
}
