//! What a person configures of an endpoint, and what can be wrong with it.

use std::fmt;

use crate::provider::{Provider, Subject};
use crate::secret::SecretFault;

/// The most names in one path of a subject.
const PATH_NAMES_MAX: usize = 16;

/// What a person configures of an endpoint.
pub struct EndpointSettings {
    /// Who sends.
    pub provider: &'static Provider,
    /// The secrets, each with its id and the text that was configured. Any one may match.
    pub secrets: Vec<(String, String)>,
    /// How far a signed time may lie from our own, instead of the provider's own figure.
    pub window_s: Option<u64>,
    /// The address that senders know, for providers that sign it; the query that arrives is added if it has none.
    pub public_url: Option<String>,
    /// What handshakes are held against.
    pub handshake: HandshakeSettings,
    /// Where the subject stands, instead of the provider's own paths.
    pub subject: Option<SubjectPaths>,
}

impl fmt::Debug for EndpointSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret_ids: Vec<_> = self.secrets.iter().map(|(id, _)| id).collect();
        out.debug_struct("EndpointSettings")
            .field("provider", &self.provider.name)
            .field("secret_ids", &secret_ids)
            .field("window_s", &self.window_s)
            .field("public_url", &self.public_url)
            .field("handshake", &self.handshake)
            .field("subject", &self.subject)
            .finish()
    }
}

/// What a person configures for handshakes. Nothing set, nothing that needs it is answered.
#[derive(Clone, Default)]
pub struct HandshakeSettings {
    /// The token with which a sender asks to be let in.
    pub verify_token: Option<String>,
    /// The origins that may send.
    pub allowed_origins: Vec<String>,
    /// How many requests a minute a sender may send, where it asks.
    pub allowed_rate: Option<u32>,
    /// Whether the first request may bring the secret.
    pub awaited: bool,
}

impl fmt::Debug for HandshakeSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HandshakeSettings")
            .field("verify_token", &self.verify_token.as_ref().map(|_| ".."))
            .field("allowed_origins", &self.allowed_origins)
            .field("allowed_rate", &self.allowed_rate)
            .field("awaited", &self.awaited)
            .finish()
    }
}

/// Where an event's subject stands: paths into the JSON, each member's name after a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectPaths {
    /// The one event that has such a subject; every event if `None`.
    pub event: Option<String>,
    /// The kind of subject.
    pub kind: String,
    /// The path of the collection that it lives in.
    pub collection: String,
    /// The path of its id.
    pub id: String,
}

impl SubjectPaths {
    pub(super) fn applies_to(&self, event: Option<&str>) -> bool {
        self.event.is_none() || self.event.as_deref() == event
    }

    pub(super) fn checked(self) -> Result<Self, Misconfigured> {
        if self.kind.is_empty() {
            return Err(Misconfigured::SubjectKind);
        }
        for path in [&self.collection, &self.id] {
            let names = path.split('.').count();
            if path.split('.').any(str::is_empty) || names > PATH_NAMES_MAX {
                return Err(Misconfigured::SubjectPath { path: path.clone() });
            }
        }
        Ok(self)
    }
}

impl From<Subject> for SubjectPaths {
    fn from(subject: Subject) -> Self {
        Self {
            event: Some(subject.event.into()),
            kind: subject.kind.into(),
            collection: subject.collection.into(),
            id: subject.id.into(),
        }
    }
}

/// Why an endpoint cannot be made of its settings. Names the secret, and never shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misconfigured {
    /// There is no secret, so nothing could be believed.
    NoSecret {
        /// The provider's name.
        provider: &'static str,
    },
    /// One of the secrets is no key.
    Secret {
        /// The secret's id.
        id: String,
        /// What is wrong with it.
        fault: SecretFault,
    },
    /// A window for a provider that signs no time.
    NoTime {
        /// The provider's name.
        provider: &'static str,
    },
    /// A verifier for a sender that none can vouch for.
    NoVoucher {
        /// The provider's name.
        provider: &'static str,
    },
    /// A verifier knows the secret, and there is a secret beside it.
    SecretAndVoucher {
        /// The provider's name.
        provider: &'static str,
    },
    /// A subject without a kind.
    SubjectKind,
    /// A path that leads nowhere.
    SubjectPath {
        /// The path.
        path: String,
    },
}

impl fmt::Display for Misconfigured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misconfigured::NoSecret { provider } => {
                write!(out, "a source of the provider `{provider}` needs a secret, found none")
            }
            Misconfigured::Secret { id, fault } => write!(out, "the secret `{id}` {fault}"),
            Misconfigured::NoTime { provider } => {
                write!(out, "the provider `{provider}` signs no time, so a window cannot be set for it")
            }
            Misconfigured::NoVoucher { provider } => write!(
                out,
                "expected forgejo, gitea, github, gitlab-token or gogs beside a verifier, found `{provider}`"
            ),
            Misconfigured::SecretAndVoucher { provider } => {
                write!(out, "a source of `{provider}` has a verifier and secrets beside it: leave one of them out")
            }
            Misconfigured::SubjectKind => out.write_str("the subject's kind is empty"),
            Misconfigured::SubjectPath { path } => write!(
                out,
                "the subject's path `{path}` is not made of 1 to {PATH_NAMES_MAX} names with a full stop between"
            ),
        }
    }
}

impl std::error::Error for Misconfigured {}
