//! Services: list, make, change, remove, pause, resume, and their credentials.

use std::collections::BTreeMap;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use domain::catalogue::{Account, Catalogue, Owner, Permission, Role, Service, SigningKind};
use domain::gate::{Gate, GateState};
use domain::profile::ProfileKind;
use domain::time::show_span;
use domain::{ServiceKey, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::change::{Listed, NewKeys, next_number};
use store::command::{Answer, Command};
use store::search;

use super::auth::Caller;
use super::change::{Changed, change, page, patched, writable};
use super::extract::{Segments, Strict};
use super::license;
use crate::problem::{self, Problem};
use crate::resources::{self, AccountSpec, EventSpec, ServiceSpec, same_host, settle_service};
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
    shown["gate"] = json!({ "state": gate.state, "since": since });
    shown
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<ServiceSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let made = change(&server, &caller.name, |catalogue, keys| {
        if catalogue.services.values().any(|service| service.name == spec.name) {
            let detail = format!(
                "there is or was a service {:?}; names are not used twice, but one that was removed can be restored",
                spec.name
            );
            return Err(Problem::new(&problem::TAKEN, detail));
        }
        let parts = &server.parts;
        let number = next_number(catalogue.services.values().map(|service| service.number));
        let listeners = &parts.settings.own_listeners;
        let new = resources::service(&spec, keys.key(), number, Owner::Api, listeners, &parts.seal, &*parts.random)?;
        let mut service = new.service;
        if service.active {
            license::check(&server, &service)?;
        }
        let (account, credentials) = issue(&server, catalogue, keys, &service)?;
        service.account = Some(account.key);
        let mut answer = show(&server, &service);
        answer["credentials"] = credentials;
        let (member, text) = new.signing.member();
        answer[member] = json!(text);
        let what = format!("made the service {}", service.name);
        Ok(Changed { entries: vec![service.entry(), account.entry()], what, answer })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

pub async fn patch(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let changed = change(&server, &caller.name, |catalogue, _| {
        let parts = &server.parts;
        let before = find(&server, catalogue, &id)?;
        writable(before.owner, "service", &before.name)?;
        let mut spec = patched(&spec_of(before), members.clone())?;
        if spec.config.is_some() && !members.contains_key("url") {
            spec.url.clear();
        }
        if spec.name != before.name {
            return Err(Problem::invalid("a service's name stays as it is: its secrets are bound to it"));
        }
        if !members.contains_key("secret") {
            spec.secret = opened(&server, before)?;
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
            license::check(&server, &service)?;
        }
        let mut answer = show(&server, &service);
        if service.signs != before.signs {
            let (member, text) = fresh.signing.member();
            answer[member] = json!(text);
        }
        let names: Vec<&str> = members.keys().map(String::as_str).collect();
        let what = format!("changed {} of the service {}", names.join(", "), service.name);
        Ok(Changed { entries: vec![service.entry()], what, answer })
    });
    let answer = changed.await?;
    server.keep_to_license().await?;
    Ok(Json(answer))
}

pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    change(&server, &caller.name, |catalogue, _| {
        let before = find(&server, catalogue, &id)?;
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
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A service that was removed is called again, under its name; its signing secret and credentials are new.
pub async fn restore(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    let restored = change(&server, &caller.name, |catalogue, keys| {
        let before = find_any(&server, catalogue, &id)?;
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
        license::check(&server, &service)?;
        let (account, credentials) = issue(&server, catalogue, keys, &service)?;
        service.account = Some(account.key);
        let mut answer = show(&server, &service);
        answer["credentials"] = credentials;
        let (member, text) = shown.member();
        answer[member] = json!(text);
        let what = format!("restored the service {}", service.name);
        Ok(Changed { entries: vec![service.entry(), account.entry()], what, answer })
    });
    let answer = restored.await?;
    server.keep_to_license().await?;
    Ok(Json(answer))
}

/// A new signing secret, beside the old one until the next change, and new credentials for the service's account. Also
/// for services that came from the configuration file.
pub async fn credentials(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    let issued = change(&server, &caller.name, |catalogue, keys| {
        let mut service = find(&server, catalogue, &id)?.clone();
        let (shown, sealed) =
            resources::signing_key(service.signs, &service.name, &server.parts.seal, &*server.parts.random);
        service.signing.insert(0, sealed);
        service.signing.truncate(2);
        let (account, credentials) = issue(&server, catalogue, keys, &service)?;
        service.account = Some(account.key);
        let (member, text) = shown.member();
        let answer = json!({ "credentials": credentials, member: text });
        let what = format!("issued credentials for the service {}", service.name);
        Ok(Changed { entries: vec![service.entry(), account.entry()], what, answer })
    });
    Ok(Json(issued.await?))
}

pub async fn pause(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    let from = [GateState::Open, GateState::Breaker, GateState::Gone, GateState::License];
    turn(&server, &caller, &id, &from, GateState::Paused).await
}

pub async fn resume(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Problem> {
    license::check(&server, find(&server, &server.parts.store.catalogue(), &id)?)?;
    turn(&server, &caller, &id, &[GateState::Paused, GateState::Gone, GateState::Breaker], GateState::Open).await
}

async fn turn(
    server: &Shared,
    caller: &Caller,
    id: &str,
    from: &[GateState],
    to: GateState,
) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    let service = find(server, &catalogue, id)?;
    let turn = Command::Turn { service: service.key, from: from.to_vec(), to, now: server.now() };
    if matches!(server.parts.store.submit(turn).await?, Answer::Done) {
        let what = format!("turned the gate of the service {} to {}", service.name, to.word());
        change(server, &caller.name, |_, _| Ok(Changed { entries: Vec::new(), what: what.clone(), answer: () }))
            .await?;
    }
    let key = service.key;
    let gate = server.parts.store.read(move |rows| search::gate(rows, key)).await?;
    Ok(Json(json!({ "name": service.name, "gate": gate.state })))
}

/// The account of a service with new credentials, and what is shown of them this once; made where there is none yet.
///
/// # Errors
/// When a person switched the account off: another one in its place would undo what that person decided.
fn issue(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
) -> Result<(Account, Value), Problem> {
    let known = service.account.and_then(|key| catalogue.accounts.get(&key)).cloned();
    if let Some(off) = known.as_ref().filter(|account| !account.active) {
        let detail = format!("the account {:?} of this service was switched off; switch it on first", off.name);
        return Err(Problem::new(&problem::CONFLICT, detail));
    }
    match service.profile {
        ProfileKind::Scanner => Ok(issue_key(server, catalogue, keys, service, known)),
        ProfileKind::Worker => Ok(issue_access_key(server, catalogue, keys, service, known)),
        ProfileKind::Standard => issue_token(server, catalogue, keys, service, known),
    }
}

/// A name for the account of a service: its own, with its number where that is taken.
fn account_name(catalogue: &Catalogue, service: &Service) -> String {
    let mut name = service.name.clone();
    while catalogue.accounts.values().any(|account| account.name == name) {
        name = format!("{name}-{}", service.number);
    }
    name
}

/// A key with which a worker signs its requests. It reaches what its service is asked about, and nothing else before a
/// person grants more.
fn issue_access_key(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
    known: Option<Account>,
) -> (Account, Value) {
    let mut account = known.unwrap_or_else(|| {
        let number = next_number(catalogue.accounts.values().map(|account| account.number));
        resources::service_account(keys.key(), number, account_name(catalogue, service))
    });
    let new = resources::access_key(&account, keys.key(), &server.parts.seal, &*server.parts.random, server.now());
    let shown = json!({ "access_key": new.key.name, "secret_key": new.secret.as_str() });
    resources::add_access_key(&mut account, new.key);
    (account, shown)
}

/// A bearer token.
fn issue_token(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
    known: Option<Account>,
) -> Result<(Account, Value), Problem> {
    let token = resources::token(keys.key(), &*server.parts.random, server.now());
    let account = match known {
        Some(mut account) => {
            account.credentials.push(token.credential);
            account
        }
        None => {
            let spec = AccountSpec::new(&account_name(catalogue, service), Role::Service);
            let number = next_number(catalogue.accounts.values().map(|account| account.number));
            resources::account(&spec, keys.key(), number, &token)?
        }
    };
    Ok((account, json!({ "token": token.text })))
}

/// A key with which a scanner signs its own tokens. What a person permitted or forbade stays as it is.
fn issue_key(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
    known: Option<Account>,
) -> (Account, Value) {
    let mut account = known.unwrap_or_else(|| {
        let number = next_number(catalogue.accounts.values().map(|account| account.number));
        resources::scanner_account(catalogue, &service.name, service.number, keys.key(), number)
    });
    let new = resources::jwt_key(&account, keys.key(), &server.parts.seal, &*server.parts.random, server.now());
    let shown = json!({ "jwt_key": new.key.name, "jwt_secret": new.secret.as_str() });
    // The account of a service that was no scanner before has never been asked about it.
    if account.jwt.is_empty() && !account.permissions.contains(&Permission::PatchResults) {
        account.permissions.push(Permission::PatchResults);
    }
    resources::add_jwt_key(&mut account, new.key);
    (account, shown)
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
