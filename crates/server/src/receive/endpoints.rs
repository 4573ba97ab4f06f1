//! Every source's prepared endpoint, made again when the catalogue has changed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use domain::catalogue::{Catalogue, Sealed, Source, SourceMode, SourceRate, SourceSecret};
use domain::{SourceKey, Timestamp};
use store::seal::SealKey;
use verify::aspnet::{self, CodeLength, Configuration, Receivers};
use verify::provider::{Provider, Providers};
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Reason};

use crate::resources;
use crate::server::Settings;
use crate::text::decoded;
use store::seal::of;

/// What every source's path begins with; capitals do not count.
const PREFIX: &str = "/api/webhooks/incoming/";

/// One source, ready to judge requests.
pub struct Ready {
    /// Its key.
    pub key: SourceKey,
    /// Its endpoint; none where its settings or its secrets do not give one.
    pub endpoint: Option<Endpoint>,
    /// The program that knows its secret, if we do not.
    pub verifier: Option<PathBuf>,
    /// What is asked of a request before it is looked at.
    pub limits: Limits,
}

/// What a source asks of a request before it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many requests one address may send.
    pub rate: Option<SourceRate>,
    /// Whether it must come over https.
    pub require_https: bool,
}

/// All sources at one version of the catalogue.
#[derive(Default)]
pub struct Prepared {
    version: i64,
    /// When a secret begins or ends to count: then all is prepared anew.
    turns_at: Option<Timestamp>,
    /// By `provider/name` in lower case.
    sources: HashMap<String, Ready>,
    aspnet: AspnetSources,
}

/// The sources of the mode `aspnet`.
#[derive(Default)]
pub struct AspnetSources {
    /// Their receivers, which judge for all of them.
    pub receivers: Receivers,
    /// By `provider/name` in lower case.
    keys: HashMap<String, SourceKey>,
}

/// What a path leads to.
pub enum Found<'p> {
    /// A source that judges by itself.
    Source(&'p Ready),
    /// A receiver of ASP.NET Core WebHooks.
    Aspnet(&'p AspnetSources),
}

/// What is configured for all sources of the mode `aspnet` together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AspnetSwitches {
    /// Whether requests over plain HTTP pass.
    pub https_check_is_disabled: bool,
    /// Whether test events of Stripe are events.
    pub test_events_pass: bool,
}

/// The newest [`Prepared`].
#[derive(Default)]
pub struct Endpoints(RwLock<Arc<Prepared>>);

impl Endpoints {
    /// The sources of this catalogue; prepared once for each version, and when a secret begins or ends to count.
    pub fn of(&self, catalogue: &Catalogue, seal: &SealKey, settings: &Settings, now: Timestamp) -> Arc<Prepared> {
        let present = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if present.version == catalogue.version && present.holds(now) {
            return present;
        }
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Only forward: a caller with an older catalogue takes the newer sources.
        if place.version < catalogue.version || (place.version == catalogue.version && !place.holds(now)) {
            *place = Arc::new(Prepared::new(catalogue, seal, settings, now));
        }
        place.clone()
    }
}

impl Prepared {
    fn new(catalogue: &Catalogue, seal: &SealKey, settings: &Settings, now: Timestamp) -> Self {
        let active = catalogue.sources.values().filter(|source| source.active);
        let (aspnet, modern): (Vec<_>, Vec<_>) = active.partition(|source| source.mode == SourceMode::Aspnet);
        let secrets = catalogue.sources.values().flat_map(|source| &source.secrets);
        let turns_at = secrets.filter_map(|secret| secret.turns_at(now)).min();
        let ready = |source: &Source| {
            let verifier = settings.verifiers.get(&path_of(&source.provider, &source.name)).cloned();
            Ready {
                key: source.key,
                endpoint: prepare(source, seal, &settings.providers, now, verifier.is_some()),
                verifier,
                limits: Limits { rate: source.rate, require_https: source.require_https },
            }
        };
        let sources = modern.into_iter().map(|source| (path_of(&source.provider, &source.name), ready(source)));
        Self {
            version: catalogue.version,
            turns_at,
            sources: sources.collect(),
            aspnet: AspnetSources::new(&aspnet, seal, settings.aspnet, now),
        }
    }

    /// The sources of the mode `aspnet`.
    pub fn aspnet(&self) -> &AspnetSources {
        &self.aspnet
    }

    fn holds(&self, now: Timestamp) -> bool {
        self.turns_at.is_none_or(|at| now < at)
    }

    /// The source that a path names, or why it names none. `None`: the path is not a source's at all.
    pub fn find(&self, path: &str) -> Option<Result<Found<'_>, Reason>> {
        let name = named(path)?;
        if let Some(ready) = self.sources.get(name.as_ref()) {
            return Some(Ok(Found::Source(ready)));
        }
        Some(if self.aspnet.serves(&name) { Ok(Found::Aspnet(&self.aspnet)) } else { Err(self.why_none(&name)) })
    }

    fn why_none(&self, name: &str) -> Reason {
        let is_same = |other: &String| provider_in(other) == provider_in(name);
        if self.sources.keys().any(is_same) { Reason::UnknownId } else { Reason::UnknownReceiver }
    }
}

impl AspnetSources {
    fn new(sources: &[&Source], seal: &SealKey, switches: AspnetSwitches, now: Timestamp) -> Self {
        let mut configuration = Configuration::default();
        if switches.https_check_is_disabled {
            configuration.disable_https_check();
        }
        let mut keys = HashMap::new();
        for source in sources {
            let Some(receiver) = aspnet::find(&source.provider) else { continue };
            if switches.test_events_pass {
                configuration.pass_test_events(receiver);
            }
            configuration.add_secrets(receiver, &source.name, opened(source, seal, |secret| secret.is_in_force(now)));
            keys.insert(path_of(receiver.name, &source.name), source.key);
        }
        Self { receivers: Receivers::new(configuration, CodeLength::default()), keys }
    }

    /// The source of a receiver and an id.
    pub fn key(&self, receiver: &str, id: &str) -> Option<SourceKey> {
        self.keys.get(&path_of(receiver, id)).copied()
    }

    /// Whether there is a source of the receiver that `provider/name` names.
    fn serves(&self, name: &str) -> bool {
        self.keys.keys().any(|own| provider_in(own) == provider_in(name))
    }
}

fn path_of(provider: &str, name: &str) -> String {
    format!("{provider}/{name}").to_lowercase()
}

fn provider_in(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

/// The secrets of a source that are wanted and can be opened, each with its id.
pub fn opened(source: &Source, seal: &SealKey, is_wanted: impl Fn(&SourceSecret) -> bool) -> Vec<(String, String)> {
    let secrets = source.secrets.iter().filter(|secret| is_wanted(secret));
    secrets.filter_map(|secret| Some((secret.id.clone(), open(source, &secret.id, &secret.sealed, seal)?))).collect()
}

fn open(source: &Source, id: &str, sealed: &Sealed, seal: &SealKey) -> Option<String> {
    let of = of::source(&source.provider, &source.name);
    match seal.open(sealed, &of) {
        Ok(text) => Some(text.to_string()),
        Err(why) => {
            tracing::error!(source = %of, secret = id, error = %why, "a secret cannot be used");
            None
        }
    }
}

/// `provider/name` in lower case, as the path tells it; borrowed from the path where it is already written so.
fn named(path: &str) -> Option<Cow<'_, str>> {
    let start = path.get(..PREFIX.len())?;
    if !start.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    let rest = path[PREFIX.len()..].trim_end_matches('/');
    let plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%' && !byte.is_ascii_uppercase());
    match rest.split_once('/') {
        Some((_, id)) if plain && !id.contains('/') => Some(Cow::Borrowed(rest)),
        Some((provider, id)) if !id.contains('/') => {
            Some(Cow::Owned(format!("{}/{}", decoded(provider)?, decoded(id)?).to_lowercase()))
        }
        Some(_) => None,
        None if rest.is_empty() => None,
        None => Some(Cow::Owned(format!("{}/default", decoded(rest)?).to_lowercase())),
    }
}

/// The provider that a path names, whether or not there is a source of it.
pub fn provider_named(path: &str, providers: &Providers) -> Option<&'static Provider> {
    providers.find(provider_in(&named(path)?))
}

/// What a source's endpoint is made of, with the secrets that count at this instant.
pub fn settings(source: &Source, seal: &SealKey, providers: &Providers, now: Timestamp) -> Option<EndpointSettings> {
    Some(EndpointSettings {
        provider: providers.find(&source.provider)?,
        secrets: opened(source, seal, |secret| secret.is_in_force(now)),
        window_s: source.window_s,
        public_url: source.public_url.clone(),
        handshake: HandshakeSettings {
            verify_token: source
                .handshake
                .verify_token
                .as_ref()
                .and_then(|token| open(source, "verify_token", token, seal)),
            allowed_origins: source.handshake.allowed_origins.clone(),
            allowed_rate: source.handshake.allowed_rate,
            awaited: source.handshake.awaits_secret,
        },
        subject: source.subject.clone().map(resources::paths),
    })
}

fn prepare(
    source: &Source,
    seal: &SealKey,
    providers: &Providers,
    now: Timestamp,
    is_vouched: bool,
) -> Option<Endpoint> {
    let of = of::source(&source.provider, &source.name);
    let Some(settings) = settings(source, seal, providers, now) else {
        tracing::error!(source = %of, "a source refuses every request: its provider is not described any more");
        return None;
    };
    let made = if is_vouched { Endpoint::vouched(settings) } else { Endpoint::new(settings) };
    match made {
        Ok(endpoint) => Some(endpoint),
        Err(why) => {
            tracing::error!(source = %of, error = %why, "a source refuses every request until it is mended");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_path_names_a_source_whatever_its_capitals_and_slashes() {
        for path in [
            "/api/webhooks/incoming/github/default",
            "/api/webhooks/incoming/github",
            "/api/webhooks/incoming/github/",
            "/API/WebHooks/Incoming/GitHub/Default/",
            "/api/webhooks/incoming/git%68ub/default",
        ] {
            assert_eq!(named(path).as_deref(), Some("github/default"), "{path}");
        }
        for path in ["/", "/api/webhooks/incoming", "/api/webhooks/incoming/", "/api/webhooks/incoming/a/b/c", "/ä"] {
            assert_eq!(named(path), None, "{path}");
        }
    }
}
