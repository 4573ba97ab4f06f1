//! Sources: who sends to us.

use std::path::PathBuf;

use domain::catalogue::{Handshake, Owner, Source, SourceMode, SourceRate, SourceSecret, SubjectPaths};
use domain::{Random, SourceKey, Timestamp};
use serde::{Deserialize, Serialize};
use store::seal::SealKey;
use verify::aspnet::{CodeLength, Configuration, Fault, Receivers};
use verify::provider::{self, Provider, Providers};
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings};

use super::check_name;
use crate::problem::Problem;
use crate::text::nearest;
use store::seal::of;

/// A source as people write it. Without `Debug`: it holds secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// Its id in the URL; `default` answers where the URL has none.
    #[serde(default = "default_id")]
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// Which behaviour.
    #[serde(default = "modern")]
    pub mode: SourceMode,
    /// Its secrets, the newest first; any that counts may match.
    #[serde(default, skip_serializing)]
    pub secrets: Vec<SecretSpec>,
    /// How far a signed time may lie from ours, instead of the provider's own figure: `"5m"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The URL as the sender knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Where the subject stands in the body, instead of the provider's own paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectPaths>,
    /// What handshakes are held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<HandshakeSpec>,
    /// How many requests one address may send: `"600/1m"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Whether only requests over https are taken; the word of a trusted proxy counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_https: bool,
    /// The program that knows the secret in our place; in the configuration file alone.
    #[serde(default, skip_serializing)]
    pub verifier: Option<VerifierSpec>,
    /// Whether requests are taken.
    #[serde(default = "yes")]
    pub active: bool,
}

/// A program that knows a source's secret, as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierSpec {
    /// It is called as `whck` is: with a kind, an identifier and a claim, and the body on standard input.
    pub whck: PathBuf,
}

/// What handshakes are held against, as people write it. Without `Debug`: it holds a secret.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandshakeSpec {
    /// The token with which the sender asks to be let in.
    #[serde(default, skip_serializing)]
    pub verify_token: Option<String>,
    /// The origins that may send; `"*"` for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_origins: Vec<String>,
    /// How many requests a minute a sender may send, where it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_rate: Option<u32>,
    /// Whether the first request may bring the secret; off again once it has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaits_secret: bool,
}

/// One secret as people write it: the text alone, or with what is to be said of it. Without `Debug`.
#[derive(Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum SecretSpec {
    /// The text; its id is made from it.
    Text(String),
    /// The text with an id or times of its own.
    Named {
        /// What names it where it must not be shown; none: it is made from the text.
        id: Option<String>,
        /// The text.
        secret: String,
        /// From when it counts, in the form of RFC 3339.
        not_before: Option<String>,
        /// Until when it counts, this instant not included.
        not_after: Option<String>,
    },
}

/// A secret with its id and its times, read.
struct Read {
    id: String,
    text: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

fn default_id() -> String {
    "default".to_owned()
}

const fn modern() -> SourceMode {
    SourceMode::Modern
}

pub(super) const fn yes() -> bool {
    true
}

/// Makes a source, its secrets sealed.
///
/// # Errors
/// A sentence on the first thing that cannot be; it names a secret and never shows it.
pub fn source(
    spec: &SourceSpec,
    key: SourceKey,
    owner: Owner,
    seal: &SealKey,
    random: &dyn Random,
    providers: &Providers,
) -> Result<Source, Problem> {
    check_name("id", "a source's id", &spec.id)?;
    let refused = |why: String| Problem::invalid(format!("source {:?}: {why}", spec.id));
    let mode = if is_aspnet_alone(&spec.provider) { SourceMode::Aspnet } else { spec.mode };
    let window_s = spec.window.as_deref().map(window).transpose()?;
    let read = read_secrets(&spec.secrets, seal)?;
    let secrets: Vec<_> = read.iter().map(|secret| (secret.id.clone(), secret.text.clone())).collect();
    let handshake = spec.handshake.clone().unwrap_or_default();
    let provider = match mode {
        SourceMode::Aspnet => aspnet(spec, &secrets).map_err(refused)?,
        SourceMode::Modern => {
            let provider = known_provider(&spec.provider, providers)?;
            let settings = settings(spec, provider, secrets.clone())?;
            match &spec.verifier {
                None => Endpoint::new(settings),
                Some(verifier) => {
                    check_verifier(verifier, owner).map_err(|why| refused(why.to_owned()))?;
                    Endpoint::vouched(settings)
                }
            }
            .map_err(|why| refused(why.to_string()))?;
            provider.name
        }
    };
    let of = of::source(provider, &spec.id);
    let sealed = |text: &str| {
        let mut nonce = [0; 24];
        random.fill(&mut nonce);
        seal.seal(text, &of, nonce)
    };
    Ok(Source {
        key,
        name: spec.id.clone(),
        provider: provider.to_owned(),
        mode,
        secrets: read
            .into_iter()
            .map(|Read { id, text, not_before, not_after }| SourceSecret {
                id,
                sealed: sealed(&text),
                not_before,
                not_after,
            })
            .collect(),
        window_s,
        public_url: spec.public_url.clone(),
        subject: spec.subject.clone(),
        handshake: Handshake {
            verify_token: handshake.verify_token.as_deref().map(sealed),
            allowed_origins: handshake.allowed_origins,
            allowed_rate: handshake.allowed_rate,
            awaits_secret: handshake.awaits_secret,
        },
        rate: spec.rate.as_deref().map(rate).transpose()?,
        require_https: spec.require_https,
        active: spec.active,
        owner,
    })
}

/// The endpoint that a source of the mode `modern` would have, to try it before it is made.
///
/// # Errors
/// As [`source`].
pub(crate) fn endpoint(spec: &SourceSpec, seal: &SealKey, providers: &Providers) -> Result<Endpoint, Problem> {
    if spec.mode == SourceMode::Aspnet || is_aspnet_alone(&spec.provider) {
        return Err(Problem::invalid("a source of the mode \"aspnet\" cannot be tried with a sample"));
    }
    let provider = known_provider(&spec.provider, providers)?;
    let settings = settings(spec, provider, secrets(spec, seal)?)?;
    Endpoint::new(settings).map_err(|why| Problem::invalid(format!("source {:?}: {why}", spec.id)))
}

/// The secrets of a source that need not be there yet, each with its id.
///
/// # Errors
/// As [`source`].
pub(crate) fn secrets(spec: &SourceSpec, seal: &SealKey) -> Result<Vec<(String, String)>, Problem> {
    Ok(read_secrets(&spec.secrets, seal)?.into_iter().map(|secret| (secret.id, secret.text)).collect())
}

fn settings(
    spec: &SourceSpec,
    provider: &'static Provider,
    secrets: Vec<(String, String)>,
) -> Result<EndpointSettings, Problem> {
    let handshake = spec.handshake.clone().unwrap_or_default();
    Ok(EndpointSettings {
        provider,
        secrets,
        window_s: spec.window.as_deref().map(window).transpose()?,
        public_url: spec.public_url.clone(),
        handshake: HandshakeSettings {
            verify_token: handshake.verify_token,
            allowed_origins: handshake.allowed_origins,
            allowed_rate: handshake.allowed_rate,
            awaited: handshake.awaits_secret,
        },
        subject: spec.subject.clone().map(paths),
    })
}

/// Whether such a program may be named here at all.
fn check_verifier(verifier: &VerifierSpec, owner: Owner) -> Result<(), &'static str> {
    match owner {
        Owner::File if verifier.whck.is_absolute() => Ok(()),
        Owner::File => Err("expected the absolute path of a program as verifier.whck"),
        _ => Err("`verifier` names a program: it may stand in the configuration file alone"),
    }
}

/// A source's subject paths as `verify` takes them: for every event.
pub(crate) fn paths(paths: SubjectPaths) -> verify::receive::SubjectPaths {
    let SubjectPaths { kind, collection, id } = paths;
    verify::receive::SubjectPaths { event: None, kind, collection, id }
}

/// Whether only ASP.NET Core WebHooks knows such a sender.
fn is_aspnet_alone(provider: &str) -> bool {
    provider::find(provider).is_none() && verify::aspnet::find(provider).is_some()
}

/// The name of the receiver, if the source is what ASP.NET Core WebHooks would take; or what is wrong with it.
fn aspnet(spec: &SourceSpec, secrets: &[(String, String)]) -> Result<&'static str, String> {
    let receiver = verify::aspnet::find(&spec.provider).ok_or_else(|| {
        let known: Vec<_> = verify::aspnet::ALL.iter().map(|receiver| receiver.name).collect();
        format!("ASP.NET Core WebHooks has no receiver {:?}; known are {}", spec.provider, known.join(", "))
    })?;
    let others = [
        ("window", spec.window.is_some()),
        ("public_url", spec.public_url.is_some()),
        ("subject", spec.subject.is_some()),
        ("handshake", spec.handshake.is_some()),
        ("rate", spec.rate.is_some()),
        ("require_https", spec.require_https),
        ("verifier", spec.verifier.is_some()),
    ];
    if let Some((key, _)) = others.iter().find(|(_, is_set)| *is_set) {
        return Err(format!("`{key}` has no meaning with the mode \"aspnet\"; leave it out"));
    }
    let mut configuration = Configuration::default();
    configuration.add_secrets(receiver, &spec.id, secrets.iter().cloned());
    if secrets.is_empty() {
        return Err(Fault::NoSecret { receiver: receiver.name }.to_string());
    }
    let receivers = Receivers::new(configuration, CodeLength::default());
    receivers.check().first().map_or(Ok(receiver.name), |fault| Err(fault.to_string()))
}

fn known_provider(name: &str, providers: &Providers) -> Result<&'static Provider, Problem> {
    providers.find(name).ok_or_else(|| {
        let names = || providers.names();
        let hint = match nearest(name, names()) {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => format!("known are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Problem::invalid(format!("there is no provider {name:?}; {hint}"))
    })
}

/// `"600/1m"`: a number of requests, a stroke, a span.
fn rate(text: &str) -> Result<SourceRate, Problem> {
    let invalid = || Problem::invalid(format!("rate: expected requests and a span such as \"600/1m\", found {text:?}"));
    let (requests, span) = text.split_once('/').ok_or_else(invalid)?;
    let span = domain::time::parse_span(span).map_err(|_| invalid())?;
    match (requests.parse(), span.as_secs()) {
        (Ok(requests), per_s) if requests > 0 && per_s > 0 => Ok(SourceRate { requests, per_s }),
        _ => Err(invalid()),
    }
}

fn window(text: &str) -> Result<u64, Problem> {
    let span = domain::time::parse_span(text).map_err(|why| Problem::invalid(format!("window: {why}")))?;
    match span.as_secs() {
        0 => Err(Problem::invalid("window: expected at least one second")),
        seconds => Ok(seconds),
    }
}

/// Each secret with its id and times. An id that was not given is made from the secret, so that it stays the same in
/// another place of the list, and says nothing about it to whoever lacks our key.
fn read_secrets(specs: &[SecretSpec], seal: &SealKey) -> Result<Vec<Read>, Problem> {
    let mut secrets: Vec<Read> = Vec::with_capacity(specs.len());
    for spec in specs {
        let (id, text, not_before, not_after) = match spec {
            SecretSpec::Text(text) => (None, text, None, None),
            SecretSpec::Named { id, secret, not_before, not_after } => {
                (id.clone(), secret, not_before.as_deref(), not_after.as_deref())
            }
        };
        let id = id.unwrap_or_else(|| {
            let tag = verify::mac::tag(&seal.derive("secret ids"), &[text.as_bytes()]);
            format!("secret-{}", verify::hex::encode(&tag[..4]))
        });
        check_name("secrets", "a secret's id", &id)?;
        if secrets.iter().any(|other| other.id == id) {
            return Err(Problem::invalid(format!("the secret {id:?} stands there twice")));
        }
        let instant = |name: &str, text: Option<&str>| text.map(|text| instant(&id, name, text)).transpose();
        let (not_before, not_after) = (instant("not_before", not_before)?, instant("not_after", not_after)?);
        if not_before.zip(not_after).is_some_and(|(from, until)| until <= from) {
            return Err(Problem::invalid(format!("the secret {id:?}: expected not_after later than not_before")));
        }
        secrets.push(Read { id, text: text.clone(), not_before, not_after });
    }
    Ok(secrets)
}

fn instant(id: &str, name: &str, text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse(text).ok_or_else(|| {
        Problem::invalid(format!(
            "the secret {id:?}: {name}: expected a time such as \"2026-12-01T00:00:00Z\", found {text:?}"
        ))
    })
}
