//! Every source's prepared endpoint, made again when the catalogue has changed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::SourceKey;
use domain::catalogue::{Catalogue, Sealed, Source, SourceSecret};
use store::seal::SealKey;
use verify::provider;
use verify::receive::{Endpoint, EndpointSettings, HandshakeSettings, Reason};

use crate::resources;
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
}

/// All sources at one version of the catalogue.
#[derive(Default)]
pub struct Prepared {
    version: i64,
    /// By `provider/name` in lower case.
    sources: HashMap<String, Ready>,
}

/// The newest [`Prepared`].
#[derive(Default)]
pub struct Endpoints(RwLock<Arc<Prepared>>);

impl Endpoints {
    /// The sources of this catalogue; prepared once for each version.
    pub fn of(&self, catalogue: &Catalogue, seal: &SealKey) -> Arc<Prepared> {
        let present = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if present.version == catalogue.version {
            return present;
        }
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Only forward: a caller with an older catalogue takes the newer sources.
        if place.version < catalogue.version {
            *place = Arc::new(Prepared::new(catalogue, seal));
        }
        place.clone()
    }
}

impl Prepared {
    fn new(catalogue: &Catalogue, seal: &SealKey) -> Self {
        let active = catalogue.sources.values().filter(|source| source.active);
        let sources = active.map(|source| {
            let name = format!("{}/{}", source.provider, source.name).to_lowercase();
            (name, Ready { key: source.key, endpoint: prepare(source, seal) })
        });
        Self { version: catalogue.version, sources: sources.collect() }
    }

    /// The source that a path names, or why it names none. `None`: the path is not a source's at all.
    pub fn find(&self, path: &str) -> Option<Result<&Ready, Reason>> {
        let name = named(path)?;
        Some(self.sources.get(name.as_ref()).ok_or_else(|| self.why_none(&name)))
    }

    fn why_none(&self, name: &str) -> Reason {
        let provider = name.split_once('/').map_or(name, |(provider, _)| provider);
        let is_same = |other: &String| other.split_once('/').is_some_and(|(other, _)| other == provider);
        if self.sources.keys().any(is_same) { Reason::UnknownId } else { Reason::UnknownReceiver }
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

fn prepare(source: &Source, seal: &SealKey) -> Option<Endpoint> {
    let of = of::source(&source.provider, &source.name);
    let open = |id: &str, sealed: &Sealed| match seal.open(sealed, &of) {
        Ok(text) => Some(text.to_string()),
        Err(why) => {
            tracing::error!(source = %of, secret = id, error = %why, "a secret cannot be used");
            None
        }
    };
    let secret = |secret: &SourceSecret| Some((secret.id.clone(), open(&secret.id, &secret.sealed)?));
    let settings = EndpointSettings {
        provider: provider::find(&source.provider)?,
        secrets: source.secrets.iter().filter_map(secret).collect(),
        window_s: source.window_s,
        public_url: source.public_url.clone(),
        handshake: HandshakeSettings {
            verify_token: source.handshake.verify_token.as_ref().and_then(|token| open("verify_token", token)),
            allowed_origins: source.handshake.allowed_origins.clone(),
            allowed_rate: source.handshake.allowed_rate,
            topic: source.handshake.topic.clone(),
            awaited: source.handshake.awaits_secret,
        },
        subject: source.subject.clone().map(resources::paths),
    };
    match Endpoint::new(settings) {
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
