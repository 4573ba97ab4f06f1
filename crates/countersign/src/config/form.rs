//! The configuration as it is written.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use domain::event_type::EventForm;
use domain::licensing::NamePattern;
use egress::AllowedNetwork;
use license::{LEEWAY_S_MAX, Leeway, Names};
use serde::{Deserialize, Deserializer, de};
use server::QuarantineBounds;
use server::resources::{RuleSpec, ServiceSpec, SourceSpec};
use verify::provider::ProviderForm;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Form {
    pub data_dir: PathBuf,
    pub server: ServerForm,
    pub secrets: SecretsForm,
    pub store: StoreForm,
    pub artifacts: ArtifactsForm,
    pub dispatch: DispatchForm,
    pub quarantine: QuarantineForm,
    pub provider: Vec<ProviderForm>,
    pub license: LicenseForm,
    pub source: Vec<SourceSpec>,
    pub service: Vec<ServiceSpec>,
    pub rule: Vec<RuleSpec>,
    pub exec: BTreeMap<String, ProgramForm>,
    pub event: BTreeMap<String, EventForm>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            data_dir: "countersign-data".into(),
            server: ServerForm::default(),
            secrets: SecretsForm::default(),
            store: StoreForm::default(),
            artifacts: ArtifactsForm::default(),
            dispatch: DispatchForm::default(),
            quarantine: QuarantineForm::default(),
            provider: Vec::new(),
            license: LicenseForm::default(),
            source: Vec::new(),
            service: Vec::new(),
            rule: Vec::new(),
            exec: BTreeMap::new(),
            event: BTreeMap::new(),
        }
    }
}

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerForm {
    /// Sources, callback APIs, downloads.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// The page, the own API, the metrics.
    #[serde(deserialize_with = "address")]
    pub admin_listen: SocketAddr,
    /// The own API alone.
    #[serde(deserialize_with = "some_address")]
    pub api_listen: Option<SocketAddr>,
    /// Where senders and services reach `listen`; none: as it is bound.
    #[serde(deserialize_with = "some_url")]
    pub public_url: Option<String>,
    /// Proxies whose word on the client's address counts.
    #[serde(deserialize_with = "ips")]
    pub trusted_proxies: Vec<IpAddr>,
    /// Networks where the own hosts of senders may be, beside public addresses.
    #[serde(deserialize_with = "networks")]
    pub provider_networks: Vec<AllowedNetwork>,
    /// Names under which the admin listener may be asked, beside its address and `localhost`.
    pub admin_hosts: Vec<String>,
    /// Whether a token that an account signs may be used once only.
    pub refuse_repeated_jti: bool,
    /// The largest body of a signed request, in bytes; one GiB, unless it says otherwise.
    pub upload_bytes_max: Option<u64>,
    /// The settings file of an application with ASP.NET Core WebHooks, whose senders come here.
    pub webhooks_config: Option<PathBuf>,
}

impl Default for ServerForm {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8640)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 8641)),
            api_listen: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            provider_networks: Vec::new(),
            admin_hosts: Vec::new(),
            refuse_repeated_jti: false,
            upload_bytes_max: None,
            webhooks_config: None,
        }
    }
}

/// `[secrets]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsForm {
    /// The installation's key; none: `key` inside the data directory.
    pub key_file: Option<PathBuf>,
}

/// `[store]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreForm {
    pub kind: StoreKind,
}

/// Which engine keeps everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// One file in the data directory.
    #[default]
    Sqlite,
}

/// `[artifacts]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArtifactsForm {
    /// How long one is kept whose upload says nothing of that; none: for ever.
    #[serde(deserialize_with = "some_span")]
    pub retention: Option<Duration>,
}

/// `[dispatch]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatchForm {
    /// Calls under way to all services together; none: [`domain::limits::CALLS_MAX`].
    pub calls_max: Option<NonZeroU32>,
}

/// `[quarantine]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuarantineForm {
    /// Refused requests that are kept.
    pub count_max: u32,
    /// Their bytes together.
    pub bytes_max: u64,
    /// The bytes of one body that are kept.
    pub body_bytes_max: usize,
    /// How long one is kept.
    #[serde(with = "domain::time::span_text")]
    pub age_max: Duration,
}

impl Default for QuarantineForm {
    fn default() -> Self {
        let QuarantineBounds { count_max, bytes_max, body_bytes_max, age_max } = QuarantineBounds::default();
        Self { count_max, bytes_max, body_bytes_max, age_max }
    }
}

impl From<QuarantineForm> for QuarantineBounds {
    fn from(form: QuarantineForm) -> Self {
        let QuarantineForm { count_max, bytes_max, body_bytes_max, age_max } = form;
        Self { count_max, bytes_max, body_bytes_max, age_max }
    }
}

/// `[license]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LicenseForm {
    /// The installation's license; none: what the environment says.
    pub token_file: Option<PathBuf>,
    /// The keys that tokens are held against: a JWK set, a JWK, or PEM; none: what the environment says, or built in.
    pub key_file: Option<PathBuf>,
    /// The signed revocation list; none: what the environment says.
    pub revocation_file: Option<PathBuf>,
    /// Whether there must be a list.
    pub revocations: RevocationsForm,
    /// The issuer of every token.
    pub issuer: Option<String>,
    /// What the subjects are called.
    pub subjects: SubjectsForm,
    /// The customer that the license must name; none: any.
    pub customer: Option<String>,
    /// By how much two clocks may differ.
    #[serde(deserialize_with = "leeway")]
    pub leeway: Leeway,
    /// Whether a clock is refused that is earlier than when the license was issued.
    pub refuse_clock_before_issue: bool,
    /// The services that must carry a token.
    #[serde(deserialize_with = "patterns")]
    pub require_token: Vec<NamePattern>,
}

/// `[license] subjects`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubjectsForm {
    pub user: Option<String>,
    pub plugin: Option<String>,
    pub container: Option<String>,
    pub revocation: Option<String>,
}

/// `[license] revocations`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevocationsForm {
    /// No list is looked at.
    Off,
    /// No list is fine.
    #[default]
    Optional,
    /// Without a list that has not ended nothing that needs a license runs.
    Required,
}

impl LicenseForm {
    /// Who issues, and what the subjects are called.
    pub fn names(&self) -> Names {
        let known = Names::default();
        let SubjectsForm { user, plugin, container, revocation } = self.subjects.clone();
        Names {
            issuer: self.issuer.clone().unwrap_or(known.issuer),
            user: user.unwrap_or(known.user),
            plugin: plugin.unwrap_or(known.plugin),
            container: container.unwrap_or(known.container),
            revocation: revocation.unwrap_or(known.revocation),
        }
    }
}

/// `[exec.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramForm {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// How long it may take.
    #[serde(default = "program_timeout", with = "domain::time::span_text")]
    pub timeout: Duration,
    /// Whether it may run again when it is not known whether it took effect.
    #[serde(default)]
    pub idempotent: bool,
}

fn program_timeout() -> Duration {
    Duration::from_secs(60)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    read(from, "an address with a port such as \"127.0.0.1:8640\"")
}

fn some_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    address(from).map(Some)
}

fn some_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    let plain = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match plain {
        Some(rest) if !rest.is_empty() && !rest.contains(['?', '#', ' ', '@']) => {
            Ok(Some(text.trim_end_matches('/').to_owned()))
        }
        _ => {
            Err(de::Error::custom(format!("expected an address such as \"https://hooks.example.org\", found {text:?}")))
        }
    }
}

fn some_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    domain::time::span_text::deserialize(from).map(Some)
}

fn leeway<'de, D: Deserializer<'de>>(from: D) -> Result<Leeway, D::Error> {
    let span = domain::time::span_text::deserialize(from)?;
    let whole = (span.subsec_nanos() == 0).then(|| Leeway::of_seconds(span.as_secs())).flatten();
    whole.ok_or_else(|| {
        de::Error::custom(format!("expected whole seconds, at most \"{LEEWAY_S_MAX}s\", found {span:?}"))
    })
}

fn patterns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<NamePattern>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
}

fn ips<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpAddr>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let parsed = texts.iter().map(|text| {
        text.parse().map_err(|_| de::Error::custom(format!("expected an address such as \"10.0.0.7\", found {text:?}")))
    });
    parsed.collect()
}

fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<AllowedNetwork>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let parsed = texts.iter().map(|text| text.parse().map_err(|why| de::Error::custom(format!("{text:?}: {why}"))));
    parsed.collect()
}

fn read<'de, D: Deserializer<'de>, T: FromStr>(from: D, expected: &str) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| de::Error::custom(format!("expected {expected}, found {text:?}")))
}
