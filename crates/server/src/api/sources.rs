//! Sources: list, make, change, switch off.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use std::time::Duration;

use domain::catalogue::{Catalogue, Handshake, Owner, Source};
use domain::time::show_span;
use domain::{SourceKey, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::change::Listed;
use store::seal::SealKey;

use super::auth::Caller;
use super::change::{Changed, change, page, patched, writable};
use super::extract::{Segments, Strict};
use super::secrets::{self, Uses};
use crate::problem::{self, Problem};
use crate::receive;
use crate::resources::{self, HandshakeSpec, SecretSpec, SourceSpec, settle_source};
use crate::server::{Parts, Server, Shared};
use crate::text::encoded;
use store::seal::of;

pub async fn list(State(server): State<Server>) -> Json<Value> {
    let catalogue = server.parts.store.catalogue();
    page(catalogue.sources.values().map(|source| show(&server, source, &Vec::new())))
}

pub async fn one(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    let source = find(&server, &catalogue, &id)?;
    let noted = secrets::noted(&server, source.key).await?;
    Ok(Json(show(&server, source, &noted)))
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<SourceSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let source = make(&server, &caller.name, &spec).await?;
    Ok((StatusCode::CREATED, Json(show(&server, &source, &Vec::new()))))
}

/// Makes a source.
pub(crate) async fn make(server: &Shared, who: &str, spec: &SourceSpec) -> Result<Source, Problem> {
    let made = change(server, who, |catalogue, keys| {
        let parts = &server.parts;
        let mut source = made(server, spec, keys.key())?;
        if let Some(before) = catalogue.source_at(&source.provider, &source.name) {
            if !is_switched_off(before) {
                let detail = format!("there is a source {}/{} already", source.provider, source.name);
                return Err(Problem::new(&problem::TAKEN, detail));
            }
            source = settle_source(source, before, &parts.seal);
        }
        let what = format!("made the source {}/{}", source.provider, source.name);
        Ok(Changed { entries: vec![source.entry()], what, answer: source })
    });
    made.await
}

pub async fn patch(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let source = amend(&server, &caller.name, &id, &members).await?;
    Ok(Json(show(&server, &source, &Vec::new())))
}

/// Changes some members of a source.
pub(crate) async fn amend(
    server: &Shared,
    who: &str,
    id: &str,
    members: &Map<String, Value>,
) -> Result<Source, Problem> {
    let changed = change(server, who, |catalogue, _| {
        let parts = &server.parts;
        let before = find(server, catalogue, id)?;
        writable(before.owner, "source", &before.name)?;
        let mut spec = patched(&spec_of(before), members.clone())?;
        if spec.id != before.name || spec.provider != before.provider {
            return Err(Problem::invalid("a source's id and provider stay as they are: its secrets are bound to them"));
        }
        if !members.contains_key("secrets") {
            spec.secrets = opened(before, &parts.seal)?;
        }
        if let (Some(spec), Some(token)) = (&mut spec.handshake, &before.handshake.verify_token)
            && members.get("handshake").is_none_or(|members| members.get("verify_token").is_none())
        {
            let of = of::source(&before.provider, &before.name);
            let text = parts.seal.open(token, &of).map_err(|why| Problem::new(&problem::CONFLICT, why.to_string()))?;
            spec.verify_token = Some(text.to_string());
        }
        let fresh = made(server, &spec, before.key)?;
        let source = settle_source(fresh, before, &parts.seal);
        let names: Vec<&str> = members.keys().map(String::as_str).collect();
        let what = format!("changed {} of the source {}/{}", names.join(", "), source.provider, source.name);
        Ok(Changed { entries: vec![source.entry()], what, answer: source })
    });
    changed.await
}

/// Switches a source off and forgets its secrets. It stays in the list, since receipts name it.
pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    change(&server, &caller.name, |catalogue, _| {
        let before = find(&server, catalogue, &id)?;
        writable(before.owner, "source", &before.name)?;
        let source = Source { active: false, secrets: Vec::new(), ..before.clone() };
        let what = format!("switched off the source {}/{} and forgot its secrets", source.provider, source.name);
        Ok(Changed { entries: vec![source.entry()], what, answer: () })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn made(server: &Shared, spec: &SourceSpec, key: SourceKey) -> Result<Source, Problem> {
    let Parts { seal, random, settings, .. } = &server.parts;
    let source = resources::source(spec, key, Owner::Api, seal, &**random, &settings.providers)?;
    if source.require_https && settings.trusted_proxies.is_empty() {
        return Err(Problem::invalid(
            "require_https: this gateway itself speaks plain HTTP, so that `[server] trusted_proxies` must name the proxy \
             in front of it, whose word counts",
        ));
    }
    Ok(source)
}

/// Judges a sample by a source that need not be there yet. Nothing is recorded.
pub async fn test(
    State(server): State<Server>,
    Strict(mut members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let Some(Value::String(sample)) = members.remove("sample") else {
        return Err(Problem::invalid(
            "sample: expected a request as text: its first line, headers, an empty line, body",
        ));
    };
    let spec: SourceSpec = resources::read_value(Value::Object(members))?;
    receive::judge_sample(&server, &spec, &sample).await.map(Json)
}

fn is_switched_off(source: &Source) -> bool {
    !source.active && source.secrets.is_empty() && source.owner == Owner::Api
}

/// By id, or as `provider/id`.
pub(crate) fn find<'a>(server: &Shared, catalogue: &'a Catalogue, id: &str) -> Result<&'a Source, Problem> {
    let found = match id.split_once('/') {
        Some((provider, name)) => catalogue.source_at(provider, name),
        None => catalogue.sources.get(&server.parse(id)?),
    };
    found.ok_or_else(|| Problem::no_such("source", id))
}

pub(crate) fn spec_of(source: &Source) -> SourceSpec {
    SourceSpec {
        id: source.name.clone(),
        provider: source.provider.clone(),
        mode: source.mode,
        secrets: Vec::new(),
        window: source.window_s.map(|seconds| show_span(Duration::from_secs(seconds))),
        public_url: source.public_url.clone(),
        subject: source.subject.clone(),
        handshake: handshake_of(source),
        rate: source.rate.map(|rate| format!("{}/{}", rate.requests, show_span(Duration::from_secs(rate.per_s)))),
        require_https: source.require_https,
        verifier: None,
        active: source.active,
    }
}

fn handshake_of(source: &Source) -> Option<HandshakeSpec> {
    let Handshake { allowed_origins, allowed_rate, awaits_secret, .. } = source.handshake.clone();
    let spec = HandshakeSpec { verify_token: None, allowed_origins, allowed_rate, awaits_secret };
    (source.handshake != Handshake::default()).then_some(spec)
}

pub(crate) fn opened(source: &Source, seal: &SealKey) -> Result<Vec<SecretSpec>, Problem> {
    let of = of::source(&source.provider, &source.name);
    let secrets = source.secrets.iter().map(|secret| {
        let text = seal.open(&secret.sealed, &of).map_err(|why| Problem::new(&problem::CONFLICT, why.to_string()))?;
        let instant = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
        Ok(SecretSpec::Named {
            id: Some(secret.id.clone()),
            secret: text.to_string(),
            not_before: instant(secret.not_before),
            not_after: instant(secret.not_after),
        })
    });
    secrets.collect()
}

pub(super) fn show(server: &Shared, source: &Source, noted: &Uses) -> Value {
    let mut shown = serde_json::to_value(spec_of(source)).unwrap_or_default();
    // `id` is the row's own, as everywhere; the source's name in URLs goes by `name`.
    shown["name"] = json!(source.name);
    shown["id"] = json!(server.show(source.key));
    shown["secrets"] = secrets::shown(server, source, noted);
    if source.handshake.verify_token.is_some() {
        shown["handshake"]["verify_token"] = json!("set");
    }
    shown["owner"] = json!(source.owner);
    shown["url"] = json!(url(server, &source.provider, &source.name));
    shown
}

/// Where the sender of a source sends to.
pub(crate) fn url(server: &Shared, provider: &str, name: &str) -> String {
    format!("{}/api/webhooks/incoming/{provider}/{}", server.parts.settings.public_url, encoded(name))
}
