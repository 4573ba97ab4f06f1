//! Actors, and what people decide.

use domain::rule::{Action, Flag, Hold, Match, MatchState, RestrictionKind};
use domain::subject::SubjectName;
use domain::verdict::{ReasonCode, VerdictKind};
use domain::{HoldKey, ServiceKey, SubjectKey};

use super::catalogue::HOLD;
use super::hands::{described, event, found, user, version};
use super::world::{Open, World, wait};
use crate::command::{Answer, Decide, Decision, LiftRestriction};
use crate::judged::{self, Described};
use crate::search;
use crate::tables::{Audit, Recheck, Restriction};

fn by(name: &str, subject: SubjectName) -> Described {
    Described { actors: vec![user(name)], ..described(subject) }
}

/// Mallory's first version was found bad, and a rule restricted her.
fn restricted(open: &Open<'_>, kind: RestrictionKind) -> World {
    let world = World::new(open);
    world.scanner("malware");
    world.rule("BAD", Action::Restrict(kind));
    world.put(&by("mallory", version("1")));
    let subject = world.submit_version("1");
    world.answer(&world.call(), &found(&["BAD"]));
    assert_eq!(world.verdict(subject), VerdictKind::Held);
    let restriction = world.only::<Restriction>();
    assert_eq!(restriction.actor, "mallory");
    let text = "Automatically added because of a match by rule \"BAD\" on Addon 85 Version 1.";
    assert_eq!(restriction.text, text);
    world
}

pub fn a_restricted_actor_is_refused(open: &Open<'_>) {
    let world = restricted(open, RestrictionKind::Submission);
    let before = world.everything();
    assert!(matches!(world.put(&by("mallory", version("2"))), Answer::Restricted));
    assert_eq!(world.everything(), before);
    assert!(matches!(world.put(&by("alice", version("2"))), Answer::Verdict(VerdictKind::Pending)));
}

pub fn an_actor_restricted_for_releases_is_held(open: &Open<'_>) {
    let world = restricted(open, RestrictionKind::Approval);
    assert!(matches!(world.put(&by("mallory", version("2"))), Answer::Verdict(VerdictKind::Held)));
    let subject = world.submit_version("2");

    world.answer(&world.call(), &found(&[]));

    assert_eq!(world.verdict(subject), VerdictKind::Held);
    assert_eq!(world.reasons(subject), [ReasonCode::Restricted]);
    assert!(matches!(world.put(&by("alice", version("3"))), Answer::Verdict(VerdictKind::Pending)));
    assert!(
        matches!(world.put(&by("mallory", version("3"))), Answer::Verdict(VerdictKind::Held)),
        "also when she joins later"
    );
}

fn lift(world: &World) -> Answer {
    let restriction = world.rows::<Restriction>()[0].key;
    let (by, reason) = ("ann".to_owned(), "it was not her".to_owned());
    world.submit(LiftRestriction { restriction, by, reason, now: world.now })
}

pub fn a_restriction_is_lifted_once_and_what_it_held_is_judged_again(open: &Open<'_>) {
    let world = restricted(open, RestrictionKind::Approval);
    for id in ["2", "3"] {
        assert!(matches!(world.put(&by("mallory", version(id))), Answer::Verdict(VerdictKind::Held)));
    }
    world.submit_version("2");
    world.answer(&world.call(), &found(&[]));
    world.submit_version("3");
    let call = world.call();
    let before_it_was_lifted = world.judged_answer(&call, &found(&[]));
    let audited = world.count::<Audit>();

    assert!(matches!(lift(&world), Answer::Done));
    world.recheck();

    let verdicts = ["1", "2", "3"].map(|id| world.verdict(world.subject(&version(id))));
    assert_eq!(verdicts, [VerdictKind::Held, VerdictKind::Clear, VerdictKind::Pending], "the rule's own hold stays");
    assert!(matches!(world.submit(before_it_was_lifted), Answer::Stale));
    assert_eq!(world.only::<Restriction>().ended_by.as_deref(), Some("lifted by ann: it was not her"));
    let audit = world.rows::<Audit>();
    assert_eq!(
        audit[audited..].iter().map(|row| row.what.as_str()).collect::<Vec<_>>(),
        ["lifted the approval restriction of user mallory: it was not her"]
    );
    assert!(matches!(lift(&world), Answer::NotFound));
    world.answer(&call, &found(&["BAD"]));
    assert_eq!(world.count::<Restriction>(), 2, "a rule may restrict her anew");
}

pub fn a_lifted_restriction_lets_the_actor_submit_again(open: &Open<'_>) {
    let world = restricted(open, RestrictionKind::Submission);
    assert!(matches!(world.put(&by("mallory", version("2"))), Answer::Restricted));
    assert!(matches!(lift(&world), Answer::Done));
    assert_eq!(world.count::<Recheck>(), 0, "it held no verdict");
    assert!(matches!(world.put(&by("mallory", version("2"))), Answer::Verdict(VerdictKind::Pending)));
}

/// A version that a scanner's rule holds.
fn held(open: &Open<'_>) -> (World, ServiceKey, SubjectKey) {
    let world = World::new(open);
    let scanner = world.scanner("malware");
    world.rule("BAD", HOLD);
    world.rule("BLOCK", Action::Block);
    let subject = world.tell(vec![event("during_validation", Some(version("42")))]).events[0].subject;
    world.answer(&world.call(), &found(&["BAD"]));
    (world, scanner, subject.expect("a subject"))
}

fn clear(world: &World, subject: SubjectKey) -> Answer {
    wait(judged::clear(world.store(), subject, None, "ann", "looked at it", world.now)).expect("the engine works")
}

fn release(world: &World, hold: HoldKey) -> Answer {
    wait(judged::release(world.store(), hold, "ann", "a false alarm", world.now)).expect("the engine works")
}

pub fn a_clearance_sets_aside_what_asks_for_a_person(open: &Open<'_>) {
    let (world, scanner, subject) = held(open);
    let state = world.read(move |rows| search::subject_state(rows, subject)).expect("a state");
    let trigger = domain::judge::Trigger::Cleared;
    let judged = judged::judged(Some(&state), trigger, None, &world.store().catalogue(), 0, world.now);
    let (what, by, reason) = (Decision::Clear(subject), "ann".to_owned(), "looked at it".to_owned());
    let decide = Decide { what, by, reason, judged, now: world.now };
    world.push(scanner, subject, &["BLOCK-NOT", "BAD"]);
    let before = world.everything();
    assert!(matches!(world.submit(decide), Answer::Stale));
    assert_eq!(world.everything(), before);

    assert!(matches!(clear(&world, subject), Answer::Verdict(VerdictKind::Clear)));
    assert!(world.rows::<Hold>().iter().all(|hold| hold.ended.is_some()));
    assert!(world.rows::<Flag>().iter().all(|flag| flag.ended.is_some()));
    assert_eq!(world.verdict(subject), VerdictKind::Clear);

    world.demand(world.events("during_validation")[0].key, scanner);
    world.answer(&world.claim_one(scanner), &found(&["BAD"]));
    assert_eq!(world.rows::<Match>().last().map(|found| found.state), Some(MatchState::Cleared));
    assert_eq!(world.verdict(subject), VerdictKind::Clear);

    world.push(scanner, subject, &["BLOCK"]);
    assert_eq!(world.verdict(subject), VerdictKind::Blocked);
    assert!(matches!(clear(&world, subject), Answer::Verdict(VerdictKind::Blocked)));
}

pub fn a_person_lifts_a_hold_once(open: &Open<'_>) {
    let (world, _, subject) = held(open);
    let audited = world.count::<Audit>();
    let hold = world.only::<Hold>().key;

    assert!(matches!(release(&world, hold), Answer::Verdict(VerdictKind::Clear)));

    assert_eq!(world.only::<Hold>().ended_by.as_deref(), Some("lifted by ann: a false alarm"));
    assert_eq!((world.verdict(subject), world.count::<Audit>()), (VerdictKind::Clear, audited + 1));
    assert!(world.rows::<Flag>().iter().all(|flag| flag.ended.is_none()), "only a clearance closes flags");
    assert!(matches!(release(&world, hold), Answer::NotFound));
    assert_eq!((world.told(), world.count::<Audit>()), (2, audited + 1));
}
