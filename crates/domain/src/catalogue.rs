//! Who takes part: sources, services, rules, accounts. Small, read by everything, kept whole in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event_type::{self, EventForm, EventType};
use crate::expectation::Redeliver;
use crate::person::SignIn;
use crate::profile::{PayloadForm, ProfileKind};
use crate::rule::Rule;
use crate::words::words;
use crate::{AccountKey, CredentialKey, EventTypeKey, ServiceKey, SourceKey, SwitchKey, Timestamp, VariableKey};

/// A secret as it is kept: sealed under the installation's key, useless without it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(..)")
    }
}

words! {
    /// Who may change an entry of the catalogue.
    Owner {
        /// The configuration file; it is read-only elsewhere.
        File = "file",
        /// The own API.
        Api = "api",
    }
}

words! {
    /// What a missing, late or unreadable answer means for the verdict.
    OnFailure {
        /// Held until a person looks.
        Hold = "hold",
        /// Blocked.
        Closed = "closed",
        /// Passed, and the verdict says `waived`.
        Open = "open",
    }
}

words! {
    /// What we sign with for a service of the `standard` profile (Standard Webhooks, "Signature scheme").
    SigningKind {
        /// HMAC-SHA256 under a key that the service has too.
        V1 = "v1",
        /// Ed25519: the service has only the public half.
        V1a = "v1a",
    }
}

words! {
    /// Which rules a source's requests are answered by.
    SourceMode {
        /// Today's provider definitions.
        Modern = "modern",
        /// Exactly the ASP.NET Core WebHooks behaviour.
        Aspnet = "aspnet",
    }
}

/// One of a source's secrets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SourceSecret {
    /// What names it where the secret itself must not be shown.
    pub id: String,
    /// The secret.
    pub sealed: Sealed,
    /// From when it counts; none: it always did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Until when it counts, this instant not included; none: it always will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

impl SourceSecret {
    /// Whether it counts at this instant.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|from| from <= now) && self.not_after.is_none_or(|until| now < until)
    }

    /// When that changes next.
    #[must_use]
    pub fn turns_at(&self, now: Timestamp) -> Option<Timestamp> {
        [self.not_before, self.not_after].into_iter().flatten().filter(|at| now < *at).min()
    }
}

/// Who sends to us.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Source {
    /// Its key.
    pub key: SourceKey,
    /// Its id in the URL, unique in the provider.
    pub name: String,
    /// The provider's name.
    pub provider: String,
    /// Which behaviour.
    pub mode: SourceMode,
    /// Its secrets; any may match.
    pub secrets: Vec<SourceSecret>,
    /// The provider's window, overridden, in seconds.
    pub window_s: Option<u64>,
    /// The URL as the sender knows it.
    pub public_url: Option<String>,
    /// Where the subject stands in the body, overridden.
    pub subject: Option<SubjectPaths>,
    /// What handshakes are held against.
    #[serde(default, skip_serializing_if = "Handshake::is_default")]
    pub handshake: Handshake,
    /// How many requests one address may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<SourceRate>,
    /// Whether only requests over https are taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_https: bool,
    /// Whether requests are taken.
    pub active: bool,
    /// Who may change it.
    pub owner: Owner,
}

/// How many requests one address may send to a source: so many at once, and as many again in each span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SourceRate {
    /// The requests.
    pub requests: u32,
    /// The span, in seconds.
    pub per_s: u64,
}

/// What a source's handshakes are held against. Nothing set, nothing that needs it is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Handshake {
    /// The token with which the sender asks to be let in.
    pub verify_token: Option<Sealed>,
    /// The origins that may send.
    pub allowed_origins: Vec<String>,
    /// How many requests a minute a sender may send, where it asks.
    pub allowed_rate: Option<u32>,
    /// Whether the first request may bring the secret.
    pub awaits_secret: bool,
}

impl Handshake {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Where an event's subject stands in its body.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectPaths {
    /// The subject's kind, a literal: `commit`.
    pub kind: String,
    /// The path of the collection: `repository.full_name`.
    pub collection: String,
    /// The path of the id: `after`.
    pub id: String,
}

/// What a service wants to hear.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Subscription {
    /// The type of event; `github.*` takes every type that begins with `github.`.
    pub event: String,
    /// Whether it is called for it.
    pub active: bool,
    /// Whether verdicts wait for it; none: what the profile says.
    pub blocks: Option<bool>,
    /// How long it has; none: [`crate::limits::DEADLINE`].
    pub deadline: Option<Duration>,
    /// Redeliveries until then; none: what the profile says.
    pub redeliver: Option<Redeliver>,
}

/// A header that a service is sent with every call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: Sealed,
}

/// Who we send to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Service {
    /// Its key.
    pub key: ServiceKey,
    /// Its small number, for protocols that show one.
    pub number: i64,
    /// Its name, unique also among deleted ones.
    pub name: String,
    /// Its wire dialect.
    pub profile: ProfileKind,
    /// The scanner profile's payload form.
    pub form: PayloadForm,
    /// Where events are posted.
    pub url: String,
    /// The profile's own key.
    pub secret: Option<Sealed>,
    /// Headers that it is sent with every call.
    pub headers: Vec<Header>,
    /// Of what kind the next signing secret is.
    pub signs: SigningKind,
    /// Our signing secrets for it: one, or two while a change is under way.
    pub signing: Vec<Sealed>,
    /// The token that it carries, where it runs only with a license. No secret: it is the same in every installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_token: Option<String>,
    /// Its account.
    pub account: Option<AccountKey>,
    /// What it wants to hear.
    pub subscriptions: Vec<Subscription>,
    /// What a missing answer means.
    pub on_failure: OnFailure,
    /// Whether an answer must state its coverage.
    pub require_coverage: bool,
    /// Calls under way at most.
    pub concurrency: u32,
    /// The time of one attempt.
    pub attempt: Duration,
    /// Networks that the address check lets through for it.
    pub allow_networks: Vec<String>,
    /// Whether it is called at all.
    pub active: bool,
    /// Whether it was deleted; its name stays taken.
    pub deleted: bool,
    /// Who may change it.
    pub owner: Owner,
}

/// A person or a machine that may call us.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// Its key.
    pub key: AccountKey,
    /// Its small number, for protocols that show one.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What it may do in a protocol of services, each by a name of its own.
    pub permissions: Vec<Permission>,
    /// Its bearer tokens, as hashes.
    pub credentials: Vec<Credential>,
    /// The keys with which it signs its own tokens in the scanner protocol, the newest last.
    pub jwt: Vec<JwtKey>,
    /// The keys with which it signs its requests in the worker protocol, the newest last.
    pub access: Vec<AccessKey>,
    /// What it may do in operations: with signed requests in the worker protocol, and as a member.
    pub operations: Operations,
    /// What it may do as a member of other collections: by their kind, then by their name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub collections: BTreeMap<String, BTreeMap<String, Access>>,
    /// How a person signs in with it.
    #[serde(default)]
    pub sign_in: SignIn,
    /// Whether it may do anything.
    pub active: bool,
}

impl Account {
    /// What it was granted in a collection.
    #[must_use]
    pub fn access_to(&self, place: Place<'_>) -> Option<Access> {
        match place.kind {
            OPERATION => self.operations.access_to(place.name),
            kind => self.collections.get(kind)?.get(place.name).copied(),
        }
    }
}

/// The kind of collection that operations are.
pub const OPERATION: &str = "operation";

/// A collection by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its name, unique in its kind.
    pub name: &'a str,
}

words! {
    /// What a protocol of services lets an account do (scanner-pipeline, section 11.4).
    Permission {
        /// Send later results of its own service.
        PatchResults = "Scanners:PatchResults",
        /// Send results on its own initiative.
        PushResults = "Scanners:PushResults",
        /// Fetch any version's file.
        FileDownload = "Addons:FileDownload",
        /// Fetch any version's source package.
        SourceDownload = "Sources:Download",
        /// Make operations, and write to those that it made (event-workers, section 10).
        CreateOperations = "Operations:Create",
    }
}

words! {
    /// What an account may do.
    Role {
        /// Everything.
        Administrator = "administrator",
        /// Submit subjects, events and artifacts, and read everything.
        Submitter = "submitter",
        /// See and change what belongs to the collections that it is a member of, as far as it was granted there.
        Member = "member",
        /// Read.
        Reader = "reader",
        /// Answer for its own service.
        Service = "service",
    }
}

/// One key of an account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Credential {
    /// Its key.
    pub key: CredentialKey,
    /// What it is for, in its owner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SHA-256 of the token, in hex; the token itself is not kept.
    pub token_sha256: String,
    /// Since when.
    pub at: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A key with which an account signs its own tokens.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct JwtKey {
    /// Its key.
    pub key: CredentialKey,
    /// Its name, which the tokens carry: `user:<account number>:<suffix>`.
    pub name: String,
    /// Its secret; empty once it was revoked.
    pub secret: Sealed,
    /// Since when.
    pub at: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A key with which an account signs its requests (event-workers, section 9).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AccessKey {
    /// Its key.
    pub key: CredentialKey,
    /// Its name, which the requests carry: `AS-` and 24 characters.
    pub name: String,
    /// Its secret in base64; empty once it was revoked.
    pub secret: Sealed,
    /// Since when.
    pub at: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
}

words! {
    /// What may be done in a collection; each includes the one before.
    Access {
        /// Read what belongs to it.
        Read = "read",
        /// Change that, and add to it.
        Write = "write",
        /// Say who its members are.
        Admin = "admin",
    }
}

/// What an account may do in operations.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Operations {
    /// In every operation, those included that are made later.
    pub all: Option<Access>,
    /// By slug.
    pub granted: BTreeMap<String, Access>,
}

impl Operations {
    /// Whether this may be done in the operation of this slug.
    #[must_use]
    pub fn allow(&self, slug: &str, access: Access) -> bool {
        self.access_to(slug) >= Some(access)
    }

    /// What was granted in the operation of this slug.
    #[must_use]
    pub fn access_to(&self, slug: &str) -> Option<Access> {
        self.all.max(self.granted.get(slug).copied())
    }
}

/// A value that workers are told with every event (event-workers, section 5).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Variable {
    /// Its key.
    pub key: VariableKey,
    /// The operation about whose evidence it is told; none: about every evidence.
    pub operation: Option<String>,
    /// What names it in its operation, or among those for all.
    pub slug: String,
    /// The name that workers see.
    pub name: String,
    /// Its value, which may be a secret; empty once it was removed.
    pub value: Sealed,
    /// Whether it was removed.
    pub removed: bool,
}

/// The emergency switch of one service, or of the whole gate: while it is off, verdicts do not wait for answers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Switch {
    /// Its key.
    pub key: SwitchKey,
    /// Whose answers are not waited for; none: nobody's.
    pub service: Option<ServiceKey>,
    /// Whether it is off: nothing is waited for.
    pub off: bool,
    /// Who turned it last.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Everyone who takes part, at one version.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Rises with every change; a command that was computed from another version is computed again.
    pub version: i64,
    /// Sources by key.
    pub sources: BTreeMap<SourceKey, Source>,
    /// Services by key, deleted ones included.
    pub services: BTreeMap<ServiceKey, Service>,
    /// Rules by key.
    pub rules: BTreeMap<crate::RuleKey, Rule>,
    /// Accounts by key.
    pub accounts: BTreeMap<AccountKey, Account>,
    /// What verdicts do not wait for at present, by key.
    pub switches: BTreeMap<SwitchKey, Switch>,
    /// Types of event that the configuration describes, by key.
    pub event_types: BTreeMap<EventTypeKey, EventType>,
    /// Variables by key, removed ones included.
    pub variables: BTreeMap<VariableKey, Variable>,
}

impl Catalogue {
    /// The active services that asked for this type of event, each with its subscription.
    pub fn subscribers<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Service, &'a Subscription)> {
        self.services.values().filter(|service| service.active && !service.deleted).filter_map(move |service| {
            let subscription = service.subscriptions.iter().find(|each| each.takes(kind))?;
            Some((service, subscription))
        })
    }

    /// The service of this name that was not deleted.
    #[must_use]
    pub fn service_named(&self, name: &str) -> Option<&Service> {
        self.services.values().find(|service| service.name == name && !service.deleted)
    }

    /// What scanners are told about a type of event, where it has a form of its own.
    #[must_use]
    pub fn event_form(&self, name: &str) -> Option<&EventForm> {
        let described = || self.event_types.values().find(|each| each.active && each.name == name);
        event_type::built_in(name).or_else(|| described().map(|each| &each.form))
    }

    /// Whether an event of this type freezes what is said of its subject, since somebody is told of it.
    #[must_use]
    pub fn freezes(&self, kind: &str) -> bool {
        kind == crate::event::EVIDENCE_CREATED || self.event_form(kind).is_some()
    }

    /// The account that signs with the key of this name, and the key; revoked keys are not found.
    #[must_use]
    pub fn jwt_key(&self, name: &str) -> Option<(&Account, &JwtKey)> {
        self.accounts.values().find_map(|account| {
            let key = account.jwt.iter().find(|key| !key.revoked && key.name == name)?;
            Some((account, key))
        })
    }

    /// The account that signs with the access key of this name, and the key; revoked keys are not found.
    #[must_use]
    pub fn access_key(&self, name: &str) -> Option<(&Account, &AccessKey)> {
        self.accounts.values().find_map(|account| {
            let key = account.access.iter().find(|key| !key.revoked && key.name == name)?;
            Some((account, key))
        })
    }

    /// The variables of an operation, or those for all.
    pub fn variables_of<'a>(&'a self, operation: Option<&'a str>) -> impl Iterator<Item = &'a Variable> {
        self.variables.values().filter(move |each| !each.removed && each.operation.as_deref() == operation)
    }

    /// The switch of a service, or of the whole gate, where it was ever turned.
    #[must_use]
    pub fn switch(&self, service: Option<ServiceKey>) -> Option<&Switch> {
        self.switches.values().find(|switch| switch.service == service)
    }

    /// Whether verdicts wait for the answers of a service at present.
    #[must_use]
    pub fn waits_for(&self, service: ServiceKey) -> bool {
        !self.switches.values().any(|switch| switch.off && switch.service.is_none_or(|of| of == service))
    }

    /// The source that a URL names; names compare without regard to case.
    #[must_use]
    pub fn source_at(&self, provider: &str, name: &str) -> Option<&Source> {
        self.sources
            .values()
            .find(|source| source.provider.eq_ignore_ascii_case(provider) && source.name.eq_ignore_ascii_case(name))
    }

    /// The rules in force for a name that a service reported: the service's own before those for any.
    pub fn rules_named<'a>(&'a self, service: Option<ServiceKey>, name: &'a str) -> impl Iterator<Item = &'a Rule> {
        self.rules
            .values()
            .filter(move |rule| rule.active && rule.name == name)
            .filter(move |rule| rule.service.is_none() || rule.service == service)
    }
}

impl Subscription {
    /// Whether it is in force for this type of event.
    #[must_use]
    pub fn takes(&self, kind: &str) -> bool {
        let fits = match self.event.strip_suffix('*') {
            Some(start) => kind.starts_with(start),
            None => self.event == kind,
        };
        self.active && fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_counts_from_one_instant_until_another() {
        let at = Timestamp::from_seconds;
        let (id, sealed) = ("new".to_owned(), Sealed(String::new()));
        let secret = SourceSecret { id, sealed, not_before: Some(at(10)), not_after: Some(at(20)) };
        let counts = [9, 10, 19, 20].map(|now| secret.is_in_force(at(now)));
        assert_eq!(counts, [false, true, true, false]);
        let turns = [9, 10, 19, 20].map(|now| secret.turns_at(at(now)));
        assert_eq!(turns, [Some(at(10)), Some(at(20)), Some(at(20)), None]);
        let always = SourceSecret { not_before: None, not_after: None, ..secret };
        assert!(always.is_in_force(at(0)) && always.turns_at(at(0)).is_none());
    }

    #[test]
    fn an_operation_is_open_to_who_was_granted_it_or_all_of_them() {
        let granted = [("red".to_owned(), Access::Write), ("blue".to_owned(), Access::Read)].into();
        let few = Operations { all: None, granted };
        assert!(few.allow("red", Access::Write) && few.allow("red", Access::Read) && few.allow("blue", Access::Read));
        assert!(!few.allow("blue", Access::Write) && !few.allow("green", Access::Read));

        let readers = Operations { all: Some(Access::Read), ..few };
        assert!(readers.allow("red", Access::Write) && readers.allow("green", Access::Read));
        assert!(!readers.allow("blue", Access::Write));
    }
}
