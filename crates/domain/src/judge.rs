//! The judgement: what follows from one thing that happened to a subject. Pure; a command carries what it decided.

use crate::answer::Conclusion;
use crate::catalogue::{Catalogue, OnFailure, Service};
use crate::expectation::{Expectation, ExpectationState, Planned};
use crate::profile;
use crate::result::{Coverage, ResultKind};
use crate::rule::{Action, Flag, Hold, HoldFor, HoldKind, HoldScope, Match, MatchState, RestrictionKind, Rule, When};
use crate::subject::Subject;
use crate::verdict::{Reason, ReasonCode, Verdict, VerdictKind};
use crate::{ArtifactKey, ExpectationKey, FlagKey, HoldKey, MatchKey, RuleKey, ServiceKey, Timestamp};

/// Everything about a subject that a judgement looks at, at one revision.
#[derive(Debug, Clone)]
pub struct SubjectState {
    /// The subject with its revision and present verdict.
    pub subject: Subject,
    /// Its expectations that count.
    pub expectations: Vec<Expectation>,
    /// Its active holds, and all those of its collection, on whatever track.
    pub holds: Vec<Hold>,
    /// Its open flags.
    pub flags: Vec<Flag>,
    /// Matches whose action waits for the last blocking answer.
    pub waiting: Vec<Match>,
    /// Whether a person has dealt with it.
    pub cleared: bool,
    /// Whether one of its actors may not have releases.
    pub restricted: bool,
}

impl SubjectState {
    /// The active holds that stop the subject.
    pub fn stopped_by(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.stops(&self.subject))
    }
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum Trigger<'a> {
    /// A service concluded, or its deadline passed.
    Concluded {
        /// What it concludes.
        expectation: &'a Expectation,
        /// With what.
        conclusion: &'a Conclusion,
    },
    /// A conclusion that came too late: it never satisfies, its rules still act.
    Late {
        /// What it would have concluded.
        expectation: &'a Expectation,
        /// With what.
        conclusion: &'a Conclusion,
    },
    /// A service reported on its own initiative: its rules act at once.
    Pushed {
        /// Who.
        service: ServiceKey,
        /// Names of rules.
        matched: &'a [String],
    },
    /// An event about the subject was recorded: more is owed.
    Asked {
        /// What is owed now.
        planned: &'a [Planned],
    },
    /// The subject listed artifacts about which things had been said.
    Adopted {
        /// What is or was owed about them.
        expectations: &'a [Expectation],
        /// What had been found.
        matches: &'a [Match],
    },
    /// A hold ended: its time came, or a person lifted it.
    HoldEnded {
        /// Which.
        hold: HoldKey,
    },
    /// A person has dealt with the subject.
    Cleared,
    /// Something outside the subject changed: a hold on its collection, a restriction.
    Recheck,
}

/// What is to be written. References to matches that do not exist yet are places in [`Plan::matches`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What becomes of the expectation.
    pub expectation: Option<ExpectationChange>,
    /// Expectations whose missing answer a person accepted.
    pub waived: Vec<ExpectationKey>,
    /// New matches.
    pub matches: Vec<NewMatch>,
    /// What becomes of matches that waited.
    pub settled: Vec<Settled>,
    /// New flags.
    pub flags: Vec<NewFlag>,
    /// New holds.
    pub holds: Vec<NewHold>,
    /// Holds that end.
    pub holds_ended: Vec<(HoldKey, String)>,
    /// Flags that close.
    pub flags_ended: Vec<FlagKey>,
    /// Whether a person lifts a block by this.
    pub block_lifted: bool,
    /// By when a person is to have looked at the subject, after all this.
    pub review_deadline: Option<Timestamp>,
    /// Restrictions of the subject's actors.
    pub restrictions: Vec<(RestrictionKind, Cause)>,
    /// `notify` events: the text of each.
    pub notices: Vec<Notice>,
    /// The verdict after all this; none without a subject.
    pub verdict: Option<Verdict>,
    /// Whether the verdict is another than before.
    pub changed: bool,
}

/// What becomes of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationChange {
    /// Its new state.
    pub state: ExpectationState,
    /// Whether its protocol refuses another write.
    pub closed: bool,
    /// How much was examined.
    pub coverage: Coverage,
}

/// What becomes of a match that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub key: MatchKey,
    /// Where its action stands now.
    pub state: MatchState,
    /// What came of it, where that is not what its action says.
    pub text: Option<String>,
}

/// Which match made something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The new match at this place of [`Plan::matches`].
    New(usize),
    /// A match that was there before.
    Known(MatchKey),
}

/// A match to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMatch {
    /// The rule.
    pub rule: RuleKey,
    /// Its name.
    pub name: String,
    /// Who reported it.
    pub service: Option<ServiceKey>,
    /// Its action.
    pub action: Action,
    /// Its place among others.
    pub severity: u16,
    /// Where its action stands.
    pub state: MatchState,
    /// What came of it.
    pub text: Option<String>,
}

/// A flag to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFlag {
    /// What made it.
    pub cause: Cause,
    /// Why.
    pub text: String,
}

/// A hold to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// What it is on: the subject, or its collection.
    pub scope: HoldScope,
    /// The one track of the collection that it is on; none: every track.
    pub track: Option<String>,
    /// Whether it holds or blocks.
    pub kind: HoldKind,
    /// When it ends by itself.
    pub until: Timestamp,
    /// What made it.
    pub cause: Cause,
    /// The rule.
    pub rule: RuleKey,
    /// Why.
    pub text: String,
}

impl NewHold {
    /// The hold as it will stand, without a key and the match that made it.
    #[must_use]
    pub fn on(&self, subject: &Subject, now: Timestamp) -> Hold {
        Hold {
            key: HoldKey(0),
            scope: self.scope,
            of: match self.scope {
                HoldScope::Subject => subject.key.0,
                HoldScope::Collection => subject.collection.0,
            },
            track: self.track.clone(),
            kind: self.kind,
            until: self.until,
            cause: None,
            rule: Some(self.rule),
            text: self.text.clone(),
            at: now,
            ended: None,
            ended_by: None,
        }
    }
}

/// A `notify` event to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The rule that tells.
    pub rule: RuleKey,
    /// Its name.
    pub name: String,
}

/// A rule that was named and may act in this commit.
struct Candidate<'a> {
    cause: Cause,
    action: &'a Action,
    severity: u16,
    rule: RuleKey,
    name: &'a str,
    highest: bool,
    /// What its holds are on.
    reach: (HoldScope, Option<&'a str>),
    /// Why it may not block, where that is what it does.
    guard: Option<String>,
}

/// Judges one thing that happened.
///
/// `state` is none for what concerns no subject; then there is no verdict, and an expectation is its own gate.
/// `artifact` says whether the thing is about an upload that a subject may list later.
#[must_use]
pub fn judge(
    state: Option<&SubjectState>,
    trigger: Trigger<'_>,
    artifact: Option<ArtifactKey>,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Plan {
    let mut plan = Plan {
        expectation: expectation_change(&trigger, catalogue),
        review_deadline: state.and_then(|state| state.subject.review_deadline),
        ..Plan::default()
    };
    let gate_closed = gate_is_closed(state, &trigger, plan.expectation.as_ref(), catalogue);

    let reported = reported(&trigger);
    if let Some((service, names)) = reported {
        plan.matches = found(service, names, catalogue, state);
    }

    let mut acting = Vec::new();
    let new_matches = std::mem::take(&mut plan.matches);
    let at_once = matches!(trigger, Trigger::Pushed { .. });
    let mut outcomes = Vec::with_capacity(new_matches.len());
    for (place, found) in new_matches.iter().enumerate() {
        let rule = catalogue.rules.get(&found.rule);
        let (when, highest) = manner(rule, found.service, catalogue);
        let waits = when == When::Gate && !gate_closed && !at_once;
        let next = if found.state != MatchState::Done {
            found.state
        } else if state.is_none() && found.action.needs_subject() {
            if artifact.is_some() { MatchState::Waiting } else { MatchState::None }
        } else if waits {
            MatchState::Waiting
        } else {
            acting.push(Candidate {
                cause: Cause::New(place),
                action: &found.action,
                severity: found.severity,
                rule: found.rule,
                name: &found.name,
                highest,
                reach: reach(rule),
                guard: guard(&found.action, rule, state),
            });
            MatchState::Done
        };
        outcomes.push((next, found.text.clone()));
    }
    let adopted: &[Match] = if let Trigger::Adopted { matches, .. } = trigger { matches } else { &[] };
    let waiting = state.map_or(&[][..], |state| state.waiting.as_slice());
    for known in waiting.iter().filter(|_| gate_closed).chain(adopted) {
        let rule = catalogue.rules.get(&known.rule);
        let (when, highest) = manner(rule, known.service, catalogue);
        if when == When::Gate && !gate_closed {
            continue;
        }
        // What was found before is judged by what the rule and the subject are now.
        if let Some((state, why)) = rule.and_then(|rule| set_aside(rule, state)) {
            plan.settled.push(Settled { key: known.key, state, text: Some(why.to_owned()) });
            continue;
        }
        acting.push(Candidate {
            cause: Cause::Known(known.key),
            action: &known.action,
            severity: known.severity,
            rule: known.rule,
            name: &known.name,
            highest,
            reach: reach(rule),
            guard: guard(&known.action, rule, state),
        });
    }
    perform(&mut plan, &mut outcomes, state, acting, now);
    plan.matches = new_matches;
    for (found, outcome) in plan.matches.iter_mut().zip(outcomes) {
        (found.state, found.text) = outcome;
    }

    match trigger {
        Trigger::HoldEnded { hold } => {
            plan.holds_ended.push((hold, "ended".to_owned()));
            // No block ends by itself.
            let is_it = |each: &Hold| each.key == hold && each.kind == HoldKind::Block;
            plan.block_lifted = state.is_some_and(|state| state.holds.iter().any(is_it));
        }
        Trigger::Cleared => clear(&mut plan, state),
        _ => {}
    }
    if let Some(state) = state {
        let verdict = verdict(state, &trigger, &plan, catalogue, now);
        plan.changed = verdict.kind != state.subject.verdict;
        plan.verdict = Some(verdict);
    }
    plan
}

/// The verdict of a subject that was just named for the first time by an event.
#[must_use]
pub fn first_verdict(planned: &[Planned], catalogue: &Catalogue) -> Verdict {
    let reasons = planned.iter().filter(|each| each.blocks).map(|each| waiting_for(each.service, catalogue)).collect();
    or_nothing_asked(reasons, planned.iter().any(|each| each.blocks))
}

/// A new subject's first verdict, in a collection on which there are these holds.
#[must_use]
pub fn held_from_the_start(first: &Verdict, subject: &Subject, holds: &[Hold]) -> Verdict {
    let stopped_by = holds.iter().filter(|hold| hold.stops(subject)).map(reason_of_hold);
    Verdict::from_reasons(first.reasons.iter().cloned().chain(stopped_by).collect())
}

fn reported<'a>(trigger: &Trigger<'a>) -> Option<(Option<ServiceKey>, &'a [String])> {
    match trigger {
        Trigger::Concluded { expectation, conclusion } => {
            // An error over a result that is there already leaves it alone, its rules included.
            let stands = expectation.state == ExpectationState::Complete && concluded_nothing(conclusion.kind);
            (!stands).then_some((Some(expectation.service), conclusion.matched.as_slice()))
        }
        Trigger::Late { expectation, conclusion } => Some((Some(expectation.service), &conclusion.matched)),
        Trigger::Pushed { service, matched } => Some((Some(*service), matched)),
        _ => None,
    }
}

const fn concluded_nothing(kind: ResultKind) -> bool {
    matches!(kind, ResultKind::Error | ResultKind::Missing)
}

fn expectation_change(trigger: &Trigger<'_>, catalogue: &Catalogue) -> Option<ExpectationChange> {
    let Trigger::Concluded { expectation, conclusion } = trigger else { return None };
    if concluded_nothing(conclusion.kind) {
        if expectation.state == ExpectationState::Complete {
            return None;
        }
        return Some(unsatisfied(expectation));
    }
    if matches!(conclusion.kind, ResultKind::Skipped | ResultKind::Rejected) {
        return Some(ExpectationChange {
            state: ExpectationState::Complete,
            closed: conclusion.complete,
            coverage: Coverage::NotApplicable,
        });
    }
    let strict = catalogue.services.get(&expectation.service).is_some_and(|service| service.require_coverage);
    let coverage = conclusion.coverage.unwrap_or(if strict { Coverage::None } else { Coverage::Full });
    let enough = match coverage {
        Coverage::Full | Coverage::NotApplicable => true,
        Coverage::Partial => !strict,
        Coverage::None | Coverage::Waived => false,
    };
    if enough {
        return Some(ExpectationChange { state: ExpectationState::Complete, closed: conclusion.complete, coverage });
    }
    Some(ExpectationChange { closed: conclusion.complete, ..unsatisfied(expectation) })
}

/// What becomes of an expectation to which no usable answer came.
fn unsatisfied(expectation: &Expectation) -> ExpectationChange {
    let coverage = if expectation.on_failure == OnFailure::Open { Coverage::Waived } else { Coverage::None };
    ExpectationChange { state: ExpectationState::Missing, closed: true, coverage }
}

/// Whether no blocking answer is owed any more, once the trigger's own change is taken into account.
fn gate_is_closed(
    state: Option<&SubjectState>,
    trigger: &Trigger<'_>,
    change: Option<&ExpectationChange>,
    catalogue: &Catalogue,
) -> bool {
    let awaits = |each: &Expectation| each.awaits() && catalogue.waits_for(each.service);
    let Some(state) = state else { return true };
    let concluded = match (trigger, change) {
        (Trigger::Concluded { expectation, .. }, Some(change)) if change.state != ExpectationState::Open => {
            Some(expectation.key)
        }
        _ => None,
    };
    let more = match trigger {
        Trigger::Asked { planned } => planned.iter().any(|each| each.blocks && catalogue.waits_for(each.service)),
        Trigger::Adopted { expectations, .. } => expectations.iter().any(awaits),
        _ => false,
    };
    !more && !state.expectations.iter().any(|each| awaits(each) && Some(each.key) != concluded)
}

/// The matches that a report makes: one for each rule in force, whatever the number of times it was named.
fn found(
    service: Option<ServiceKey>,
    names: &[String],
    catalogue: &Catalogue,
    state: Option<&SubjectState>,
) -> Vec<NewMatch> {
    let mut matches: Vec<NewMatch> = Vec::new();
    for rule in names.iter().flat_map(|name| catalogue.rules_named(service, name)) {
        if matches.iter().any(|each| each.rule == rule.key) {
            continue;
        }
        let (state, text) = match set_aside(rule, state) {
            Some((state, why)) => (state, Some(why.to_owned())),
            None => (MatchState::Done, None),
        };
        matches.push(NewMatch {
            rule: rule.key,
            name: rule.name.clone(),
            service,
            action: rule.action.clone(),
            severity: rule.severity(),
            state,
            text,
        });
    }
    matches
}

/// Why a rule does not act on this subject, whatever it does.
fn set_aside(rule: &Rule, state: Option<&SubjectState>) -> Option<(MatchState, &'static str)> {
    if !rule.active {
        return Some((MatchState::None, "the rule was switched off"));
    }
    if rule.shadow {
        return Some((MatchState::Shadow, "the rule is on trial"));
    }
    let spared = rule.spare_protected && state.is_some_and(|state| state.subject.protected);
    spared.then_some((MatchState::None, "the rule spares protected subjects"))
}

/// When a match acts, and whether it competes with others: by its rule, else by the reporter's profile.
fn manner(rule: Option<&Rule>, service: Option<ServiceKey>, catalogue: &Catalogue) -> (When, bool) {
    let profile =
        service.and_then(|key| catalogue.services.get(&key)).map(|service: &Service| profile::of(service.profile));
    let when = rule.and_then(|rule| rule.when).or(profile.map(|profile| profile.when)).unwrap_or(When::Result);
    (when, profile.is_some_and(|profile| profile.highest))
}

/// Lets candidates act: what a clearance sets aside, then of those that compete the most severe, then each other one.
fn perform(
    plan: &mut Plan,
    outcomes: &mut [(MatchState, Option<String>)],
    state: Option<&SubjectState>,
    mut acting: Vec<Candidate<'_>>,
    now: Timestamp,
) {
    let mut settle = |plan: &mut Plan, cause: Cause, state: MatchState, text: Option<String>| match cause {
        Cause::New(place) => outcomes[place] = (state, text),
        Cause::Known(key) => plan.settled.push(Settled { key, state, text }),
    };
    if state.is_some_and(|state| state.cleared) {
        acting.retain(|each| {
            let yields = each.action.yields_to_clearance() || each.guard.is_some();
            if yields {
                settle(plan, each.cause, MatchState::Cleared, None);
            }
            !yields
        });
    }
    // What a rule lifts is what stood before; what another holds in the same commit stands.
    acting.sort_by_key(|each| *each.action != Action::Release);
    let winner = acting
        .iter()
        .enumerate()
        .filter(|(_, each)| each.highest)
        .max_by_key(|(_, each)| (each.severity, std::cmp::Reverse(each.rule)))
        .map(|(place, _)| place);
    for (place, each) in acting.iter().enumerate() {
        if each.highest && Some(place) != winner {
            settle(plan, each.cause, MatchState::Superseded, None);
            continue;
        }
        let next = take_effect(plan, each, state, now);
        settle(plan, each.cause, next, each.guard.as_ref().map(|why| guarded_text(each.name, why)));
    }
}

fn take_effect(plan: &mut Plan, each: &Candidate<'_>, state: Option<&SubjectState>, now: Timestamp) -> MatchState {
    let text = format!("rule {}", each.name);
    match each.action {
        Action::None => MatchState::None,
        Action::Notify => {
            plan.notices.push(Notice { rule: each.rule, name: each.name.to_owned() });
            MatchState::Done
        }
        Action::Exec(_) => MatchState::Planned,
        Action::Flag => {
            flag(plan, each.cause, state, text);
            MatchState::Done
        }
        Action::Hold(length) => {
            flag(plan, each.cause, state, text.clone());
            let until = length.until(now);
            hold(plan, each, state, HoldKind::Hold, until, text);
            if *length != HoldFor::Ever {
                plan.review_deadline = Some(plan.review_deadline.map_or(until, |due| due.min(until)));
            }
            MatchState::Done
        }
        Action::Restrict(kind) => {
            flag(plan, each.cause, state, text.clone());
            hold(plan, each, state, HoldKind::Hold, Timestamp::NEVER, text);
            plan.restrictions.push((*kind, each.cause));
            MatchState::Done
        }
        Action::Block => {
            match &each.guard {
                Some(why) => {
                    let text = guarded_text(each.name, why);
                    flag(plan, each.cause, state, text.clone());
                    hold(plan, each, state, HoldKind::Hold, Timestamp::NEVER, text);
                }
                None => {
                    hold(plan, each, state, HoldKind::Block, Timestamp::NEVER, text);
                    plan.restrictions.push((RestrictionKind::Approval, each.cause));
                }
            }
            MatchState::Done
        }
        Action::Release => {
            let held = state.map_or(&[][..], |state| state.holds.as_slice());
            for hold in held.iter().filter(|hold| hold.scope == HoldScope::Subject && hold.kind == HoldKind::Hold) {
                plan.holds_ended.push((hold.key, text.clone()));
            }
            MatchState::Done
        }
    }
}

/// What a rule's holds are on; those of a rule that is gone are on the subject.
fn reach(rule: Option<&Rule>) -> (HoldScope, Option<&str>) {
    rule.map_or((HoldScope::Subject, None), |rule| (rule.scope, rule.track.as_deref()))
}

/// Why a rule that blocks may not block this subject (scanner-pipeline, section 12.3, action 500).
fn guard(action: &Action, rule: Option<&Rule>, state: Option<&SubjectState>) -> Option<String> {
    let subject = &state.filter(|_| *action == Action::Block)?.subject;
    if subject.protected {
        return Some("the subject is protected".to_owned());
    }
    if subject.block_lifted {
        return Some("a person lifted an earlier block".to_owned());
    }
    let users_max = rule?.users_max?;
    match subject.users {
        Some(users) if users <= users_max => None,
        Some(users) => Some(format!("{users} use it, and the rule blocks what at most {users_max} use")),
        None => Some(format!("nobody said how many use it, and the rule blocks what at most {users_max} use")),
    }
}

fn guarded_text(rule: &str, why: &str) -> String {
    format!("rule {rule} would block, but {why}")
}

/// One open flag is enough: a second would tell a person nothing new.
fn flag(plan: &mut Plan, cause: Cause, state: Option<&SubjectState>, text: String) {
    let flagged = state.is_some_and(|state| !state.flags.is_empty()) || !plan.flags.is_empty();
    if !flagged {
        plan.flags.push(NewFlag { cause, text });
    }
}

/// A hold that an active one of the same rule already covers is not written again; one that ends earlier is replaced.
fn hold(
    plan: &mut Plan,
    each: &Candidate<'_>,
    state: Option<&SubjectState>,
    kind: HoldKind,
    until: Timestamp,
    text: String,
) {
    let (scope, track) = each.reach;
    let is_alike = |hold: &&Hold| {
        let same_place = hold.scope == scope && hold.track.as_deref() == track;
        same_place && hold.kind == kind && hold.rule == Some(each.rule)
    };
    let stands = |hold: &&Hold| !plan.holds_ended.iter().any(|(ended, _)| *ended == hold.key);
    let before = state.map_or(&[][..], |state| state.holds.as_slice());
    let alike: Vec<&Hold> = before.iter().filter(is_alike).filter(stands).collect();
    if alike.iter().any(|hold| hold.until >= until) {
        return;
    }
    plan.holds_ended.extend(alike.iter().map(|hold| (hold.key, format!("replaced by a later one of {text}"))));
    let track = track.map(str::to_owned);
    plan.holds.push(NewHold { scope, track, kind, until, cause: each.cause, rule: each.rule, text });
}

fn clear(plan: &mut Plan, state: Option<&SubjectState>) {
    let Some(state) = state else { return };
    plan.review_deadline = None;
    let own = state.holds.iter().filter(|hold| hold.scope == HoldScope::Subject && hold.kind == HoldKind::Hold);
    plan.holds_ended.extend(own.map(|hold| (hold.key, "cleared by a person".to_owned())));
    plan.flags_ended.extend(state.flags.iter().map(|flag| flag.key));
    let unanswered = state.expectations.iter().filter(|each| each.blocks && each.state == ExpectationState::Missing);
    plan.waived.extend(unanswered.filter(|each| each.coverage != Some(Coverage::Waived)).map(|each| each.key));
}

fn verdict(state: &SubjectState, trigger: &Trigger<'_>, plan: &Plan, catalogue: &Catalogue, now: Timestamp) -> Verdict {
    let mut reasons = Vec::new();
    let mut asked = false;

    let adopted: &[Expectation] = if let Trigger::Adopted { expectations, .. } = trigger { expectations } else { &[] };
    for each in state.expectations.iter().chain(adopted).filter(|each| each.blocks) {
        asked = true;
        let changed = match (trigger, &plan.expectation) {
            (Trigger::Concluded { expectation, .. }, Some(change)) if expectation.key == each.key => Some(change),
            _ => None,
        };
        let now_state = changed.map_or(each.state, |change| change.state);
        let mut coverage = changed.map_or(each.coverage, |change| Some(change.coverage));
        if plan.waived.contains(&each.key) {
            coverage = Some(Coverage::Waived);
        }
        reasons.extend(reason_of(each, now_state, coverage, catalogue));
    }
    if let Trigger::Asked { planned } = trigger {
        for each in planned.iter().filter(|each| each.blocks) {
            asked = true;
            reasons.push(waiting_for(each.service, catalogue));
        }
    }
    let ends = |hold: &Hold| plan.holds_ended.iter().any(|(ended, _)| *ended == hold.key);
    reasons.extend(state.stopped_by().filter(|hold| !ends(hold)).map(reason_of_hold));
    let new = plan.holds.iter().map(|hold| hold.on(&state.subject, now));
    reasons.extend(new.filter(|hold| hold.stops(&state.subject)).map(|hold| reason_of_hold(&hold)));
    if state.restricted {
        reasons.push(Reason {
            code: ReasonCode::Restricted,
            gives: VerdictKind::Held,
            service: None,
            rule: None,
            until: None,
            text: "an actor behind it may not have releases".to_owned(),
        });
    }
    or_nothing_asked(reasons, asked)
}

/// "No blocking expectation" is `pending`, unless something worse stands.
fn or_nothing_asked(mut reasons: Vec<Reason>, asked: bool) -> Verdict {
    if !asked {
        reasons.push(Reason {
            code: ReasonCode::NothingAsked,
            gives: VerdictKind::Pending,
            service: None,
            rule: None,
            until: None,
            text: "no service was asked whose answer would block".to_owned(),
        });
    }
    Verdict::from_reasons(reasons)
}

fn waiting_for(service: ServiceKey, catalogue: &Catalogue) -> Reason {
    if !catalogue.waits_for(service) {
        return Reason {
            code: ReasonCode::Waived,
            gives: VerdictKind::Clear,
            service: Some(service),
            rule: None,
            until: None,
            text: format!(
                "{} was not waited for: its switch, or the whole gate's, was off",
                name_of(service, catalogue)
            ),
        };
    }
    Reason {
        code: ReasonCode::Waiting,
        gives: VerdictKind::Pending,
        service: Some(service),
        rule: None,
        until: None,
        text: format!("waiting for {}", name_of(service, catalogue)),
    }
}

fn reason_of(
    each: &Expectation,
    state: ExpectationState,
    coverage: Option<Coverage>,
    catalogue: &Catalogue,
) -> Option<Reason> {
    let name = name_of(each.service, catalogue);
    let (code, gives, text) = match (state, coverage, each.on_failure) {
        (ExpectationState::Open, ..) => return Some(waiting_for(each.service, catalogue)),
        (ExpectationState::Complete, ..) => return None,
        (ExpectationState::Missing, Some(Coverage::Waived), _) => {
            (ReasonCode::Waived, VerdictKind::Clear, format!("no usable answer of {name}; waived"))
        }
        (ExpectationState::Missing, _, OnFailure::Closed) => {
            (ReasonCode::Missing, VerdictKind::Blocked, format!("no usable answer of {name}"))
        }
        (ExpectationState::Missing, ..) => {
            (ReasonCode::Missing, VerdictKind::Held, format!("no usable answer of {name}"))
        }
    };
    Some(Reason { code, gives, service: Some(each.service), rule: None, until: None, text })
}

fn reason_of_hold(hold: &Hold) -> Reason {
    let (code, gives) = match hold.kind {
        HoldKind::Hold => (ReasonCode::Hold, VerdictKind::Held),
        HoldKind::Block => (ReasonCode::Block, VerdictKind::Blocked),
    };
    let on = match (hold.scope, &hold.track) {
        (HoldScope::Subject, _) => String::new(),
        (HoldScope::Collection, None) => " (on its collection)".to_owned(),
        (HoldScope::Collection, Some(track)) => format!(" (on its collection's track {track})"),
    };
    let until = (hold.until != Timestamp::NEVER).then_some(hold.until);
    Reason { code, gives, service: None, rule: hold.rule, until, text: format!("{}{on}", hold.text) }
}

fn name_of(service: ServiceKey, catalogue: &Catalogue) -> &str {
    catalogue.services.get(&service).map_or("a service that is gone", |service| service.name.as_str())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::catalogue::{Owner, SigningKind, Switch};
    use crate::gate::ServiceTime;
    use crate::profile::{PayloadForm, ProfileKind};
    use crate::{CollectionKey, EventKey, FlagKey, SubjectKey, SwitchKey};
    use std::time::Duration;

    const NOW: Timestamp = Timestamp(1_767_225_600_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    pub(crate) fn service(key: i64, profile: ProfileKind) -> Service {
        Service {
            key: ServiceKey(key),
            number: key,
            name: format!("service-{key}"),
            profile,
            form: PayloadForm::Basic,
            url: "http://127.0.0.1:1/".to_owned(),
            secret: None,
            headers: Vec::new(),
            signs: SigningKind::V1,
            signing: Vec::new(),
            plugin_token: None,
            account: None,
            subscriptions: Vec::new(),
            on_failure: OnFailure::Hold,
            require_coverage: false,
            concurrency: 1,
            attempt: crate::limits::ATTEMPT,
            allow_networks: Vec::new(),
            active: true,
            deleted: false,
            owner: Owner::Api,
        }
    }

    fn rule(key: i64, name: &str, action: Action) -> Rule {
        Rule {
            key: RuleKey(key),
            name: name.to_owned(),
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

    fn catalogue(services: Vec<Service>, rules: Vec<Rule>) -> Catalogue {
        Catalogue {
            services: services.into_iter().map(|each| (each.key, each)).collect(),
            rules: rules.into_iter().map(|each| (each.key, each)).collect(),
            ..Catalogue::default()
        }
    }

    fn owed(key: i64, service: i64) -> Expectation {
        Expectation {
            key: ExpectationKey(key),
            event: EventKey(1),
            service: ServiceKey(service),
            subject: Some(SubjectKey(1)),
            artifact: None,
            blocks: true,
            state: ExpectationState::Open,
            closed: false,
            coverage: None,
            result: None,
            bound: None,
            on_failure: OnFailure::Hold,
            deadline: ServiceTime(0),
            next_check: ServiceTime(0),
            redeliver_every: 0,
            redeliver_left: 0,
            deferred_until: None,
        }
    }

    pub(crate) fn state(expectations: Vec<Expectation>) -> SubjectState {
        SubjectState {
            subject: Subject {
                key: SubjectKey(1),
                kind: "commit".to_owned(),
                collection: CollectionKey(1),
                id: "a".to_owned(),
                track: None,
                revision: 1,
                verdict: VerdictKind::Pending,
                reasons: Vec::new(),
                attributes: "{}".to_owned(),
                protected: false,
                users: None,
                block_lifted: false,
                review_deadline: None,
                at: NOW,
            },
            expectations,
            holds: Vec::new(),
            flags: Vec::new(),
            waiting: Vec::new(),
            cleared: false,
            restricted: false,
        }
    }

    fn said(names: &[&str]) -> Conclusion {
        Conclusion {
            kind: ResultKind::Processed,
            matched: names.iter().map(|name| (*name).to_owned()).collect(),
            coverage: None,
            complete: true,
            text: None,
        }
    }

    fn concluded(state: &SubjectState, nth: usize, conclusion: &Conclusion, catalogue: &Catalogue) -> Plan {
        let expectation = state.expectations[nth].clone();
        judge(Some(state), Trigger::Concluded { expectation: &expectation, conclusion }, None, catalogue, NOW)
    }

    fn kind(plan: &Plan) -> VerdictKind {
        plan.verdict.as_ref().expect("a verdict").kind
    }

    #[test]
    fn a_known_rule_that_is_named_twice_acts_once_and_an_unknown_one_not_at_all() {
        let catalogue =
            catalogue(vec![service(1, ProfileKind::Scanner)], vec![rule(1, "BAD", Action::Hold(HoldFor::Span(DAY)))]);
        let plan = concluded(&state(vec![owed(1, 1)]), 0, &said(&["BAD", "BAD", "UNKNOWN"]), &catalogue);
        assert_eq!((plan.matches.len(), plan.flags.len(), plan.holds.len()), (1, 1, 1));
        assert_eq!(plan.holds[0].until, NOW.after(DAY));
        assert_eq!(kind(&plan), VerdictKind::Held);
        assert!(plan.changed);
    }

    #[test]
    fn nothing_found_by_the_last_one_owed_is_clear() {
        let catalogue = catalogue(vec![service(1, ProfileKind::Scanner), service(2, ProfileKind::Scanner)], vec![]);
        let both = state(vec![owed(1, 1), owed(2, 2)]);
        assert_eq!(kind(&concluded(&both, 0, &said(&[]), &catalogue)), VerdictKind::Pending);
        let last = state(vec![owed(1, 1)]);
        assert_eq!(kind(&concluded(&last, 0, &said(&[]), &catalogue)), VerdictKind::Clear);
    }

    /// What a rule of the first service found before.
    fn waiting(key: i64, rule: i64, action: Action) -> Match {
        Match {
            key: MatchKey(key),
            result: crate::ResultKey(1),
            rule: RuleKey(rule),
            name: "FOUND".to_owned(),
            service: Some(ServiceKey(1)),
            subject: Some(SubjectKey(1)),
            artifact: None,
            severity: action.severity(),
            action,
            state: MatchState::Waiting,
            epoch: None,
            text: None,
            at: NOW,
        }
    }

    #[test]
    fn a_rule_that_was_switched_off_or_spares_the_subject_by_now_does_not_act_on_what_it_found() {
        let off = Rule { active: false, ..rule(1, "OFF", Action::Block) };
        let sparing = Rule { spare_protected: true, ..rule(2, "SPARING", Action::Block) };
        let trial = Rule { shadow: true, ..rule(3, "TRIAL", Action::Block) };
        let rules = vec![off, sparing, trial, rule(4, "ON", Action::Flag)];
        let catalogue = catalogue(vec![service(1, ProfileKind::Scanner)], rules);
        let mut one = state(vec![owed(1, 1)]);
        one.subject.protected = true;
        one.waiting = (1..4).map(|each| waiting(each, each, Action::Block)).collect();
        one.waiting.push(waiting(4, 4, Action::Flag));

        let plan = concluded(&one, 0, &said(&[]), &catalogue);

        let states: Vec<_> = plan.settled.iter().map(|each| (each.key.0, each.state)).collect();
        let none = MatchState::None;
        assert_eq!(states, [(1, none), (2, none), (3, MatchState::Shadow), (4, MatchState::Done)]);
        assert_eq!((plan.holds.len(), plan.flags.len()), (0, 1));
    }

    #[test]
    fn a_scanners_rule_waits_for_the_gate_and_of_all_the_most_severe_acts() {
        let catalogue = catalogue(
            vec![service(1, ProfileKind::Scanner), service(2, ProfileKind::Scanner)],
            vec![rule(1, "SMALL", Action::Flag), rule(2, "LARGE", Action::Hold(HoldFor::Ever))],
        );
        let mut both = state(vec![owed(1, 1), owed(2, 2)]);
        let first = concluded(&both, 0, &said(&["SMALL"]), &catalogue);
        assert_eq!(first.matches[0].state, MatchState::Waiting);
        assert!(first.flags.is_empty());

        both.expectations.remove(0);
        both.waiting.push(waiting(9, 1, Action::Flag));
        let last = concluded(&both, 0, &said(&["LARGE"]), &catalogue);
        assert_eq!(last.settled, [Settled { key: MatchKey(9), state: MatchState::Superseded, text: None }]);
        assert_eq!(last.holds.len(), 1);
    }

    #[test]
    fn on_standard_services_every_rule_acts_with_its_result() {
        let catalogue = catalogue(
            vec![service(1, ProfileKind::Standard), service(2, ProfileKind::Standard)],
            vec![rule(1, "A", Action::Flag), rule(2, "B", Action::Hold(HoldFor::Ever)), rule(3, "C", Action::Notify)],
        );
        let plan = concluded(&state(vec![owed(1, 1), owed(2, 2)]), 0, &said(&["A", "B", "C"]), &catalogue);
        assert!(plan.matches.iter().all(|each| each.state == MatchState::Done));
        assert_eq!((plan.holds.len(), plan.notices.len()), (1, 1));
        assert_eq!(kind(&plan), VerdictKind::Held);
    }

    #[test]
    fn a_missing_answer_holds_blocks_or_is_waived_but_never_passes_in_silence() {
        let catalogue = catalogue(vec![service(1, ProfileKind::Scanner)], vec![]);
        for (on_failure, expected) in [
            (OnFailure::Hold, VerdictKind::Held),
            (OnFailure::Closed, VerdictKind::Blocked),
            (OnFailure::Open, VerdictKind::Clear),
        ] {
            let mut one = state(vec![owed(1, 1)]);
            one.expectations[0].on_failure = on_failure;
            let plan = concluded(&one, 0, &Conclusion::missing(), &catalogue);
            assert_eq!(kind(&plan), expected);
            let verdict = plan.verdict.expect("a verdict");
            assert_eq!(verdict.reasons.len(), 1, "it says why");
        }
    }

    #[test]
    fn a_protected_subject_is_held_for_ever_instead_of_blocked() {
        let catalogue = catalogue(vec![service(1, ProfileKind::Standard)], vec![rule(1, "BAD", Action::Block)]);
        let mut one = state(vec![owed(1, 1)]);
        assert_eq!(kind(&concluded(&one, 0, &said(&["BAD"]), &catalogue)), VerdictKind::Blocked);
        one.subject.protected = true;
        let plan = concluded(&one, 0, &said(&["BAD"]), &catalogue);
        assert_eq!(kind(&plan), VerdictKind::Held);
        assert_eq!((plan.flags.len(), plan.holds[0].until), (1, Timestamp::NEVER));
        assert!(plan.matches[0].text.as_ref().is_some_and(|text| text.contains("protected")), "the match says so");
        assert!(plan.restrictions.is_empty());
        one.cleared = true;
        let plan = concluded(&one, 0, &said(&["BAD"]), &catalogue);
        assert_eq!((plan.matches[0].state, kind(&plan)), (MatchState::Cleared, VerdictKind::Clear));
    }

    #[test]
    fn a_rule_blocks_what_few_use_and_nobody_took_back_and_holds_the_rest() {
        let few = Rule { users_max: Some(100), ..rule(1, "BAD", Action::Block) };
        let catalogue = catalogue(vec![service(1, ProfileKind::Standard)], vec![few]);
        let mut one = state(vec![owed(1, 1)]);
        for (users, verdict) in
            [(Some(100), VerdictKind::Blocked), (Some(101), VerdictKind::Held), (None, VerdictKind::Held)]
        {
            one.subject.users = users;
            let plan = concluded(&one, 0, &said(&["BAD"]), &catalogue);
            assert_eq!(kind(&plan), verdict, "{users:?}");
            let restricted = plan.restrictions == [(RestrictionKind::Approval, Cause::New(0))];
            assert_eq!(restricted, verdict == VerdictKind::Blocked, "{users:?}");
        }

        one.subject.users = Some(1);
        let block = concluded(&one, 0, &said(&["BAD"]), &catalogue);
        one.holds.push(Hold {
            key: HoldKey(1),
            scope: HoldScope::Subject,
            of: 1,
            track: None,
            kind: HoldKind::Block,
            until: block.holds[0].until,
            cause: None,
            rule: Some(RuleKey(1)),
            text: String::new(),
            at: NOW,
            ended: None,
            ended_by: None,
        });
        let lifted = judge(Some(&one), Trigger::HoldEnded { hold: HoldKey(1) }, None, &catalogue, NOW);
        assert!(lifted.block_lifted);
        one.holds.clear();
        one.subject.block_lifted = true;
        let again = concluded(&one, 0, &said(&["BAD"]), &catalogue);
        assert_eq!(kind(&again), VerdictKind::Held);
        assert!(again.matches[0].text.as_ref().is_some_and(|text| text.contains("lifted an earlier block")));
    }

    #[test]
    fn a_hold_with_an_end_moves_the_reviews_deadline_earlier_and_a_clearance_takes_it_away() {
        let rules =
            vec![rule(1, "DAY", Action::Hold(HoldFor::Span(DAY))), rule(2, "EVER", Action::Hold(HoldFor::Ever))];
        let catalogue = catalogue(vec![service(1, ProfileKind::Standard)], rules);
        let mut one = state(vec![owed(1, 1)]);
        let (tomorrow, soon, late) = (NOW.after(DAY), NOW.after(DAY / 2), NOW.after(DAY * 2));
        for (before, named, after) in [
            (None, "DAY", Some(tomorrow)),
            (Some(late), "DAY", Some(tomorrow)),
            (Some(soon), "DAY", Some(soon)),
            (Some(late), "EVER", Some(late)),
            (None, "EVER", None),
        ] {
            one.subject.review_deadline = before;
            assert_eq!(concluded(&one, 0, &said(&[named]), &catalogue).review_deadline, after, "{named} {before:?}");
        }
        one.cleared = true;
        one.subject.review_deadline = Some(late);
        assert_eq!(concluded(&one, 0, &said(&["DAY"]), &catalogue).review_deadline, Some(late), "it is set aside");
        assert_eq!(judge(Some(&one), Trigger::Cleared, None, &catalogue, NOW).review_deadline, None);
    }

    #[test]
    fn a_release_lifts_what_stood_before_and_not_what_is_held_in_the_same_commit() {
        let catalogue = catalogue(
            vec![service(1, ProfileKind::Standard)],
            vec![rule(1, "HOLD", Action::Hold(HoldFor::Ever)), rule(2, "TRUST", Action::Release)],
        );
        let mut one = state(vec![owed(1, 1)]);
        one.holds.push(Hold {
            key: HoldKey(1),
            scope: HoldScope::Subject,
            of: 1,
            track: None,
            kind: HoldKind::Hold,
            until: Timestamp::NEVER,
            cause: None,
            rule: Some(RuleKey(1)),
            text: String::new(),
            at: NOW,
            ended: None,
            ended_by: None,
        });
        let both = concluded(&one, 0, &said(&["HOLD", "TRUST"]), &catalogue);
        assert_eq!((both.holds.len(), both.holds_ended.len()), (1, 1));
        assert_eq!(kind(&both), VerdictKind::Held);
        assert_eq!(kind(&concluded(&one, 0, &said(&["TRUST"]), &catalogue)), VerdictKind::Clear);
    }

    #[test]
    fn a_rule_may_hold_the_whole_collection_or_one_track_of_it() {
        let mut one = state(vec![owed(1, 1)]);
        one.subject.track = Some("listed".to_owned());
        for (track, verdict, text) in [
            (None, VerdictKind::Held, "rule BAD (on its collection)"),
            (Some("listed"), VerdictKind::Held, "rule BAD (on its collection's track listed)"),
            (Some("unlisted"), VerdictKind::Clear, ""),
        ] {
            let track = track.map(str::to_owned);
            let bad = Rule {
                scope: HoldScope::Collection,
                track: track.clone(),
                ..rule(1, "BAD", Action::Hold(HoldFor::Span(DAY)))
            };
            let catalogue = catalogue(vec![service(1, ProfileKind::Standard)], vec![bad]);
            let plan = concluded(&one, 0, &said(&["BAD"]), &catalogue);
            assert_eq!((plan.holds[0].scope, &plan.holds[0].track), (HoldScope::Collection, &track));
            assert_eq!(kind(&plan), verdict, "{track:?}");
            let reasons = &plan.verdict.as_ref().expect("a verdict").reasons;
            assert_eq!(reasons.first().map_or("", |reason| &reason.text), text);
        }
    }

    #[test]
    fn a_hold_is_replaced_by_a_later_one_of_its_rule_and_place_and_an_earlier_one_is_not_written() {
        let day = Rule { scope: HoldScope::Collection, ..rule(1, "DAY", Action::Hold(HoldFor::Span(DAY))) };
        let catalogue = catalogue(vec![service(1, ProfileKind::Standard)], vec![day]);
        let (tomorrow, soon, late) = (NOW.after(DAY), NOW.after(DAY / 2), NOW.after(DAY * 2));
        for (scope, until, written, ended) in [
            (HoldScope::Collection, soon, 1, 1),
            (HoldScope::Collection, tomorrow, 0, 0),
            (HoldScope::Collection, late, 0, 0),
            (HoldScope::Subject, late, 1, 0),
        ] {
            let mut one = state(vec![owed(1, 1)]);
            let earlier = NewHold {
                scope,
                track: None,
                kind: HoldKind::Hold,
                until,
                cause: Cause::New(0),
                rule: RuleKey(1),
                text: String::new(),
            };
            one.holds.push(earlier.on(&one.subject, NOW));
            let plan = concluded(&one, 0, &said(&["DAY"]), &catalogue);
            assert_eq!((plan.holds.len(), plan.holds_ended.len()), (written, ended), "{scope} {until:?}");
            assert_eq!(kind(&plan), VerdictKind::Held);
        }
    }

    #[test]
    fn a_hold_on_one_track_leaves_the_others_alone() {
        let one = state(Vec::new()).subject;
        let first = first_verdict(&[], &Catalogue::default());
        let on = |track: Option<&str>| {
            let hold = NewHold {
                scope: HoldScope::Collection,
                track: track.map(str::to_owned),
                kind: HoldKind::Hold,
                until: Timestamp::NEVER,
                cause: Cause::New(0),
                rule: RuleKey(1),
                text: String::new(),
            };
            hold.on(&one, NOW)
        };
        for (of, held_on, held) in [
            (None, None, true),
            (Some("listed"), None, true),
            (Some("listed"), Some("listed"), true),
            (Some("unlisted"), Some("listed"), false),
            (None, Some("listed"), false),
        ] {
            let subject = Subject { track: of.map(str::to_owned), ..one.clone() };
            let verdict = held_from_the_start(&first, &subject, &[on(held_on)]);
            assert_eq!(verdict.kind == VerdictKind::Held, held, "{of:?} under a hold on {held_on:?}");
        }
        let elsewhere = Hold { of: 2, ..on(None) };
        assert!(!elsewhere.stops(&one));
    }

    #[test]
    fn after_a_clearance_a_hold_is_set_aside_and_a_block_acts() {
        let catalogue = catalogue(
            vec![service(1, ProfileKind::Standard)],
            vec![rule(1, "HOLD", Action::Hold(HoldFor::Ever)), rule(2, "BLOCK", Action::Block)],
        );
        let mut one = state(vec![owed(1, 1)]);
        one.cleared = true;
        let plan = concluded(&one, 0, &said(&["HOLD"]), &catalogue);
        assert_eq!(plan.matches[0].state, MatchState::Cleared);
        assert_eq!(kind(&plan), VerdictKind::Clear);
        assert_eq!(kind(&concluded(&one, 0, &said(&["BLOCK"]), &catalogue)), VerdictKind::Blocked);
    }

    #[test]
    fn coverage_that_a_service_must_state_and_does_not_is_a_missing_answer() {
        let strict = Service { require_coverage: true, ..service(1, ProfileKind::Standard) };
        let catalogue = catalogue(vec![strict], vec![]);
        let one = state(vec![owed(1, 1)]);
        assert_eq!(kind(&concluded(&one, 0, &said(&[]), &catalogue)), VerdictKind::Held);
        let full = Conclusion { coverage: Some(Coverage::Full), ..said(&[]) };
        assert_eq!(kind(&concluded(&one, 0, &full, &catalogue)), VerdictKind::Clear);
        let partial = Conclusion { coverage: Some(Coverage::Partial), ..said(&[]) };
        assert_eq!(kind(&concluded(&one, 0, &partial, &catalogue)), VerdictKind::Held);
    }

    #[test]
    fn an_error_over_an_old_result_leaves_it_and_its_rules_do_not_act() {
        let catalogue = catalogue(
            vec![service(1, ProfileKind::Standard)],
            vec![rule(1, crate::answer::RULE_MISSING, Action::Hold(HoldFor::Ever))],
        );
        let mut one = state(vec![owed(1, 1)]);
        one.expectations[0].state = ExpectationState::Complete;
        one.subject.verdict = VerdictKind::Clear;
        let plan = concluded(&one, 0, &Conclusion::missing(), &catalogue);
        assert_eq!(plan.expectation, None);
        assert!(plan.matches.is_empty() && !plan.changed);
    }

    #[test]
    fn a_restricted_actor_holds_and_nothing_asked_is_pending() {
        let catalogue = Catalogue::default();
        let mut one = state(vec![]);
        let plan = judge(Some(&one), Trigger::Recheck, None, &catalogue, NOW);
        assert_eq!(plan.verdict.expect("a verdict").reasons[0].code, ReasonCode::NothingAsked);
        one.restricted = true;
        let plan = judge(Some(&one), Trigger::Recheck, None, &catalogue, NOW);
        assert_eq!(plan.verdict.expect("a verdict").kind, VerdictKind::Held);
    }

    #[test]
    fn a_switch_that_is_off_lets_everything_pass_that_only_waited() {
        let switch = |service| Switch {
            key: SwitchKey(1),
            service,
            off: true,
            by: "a person".to_owned(),
            reason: "an emergency".to_owned(),
            at: NOW,
        };
        let rules = vec![rule(1, "BAD", Action::Hold(HoldFor::Ever))];
        let services = vec![service(1, ProfileKind::Scanner), service(2, ProfileKind::Scanner)];
        let mut catalogue = catalogue(services, rules);
        let one = state(vec![owed(1, 1), owed(2, 2)]);
        let kind = |catalogue: &Catalogue, one: &SubjectState| {
            judge(Some(one), Trigger::Recheck, None, catalogue, NOW).verdict.expect("a verdict").kind
        };
        assert_eq!(kind(&catalogue, &one), VerdictKind::Pending);

        catalogue.switches.insert(SwitchKey(1), switch(Some(ServiceKey(1))));
        assert_eq!(kind(&catalogue, &one), VerdictKind::Pending, "the other one is waited for");
        catalogue.switches.insert(SwitchKey(1), switch(None));
        assert_eq!(kind(&catalogue, &one), VerdictKind::Clear);
        assert_eq!(first_verdict(&[], &catalogue).reasons[0].code, ReasonCode::NothingAsked);

        let plan = concluded(&one, 0, &said(&["BAD"]), &catalogue);
        assert_eq!(plan.verdict.expect("a verdict").kind, VerdictKind::Held, "what was found still acts, and at once");
    }

    #[test]
    fn without_a_subject_what_needs_one_waits_for_the_artifacts_lister_or_has_nothing_to_act_on() {
        let catalogue = catalogue(
            vec![service(1, ProfileKind::Standard)],
            vec![rule(1, "BAD", Action::Hold(HoldFor::Ever)), rule(2, "TELL", Action::Notify)],
        );
        let expectation = owed(1, 1);
        let conclusion = said(&["BAD", "TELL"]);
        let trigger = Trigger::Concluded { expectation: &expectation, conclusion: &conclusion };
        let alone = judge(None, trigger, None, &catalogue, NOW);
        assert_eq!([alone.matches[0].state, alone.matches[1].state], [MatchState::None, MatchState::Done]);
        let uploaded = judge(None, trigger, Some(ArtifactKey(1)), &catalogue, NOW);
        assert_eq!(uploaded.matches[0].state, MatchState::Waiting);
        assert!(uploaded.verdict.is_none());
    }

    #[test]
    fn a_clearance_closes_flags_lifts_the_subjects_own_holds_and_accepts_what_is_missing() {
        let mut one = state(vec![owed(1, 1)]);
        one.expectations[0].state = ExpectationState::Missing;
        let hold = |key, scope, kind| Hold {
            key: HoldKey(key),
            scope,
            of: 1,
            track: None,
            kind,
            until: Timestamp::NEVER,
            cause: None,
            rule: None,
            text: String::new(),
            at: NOW,
            ended: None,
            ended_by: None,
        };
        one.holds = vec![hold(1, HoldScope::Subject, HoldKind::Hold), hold(2, HoldScope::Collection, HoldKind::Hold)];
        one.flags.push(Flag {
            key: FlagKey(1),
            subject: SubjectKey(1),
            cause: None,
            text: String::new(),
            at: NOW,
            ended: None,
        });
        let plan = judge(Some(&one), Trigger::Cleared, None, &Catalogue::default(), NOW);
        assert_eq!(plan.holds_ended.iter().map(|each| each.0).collect::<Vec<_>>(), [HoldKey(1)]);
        assert_eq!((plan.flags_ended.len(), plan.waived.len()), (1, 1));
        assert_eq!(kind(&plan), VerdictKind::Held, "the collection's hold is another person's");
        one.holds.pop();
        let plan = judge(Some(&one), Trigger::Cleared, None, &Catalogue::default(), NOW);
        assert_eq!(kind(&plan), VerdictKind::Clear);
    }
}
