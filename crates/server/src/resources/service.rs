//! Services: who we send to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use domain::catalogue::{Header, OnFailure, Owner, Sealed, Service, SigningKind, Subscription};
use domain::event::EVIDENCE_CREATED;
use domain::expectation::Redeliver;
use domain::licensing::TOKEN_BYTES_MAX;
use domain::profile::{PayloadForm, ProfileKind};
use domain::{Random, ServiceKey, limits};
use egress::{AllowedNetwork, Policy};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, de};
use store::seal::SealKey;
use zeroize::Zeroizing;

use super::check_name;
use super::source::yes;
use super::worker::{WorkerConfig, check_headers};
use crate::problem::Problem;
use store::seal::of;

/// A service as people write it. Without `Debug`: it holds a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// Its wire dialect.
    #[serde(default = "standard")]
    pub profile: ProfileKind,
    /// The scanner profile's payload form.
    #[serde(default = "basic")]
    pub payload: PayloadForm,
    /// Where events are posted.
    #[serde(default)]
    pub url: String,
    /// A worker's headers, sent with every message. They may be secrets: none is shown again.
    #[serde(default, skip_serializing)]
    pub headers: BTreeMap<String, String>,
    /// A worker's own configuration, which holds both; with it the profile need not be named.
    #[serde(default, skip_serializing)]
    pub config: Option<WorkerConfig>,
    /// The profile's own key; a scanner needs one.
    #[serde(default, skip_serializing)]
    pub secret: Option<String>,
    /// The token that it carries, where it runs only with a license.
    #[serde(default, skip_serializing)]
    pub plugin_token: Option<String>,
    /// What we sign with, in the `standard` profile.
    #[serde(default = "v1")]
    pub signing: SigningKind,
    /// What it wants to hear.
    #[serde(default)]
    pub events: Vec<EventSpec>,
    /// What a missing answer means.
    #[serde(default = "hold")]
    pub on_failure: OnFailure,
    /// Whether an answer must state its coverage.
    #[serde(default)]
    pub require_coverage: bool,
    /// Calls under way at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// The time of one attempt: `"60s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Networks that the address check lets through for it.
    #[serde(default)]
    pub allow_networks: Vec<String>,
    /// Whether it is called at all.
    #[serde(default = "yes")]
    pub active: bool,
}

/// One subscription as people write it: the event's type alone, or a table with figures of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventSpec {
    /// The event's type.
    pub r#type: String,
    /// Whether it is in force.
    pub active: bool,
    /// Whether verdicts wait for the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<bool>,
    /// How long the service has.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show_span")]
    pub deadline: Option<Duration>,
    /// Redeliveries until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redeliver: Option<Redeliver>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventTable {
    r#type: String,
    #[serde(default = "yes")]
    active: bool,
    blocks: Option<bool>,
    deadline: Option<String>,
    redeliver: Option<Redeliver>,
}

impl EventSpec {
    /// A subscription without figures of its own.
    fn plain(kind: &str) -> Self {
        Self { r#type: kind.to_owned(), active: true, blocks: None, deadline: None, redeliver: None }
    }
}

impl<'de> Deserialize<'de> for EventSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> de::Visitor<'de> for TextOrTable {
            type Value = EventSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an event's type, or a table with the member type")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<EventSpec, E> {
                Ok(EventSpec::plain(text))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<EventSpec, A::Error> {
                let table = EventTable::deserialize(MapAccessDeserializer::new(map))?;
                let deadline = table.deadline.as_deref().map(domain::time::parse_span).transpose();
                let EventTable { r#type, active, blocks, redeliver, .. } = table;
                Ok(EventSpec { r#type, active, blocks, deadline: deadline.map_err(de::Error::custom)?, redeliver })
            }
        }
        from.deserialize_any(TextOrTable)
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over as it stands")]
fn show_span<S: serde::Serializer>(span: &Option<Duration>, out: S) -> Result<S::Ok, S::Error> {
    span.map(domain::time::show_span).serialize(out)
}

const fn standard() -> ProfileKind {
    ProfileKind::Standard
}

const fn basic() -> PayloadForm {
    PayloadForm::Basic
}

const fn v1() -> SigningKind {
    SigningKind::V1
}

const fn hold() -> OnFailure {
    OnFailure::Hold
}

/// A service that was just made, with the signing key that is shown this once. Without `Debug`.
pub struct NewService {
    /// The service.
    pub service: Service,
    /// What its people need to check our signatures.
    pub signing: ShownKey,
}

/// What a service's people need to check our signatures. Without `Debug`.
pub enum ShownKey {
    /// The key itself, `whsec_...`; shown once.
    Secret(String),
    /// The public half, `whpk_...`; anybody may know it.
    Public(String),
}

impl ShownKey {
    /// Its member in an answer, and its text.
    #[must_use]
    pub fn member(self) -> (&'static str, String) {
        match self {
            Self::Secret(text) => ("signing_secret", text),
            Self::Public(text) => ("public_key", text),
        }
    }
}

/// Makes a service, its secrets sealed, with a signing secret of its own.
///
/// # Errors
/// A sentence on the first thing that cannot be.
pub fn service(
    spec: &ServiceSpec,
    key: ServiceKey,
    number: i64,
    owner: Owner,
    own_listeners: &[SocketAddr],
    seal: &SealKey,
    random: &dyn Random,
) -> Result<NewService, Problem> {
    check_name("name", "a service's name", &spec.name)?;
    let told = |(member, why): Wrong| Problem::invalid(format!("service {:?}: {why}", spec.name)).about(member);
    let spec = &configured(spec).map_err(told)?;
    check_url(spec, own_listeners).map_err(told)?;
    check_headers(&spec.headers).map_err(|why| told(("headers", why)))?;
    if spec.profile == ProfileKind::Scanner {
        check_scanner(spec).map_err(told)?;
    }
    if spec.profile == ProfileKind::Scanner && spec.secret.as_deref().is_none_or(str::is_empty) {
        return Err(told(("secret", "a scanner needs a secret, found none".to_owned())));
    }
    if spec.profile != ProfileKind::Standard && spec.signing != SigningKind::V1 {
        let found = format!("signing = \"{}\" is for the profile standard; {} has its own", spec.signing, spec.profile);
        return Err(told(("signing", found)));
    }
    let concurrency = spec.concurrency.unwrap_or(limits::CONCURRENCY);
    if !(1..=limits::CONCURRENCY_MAX).contains(&concurrency) {
        let found = format!("expected a concurrency of 1 to {}, found {concurrency}", limits::CONCURRENCY_MAX);
        return Err(told(("concurrency", found)));
    }
    let attempt = match spec.timeout.as_deref() {
        None => limits::ATTEMPT,
        Some(text) => domain::time::parse_span(text).map_err(|why| told(("timeout", format!("timeout: {why}"))))?,
    };
    if attempt.is_zero() {
        return Err(told(("timeout", "expected a timeout above zero".to_owned())));
    }
    let (shown, signing) = signing_key(spec.signing, &spec.name, seal, random);
    let secret = spec.secret.as_deref().map(|text| sealed(text, &of::service_secret(&spec.name), seal, random));
    let service = Service {
        key,
        number,
        name: spec.name.clone(),
        profile: spec.profile,
        form: spec.payload,
        url: spec.url.clone(),
        secret,
        headers: headers(spec, seal, random),
        signs: spec.signing,
        signing: vec![signing],
        plugin_token: spec
            .plugin_token
            .as_deref()
            .map(plugin_token)
            .transpose()
            .map_err(|why| told(("plugin_token", why)))?,
        account: None,
        subscriptions: subscriptions(spec).map_err(|why| told(("events", why)))?,
        on_failure: spec.on_failure,
        require_coverage: spec.require_coverage,
        concurrency,
        attempt,
        allow_networks: spec.allow_networks.clone(),
        active: spec.active,
        deleted: false,
        owner,
    };
    Ok(NewService { service, signing: shown })
}

/// A member, and what is wrong with it.
type Wrong = (&'static str, String);

/// With what a worker's own configuration says put in its places.
fn configured(spec: &ServiceSpec) -> Result<ServiceSpec, Wrong> {
    let mut spec = spec.clone();
    if let Some(config) = spec.config.take() {
        if spec.profile == ProfileKind::Scanner {
            return Err(("config", "config is for the profile worker".to_owned()));
        }
        if !(spec.url.is_empty() && spec.headers.is_empty()) {
            return Err(("config", "url and headers stand in config; leave them out beside it".to_owned()));
        }
        spec.profile = ProfileKind::Worker;
        WorkerConfig { url: spec.url, headers: spec.headers } = config;
    }
    if spec.url.is_empty() {
        return Err(("url", "expected a url, found none".to_owned()));
    }
    if spec.profile != ProfileKind::Worker && !spec.headers.is_empty() {
        let why = format!("headers are for the profile worker; {} signs what it sends", spec.profile);
        return Err(("headers", why));
    }
    Ok(spec)
}

/// A token as it is kept. Whether it lets the service run is the license's to say.
fn plugin_token(text: &str) -> Result<String, String> {
    let token = text.trim();
    match token.len() {
        0 => Err("plugin_token: expected a token, found nothing; leave it out where there is none".to_owned()),
        found if found > TOKEN_BYTES_MAX => {
            Err(format!("plugin_token: expected at most {TOKEN_BYTES_MAX} bytes, found {found}"))
        }
        _ => Ok(token.to_owned()),
    }
}

fn headers(spec: &ServiceSpec, seal: &SealKey, random: &dyn Random) -> Vec<Header> {
    let header = |(name, value): (&String, &String)| Header {
        name: name.clone(),
        value: sealed(value, &of::service_header(&spec.name, name), seal, random),
    };
    spec.headers.iter().map(header).collect()
}

/// A new signing key for a service: what is shown of it, and all of it, sealed.
#[must_use]
pub fn signing_key(kind: SigningKind, name: &str, seal: &SealKey, random: &dyn Random) -> (ShownKey, Sealed) {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    let of = of::service_signing(name);
    match kind {
        SigningKind::V1 => {
            let text = verify::secret::whsec(&bytes);
            let sealed = sealed(&text, &of, seal, random);
            (ShownKey::Secret(text), sealed)
        }
        SigningKind::V1a => {
            let text = Zeroizing::new(verify::secret::whsk(&bytes));
            (ShownKey::Public(verify::secret::whpk(&bytes)), sealed(&text, &of, seal, random))
        }
    }
}

/// The public halves of a service's signing keys, the newest first; keys that have none are left out.
#[must_use]
pub fn public_keys(service: &Service, seal: &SealKey) -> Vec<String> {
    let of = of::service_signing(&service.name);
    let texts = service.signing.iter().filter_map(|sealed| seal.open(sealed, &of).ok());
    let keys = texts.filter_map(|text| verify::sign::SigningKey::read(&text).ok());
    keys.filter_map(|key| key.public_key()).collect()
}

fn sealed(text: &str, of: &str, seal: &SealKey, random: &dyn Random) -> Sealed {
    let mut nonce = [0; 24];
    random.fill(&mut nonce);
    seal.seal(text, of, nonce)
}

/// What the scanner protocol allows of a registration (scanner-pipeline, section 2.1).
fn check_scanner(spec: &ServiceSpec) -> Result<(), Wrong> {
    let secret = spec.secret.as_deref().unwrap_or_default();
    for (member, what, text, max) in [
        ("name", "a scanner's name", spec.name.as_str(), limits::SCANNER_NAME_CHARS_MAX),
        ("url", "url", &spec.url, limits::SCANNER_URL_CHARS_MAX),
        ("secret", "secret", secret, limits::SCANNER_KEY_CHARS_MAX),
    ] {
        let found = text.chars().count();
        if found > max {
            return Err((member, format!("{what}: expected at most {max} characters, found {found}")));
        }
    }
    Ok(())
}

fn check_url(spec: &ServiceSpec, own_listeners: &[SocketAddr]) -> Result<(), Wrong> {
    let networks = spec.allow_networks.iter().map(|text| text.parse::<AllowedNetwork>());
    let networks: Result<Vec<_>, _> = networks.collect();
    let networks = networks.map_err(|why| ("allow_networks", format!("allow_networks: {why}")))?;
    let url = Policy::new(networks, own_listeners).check_url(&spec.url);
    url.map_err(|why| ("url", format!("url: {why}")))?;
    Ok(())
}

/// What it wants to hear; a worker that says nothing hears of every new evidence.
fn subscriptions(spec: &ServiceSpec) -> Result<Vec<Subscription>, String> {
    let unsaid = [EventSpec::plain(EVIDENCE_CREATED)];
    let silent = spec.events.is_empty() && spec.profile == ProfileKind::Worker;
    let events = if silent { &unsaid } else { spec.events.as_slice() };
    let mut seen = BTreeSet::new();
    let mut subscriptions = Vec::with_capacity(events.len());
    for event in events {
        let kind = event.r#type.as_str();
        if kind.is_empty() || kind.trim() != kind || kind.chars().count() > limits::NAME_CHARS_MAX {
            return Err(format!("events: expected an event's type, found {kind:?}"));
        }
        if !seen.insert(kind) {
            return Err(format!("events: {kind:?} stands there twice"));
        }
        if event.redeliver.is_some_and(|redeliver| redeliver.every.is_zero() && redeliver.times > 0) {
            return Err(format!("events: {kind:?} is redelivered without a pause; give \"every\" a length"));
        }
        subscriptions.push(Subscription {
            event: kind.to_owned(),
            active: event.active,
            blocks: event.blocks,
            deadline: event.deadline,
            redeliver: event.redeliver,
        });
    }
    Ok(subscriptions)
}
