//! Rules: when this is found, do that.

use std::time::Duration;

use crate::catalogue::Owner;
use crate::subject::Subject;
use crate::words::words;
use crate::{MatchKey, ResultKey, RuleKey, ServiceKey, SubjectKey, Timestamp};

words! {
    /// When a matched rule acts.
    When {
        /// With the result that matched it.
        Result = "result",
        /// When the last blocking answer is there.
        Gate = "gate",
    }
}

words! {
    /// Which of an actor's later acts are refused.
    RestrictionKind {
        /// New submissions.
        Submission = "submission",
        /// Releases of later submissions.
        Approval = "approval",
    }
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing; the match is recorded.
    None,
    /// Ask a person to look.
    Flag,
    /// Ask a person to look, and stop the release until a time, by which the review is then due, or until a person
    /// lifts it.
    Hold(HoldFor),
    /// Lift the holds that rules made on this subject.
    Release,
    /// Hold for ever and refuse the actors' later submissions or releases.
    Restrict(RestrictionKind),
    /// Refuse the release for good, and the actors' later releases; where the subject is guarded against that
    /// ([`Rule::users_max`]), flag it and hold it for ever.
    Block,
    /// Tell whoever listens to `notify`.
    Notify,
    /// Run a program that the configuration file declares under this name.
    Exec(String),
}

/// How long a hold lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldFor {
    /// Until this much time has passed.
    Span(Duration),
    /// Until a person or a rule lifts it.
    Ever,
}

impl serde::Serialize for HoldFor {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            HoldFor::Span(span) => out.serialize_str(&crate::time::show_span(*span)),
            HoldFor::Ever => out.serialize_str("forever"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for HoldFor {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "forever" {
            return Ok(HoldFor::Ever);
        }
        crate::time::parse_span(&text)
            .map(HoldFor::Span)
            .map_err(|why| serde::de::Error::custom(format!("{why}, or \"forever\"")))
    }
}

impl HoldFor {
    /// When a hold that begins now ends; [`Timestamp::NEVER`] when only someone can end it.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Timestamp {
        match self {
            HoldFor::Span(span) => now.after(span),
            HoldFor::Ever => Timestamp::NEVER,
        }
    }
}

impl Action {
    /// How severe it is among others: the scanner protocol's numbers (scanner-pipeline, section 12.3), and places
    /// between them for what that protocol does not know.
    #[must_use]
    pub const fn severity(&self) -> u16 {
        match self {
            Action::None => 1,
            Action::Release => 5,
            Action::Notify => 10,
            Action::Exec(_) => 15,
            Action::Flag => 20,
            Action::Hold(HoldFor::Span(_)) => 100,
            Action::Hold(HoldFor::Ever) => 200,
            Action::Restrict(RestrictionKind::Submission) => 300,
            Action::Restrict(RestrictionKind::Approval) => 400,
            Action::Block => 500,
        }
    }

    /// Whether a person's clearance sets it aside: what asks for a person does, what protects others does not.
    #[must_use]
    pub const fn yields_to_clearance(&self) -> bool {
        matches!(self, Action::Flag | Action::Hold(_) | Action::Restrict(_))
    }

    /// Whether it needs a subject to act on.
    #[must_use]
    pub const fn needs_subject(&self) -> bool {
        matches!(self, Action::Flag | Action::Hold(_) | Action::Release | Action::Restrict(_) | Action::Block)
    }

    /// The word for it, `hold`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Action::None => "none",
            Action::Flag => "flag",
            Action::Hold(_) => "hold",
            Action::Release => "release",
            Action::Restrict(_) => "restrict",
            Action::Block => "block",
            Action::Notify => "notify",
            Action::Exec(_) => "exec",
        }
    }
}

/// When a service reports this name, do that.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rule {
    /// Its key.
    pub key: RuleKey,
    /// The exact name that the service reports.
    pub name: String,
    /// The one service whose reports count; none: any.
    pub service: Option<ServiceKey>,
    /// When it acts; none: what the reporting service's profile says.
    pub when: Option<When>,
    /// Its place among others; none: its action's.
    pub severity: Option<u16>,
    /// What it does.
    pub action: Action,
    /// Whether it is in force.
    pub active: bool,
    /// Whether it only records what it would have done.
    pub shadow: bool,
    /// Whether it leaves protected subjects alone.
    pub spare_protected: bool,
    /// It blocks only what at most so many use, and holds anything else; none: whatever its use.
    pub users_max: Option<i64>,
    /// What its holds are on: the subject, or everything in the subject's collection.
    pub scope: HoldScope,
    /// The one track of the collection that its holds are on; none: every track.
    pub track: Option<String>,
    /// Who may change it.
    pub owner: Owner,
}

impl Rule {
    /// Its place among others.
    #[must_use]
    pub fn severity(&self) -> u16 {
        self.severity.unwrap_or_else(|| self.action.severity())
    }
}

words! {
    /// Where a match's action stands.
    MatchState {
        /// It waits for the last blocking answer, or for the subject that will list its artifact.
        Waiting = "waiting",
        /// It took effect in the commit that recorded it.
        Done = "done",
        /// A program is to run.
        Planned = "planned",
        /// The program is running.
        Started = "started",
        /// The program was interrupted; whether it took effect is not known.
        Unknown = "unknown",
        /// The program ran and failed.
        Failed = "failed",
        /// A more severe action took its place.
        Superseded = "superseded",
        /// A person had dealt with the subject before.
        Cleared = "cleared",
        /// The rule is on trial.
        Shadow = "shadow",
        /// There was nothing to act on.
        None = "none",
    }
}

/// What a rule found, with the state of its action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its key.
    pub key: MatchKey,
    /// The result that named the rule.
    pub result: ResultKey,
    /// The rule.
    pub rule: RuleKey,
    /// The rule's name at that time.
    pub name: String,
    /// The service that reported it.
    pub service: Option<ServiceKey>,
    /// What it is about.
    pub subject: Option<SubjectKey>,
    /// The upload it is about.
    pub artifact: Option<crate::ArtifactKey>,
    /// The rule's action at that time.
    pub action: Action,
    /// The rule's place among others at that time.
    pub severity: u16,
    /// Where the action stands.
    pub state: MatchState,
    /// The node's epoch in which a program was started.
    pub epoch: Option<i64>,
    /// What came of it, in words.
    pub text: Option<String>,
    /// When it was found.
    pub at: Timestamp,
}

/// A request that a person look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its key.
    pub key: crate::FlagKey,
    /// The subject.
    pub subject: SubjectKey,
    /// The match that made it.
    pub cause: Option<MatchKey>,
    /// Why, in words.
    pub text: String,
    /// Since when.
    pub at: Timestamp,
    /// When it was closed.
    pub ended: Option<Timestamp>,
}

words! {
    /// What an active hold does to the verdict.
    HoldKind {
        /// `held`.
        Hold = "hold",
        /// `blocked`.
        Block = "block",
    }
}

words! {
    /// What a hold is on.
    HoldScope {
        /// One subject.
        Subject = "subject",
        /// Every subject of a collection.
        Collection = "collection",
    }
}

/// What stops a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its key.
    pub key: crate::HoldKey,
    /// What kind of thing it is on.
    pub scope: HoldScope,
    /// The key of what it is on.
    pub of: i64,
    /// The one track of the collection that it is on; none: every track.
    pub track: Option<String>,
    /// Whether it holds or blocks.
    pub kind: HoldKind,
    /// When it ends by itself; [`Timestamp::NEVER`]: only someone ends it.
    pub until: Timestamp,
    /// The match that made it.
    pub cause: Option<MatchKey>,
    /// The rule that made it.
    pub rule: Option<RuleKey>,
    /// Why, in words.
    pub text: String,
    /// Since when.
    pub at: Timestamp,
    /// When it was ended.
    pub ended: Option<Timestamp>,
    /// Who or what ended it, in words.
    pub ended_by: Option<String>,
}

impl Hold {
    /// Whether it stops this subject, which it or its collection's key says: a hold on one track leaves the others
    /// alone, those without a track included.
    #[must_use]
    pub fn stops(&self, subject: &Subject) -> bool {
        match self.scope {
            HoldScope::Subject => self.of == subject.key.0,
            HoldScope::Collection => {
                self.of == subject.collection.0 && (self.track.is_none() || self.track == subject.track)
            }
        }
    }
}
