//! Rules: list, make, change, switch off.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use domain::catalogue::{Catalogue, Owner};
use domain::rule::Rule;
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::change::Listed;

use super::auth::Caller;
use super::change::{Changed, change, page, patched, writable};
use super::extract::{Segments, Strict};
use crate::problem::{self, Problem};
use crate::resources::{self, RuleSpec};
use crate::server::{Server, Shared};

pub async fn list(State(server): State<Server>) -> Json<Value> {
    let catalogue = server.parts.store.catalogue();
    page(catalogue.rules.values().map(|rule| show(&server, &catalogue, rule)))
}

pub async fn one(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    Ok(Json(show(&server, &catalogue, find(&server, &catalogue, &id)?)))
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<RuleSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let rule = make(&server, &caller.name, &spec).await?;
    Ok((StatusCode::CREATED, Json(show(&server, &server.parts.store.catalogue(), &rule))))
}

pub async fn patch(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let rule = amend(&server, &caller.name, &id, &members).await?;
    Ok(Json(show(&server, &server.parts.store.catalogue(), &rule)))
}

pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    switch_off(&server, &caller.name, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a rule.
pub(crate) async fn make(server: &Shared, who: &str, spec: &RuleSpec) -> Result<Rule, Problem> {
    change(server, who, |catalogue, keys| {
        let rule = read(server, catalogue, spec, keys.key())?;
        if catalogue.rules.values().any(|other| other.name == rule.name && other.service == rule.service) {
            let detail = format!("there is a rule {:?} for the same services already", rule.name);
            return Err(Problem::new(&problem::TAKEN, detail).about("name"));
        }
        let what = format!("made the rule {}", rule.name);
        Ok(Changed { entries: vec![rule.entry()], what, answer: rule })
    })
    .await
}

/// Changes some members of a rule.
pub(crate) async fn amend(server: &Shared, who: &str, id: &str, members: &Map<String, Value>) -> Result<Rule, Problem> {
    change(server, who, |catalogue, _| {
        let before = find(server, catalogue, id)?;
        writable(before.owner, "rule", &before.name)?;
        let spec = patched(&spec_of(catalogue, before), members.clone())?;
        let rule = read(server, catalogue, &spec, before.key)?;
        let names: Vec<&str> = members.keys().map(String::as_str).collect();
        let what = format!("changed {} of the rule {}", names.join(", "), rule.name);
        Ok(Changed { entries: vec![rule.entry()], what, answer: rule })
    })
    .await
}

/// Switches a rule off. It stays in the list, since what it found names it.
pub(crate) async fn switch_off(server: &Shared, who: &str, id: &str) -> Result<(), Problem> {
    change(server, who, |catalogue, _| {
        let before = find(server, catalogue, id)?;
        writable(before.owner, "rule", &before.name)?;
        let rule = Rule { active: false, ..before.clone() };
        Ok(Changed { entries: vec![rule.entry()], what: format!("switched off the rule {}", rule.name), answer: () })
    })
    .await
}

/// The rule that a specification makes.
pub fn read(server: &Shared, catalogue: &Catalogue, spec: &RuleSpec, key: domain::RuleKey) -> Result<Rule, Problem> {
    let services = |name: &str| catalogue.service_named(name).map(|service| service.key);
    resources::rule(spec, key, Owner::Api, &services, &server.parts.settings.programs)
}

/// The rule of this id.
pub(crate) fn find<'a>(server: &Shared, catalogue: &'a Catalogue, id: &str) -> Result<&'a Rule, Problem> {
    catalogue.rules.get(&server.parse(id)?).ok_or_else(|| Problem::no_such("rule", id))
}

/// A rule as people write it.
pub(crate) fn spec_of(catalogue: &Catalogue, rule: &Rule) -> RuleSpec {
    let service = rule.service.and_then(|key| catalogue.services.get(&key));
    RuleSpec {
        name: rule.name.clone(),
        service: service.map(|service| service.name.clone()),
        active: rule.active,
        when: rule.when,
        severity: rule.severity,
        action: rule.action.clone(),
        shadow: rule.shadow,
        spare_protected: rule.spare_protected,
        users_max: rule.users_max.and_then(|users| users.try_into().ok()),
        scope: rule.scope,
        track: rule.track.clone(),
    }
}

fn show(server: &Shared, catalogue: &Catalogue, rule: &Rule) -> Value {
    let mut shown = serde_json::to_value(spec_of(catalogue, rule)).unwrap_or_default();
    shown["id"] = json!(server.show(rule.key));
    shown["severity"] = json!(rule.severity());
    shown["owner"] = json!(rule.owner);
    shown
}
