//! The form of a rule: what was typed, as a specification.

use std::collections::BTreeSet;

use domain::catalogue::Catalogue;
use domain::rule::{Action, HoldFor, HoldScope, RestrictionKind, When};
use domain::time::show_span;

use crate::pages::filled::{Filled, Wrong};
use crate::pages::parts::{Control, Field};
use crate::resources::{self, RuleSpec};

/// A form's fields, filled in.
pub struct RuleForm {
    pub fields: Vec<Field>,
    pub rare: Vec<Field>,
    pub rare_open: bool,
    pub spare_protected: bool,
    /// What is wrong with none of the fields.
    pub wrong: Option<String>,
}

const FIELDS: &[&str] = &["name", "service", "action", "hold", "when", "users_max", "scope", "track", "severity"];

/// What is typed into the form of a new rule before anybody has typed anything: it is tried out first.
pub fn blank() -> Filled {
    Filled::of([("force", "shadow".to_owned()), ("action", "hold".to_owned()), ("hold", "24h".to_owned())])
}

/// A rule as it would be typed.
pub fn typed_of(spec: &RuleSpec) -> Filled {
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let hold = match spec.action {
        Action::Hold(HoldFor::Span(span)) => show_span(span),
        _ => String::new(),
    };
    let force = match (spec.active, spec.shadow) {
        (false, _) => "off",
        (true, true) => "shadow",
        (true, false) => "enforce",
    };
    let mut pairs = vec![
        ("name", spec.name.clone()),
        ("service", spec.service.clone().unwrap_or_default()),
        ("action", action_word(&spec.action)),
        ("hold", hold),
        ("force", force.to_owned()),
        ("when", spec.when.map_or("", When::word).to_owned()),
        ("users_max", number(spec.users_max)),
        ("scope", spec.scope.word().to_owned()),
        ("track", spec.track.clone().unwrap_or_default()),
        ("severity", number(spec.severity.map(u32::from))),
    ];
    pairs.extend(spec.spare_protected.then(|| ("spare_protected", "yes".to_owned())));
    Filled::of(pairs)
}

/// An action as its choice names it.
fn action_word(action: &Action) -> String {
    match action {
        Action::Restrict(RestrictionKind::Submission) => "restrict_submission".to_owned(),
        Action::Restrict(RestrictionKind::Approval) => "restrict_approval".to_owned(),
        Action::Exec(program) => format!("exec {program}"),
        plain => plain.word().to_owned(),
    }
}

/// The form, with what was typed and what is wrong with it.
pub fn form(catalogue: &Catalogue, programs: &BTreeSet<String>, typed: &Filled, wrong: &Wrong) -> RuleForm {
    let filled = |field: Field| {
        let (value, wrong) = (typed.one(field.name).to_owned(), wrong.at(&[field.name]));
        field.value(value).wrong(wrong)
    };
    let services = catalogue.services.values().filter(|service| !service.deleted);
    let services = services.map(|service| (service.name.clone(), service.name.clone()));
    let services: Vec<_> = [(String::new(), "Any service".to_owned())].into_iter().chain(services).collect();
    let fields = [
        Field::line("name", "When a service says").hint("The exact name that it reports, as in MALICIOUS.").required(),
        Field::line("service", "Which service").control(Control::Choice(services)),
        Field::line("action", "Then").control(Control::Choice(actions(programs, typed.one("action")))),
        Field::line("hold", "For how long, where it holds").hint("As in 24h or 7d. Empty: until somebody lifts it."),
        choice(
            "force",
            "Whether it acts",
            &[
                ("shadow", "On trial: it notes what it would have done"),
                ("enforce", "In force: it acts"),
                ("off", "Off: it is not looked at"),
            ],
        ),
    ];
    let rare = [
        choice(
            "when",
            "When it acts",
            &[
                ("", "As the service's protocol says"),
                ("result", "At once, with the result"),
                ("gate", "Once every answer is there"),
            ],
        ),
        choice("scope", "What it holds", &[("subject", "The subject alone"), ("collection", "Its whole collection")]),
        Field::line("track", "Only this track of the collection").hint("Empty: every track."),
        Field::line("users_max", "It blocks only what at most so many people use")
            .hint("Anything else is held instead. Empty: whatever its use."),
        Field::line("severity", "Its place among others").hint("The highest acts where one may. Empty: its action's."),
    ];
    let rare: Vec<Field> = rare.into_iter().map(filled).collect();
    RuleForm {
        fields: fields.into_iter().map(filled).collect(),
        rare_open: rare.iter().any(|field| field.wrong.is_some()),
        rare,
        spare_protected: typed.has("spare_protected", "yes"),
        wrong: wrong.beside(FIELDS),
    }
}

fn choice(name: &'static str, label: &'static str, choices: &[(&str, &str)]) -> Field {
    let choices = choices.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned()));
    Field::line(name, label).control(Control::Choice(choices.collect()))
}

/// What a rule may do, each with its words; one that stands there already is among them.
fn actions(programs: &BTreeSet<String>, now: &str) -> Vec<(String, String)> {
    let plain = [
        ("none", "Note it, and do nothing"),
        ("flag", "Ask a person to look"),
        ("hold", "Hold the release"),
        ("restrict_submission", "Hold it, and refuse its authors' later submissions"),
        ("restrict_approval", "Hold it, and hold back its authors' later releases"),
        ("block", "Block it for good"),
        ("release", "Lift the holds that rules made"),
        ("notify", "Tell whoever listens"),
    ];
    let plain = plain.map(|(value, words)| (value.to_owned(), words.to_owned()));
    let gone = now.strip_prefix("exec ").filter(|program| !programs.contains(*program));
    let programs = programs.iter().map(String::as_str).chain(gone);
    let programs = programs.map(|program| (format!("exec {program}"), format!("Run the program {program}")));
    plain.into_iter().chain(programs).collect()
}

/// A rule as it was typed.
///
/// # Errors
/// What does not read, with the field that it stands in.
pub fn spec(typed: &Filled) -> Result<RuleSpec, Wrong> {
    let text = |name: &str| typed.some(name).map(str::to_owned);
    let force = typed.one("force");
    Ok(RuleSpec {
        name: typed.one("name").to_owned(),
        service: text("service"),
        active: force != "off",
        when: When::from_word(typed.one("when")),
        severity: number(typed, "severity")?,
        action: action(typed)?,
        shadow: force == "shadow",
        spare_protected: typed.has("spare_protected", "yes"),
        users_max: number(typed, "users_max")?,
        scope: HoldScope::from_word(typed.one("scope")).unwrap_or(HoldScope::Subject),
        track: text("track"),
    })
}

fn action(typed: &Filled) -> Result<Action, Wrong> {
    let word = typed.one("action");
    let found = match word {
        "restrict_submission" => Some(Action::Restrict(RestrictionKind::Submission)),
        "restrict_approval" => Some(Action::Restrict(RestrictionKind::Approval)),
        "hold" => {
            let hold = serde_json::Value::from(typed.some("hold").unwrap_or("forever"));
            let hold = resources::read_value::<HoldFor>(hold);
            Some(Action::Hold(hold.map_err(|problem| Wrong::with("hold", problem.detail))?))
        }
        "none" => Some(Action::None),
        "flag" => Some(Action::Flag),
        "block" => Some(Action::Block),
        "release" => Some(Action::Release),
        "notify" => Some(Action::Notify),
        other => other.strip_prefix("exec ").map(|program| Action::Exec(program.to_owned())),
    };
    found.ok_or_else(|| Wrong::with("action", format!("expected one of the choices, found {word:?}")))
}

fn number<T: std::str::FromStr>(typed: &Filled, name: &'static str) -> Result<Option<T>, Wrong> {
    let read = |text: &str| {
        text.parse().map_err(|_| Wrong::with(name, format!("expected a number that is not too large, found {text:?}")))
    };
    typed.some(name).map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&'static str, &str)]) -> Filled {
        Filled::of(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())))
    }

    fn told(result: Result<RuleSpec, Wrong>, member: &str) -> String {
        result.err().and_then(|wrong| wrong.at(&[member])).unwrap_or_default()
    }

    #[test]
    fn every_rule_reads_as_it_is_typed() {
        let rules = [
            r#"{"name":"A","action":{"hold":"24h"}}"#,
            r#"{"name":"A","action":{"hold":"forever"},"scope":"collection","track":"beta","service":"scan"}"#,
            r#"{"name":"A","action":"block","users_max":9,"spare_protected":true,"shadow":true,"severity":7}"#,
            r#"{"name":"A","action":{"restrict":"approval"},"when":"gate","active":false}"#,
            r#"{"name":"A","action":{"exec":"build"},"when":"result"}"#,
            r#"{"name":"A","action":"none"}"#,
        ];
        for json in rules {
            let before: RuleSpec = serde_json::from_str(json).expect("a rule");
            let after = spec(&typed_of(&before)).expect("it reads");
            let shown = |spec: &RuleSpec| serde_json::to_value(spec).expect("JSON");
            assert_eq!(shown(&after), shown(&before), "{json}");
        }
    }

    #[test]
    fn what_does_not_read_is_told_beside_its_field() {
        let hold = spec(&typed(&[("action", "hold"), ("hold", "soon")]));
        assert!(told(hold, "hold").starts_with("Expected a length of time"));
        assert!(told(spec(&typed(&[("action", "shout")])), "action").contains("found \"shout\""));
        assert!(told(spec(&typed(&[("action", "flag"), ("severity", "70000")])), "severity").contains("70000"));
    }

    #[test]
    fn a_new_rule_is_on_trial_and_programs_are_offered() {
        let new = spec(&Filled::of([
            ("name", "A".to_owned()),
            ("force", "shadow".to_owned()),
            ("action", "flag".to_owned()),
        ]));
        assert!(new.is_ok_and(|spec| spec.active && spec.shadow));
        let programs = ["build".to_owned()].into();
        let offered = actions(&programs, "exec gone");
        let values: Vec<&str> = offered.iter().map(|(value, _)| value.as_str()).collect();
        assert!(values.ends_with(&["exec build", "exec gone"]), "{values:?}");
    }
}
