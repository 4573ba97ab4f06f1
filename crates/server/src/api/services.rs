//! Services: list, make, change, remove, pause, resume, and their credentials.

use std::collections::BTreeMap;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use domain::catalogue::{Catalogue, Owner, Service, SigningKind};
use domain::gate::{Gate, GateState};
use domain::profile::ProfileKind;
use domain::time::show_span;
use domain::{ServiceKey, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::change::{Listed, next_number};
use store::command::{Asked, Command};
use store::search;

use super::auth::Caller;
use super::change::{Changed, change, page, patched, writable};
use super::credentials::{Secrets, issue};
use super::extract::{Segments, Strict};
use super::license;
use crate::problem::{self, Problem};
use crate::resources::{self, EventSpec, ServiceSpec, same_host, settle_service};
use crate::server::{Server, Shared};
use store::seal::of;

pub async fn list(State(server): State<Server>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    let present: Vec<&Service> = catalogue.services.values().filter(|service| !service.deleted).collect();
    let keys: Vec<ServiceKey> = present.iter().map(|service| service.key).collect();
    let gates = server.parts.store.read(move |rows| {
        let gates = keys.iter().map(|key| search::gate(rows, *key));
        gates.collect::<Result<Vec<Gate>, _>>()
    });
    let gates = gates.await?;
    Ok(page(present.iter().zip(&gates).map(|(service, gate)| show_with_gate(&server, service, gate))))
}

pub async fn one(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    let service = find(&server, &catalogue, &id)?;
    let key = service.key;
    let gate = server.parts.store.read(move |rows| search::gate(rows, key)).await?;
    Ok(Json(show_with_gate(&server, service, &gate)))
}

/// It, and whether it is being sent to.
fn show_with_gate(server: &Shared, service: &Service, gate: &Gate) -> Value {
    let mut shown = show(server, service);
    // A gate that was never turned has stood open always.
    let since = (gate.since != Timestamp(0)).then(|| gate.since.rfc3339());
    shown["gate"] = json!({ "state": gate.state, "since": since, "by": gate.by });
    shown
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<ServiceSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let made = register(&server, &caller.name, &spec).await?;
    Ok((StatusCode::CREATED, Json(made.show(&server))))
}

pub async fn patch(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(amend(&server, &caller.name, &id, &members).await?.show(&server)))
}

pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    remove(&server, &caller.name, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn restore(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(bring_back(&server, &caller.name, &id).await?.show(&server)))
}

pub async fn credentials(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    let mut shown = json!({});
    renew(&server, &caller.name, &id).await?.secrets.add_to(&mut shown);
    Ok(Json(shown))
}

pub async fn pause(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    turned(&server, &stop(&server, &caller.name, &id).await?).await
}

pub async fn resume(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    turned(&server, &go_on(&server, &caller.name, &id).await?).await
}

async fn turned(server: &Shared, service: &Service) -> Result<Json<Value>, Problem> {
    let key = service.key;
    let gate = server.parts.store.read(move |rows| search::gate(rows, key)).await?;
    Ok(Json(json!({ "name": service.name, "gate": gate.state })))
}

/// A service as it now stands, with what is shown of it this once. Without `Debug`.
pub(crate) struct Issued {
    pub service: Service,
    pub secrets: Secrets,
}

impl Issued {
    fn show(self, server: &Shared) -> Value {
        let mut shown = show(server, &self.service);
        self.secrets.add_to(&mut shown);
        shown
    }
}

/// Registers a service, with an account and credentials of its own.
pub(crate) async fn register(server: &Shared, who: &str, spec: &ServiceSpec) -> Result<Issued, Problem> {
    change(server, who, |catalogue, keys| {
        if catalogue.services.values().any(|service| service.name == spec.name) {
            let detail = format!(
                "there is or was a service {:?}; names are not used twice, but one that was removed can be restored",
                spec.name
            );
            return Err(Problem::new(&problem::TAKEN, detail).about("name"));
        }
        let parts = &server.parts;
        let number = next_number(catalogue.services.values().map(|service| service.number));
        let listeners = &parts.settings.own_listeners;
        let new = resources::service(spec, keys.key(), number, Owner::Api, listeners, &parts.seal, &*parts.random)?;
        let mut service = new.service;
        if service.active {
            license::check(server, &service)?;
        }
        let (account, credentials) = issue(server, catalogue, keys, &service)?;
        service.account = Some(account.key);
        let what = format!("made the service {}", service.name);
        let entries = vec![service.entry(), account.entry()];
        let secrets = Secrets { credentials, signing: Some(new.signing) };
        Ok(Changed { entries, what, answer: Issued { service, secrets } })
    })
    .await
}

/// Changes some members of a service.
pub(crate) async fn amend(
    server: &Server,
    who: &str,
    id: &str,
    members: &Map<String, Value>,
) -> Result<Issued, Problem> {
    let changed = change(server, who, |catalogue, _| {
        let parts = &server.parts;
        let before = find(server, catalogue, id)?;
        writable(before.owner, "service", &before.name)?;
        let mut spec = patched(&spec_of(before), members.clone())?;
        if spec.config.is_some() && !members.contains_key("url") {
            spec.url.clear();
        }
        if spec.name != before.name {
            return Err(Problem::invalid("a service's name stays as it is: its secrets are bound to it").about("name"));
        }
        if !members.contains_key("secret") {
            spec.secret = opened(server, before)?;
        }
        if !members.contains_key("plugin_token") {
            spec.plugin_token.clone_from(&before.plugin_token);
        }
        let listeners = &parts.settings.own_listeners;
        let fresh =
            resources::service(&spec, before.key, before.number, Owner::Api, listeners, &parts.seal, &*parts.random)?;
        let mut service = settle_service(fresh.service, before, &parts.seal);
        let said = members.contains_key("headers") || members.contains_key("config");
        // Headers may be secrets of that host, and are for no other.
        if !said && service.profile == before.profile && same_host(&service.url, &before.url) {
            service.headers.clone_from(&before.headers);
        }
        let lost_token = before.plugin_token.is_some() && service.plugin_token.is_none();
        if lost_token && !members.contains_key("active") && server.licensing().requires_token(&service.name) {
            service.active = false;
        }
        if service.active && (!before.active || service.plugin_token != before.plugin_token) {
            license::check(server, &service)?;
        }
        let signing = (service.signs != before.signs).then_some(fresh.signing);
        let names: Vec<&str> = members.keys().map(String::as_str).collect();
        let what = format!("changed {} of the service {}", names.join(", "), service.name);
        let secrets = Secrets { credentials: Vec::new(), signing };
        Ok(Changed { entries: vec![service.entry()], what, answer: Issued { service, secrets } })
    });
    let answer = changed.await?;
    server.keep_to_license().await?;
    Ok(answer)
}

/// Removes a service: its secrets are forgotten and its account is revoked; its name stays taken.
pub(crate) async fn remove(server: &Shared, who: &str, id: &str) -> Result<(), Problem> {
    change(server, who, |catalogue, _| {
        let before = find(server, catalogue, id)?;
        writable(before.owner, "service", &before.name)?;
        let mut service = Service { active: false, deleted: true, secret: None, signing: Vec::new(), ..before.clone() };
        let mut account = service.account.and_then(|key| catalogue.accounts.get(&key)).cloned();
        if account.as_mut().is_some_and(resources::revoke) {
            // Should the configuration file name it later, it may have another; not if a person switched this one off.
            service.account = None;
        }
        let entries = [Some(service.entry()), account.map(|account| account.entry())].into_iter().flatten().collect();
        Ok(Changed { entries, what: format!("removed the service {}", service.name), answer: () })
    })
    .await
}

/// Has a removed service called again, under its name; its signing secret and credentials are new.
pub(crate) async fn bring_back(server: &Server, who: &str, id: &str) -> Result<Issued, Problem> {
    let restored = change(server, who, |catalogue, keys| {
        let before = find_any(server, catalogue, id)?;
        if !before.deleted {
            return Err(Problem::new(&problem::CONFLICT, format!("the service {:?} is not removed", before.name)));
        }
        if before.profile == ProfileKind::Scanner {
            let detail = "a scanner's key is removed with it; register it under another name".to_owned();
            return Err(Problem::new(&problem::CONFLICT, detail));
        }
        let parts = &server.parts;
        let (shown, sealed) = resources::signing_key(before.signs, &before.name, &parts.seal, &*parts.random);
        let mut service = Service { active: true, deleted: false, signing: vec![sealed], ..before.clone() };
        license::check(server, &service)?;
        let (account, credentials) = issue(server, catalogue, keys, &service)?;
        service.account = Some(account.key);
        let what = format!("restored the service {}", service.name);
        let entries = vec![service.entry(), account.entry()];
        let secrets = Secrets { credentials, signing: Some(shown) };
        Ok(Changed { entries, what, answer: Issued { service, secrets } })
    });
    let answer = restored.await?;
    server.keep_to_license().await?;
    Ok(answer)
}

/// A new signing secret, beside the old one until the next change, and new credentials for the service's account. Also
/// for services that came from the configuration file.
pub(crate) async fn renew(server: &Shared, who: &str, id: &str) -> Result<Issued, Problem> {
    change(server, who, |catalogue, keys| {
        let mut service = find(server, catalogue, id)?.clone();
        let parts = &server.parts;
        let (shown, sealed) = resources::signing_key(service.signs, &service.name, &parts.seal, &*parts.random);
        service.signing.insert(0, sealed);
        service.signing.truncate(2);
        let (account, credentials) = issue(server, catalogue, keys, &service)?;
        service.account = Some(account.key);
        let what = format!("issued credentials for the service {}", service.name);
        let entries = vec![service.entry(), account.entry()];
        let secrets = Secrets { credentials, signing: Some(shown) };
        Ok(Changed { entries, what, answer: Issued { service, secrets } })
    })
    .await
}

/// Stops calling a service; its deadlines stand still. Answers the service, whether it was paused before or is now.
pub(crate) async fn stop(server: &Shared, who: &str, id: &str) -> Result<Service, Problem> {
    let from = [GateState::Open, GateState::Breaker, GateState::Gone, GateState::License];
    turn(server, who, id, &from, GateState::Paused).await
}

/// Calls a service again that was paused, is gone or fails.
///
/// # Errors
/// When the license does not let it run.
pub(crate) async fn go_on(server: &Shared, who: &str, id: &str) -> Result<Service, Problem> {
    license::check(server, find(server, &server.parts.store.catalogue(), id)?)?;
    turn(server, who, id, &[GateState::Paused, GateState::Gone, GateState::Breaker], GateState::Open).await
}

async fn turn(server: &Shared, who: &str, id: &str, from: &[GateState], to: GateState) -> Result<Service, Problem> {
    let service = find(server, &server.parts.store.catalogue(), id)?.clone();
    let what = format!("turned the gate of the service {} to {}", service.name, to.word());
    let asked = Some(Asked { who: who.to_owned(), what });
    let turn = Command::Turn { service: service.key, from: from.to_vec(), to, asked, now: server.now() };
    server.parts.store.submit(turn).await?;
    Ok(service)
}

/// By id, or by name, removed ones too.
pub fn find_any<'a>(server: &Shared, catalogue: &'a Catalogue, id: &str) -> Result<&'a Service, Problem> {
    let by_id = || server.parse(id).ok().and_then(|key| catalogue.services.get(&key));
    let by_name = catalogue.services.values().find(|service| service.name == id);
    by_name.or_else(by_id).ok_or_else(|| Problem::no_such("service", id))
}

/// By id, or by name.
pub fn find<'a>(server: &Shared, catalogue: &'a Catalogue, id: &str) -> Result<&'a Service, Problem> {
    let by_id = || server.parse(id).ok().and_then(|key| catalogue.services.get(&key));
    catalogue
        .service_named(id)
        .or_else(by_id)
        .filter(|service| !service.deleted)
        .ok_or_else(|| Problem::no_such("service", id))
}

/// The profile's own key of a service in the clear.
pub fn opened(server: &Shared, service: &Service) -> Result<Option<String>, Problem> {
    let of = of::service_secret(&service.name);
    let open = |sealed| server.parts.seal.open(sealed, &of).map(|text| text.to_string());
    service.secret.as_ref().map(open).transpose().map_err(|why| Problem::new(&problem::CONFLICT, why.to_string()))
}

fn spec_of(service: &Service) -> ServiceSpec {
    let event = |each: &domain::catalogue::Subscription| EventSpec {
        r#type: each.event.clone(),
        active: each.active,
        blocks: each.blocks,
        deadline: each.deadline,
        redeliver: each.redeliver,
    };
    ServiceSpec {
        name: service.name.clone(),
        profile: service.profile,
        payload: service.form,
        url: service.url.clone(),
        headers: BTreeMap::new(),
        config: None,
        secret: None,
        plugin_token: None,
        signing: service.signs,
        events: service.subscriptions.iter().map(event).collect(),
        on_failure: service.on_failure,
        require_coverage: service.require_coverage,
        concurrency: Some(service.concurrency),
        timeout: Some(show_span(service.attempt)),
        allow_networks: service.allow_networks.clone(),
        active: service.active,
    }
}

fn show(server: &Shared, service: &Service) -> Value {
    let mut shown = serde_json::to_value(spec_of(service)).unwrap_or_default();
    shown["id"] = json!(server.show(service.key));
    shown["number"] = json!(service.number);
    if service.profile == ProfileKind::Worker {
        shown["headers"] = service.headers.iter().map(|header| header.name.as_str()).collect();
    }
    if service.deleted {
        shown["deleted"] = json!(true);
    }
    shown["has_secret"] = json!(service.secret.is_some());
    shown["has_plugin_token"] = json!(service.plugin_token.is_some());
    shown["license"] = license::show_standing(&server.licensing().standing(service, server.now()));
    // Also where the next key has none: those of the old kind sign until then.
    let public_keys = resources::public_keys(service, &server.parts.seal);
    if service.signs == SigningKind::V1a || !public_keys.is_empty() {
        shown["public_keys"] = json!(public_keys);
    }
    shown["account"] = json!(service.account.map(|key| server.show(key)));
    shown["owner"] = json!(service.owner);
    shown
}
