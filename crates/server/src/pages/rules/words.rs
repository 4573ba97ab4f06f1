//! A rule in words. Pure.

use domain::rule::{Action, HoldFor, HoldScope, RestrictionKind, Rule, When};

use crate::pages::filled::sentence;
use crate::pages::parts::{Badge, Tone};
use crate::pages::services::words::time;

/// A rule in one sentence: "When malware-scan says MALICIOUS, hold for 24 hours."
pub fn told(rule: &Rule, service: Option<&str>) -> String {
    let who = service.unwrap_or("any service");
    let mut text = format!("when {who} says {}", rule.name);
    text.push_str(match rule.when {
        None => ", ",
        Some(When::Result) => ", at once ",
        Some(When::Gate) => ", once every answer is there ",
    });
    text.push_str(&action(rule));
    if let Some(users) = rule.users_max {
        text.push_str(&format!("; what more than {users} people use is held instead"));
    }
    if rule.spare_protected {
        text.push_str("; protected subjects are spared");
    }
    sentence(&text)
}

/// What a rule does.
fn action(rule: &Rule) -> String {
    let on = match (rule.scope, rule.track.as_deref()) {
        (HoldScope::Subject, _) => String::new(),
        (HoldScope::Collection, None) => " its whole collection".to_owned(),
        (HoldScope::Collection, Some(track)) => format!(" the track {track} of its collection"),
    };
    match &rule.action {
        Action::None => "note it and do nothing".to_owned(),
        Action::Flag => "ask a person to look".to_owned(),
        Action::Hold(HoldFor::Span(span)) => format!("hold{on} for {}", time(*span)),
        Action::Hold(HoldFor::Ever) => format!("hold{on} until somebody lifts it"),
        Action::Release => "lift the holds that rules made".to_owned(),
        Action::Restrict(RestrictionKind::Submission) => {
            format!("hold{on} until somebody lifts it, and refuse its authors' later submissions")
        }
        Action::Restrict(RestrictionKind::Approval) => {
            format!("hold{on} until somebody lifts it, and hold back its authors' later releases")
        }
        Action::Block => "block it for good, and hold back its authors' later releases".to_owned(),
        Action::Notify => "tell whoever listens".to_owned(),
        Action::Exec(program) => format!("run the program {program}"),
    }
}

/// Whether a rule acts.
pub fn force(rule: &Rule) -> Badge {
    match (rule.active, rule.shadow) {
        (false, _) => Badge::new(Tone::Calm, "off"),
        (true, true) => Badge::new(Tone::Wait, "on trial"),
        (true, false) => Badge::new(Tone::Good, "in force"),
    }
}

/// How often a rule matched, and when last.
pub fn lately(count: usize, is_all: bool, days: u64) -> String {
    let least = if is_all { "" } else { "at least " };
    match count {
        0 => format!("It matched nothing in the last {days} days."),
        1 => format!("It matched {least}once in the last {days} days."),
        many => format!("It matched {least}{many} times in the last {days} days."),
    }
}

#[cfg(test)]
pub mod tests {
    use std::time::Duration;

    use domain::RuleKey;
    use domain::catalogue::Owner;

    use super::*;

    pub fn rule(action: Action) -> Rule {
        Rule {
            key: RuleKey(1),
            name: "MALICIOUS".to_owned(),
            service: None,
            when: None,
            severity: None,
            action,
            active: true,
            shadow: false,
            spare_protected: false,
            users_max: None,
            scope: HoldScope::Subject,
            track: None,
            owner: Owner::Api,
        }
    }

    const DAY: HoldFor = HoldFor::Span(Duration::from_secs(24 * 3600));

    #[test]
    fn a_rule_is_one_sentence() {
        let plain = rule(Action::Hold(HoldFor::Span(Duration::from_secs(3 * 3600))));
        assert_eq!(told(&plain, Some("malware-scan")), "When malware-scan says MALICIOUS, hold for 3 hours.");
        let late = Rule { when: Some(When::Gate), spare_protected: true, ..rule(Action::Hold(DAY)) };
        assert_eq!(
            told(&late, None),
            "When any service says MALICIOUS, once every answer is there hold for 1 day; protected subjects are spared."
        );
        let whole =
            Rule { scope: HoldScope::Collection, track: Some("beta".to_owned()), ..rule(Action::Hold(HoldFor::Ever)) };
        assert!(told(&whole, None).contains("hold the track beta of its collection until somebody lifts it"));
        let block = Rule { users_max: Some(1_000), ..rule(Action::Block) };
        assert!(told(&block, None).ends_with("; what more than 1000 people use is held instead."));
        assert!(told(&rule(Action::Exec("build".to_owned())), None).ends_with("run the program build."));
        assert!(told(&rule(Action::None), None).ends_with("note it and do nothing."));
        let restrict = told(&rule(Action::Restrict(RestrictionKind::Submission)), None);
        assert!(restrict.ends_with("refuse its authors' later submissions."));
    }

    #[test]
    fn a_rule_is_off_on_trial_or_in_force() {
        let word = |active, shadow| force(&Rule { active, shadow, ..rule(Action::Flag) }).word;
        assert_eq!([word(true, false), word(true, true), word(false, true)], ["in force", "on trial", "off"]);
    }

    #[test]
    fn matches_are_counted_and_a_bound_is_said() {
        assert_eq!(lately(0, true, 30), "It matched nothing in the last 30 days.");
        assert_eq!(lately(1, true, 30), "It matched once in the last 30 days.");
        assert_eq!(lately(7, false, 30), "It matched at least 7 times in the last 30 days.");
    }
}
