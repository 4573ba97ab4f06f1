//! Rules: when this is found, do that.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::catalogue::Owner;
use domain::rule::{Action, HoldFor, HoldScope, Rule, When};
use domain::{RuleKey, ServiceKey};
use serde::{Deserialize, Serialize};

use super::check_name;
use super::source::yes;
use crate::problem::Problem;
use crate::text::nearest;

/// A rule as people write it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// The exact name that a service reports.
    pub name: String,
    /// The one service whose reports count; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Whether it is in force.
    #[serde(default = "yes")]
    pub active: bool,
    /// When it acts; absent: what the reporting service's profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Its place among others; absent: its action's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<u16>,
    /// What it does.
    pub action: Action,
    /// Whether it only records what it would have done.
    #[serde(default)]
    pub shadow: bool,
    /// Whether it leaves protected subjects alone.
    #[serde(default)]
    pub spare_protected: bool,
    /// It blocks only what at most so many use, and holds anything else; absent: whatever its use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users_max: Option<u32>,
    /// What its holds are on: the subject, or everything in the subject's collection.
    #[serde(default = "subject")]
    pub scope: HoldScope,
    /// The one track of the collection that its holds are on; absent: every track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<String>,
}

const fn subject() -> HoldScope {
    HoldScope::Subject
}

/// Makes a rule. `services` answers the key of a service's name.
///
/// # Errors
/// A sentence on the first thing that cannot be.
pub fn rule(
    spec: &RuleSpec,
    key: RuleKey,
    owner: Owner,
    services: &dyn Fn(&str) -> Option<ServiceKey>,
    programs: &BTreeSet<String>,
) -> Result<Rule, Problem> {
    check_name("name", "a rule's name", &spec.name)?;
    let told = |member, why: String| Problem::invalid(format!("rule {:?}: {why}", spec.name)).about(member);
    let service = match spec.service.as_deref() {
        None => None,
        Some(name) => Some(services(name).ok_or_else(|| told("service", format!("there is no service {name:?}")))?),
    };
    if spec.users_max.is_some() && spec.action != Action::Block {
        return Err(told("users_max", "users_max belongs to the action \"block\" alone".to_owned()));
    }
    if spec.scope == HoldScope::Collection && !matches!(spec.action, Action::Hold(_) | Action::Restrict(_)) {
        return Err(told(
            "scope",
            "scope = \"collection\" belongs to the actions \"hold\" and \"restrict\" alone".to_owned(),
        ));
    }
    if let Some(track) = &spec.track {
        check_name("track", "a rule's track", track)?;
        if spec.scope == HoldScope::Subject {
            return Err(told(
                "track",
                "track belongs to scope = \"collection\" alone: a subject has one track".to_owned(),
            ));
        }
    }
    match &spec.action {
        // One that is not in force may name a program that is still to be declared.
        Action::Exec(program) if spec.active && !programs.contains(program) => {
            let hint = nearest(program, programs.iter().map(String::as_str));
            let hint = hint.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
            let declared = "programs are declared in the configuration file";
            return Err(told("action", format!("there is no program {program:?}{hint} ({declared})")));
        }
        Action::Hold(HoldFor::Span(Duration::ZERO)) => {
            return Err(told("action", "expected a hold longer than nothing, or \"forever\"".to_owned()));
        }
        _ => {}
    }
    Ok(Rule {
        key,
        name: spec.name.clone(),
        service,
        when: spec.when,
        severity: spec.severity,
        action: spec.action.clone(),
        active: spec.active,
        shadow: spec.shadow,
        spare_protected: spec.spare_protected,
        users_max: spec.users_max.map(i64::from),
        scope: spec.scope,
        track: spec.track.clone(),
        owner,
    })
}
