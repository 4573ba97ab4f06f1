//! The rules' pages: each rule a sentence, and an editor that shows what a rule would have matched before it is saved.

mod form;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::catalogue::{Catalogue, Owner};
use domain::rule::{Match, Rule};
use domain::subject::SubjectName;
use domain::time::micros;
use domain::{RuleKey, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value};
use store::row::RowsExt;
use store::table::Rows;
use store::{StoreError, search};

use self::form::RuleForm;
use super::answer::page;
use super::chrome::{Chrome, done};
use super::filled::{Filled, Wrong};
use super::parts::{self, Badge, Moment};
use super::story::subject_text;
use super::subject::path_of;
use super::visitor::Visitor;
use crate::api::rehearsal::{Line, Rehearsed, rehearse};
use crate::api::{Segments, View, rules};
use crate::problem::Problem;
use crate::resources::RuleSpec;
use crate::server::{Server, Shared};

/// How far back matches are counted and a rule is tried out.
const DAYS: u64 = 30;
/// Matches of all rules that are counted.
const COUNTED_MAX: usize = 5_000;
/// Matches of one reading.
const STEP: usize = 500;
/// Matches of one rule that are listed.
const LISTED_MAX: usize = 20;
/// Results that would match, listed.
const TRIED_MAX: usize = 50;

#[derive(Template)]
#[template(path = "rules.html")]
struct List {
    chrome: Chrome,
    rules: Vec<RuleLine>,
}

struct RuleLine {
    path: String,
    told: String,
    force: Badge,
    lately: String,
    last: Option<Moment>,
    from_file: bool,
}

/// What rules matched lately.
#[derive(Default)]
struct Lately {
    /// How often, and when last, by rule.
    by_rule: BTreeMap<RuleKey, (usize, Timestamp)>,
    /// The newest matches of one rule.
    newest: Vec<Match>,
    /// Whether all were counted.
    is_all: bool,
}

/// Reads what matched within the last days, newest first, listing the matches of one rule.
fn lately(rows: &mut dyn Rows, of: Option<RuleKey>, now: Timestamp) -> Result<Lately, StoreError> {
    let since = Timestamp(now.0.saturating_sub(micros(Duration::from_secs(DAYS * 86_400))));
    let (mut lately, mut below, mut seen) = (Lately { is_all: true, ..Lately::default() }, None, 0);
    loop {
        let page: Vec<Match> = rows.page(below, STEP)?;
        let is_last_page = page.len() < STEP;
        below = page.last().map(|found| found.key.0);
        for found in page {
            if found.at < since {
                return Ok(lately);
            }
            seen += 1;
            lately.by_rule.entry(found.rule).or_insert((0, found.at)).0 += 1;
            if Some(found.rule) == of && lately.newest.len() < LISTED_MAX {
                lately.newest.push(found);
            }
        }
        if is_last_page {
            return Ok(lately);
        }
        if seen >= COUNTED_MAX {
            lately.is_all = false;
            return Ok(lately);
        }
    }
}

pub async fn list(State(server): State<Server>, visitor: Visitor) -> Result<Response, Problem> {
    let (catalogue, now) = (server.parts.store.catalogue(), server.now());
    let lately = server.parts.store.read(move |rows| lately(rows, None, now)).await?;
    let mut rules: Vec<&Rule> = catalogue.rules.values().collect();
    rules.sort_by_key(|rule| (!rule.active, rule.shadow, rule.name.clone()));
    let line = |rule: &Rule| {
        let found = lately.by_rule.get(&rule.key);
        RuleLine {
            path: format!("/rules/{}", server.show(rule.key)),
            told: told(&catalogue, rule),
            force: words::force(rule),
            lately: words::lately(found.map_or(0, |(count, _)| *count), lately.is_all, DAYS),
            last: found.map(|(_, at)| Moment::new(*at, now)),
            from_file: rule.owner == Owner::File,
        }
    };
    let rules = rules.into_iter().map(line).collect();
    Ok(page(StatusCode::OK, &List { chrome: Chrome::new(&visitor, "/rules", "Rules"), rules }))
}

fn told(catalogue: &Catalogue, rule: &Rule) -> String {
    let service =
        rule.service.map(|key| catalogue.services.get(&key).map_or("a service that is gone", |each| &each.name));
    words::told(rule, service)
}

#[derive(Template)]
#[template(path = "rule.html")]
struct Editor {
    chrome: Chrome,
    /// Where the form is sent.
    action: String,
    /// The rule that is there.
    before: Option<Before>,
    /// None where it cannot be changed here.
    form: Option<RuleForm>,
    /// Why not.
    read_only: Option<&'static str>,
    tried: Option<Tried>,
}

/// A rule as it stands.
struct Before {
    name: String,
    told: String,
    force: Badge,
    lately: String,
    matches: Vec<MatchLine>,
    active: bool,
}

struct MatchLine {
    subject: Option<(String, String)>,
    state: &'static str,
    text: Option<String>,
    at: Moment,
}

/// What a rule would have matched.
struct Tried {
    sentence: String,
    text: String,
    lines: Vec<TriedLine>,
    more: usize,
}

struct TriedLine {
    subject: Option<(String, String)>,
    verdict: Option<Badge>,
    service: String,
    text: String,
    at: Moment,
}

/// The form of a new rule.
pub async fn new(State(server): State<Server>, visitor: Visitor) -> Response {
    editor(&server, &visitor, None, &form::blank(), &Wrong::default(), None)
}

/// A rule: its sentence, what it matched lately, and the form that changes it.
pub async fn one(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let rule = rules::find(&server, &catalogue, &id)?;
    let typed = form::typed_of(&rules::spec_of(&catalogue, rule));
    let before = before(&server, rule).await?;
    Ok(editor(&server, &visitor, Some((rule, before)), &typed, &Wrong::default(), None))
}

async fn before(server: &Server, rule: &Rule) -> Result<Before, Problem> {
    let (view, key) = (View::of(server), rule.key);
    let now = view.now;
    let read = server.parts.store.read(move |rows| {
        let lately = lately(rows, Some(key), now)?;
        let lines = lately.newest.iter().map(|found| match_line(rows, found, now)).collect::<Result<Vec<_>, _>>()?;
        Ok((lately.by_rule.get(&key).map_or(0, |(count, _)| *count), lately.is_all, lines))
    });
    let (count, is_all, matches) = read.await?;
    Ok(Before {
        name: rule.name.clone(),
        told: told(&view.catalogue, rule),
        force: words::force(rule),
        lately: words::lately(count, is_all, DAYS),
        matches,
        active: rule.active,
    })
}

fn match_line(rows: &mut dyn Rows, found: &Match, now: Timestamp) -> Result<MatchLine, StoreError> {
    let name = match found.subject {
        Some(subject) => search::subject_name(rows, subject)?,
        None => None,
    };
    Ok(MatchLine {
        subject: name.as_ref().map(linked),
        state: super::story::match_state(found.state),
        text: found.text.clone(),
        at: Moment::new(found.at, now),
    })
}

/// Where a subject's page is, and what it is called.
fn linked(name: &SubjectName) -> (String, String) {
    (path_of(name), subject_text(name))
}

fn editor(
    server: &Shared,
    visitor: &Visitor,
    before: Option<(&Rule, Before)>,
    typed: &Filled,
    wrong: &Wrong,
    tried: Option<Tried>,
) -> Response {
    let catalogue = server.parts.store.catalogue();
    let (action, read_only) = match &before {
        None => ("/rules/new".to_owned(), None),
        Some((rule, _)) => (format!("/rules/{}", server.show(rule.key)), read_only(rule, visitor)),
    };
    let form = form::form(&catalogue, &server.parts.settings.programs, typed, wrong);
    let before = before.map(|(_, before)| before);
    let title = before.as_ref().map_or_else(|| "New rule".to_owned(), |before| before.name.clone());
    let editor = Editor {
        chrome: Chrome::new(visitor, "/rules", title),
        action,
        before,
        form: read_only.is_none().then_some(form),
        read_only,
        tried,
    };
    let status = if *wrong == Wrong::default() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(status, &editor)
}

/// Why a visitor cannot change a rule here.
fn read_only(rule: &Rule, visitor: &Visitor) -> Option<&'static str> {
    match rule.owner {
        Owner::File => Some("This rule belongs to the configuration file: change it there, and restart."),
        Owner::Api if !visitor.administers() => Some("An administrator changes it."),
        Owner::Api => None,
    }
}

/// Tries out what was typed, and saves it once that was seen.
pub async fn make(State(server): State<Server>, visitor: Visitor, typed: Filled) -> Result<Response, Problem> {
    match tried(&server, &typed).await? {
        Err(wrong) => Ok(editor(&server, &visitor, None, &typed, &wrong, None)),
        Ok((_, Some(tried))) => Ok(editor(&server, &visitor, None, &typed, &Wrong::default(), Some(tried))),
        Ok((spec, None)) => match rules::make(&server, &visitor.name, &spec).await {
            Ok(rule) => {
                let path = format!("/rules/{}", server.show(rule.key));
                Ok(done(&path, &format!("The rule {} was made.", rule.name)))
            }
            Err(problem) if problem.kind.status < 500 => {
                Ok(editor(&server, &visitor, None, &typed, &Wrong::of(&problem), None))
            }
            Err(problem) => Err(problem),
        },
    }
}

/// Likewise for a rule that is there.
pub async fn amend(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    typed: Filled,
) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let rule = rules::find(&server, &catalogue, &id)?;
    let again = async |wrong: &Wrong, tried| {
        Ok(editor(&server, &visitor, Some((rule, before(&server, rule).await?)), &typed, wrong, tried))
    };
    let spec = match tried(&server, &typed).await? {
        Err(wrong) => return again(&wrong, None).await,
        Ok((_, Some(tried))) => return again(&Wrong::default(), Some(tried)).await,
        Ok((spec, None)) => spec,
    };
    let path = format!("/rules/{}", server.show(rule.key));
    let members = changed(&rules::spec_of(&catalogue, rule), &spec);
    if members.is_empty() {
        return Ok(done(&path, "Nothing was typed otherwise, so nothing was changed."));
    }
    match rules::amend(&server, &visitor.name, &id, &members).await {
        Ok(rule) => Ok(done(&path, &format!("The rule {} was changed.", rule.name))),
        Err(problem) if problem.kind.status < 500 => again(&Wrong::of(&problem), None).await,
        Err(problem) => Err(problem),
    }
}

/// The members that differ, as the own API takes them; null takes one away.
fn changed(before: &RuleSpec, after: &RuleSpec) -> Map<String, Value> {
    let members = |spec: &RuleSpec| match serde_json::to_value(spec) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let (before, after) = (members(before), members(after));
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let differing = names.filter(|name| before.get(*name) != after.get(*name));
    differing.map(|name| (name.clone(), after.get(name).cloned().unwrap_or_default())).collect()
}

/// What was typed as a rule, and unless it is to be saved, what it would have matched.
async fn tried(server: &Server, typed: &Filled) -> Result<Result<(RuleSpec, Option<Tried>), Wrong>, Problem> {
    let spec = match form::spec(typed) {
        Ok(spec) => spec,
        Err(wrong) => return Ok(Err(wrong)),
    };
    if typed.has("do", "save") {
        return Ok(Ok((spec, None)));
    }
    match rehearse(server, &spec, Duration::from_secs(DAYS * 86_400)).await {
        Ok(rehearsed) => {
            let view = View::of(server);
            let rule = rules::read(server, &view.catalogue, &spec, RuleKey(0))?;
            Ok(Ok((spec, Some(tell(&rehearsed, told(&view.catalogue, &rule), &view)))))
        }
        Err(problem) if problem.kind.status < 500 => Ok(Err(Wrong::of(&problem))),
        Err(problem) => Err(problem),
    }
}

fn tell(rehearsed: &Rehearsed, sentence: String, view: &View) -> Tried {
    let line = |line: &Line| TriedLine {
        subject: line.subject.as_ref().map(|(_, name)| linked(name)),
        verdict: line.verdict.map(Badge::verdict),
        service: view.service(line.service).unwrap_or("a service that is gone").to_owned(),
        text: super::filled::sentence(&line.foreseen.text),
        at: Moment::new(line.at, view.now),
    };
    let lines = rehearsed.lines();
    Tried {
        sentence,
        text: super::filled::sentence(&rehearsed.text()),
        lines: lines.iter().take(TRIED_MAX).map(line).collect(),
        more: lines.len().saturating_sub(TRIED_MAX),
    }
}

/// Switches a rule off.
pub async fn switch_off(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    rules::switch_off(&server, &visitor.name, &id).await?;
    Ok(done(&format!("/rules/{id}"), "The rule is switched off. What it found stays."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_members_that_differ_are_changed_and_what_is_gone_is_taken_away() {
        let spec = |value: Value| serde_json::from_value::<RuleSpec>(value).expect("a rule");
        let before = spec(json!({"name": "A", "action": "block", "users_max": 9, "service": "scan"}));
        let after = spec(json!({"name": "A", "action": {"hold": "24h"}, "service": "scan"}));
        assert_eq!(Value::Object(changed(&before, &after)), json!({"action": {"hold": "1d"}, "users_max": null}));
        assert!(changed(&before, &before).is_empty());
    }
}
