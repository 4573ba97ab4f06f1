//! What is judged, and where it lives.

use crate::verdict::{Reason, VerdictKind};
use crate::words::words;
use crate::{CollectionKey, SubjectKey, Timestamp};

/// What names a subject outside: its kind, its collection and its id.
///
/// A version's and an evidence's id is unique in its kind; any other kind's only within its collection, since the same
/// commit lives in a fork too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct SubjectName {
    /// `version`, `evidence`, `commit`, or a word of the platform's own.
    pub kind: String,
    /// `85`, `owner/repository`, `test-op`.
    pub collection: String,
    /// `42`, `3f8b2c1e…`.
    #[serde(rename = "subject")]
    pub id: String,
}

impl SubjectName {
    /// Whether the id alone is unique in the kind.
    #[must_use]
    pub fn unique_in_kind(kind: &str) -> bool {
        matches!(kind, "version" | "evidence")
    }
}

/// What subjects live in: an add-on, an operation, a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its key.
    pub key: CollectionKey,
    /// `addon`, `operation`, `repository`.
    pub kind: String,
    /// Its name, unique in the kind.
    pub name: String,
    /// What the platform says of it, as a JSON object.
    pub attributes: String,
}

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its key.
    pub key: SubjectKey,
    /// Its kind.
    pub kind: String,
    /// Where it lives.
    pub collection: CollectionKey,
    /// Its id in the collection.
    pub id: String,
    /// The track on which it is to be released, `listed`; none: the platform has said none.
    pub track: Option<String>,
    /// Rises with every change that a judgement could see; a judgement made at another revision is stale.
    pub revision: i64,
    /// The present verdict.
    pub verdict: VerdictKind,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What the platform says of it, as a JSON object.
    pub attributes: String,
    /// Whether the platform's rules may never take it down on their own (a protected subject).
    pub protected: bool,
    /// How many use what it belongs to, where the platform says so: whom a wrong block would hit.
    pub users: Option<i64>,
    /// Whether a person once lifted a block on it: rules hold it from then on, and block it no more.
    pub block_lifted: bool,
    /// By when a person is to have looked at it, where somebody is to.
    pub review_deadline: Option<Timestamp>,
    /// When it was first heard of.
    pub at: Timestamp,
}

words! {
    /// How an actor is named.
    ActorKind {
        /// An account of the platform.
        User = "user",
        /// An e-mail address.
        Email = "email",
        /// A network in CIDR form.
        Network = "network",
    }
}

/// Someone who stands behind a subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Actor {
    /// How it is named.
    pub kind: ActorKind,
    /// The name.
    pub value: String,
}
