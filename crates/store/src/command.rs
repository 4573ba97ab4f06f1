//! Commands as data. One command is one atomic unit: it is carried out whole or changes nothing.

use std::sync::Arc;

use bytes::Bytes;
use domain::answer::Conclusion;
use domain::event::Provenance;
use domain::expectation::{Expectation, Planned};
use domain::gate::GateState;
use domain::judge::{Plan, SubjectState};
use domain::person::Session;
use domain::profile::Told;
use domain::record::RecordChange;
use domain::rule::Match;
use domain::run::{Lease, Run};
use domain::subject::{Actor, SubjectName};
use domain::verdict::{Verdict, VerdictKind};
use domain::*;

use crate::tables::{Artifact, BatchState, Chosen, Entry, LastLogin, Quarantine, SpentCode};

/// Everything that can be asked of a journal.
#[derive(Debug, Clone)]
pub enum Command {
    /// A believed request, or events of our own application, and all that they ask for.
    Record(Box<Record>),
    /// Due runs of a service, leased.
    Claim(Claim),
    /// The end of an attempt.
    Finish(Box<Finish>),
    /// A service sends its result later.
    CallBack(Box<CallBack>),
    /// A service speaks on its own initiative.
    Push(Box<Push>),
    /// A person decides.
    Decide(Box<Decide>),
    /// A worker's record is set.
    Upsert(Box<Upsert>),
    /// An expectation's next check is due.
    Check(Box<Check>),
    /// A hold's time has come.
    EndHold(Box<EndHold>),
    /// A person holds a collection.
    HoldCollection(HoldCollection),
    /// A person lifts a hold on a collection.
    LiftHold(LiftHold),
    /// A person lifts a restriction.
    LiftRestriction(LiftRestriction),
    /// Subjects are judged again, since something outside them changed.
    StepRecheck(Box<StepRecheck>),
    /// A subject is described, and lists artifacts.
    PutSubject(Box<PutSubject>),
    /// A collection is described.
    PutCollection(PutCollection),
    /// Parts of a subject's description change.
    Amend(Box<Amend>),
    /// A tag is made.
    MakeTag(MakeTag),
    /// An upload is noted.
    PutArtifact(Box<Artifact>),
    /// An upload's time has come.
    EndArtifact(EndArtifact),
    /// A run is asked for.
    Demand(Box<Demand>),
    /// A batch begins.
    StartBatch(StartBatch),
    /// A batch goes on, stops or ends.
    TurnBatch(TurnBatch),
    /// A batch's next runs.
    StepBatch(Box<StepBatch>),
    /// A program is about to start.
    PerformStart(MatchKey),
    /// A program that was interrupted may run again, since that does no harm.
    PerformAgain(MatchKey),
    /// A program has ended.
    PerformEnd(PerformEnd),
    /// A node has started: older leases are void.
    Start,
    /// A service's gate turns.
    Turn {
        /// Whose.
        service: ServiceKey,
        /// Only from one of these.
        from: Vec<GateState>,
        /// To this.
        to: GateState,
        /// Who asked for it, with its row in the audit; none: the service's own answers.
        asked: Option<Asked>,
        /// Now.
        now: Timestamp,
    },
    /// The catalogue changes.
    Change(Box<Change>),
    /// A refused request is kept.
    KeepRefused(Box<KeepRefused>),
    /// Refused requests are let go of whose time has come: a bounded number. Answers `Done`, or `Noted` if there is none.
    ForgetRefused {
        /// Those that came before this.
        before: Timestamp,
    },
    /// An account was recognised, by this token or key if it was by one.
    LoggedIn(LastLogin, Option<CredentialKey>),
    /// A person signs in. Sessions of theirs that no longer count are let go of, and what is too many. Answers `Moved`
    /// when the account was changed since it was read, so that the session would not count.
    BeginSession(Box<Session>),
    /// A session was used. Answers `NotFound` when it was ended meanwhile.
    SeeSession {
        /// Which.
        session: SessionKey,
        /// When.
        at: Timestamp,
    },
    /// Sessions of an account end.
    EndSessions(EndSessions),
    /// A code of an account's authenticator is used up. Answers `Moved` if it, or a later one, was before.
    SpendCode(SpentCode),
}

/// Which sessions of an account end.
#[derive(Debug, Clone)]
pub struct EndSessions {
    /// Whose.
    pub account: AccountKey,
    /// Which of them.
    pub which: Which,
    /// Who ends them.
    pub who: String,
    /// What is done, in words, for the audit.
    pub what: String,
    /// Now.
    pub now: Timestamp,
}

/// Which of an account's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(SessionKey),
    /// All but this one.
    Others(SessionKey),
}

macro_rules! into_command {
    ($($name:ident $(in $boxed:ident)?),+ $(,)?) => {$(
        impl From<$name> for Command {
            fn from(command: $name) -> Self { into_command!(@ $name command $($boxed)?) }
        }
    )+};
    (@ $name:ident $command:ident Box) => { Command::$name(Box::new($command)) };
    (@ $name:ident $command:ident) => { Command::$name($command) };
}
into_command!(
    Record in Box, Claim, Finish in Box, CallBack in Box, Push in Box, Decide in Box, Upsert in Box, Check in Box,
    EndHold in Box, HoldCollection, LiftHold, LiftRestriction, StepRecheck in Box, PutSubject in Box, PutCollection, Amend in Box, MakeTag,
    EndArtifact, Demand in Box, StartBatch, TurnBatch, StepBatch in Box, PerformEnd,
    Change in Box, KeepRefused in Box, EndSessions,
);

/// A change that somebody asked for, as the audit tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub who: String,
    /// What, in words.
    pub what: String,
}

/// What a journal answers. Which of them a command can have stands with the command.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It is done, and there is nothing to say.
    Done,
    /// Recorded: the receipt, if there was one, and the new events with their runs.
    Recorded(Recorded),
    /// A repeated delivery: the first receipt. Nothing was written.
    Repeat(Option<ReceiptKey>),
    /// The runs that were leased.
    Claimed(Vec<Claimed>),
    /// Its conclusion was written.
    Concluded(ResultKey),
    /// The attempt was noted; someone else's conclusion stands.
    Superseded,
    /// The run goes out again then.
    Again(Timestamp),
    /// The run waits for a call back, or no more attempts are made.
    Noted,
    /// The lease is no longer held; nothing was written.
    LostLease,
    /// The subject has changed since it was judged; nothing was written.
    Stale,
    /// The catalogue has changed since this was computed; nothing was written.
    Recompute,
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// Its protocol refuses another write; what came late may have been kept.
    AlreadyComplete,
    /// One of the rules was pushed before.
    AlreadyPushed,
    /// A pushed result's number.
    Pushed(i64),
    /// One of the actors may not submit.
    Restricted,
    /// Nothing is due.
    NotDue,
    /// A call is under way; the next check was moved.
    InFlight,
    /// A new run was made.
    Run(RunKey),
    /// The verdict after it.
    Verdict(VerdictKind),
    /// A tag, made.
    Tag(TagKey),
    /// A batch, begun.
    Batch(BatchKey),
    /// A hold, made.
    Held(HoldKey),
    /// The batch does not run, or another step came first.
    Moved,
    /// Someone else has it.
    Taken,
    /// The node's epoch after a start.
    Started {
        /// The new epoch.
        epoch: i64,
    },
    /// The catalogue's new version.
    Version(i64),
}

/// What was recorded.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The receipt.
    pub receipt: Option<ReceiptKey>,
    /// The new events.
    pub events: Vec<RecordedEvent>,
}

/// A recorded event.
#[derive(Debug, Clone)]
pub struct RecordedEvent {
    /// Its key.
    pub event: EventKey,
    /// What it is about.
    pub subject: Option<SubjectKey>,
    /// Its runs: the run, the service, and whether it is on its way.
    pub runs: Vec<(RunKey, ServiceKey, bool)>,
}

/// What a group of commands brought that others wait for.
#[derive(Debug, Clone)]
pub enum News {
    /// A run was leased for this node: send it.
    Leased(Box<Claimed>),
    /// A run of this service is due then.
    Due {
        /// The service.
        service: ServiceKey,
        /// When.
        at: Timestamp,
    },
    /// An expectation of this service is to be looked at then, in wall time.
    CheckAt(Timestamp),
    /// A hold ends then.
    HoldUntil(Timestamp),
    /// A program is to run.
    Perform,
    /// A batch has room for more runs, or began.
    Batch,
    /// Subjects are to be judged again.
    Recheck,
    /// A subject's verdict was computed again.
    Judged(SubjectKey),
    /// A service's gate turned.
    Turned {
        /// Whose.
        service: ServiceKey,
        /// To this.
        to: GateState,
    },
    /// The catalogue changed.
    Catalogue(i64),
}

/// A run that this node holds the lease of, with all that is needed to send it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The run.
    pub run: Run,
    /// The lease.
    pub lease: Lease,
    /// What it asks for.
    pub expectation: Expectation,
    /// The expectation's deadline in wall time.
    pub deadline: Timestamp,
    /// Whether it is a probe of a service that failed: should it fail again, the attempt does not count.
    pub probe: bool,
    /// What is told.
    pub told: Arc<Told>,
    /// The subject's state where it is known without reading: it was made in the same commit.
    pub state: Option<Arc<SubjectState>>,
}

/// A believed request or events of our own application.
///
/// Answers: `Recorded`, `Repeat`, `Recompute`, `Stale`.
#[derive(Debug, Clone)]
pub struct Record {
    /// The catalogue's version that the plans were computed from.
    pub catalogue: i64,
    /// The receipt, if it came in a request.
    pub receipt: Option<NewReceipt>,
    /// Its events.
    pub events: Vec<NewEvent>,
    /// How long its deliveries are remembered.
    pub remember_until: Timestamp,
    /// When it arrived.
    pub now: Timestamp,
}

/// A receipt before it has a key.
#[derive(Debug, Clone)]
pub struct NewReceipt {
    /// Who sent it.
    pub source: SourceKey,
    /// The scheme that proved it.
    pub scheme: String,
    /// The id of the secret that matched.
    pub secret: String,
    /// Header names and values, redacted, as JSON.
    pub headers: String,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The body.
    pub body: Bytes,
    /// Whether the body is kept as a blob; else it stands in the row.
    pub blob: bool,
    /// Whether it is written down that the secret matched.
    pub note_use: bool,
    /// The refused request that this is, where one is tried again: it leaves the quarantine in the same commit. If it
    /// is not there any more the answer is `NotFound`, and nothing is written.
    pub released: Option<Released>,
}

/// A refused request that is believed after all.
#[derive(Debug, Clone)]
pub struct Released {
    /// Its id, as people see it.
    pub id: String,
    /// Which.
    pub refused: QuarantineKey,
    /// Who had it tried again.
    pub who: String,
}

/// A refused request to keep. The oldest ones go until all bounds hold.
#[derive(Debug, Clone)]
pub struct KeepRefused {
    /// The request.
    pub refused: Quarantine,
    /// How many are kept.
    pub count_max: i64,
    /// How many bytes they have together.
    pub bytes_max: i64,
}

/// An event before it has a key.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its type.
    pub kind: String,
    /// What it is about.
    pub about: About,
    /// The upload it is about.
    pub artifact: Option<ArtifactKey>,
    /// How we know.
    pub provenance: Provenance,
    /// How many events of ours stand behind it.
    pub hops: u8,
    /// The event that caused it.
    pub cause: Option<EventKey>,
    /// The sender's own id of the delivery.
    pub delivery: Option<String>,
    /// What identifies the delivery, where its provider offers that.
    pub replay: Option<[u8; 16]>,
    /// Frozen data as JSON.
    pub data: Option<String>,
    /// Whether what the platform says of its subject and collection is frozen with it, since its type's form may show it.
    pub snapshot: bool,
    /// What it asks for.
    pub planned: Vec<Planned>,
}

/// What an event is about, and the fence of its judgement.
#[derive(Debug, Clone)]
pub enum About {
    /// Nothing that is judged.
    Nothing,
    /// A subject that is not known yet; `Stale` when it is.
    New {
        /// Its name.
        name: SubjectName,
        /// Its first verdict.
        verdict: Verdict,
        /// What is said of it, where it is described in the same commit.
        description: Option<Box<Description>>,
    },
    /// A known subject, at a revision.
    Known(Box<Judged>),
    /// A known subject that this event does not lead to a judgement of: it tells of its verdict, or another event of
    /// the same command carries the judgement of both.
    Told(SubjectKey),
}

/// What is said of a new subject.
#[derive(Debug, Clone)]
pub struct Description {
    /// As a JSON object.
    pub attributes: String,
    /// The artifacts that it lists, with their roles. They must be new: nothing that was said about them is adopted.
    pub artifacts: Vec<(ArtifactKey, String)>,
    /// Tags of its collection.
    pub tags: Vec<TagKey>,
}

/// A judgement and its fences.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The subject and the revision it was judged at; none: there was no subject.
    pub subject: Option<(SubjectKey, i64)>,
    /// The active holds on its collection that it was judged with.
    pub collection_holds: Vec<HoldKey>,
    /// The catalogue's version it was judged with.
    pub catalogue: i64,
    /// What is to be written.
    pub plan: Plan,
    /// The events that it causes: `subject.verdict`, `notify`.
    pub events: Vec<NewEvent>,
}

/// Due runs of a service. Answers: `Claimed`.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// The service.
    pub service: ServiceKey,
    /// At most so many.
    pub limit: usize,
    /// Whether only the gate `breaker` is passed: a probe.
    pub probe: bool,
    /// Only runs that are due by then: now, or later where a service has just come back.
    pub due_by: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// The end of an attempt. Answers: `Concluded`, `Superseded`, `Again`, `Noted`, `LostLease`, `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The run.
    pub run: RunKey,
    /// The lease, spent by this.
    pub lease: Lease,
    /// When the attempt began.
    pub started: Timestamp,
    /// When there was a connection, where it was answered; at once where one was kept open.
    pub connected: Option<Timestamp>,
    /// The status, where there was one.
    pub status: Option<u16>,
    /// The answer's word.
    pub answer: &'static str,
    /// The answer in words.
    pub text: Option<String>,
    /// The body.
    pub body: Bytes,
    /// What follows.
    pub step: Step,
    /// What the answer writes into the worker's record.
    pub record: Option<RecordChange>,
    /// Now.
    pub now: Timestamp,
}

/// What follows from an attempt.
#[derive(Debug, Clone)]
pub enum Step {
    /// A conclusion and its judgement.
    Conclude(Conclusion, Box<Judged>),
    /// The service calls back, until then.
    Defer {
        /// When the deferral ends.
        until: Timestamp,
    },
    /// It goes out again then.
    RetryAt(Timestamp),
    /// It was a probe and failed: it waits on, and the attempt does not count.
    ProbeFailed,
    /// No more attempts.
    GiveUp,
    /// It was not sent: the lease is handed back, and the attempt does not count.
    HandBack,
}

/// A result that a service sends later. Answers: `Concluded`, `Noted` (a deferral), `NotFound`, `AlreadyComplete`,
/// `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct CallBack {
    /// What it concludes.
    pub expectation: ExpectationKey,
    /// Whose it must be.
    pub service: ServiceKey,
    /// The exact bytes.
    pub raw: Bytes,
    /// What it says.
    pub said: Said,
    /// Now.
    pub now: Timestamp,
}

/// What a call back says.
#[derive(Debug, Clone)]
pub enum Said {
    /// A conclusion and its judgement: `late` when the expectation was seen to be over.
    Conclusion {
        /// The conclusion.
        conclusion: Conclusion,
        /// Its judgement.
        judged: Box<Judged>,
        /// Whether it was judged as late.
        late: bool,
    },
    /// A sign of life: it needs until then.
    Deferral {
        /// The new end, in wall time.
        until: Timestamp,
    },
}

/// A result on a service's own initiative. Answers: `Pushed`, `AlreadyPushed`, `NotFound`, `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct Push {
    /// The service.
    pub service: ServiceKey,
    /// The account that pushes.
    pub account: Option<AccountKey>,
    /// The exact bytes.
    pub raw: Bytes,
    /// Its judgement, with the subject.
    pub judged: Judged,
    /// Now.
    pub now: Timestamp,
}

/// A person decides. Answers: `Verdict`, `NotFound`, `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct Decide {
    /// What.
    pub what: Decision,
    /// Who, in words.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The judgement.
    pub judged: Judged,
    /// Now.
    pub now: Timestamp,
}

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A hold is lifted.
    Release(HoldKey),
    /// The subject has been dealt with.
    Clear(SubjectKey),
    /// Nothing but the judgement: something outside the subject changed.
    Recheck,
}

/// A worker's record is set. Answers: `Done`, `NotFound`, `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct Upsert {
    /// The subject.
    pub subject: SubjectKey,
    /// The source name.
    pub source: String,
    /// The new content; an absent body keeps nothing.
    pub change: RecordChange,
    /// Where the caller is the service's own account and the status is final: the call back that it is.
    pub call_back: Option<Box<CallBack>>,
    /// Now.
    pub now: Timestamp,
}

/// An expectation's next check. Answers: `Run`, `InFlight`, `Concluded`, `NotDue`, `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct Check {
    /// The expectation.
    pub expectation: ExpectationKey,
    /// The judgement that nothing came; needed when the deadline has passed.
    pub missing: Option<Box<Judged>>,
    /// Now.
    pub now: Timestamp,
}

/// A hold's time has come. Answers: `Verdict`, `Done`, `NotDue`, `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct EndHold {
    /// The hold.
    pub hold: HoldKey,
    /// The judgement of its subject; none for a hold on a collection.
    pub judged: Option<Judged>,
    /// Now.
    pub now: Timestamp,
}

/// A person holds a collection. Answers: `Held`, `NotFound`.
#[derive(Debug, Clone)]
pub struct HoldCollection {
    /// The collection.
    pub collection: CollectionKey,
    /// The one track of it that is held; none: every track.
    pub track: Option<String>,
    /// When the hold ends by itself; [`Timestamp::NEVER`]: only someone ends it.
    pub until: Timestamp,
    /// Who, in words.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Now.
    pub now: Timestamp,
}

/// A person lifts a hold on a collection. Answers: `Done`, `NotFound`.
#[derive(Debug, Clone)]
pub struct LiftHold {
    /// The hold.
    pub hold: HoldKey,
    /// Who, in words.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Now.
    pub now: Timestamp,
}

/// A person lifts a restriction. Answers: `Done`, `NotFound`.
#[derive(Debug, Clone)]
pub struct LiftRestriction {
    /// The restriction.
    pub restriction: RestrictionKey,
    /// Who, in words.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Now.
    pub now: Timestamp,
}

/// The next subjects that something outside them makes another verdict for. Answers: `Done`, `Moved`, `Stale`,
/// `Recompute`.
#[derive(Debug, Clone)]
pub struct StepRecheck {
    /// The recheck.
    pub recheck: i64,
    /// Where it must stand.
    pub below: i64,
    /// Where it stands afterwards; zero when all subjects were taken.
    pub next: i64,
    /// The judgements, at most [`limits::RECHECK_STEP`].
    pub judged: Vec<Judged>,
    /// Now.
    pub now: Timestamp,
}

/// A subject is described. Answers: `Verdict`, `Restricted`, `Stale`, `Recompute`.
#[derive(Debug, Clone)]
pub struct PutSubject {
    /// Its name.
    pub name: SubjectName,
    /// What the platform says of it, as a JSON object.
    pub attributes: String,
    /// Whether rules may never take it down on their own.
    pub protected: bool,
    /// How many use it, where that is known.
    pub users: Option<i64>,
    /// The track on which it is to be released; none: as before.
    pub track: Option<String>,
    /// By when a person is to have looked at it; none: as before.
    pub review_deadline: Option<Timestamp>,
    /// Who stands behind it.
    pub actors: Vec<Actor>,
    /// Whether one of them may not have releases; `Stale` when that has changed.
    pub restricted: bool,
    /// The artifacts that it lists now, with their roles.
    pub artifacts: Vec<(ArtifactKey, String)>,
    /// What is owed and was found about those artifacts and belongs to no subject yet; `Stale` when that has changed.
    pub orphans: (Vec<Expectation>, Vec<Match>),
    /// The judgement, where the subject is known or adopts something.
    pub judged: Option<Judged>,
    /// Now.
    pub now: Timestamp,
}

/// Parts of a subject's description change; nothing of it is judged. Answers: `Done`, `NotFound`.
#[derive(Debug, Clone)]
pub struct Amend {
    /// The subject.
    pub subject: SubjectKey,
    /// Attributes that are set; those that are not named stay.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// The artifact that takes the place of all others in its role. It must be new. One that nothing lists any more
    /// expires now.
    pub artifact: Option<(ArtifactKey, String)>,
    /// Tags that it has from now on.
    pub tags_added: Vec<TagKey>,
    /// Tags that it has no more.
    pub tags_removed: Vec<TagKey>,
    /// Now.
    pub now: Timestamp,
}

/// A tag is made. Answers: `Tag`; `Taken` where its collection has one of this name.
#[derive(Debug, Clone)]
pub struct MakeTag {
    /// The collection.
    pub collection: CollectionKey,
    /// Its name.
    pub name: String,
    /// The word of its colour.
    pub colour: String,
    /// What it is for.
    pub description: Option<String>,
}

/// A collection is described. Answers: `Done`; `Taken` where it must be new and is not.
#[derive(Debug, Clone)]
pub struct PutCollection {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What the platform says of it, as a JSON object.
    pub attributes: String,
    /// Whether it must be new.
    pub new: bool,
    /// Now.
    pub now: Timestamp,
}

/// An artifact's time has come. Answers: `Done`, `NotDue`.
#[derive(Debug, Clone, Copy)]
pub struct EndArtifact {
    /// The artifact.
    pub artifact: ArtifactKey,
    /// Its new end, where a call may still fetch it; none: its bytes are not kept for it any more.
    pub keep_until: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// A run is asked for. Answers: `Run`, `NotFound`, `Recompute`.
#[derive(Debug, Clone)]
pub struct Demand {
    /// About which event.
    pub event: EventKey,
    /// What is asked for where nothing is owed yet; it never blocks.
    pub planned: Planned,
    /// The batch it belongs to.
    pub batch: Option<BatchKey>,
    /// Now.
    pub now: Timestamp,
}

/// A batch begins. Answers: `Batch`.
#[derive(Debug, Clone)]
pub struct StartBatch {
    /// The services that are asked.
    pub services: Vec<ServiceKey>,
    /// Whether they were named.
    pub named: bool,
    /// The subjects.
    pub chosen: Chosen,
    /// How many subjects there are.
    pub total: i64,
    /// Their keys are below this.
    pub below: i64,
    /// What it is, in words.
    pub text: String,
    /// Who began it, in words.
    pub who: String,
    /// Now.
    pub now: Timestamp,
}

/// A batch goes on, stops or ends: then its runs that are due are cancelled. Answers: `Done`, `Moved`, `NotFound`.
#[derive(Debug, Clone)]
pub struct TurnBatch {
    /// Which.
    pub batch: BatchKey,
    /// Its new state.
    pub to: BatchState,
    /// Who turned it, in words.
    pub who: String,
    /// Now.
    pub now: Timestamp,
}

/// A batch's next runs for one service. Answers: `Done`, `Moved`.
#[derive(Debug, Clone)]
pub struct StepBatch {
    /// The batch.
    pub batch: BatchKey,
    /// The service.
    pub service: ServiceKey,
    /// Where the part must stand.
    pub cursor: i64,
    /// Where it stands afterwards; zero when all subjects were taken.
    pub next: i64,
    /// The runs, at most [`limits::BATCH_STEP`].
    pub demands: Vec<Demand>,
    /// How many subjects were passed over.
    pub skipped: i64,
    /// Now.
    pub now: Timestamp,
}

/// A program has ended. Answers: `Done`, `Taken`.
#[derive(Debug, Clone)]
pub struct PerformEnd {
    /// The match.
    pub of: MatchKey,
    /// Whether it succeeded.
    pub ok: bool,
    /// What came of it.
    pub text: String,
}

/// The catalogue changes. Answers: `Version`, `Recompute`.
#[derive(Debug, Clone)]
pub struct Change {
    /// The version it was computed from.
    pub catalogue: i64,
    /// Entries that are added or replaced.
    pub entries: Vec<Entry>,
    /// Who changed it, in words.
    pub who: String,
    /// What was changed, in words.
    pub what: String,
    /// Now.
    pub now: Timestamp,
}
