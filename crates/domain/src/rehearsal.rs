//! A rehearsal: what a rule would have done about results that are there already, before it is in force.
//!
//! It asks the judgement itself, with a catalogue in which the rule stands alone: other rules take no part, so that one
//! more severe does not hide it, and nothing is written.

use crate::catalogue::Catalogue;
use crate::judge::{SubjectState, Trigger, judge};
use crate::rule::{MatchState, Rule};
use crate::words::words;
use crate::{ArtifactKey, ServiceKey, Timestamp};

words! {
    /// What a rule would have done about a result that names it.
    Would {
        /// It would have acted.
        Act = "act",
        /// It spares protected subjects, and this is one.
        Spare = "spared",
        /// A person had dealt with the subject.
        Yield = "cleared",
        /// It is on trial.
        Record = "shadow",
        /// There is no subject to act on.
        Miss = "no_subject",
        /// Its action is to do nothing.
        Rest = "none",
    }
}

/// What would have come of one result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// What the rule would have done.
    pub would: Would,
    /// The same in words.
    pub text: String,
}

/// A rule that is tried out.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    alone: Catalogue,
    rule: Rule,
}

impl Rehearsal {
    /// Tries out a rule as if it were in force.
    #[must_use]
    pub fn new(rule: Rule, catalogue: &Catalogue) -> Self {
        let rule = Rule { active: true, ..rule };
        let alone = Catalogue {
            services: catalogue.services.clone(),
            rules: [(rule.key, rule.clone())].into(),
            ..Catalogue::default()
        };
        Self { alone, rule }
    }

    /// Everyone who may have reported.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.alone
    }

    /// Whether a service's report of these names concerns the rule.
    #[must_use]
    pub fn concerns<'n>(&self, service: ServiceKey, mut names: impl Iterator<Item = &'n str>) -> bool {
        names.any(|name| self.alone.rules_named(Some(service), name).next().is_some())
    }

    /// What the rule would have done about a report that concerns it.
    ///
    /// `state` is the subject's, `cleared` as it was when the report came. `late` is only told: a late result's rules act.
    #[must_use]
    pub fn foresee(
        &self,
        service: ServiceKey,
        state: Option<SubjectState>,
        artifact: Option<ArtifactKey>,
        late: bool,
        now: Timestamp,
    ) -> Foreseen {
        let state = state.map(|state| SubjectState { waiting: Vec::new(), ..state });
        let names = [self.rule.name.clone()];
        let trigger = Trigger::Pushed { service, matched: &names };
        let plan = judge(state.as_ref(), trigger, artifact, &self.alone, now);
        let found = plan.matches.into_iter().next().map(|found| (found.state, found.text));
        let (would, text) = match found {
            Some((MatchState::Done | MatchState::Planned, Some(but))) => (Would::Act, format!("would act: {but}")),
            Some((MatchState::Done | MatchState::Planned, None)) => (Would::Act, "would act".to_owned()),
            Some((MatchState::Cleared, _)) => (Would::Yield, "cleared: a person has dealt with it".to_owned()),
            Some((MatchState::Shadow, _)) => (Would::Record, "on trial: it is recorded, and nothing done".to_owned()),
            Some((MatchState::None, Some(_))) => (Would::Spare, "spared: protected".to_owned()),
            _ if state.is_none() && self.rule.action.needs_subject() => (Would::Miss, "no subject".to_owned()),
            _ => (Would::Rest, "its action is to do nothing".to_owned()),
        };
        let text = if late { format!("{text} (late)") } else { text };
        Foreseen { would, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleKey;
    use crate::catalogue::Owner;
    use crate::judge::tests::{service, state};
    use crate::profile::ProfileKind;
    use crate::rule::{Action, HoldFor, HoldScope};

    fn rehearsal(change: impl FnOnce(&mut Rule)) -> Rehearsal {
        let mut rule = Rule {
            key: RuleKey(9),
            name: "BAD".to_owned(),
            service: None,
            when: None,
            severity: None,
            action: Action::Hold(HoldFor::Ever),
            active: false,
            shadow: false,
            spare_protected: false,
            users_max: None,
            scope: HoldScope::Subject,
            track: None,
            owner: Owner::Api,
        };
        change(&mut rule);
        let services = [service(1, ProfileKind::Scanner), service(2, ProfileKind::Standard)];
        let catalogue =
            Catalogue { services: services.into_iter().map(|each| (each.key, each)).collect(), ..Catalogue::default() };
        Rehearsal::new(rule, &catalogue)
    }

    fn would(rehearsal: &Rehearsal, state: Option<SubjectState>) -> Foreseen {
        rehearsal.foresee(ServiceKey(1), state, None, false, Timestamp(0))
    }

    #[test]
    fn a_rule_concerns_its_exact_name_of_its_own_service() {
        let any = rehearsal(|_| {});
        assert!(any.concerns(ServiceKey(2), ["OK", "BAD"].into_iter()));
        assert!(!any.concerns(ServiceKey(2), ["bad"].into_iter()));
        let one = rehearsal(|rule| rule.service = Some(ServiceKey(1)));
        assert!(one.concerns(ServiceKey(1), ["BAD"].into_iter()));
        assert!(!one.concerns(ServiceKey(2), ["BAD"].into_iter()));
    }

    #[test]
    fn it_says_whether_the_rule_would_have_acted_and_why_not() {
        let plain = rehearsal(|_| {});
        assert_eq!(would(&plain, Some(state(vec![]))).text, "would act");
        assert_eq!(would(&plain, None).text, "no subject");
        let cleared = SubjectState { cleared: true, ..state(vec![]) };
        assert_eq!(would(&plain, Some(cleared.clone())).text, "cleared: a person has dealt with it");
        let mut protected = state(vec![]);
        protected.subject.protected = true;
        let sparing = rehearsal(|rule| rule.spare_protected = true);
        assert_eq!(would(&sparing, Some(protected.clone())).text, "spared: protected");
        assert_eq!(would(&rehearsal(|rule| rule.shadow = true), Some(protected.clone())).would, Would::Record);
        assert_eq!(would(&rehearsal(|rule| rule.action = Action::None), Some(cleared)).would, Would::Rest);
        let blocking = rehearsal(|rule| rule.action = Action::Block);
        let guarded = would(&blocking, Some(protected));
        assert_eq!(guarded.text, "would act: rule BAD would block, but the subject is protected");
        let telling = rehearsal(|rule| rule.action = Action::Notify);
        assert_eq!(would(&telling, None).would, Would::Act);
        let late = plain.foresee(ServiceKey(1), Some(state(vec![])), None, true, Timestamp(0));
        assert_eq!((late.would, late.text.as_str()), (Would::Act, "would act (late)"));
    }
}
