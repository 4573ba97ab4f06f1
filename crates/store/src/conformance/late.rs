//! Silence, and what comes after it.

use domain::catalogue::OnFailure;
use domain::expectation::{Expectation, ExpectationState};
use domain::profile::ProfileKind;
use domain::result::{ResultKind, ServiceResult};
use domain::rule::{Action, Match};
use domain::run::{Run, RunState, RunWhy};
use domain::verdict::{ReasonCode, VerdictKind};
use domain::{ServiceKey, SubjectKey};

use super::hands::{DEFERRED, failed, found};
use super::world::{HOUR, Open, World};
use crate::command::Answer;

fn scanner(world: &World, on_failure: OnFailure) -> ServiceKey {
    world.service("malware", ProfileKind::Scanner, "during_validation", |each| each.on_failure = on_failure)
}

/// A version about which a scanner said nothing for 26 hours.
fn silence(open: &Open<'_>, on_failure: OnFailure) -> (World, ServiceKey, SubjectKey) {
    let mut world = World::new(open);
    let scanner = scanner(&world, on_failure);
    world.rule("BLOCK", Action::Block);
    let subject = world.submit_version("42");
    world.answer(&world.call(), &failed());
    for _ in 0..13 {
        world.pass(2 * HOUR);
        world.check(scanner);
    }
    (world, scanner, subject)
}

pub fn silence_is_redelivered_and_then_missing(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = scanner(&world, OnFailure::Hold);
    let subject = world.submit_version("42");
    let first = world.call();
    assert!(matches!(world.answer(&first, &failed()), Answer::Again(_)));

    for nth in 1..=12 {
        world.pass(2 * HOUR);
        let answers = world.check(scanner);
        assert!(matches!(answers[..], [Answer::Run(_)]), "{answers:?}");
        let runs = world.rows::<Run>();
        assert_eq!((runs.len(), runs[nth].why), (nth + 1, RunWhy::Redelivery));
        assert!(runs[..nth].iter().all(|run| run.state == RunState::Cancelled), "each cancels the one before");
        let call = world.claim_one(scanner);
        assert_eq!((call.run.key, call.run.attempt), (runs[nth].key, 1));
        assert!(matches!(world.answer(&call, &failed()), Answer::Again(_)));
        assert!(world.check(scanner).is_empty());
    }
    assert_eq!(world.only::<Expectation>().redeliver_left, 0);
    assert_eq!(world.verdict(subject), VerdictKind::Pending);

    world.pass(2 * HOUR);
    assert!(matches!(world.check(scanner)[..], [Answer::Concluded(_)]));
    assert!(world.rows::<Run>().iter().all(|run| run.state == RunState::Cancelled));
    assert_eq!(world.only::<ServiceResult>().kind, ResultKind::Missing);
    assert_eq!(world.only::<Expectation>().state, ExpectationState::Missing);
    assert_eq!(world.verdict(subject), VerdictKind::Held);
    assert!(world.check(scanner).is_empty() && world.claim(scanner).is_empty());
}

pub fn silence_is_held_blocked_or_waived(open: &Open<'_>) {
    for (on_failure, verdict, reason) in [
        (OnFailure::Hold, VerdictKind::Held, ReasonCode::Missing),
        (OnFailure::Closed, VerdictKind::Blocked, ReasonCode::Missing),
        (OnFailure::Open, VerdictKind::Clear, ReasonCode::Waived),
    ] {
        let (world, _, subject) = silence(open, on_failure);
        assert_eq!(world.verdict(subject), verdict);
        assert_eq!(world.reasons(subject), [reason]);
        assert_eq!(world.told(), 1);
    }
}

pub fn what_comes_late_is_kept_and_never_satisfies(open: &Open<'_>) {
    let (world, scanner, subject) = silence(open, OnFailure::Hold);
    let owed = world.only::<Expectation>();

    assert!(matches!(world.call_back(owed.key, scanner, &found(&[])), Answer::AlreadyComplete));
    assert_eq!(world.only::<Expectation>(), owed);
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Held, 1));
    let late: Vec<ServiceResult> = world.rows::<ServiceResult>().into_iter().filter(|result| result.late).collect();
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].raw.as_ref(), b"called back");

    assert!(matches!(world.call_back(owed.key, scanner, &found(&["BLOCK"])), Answer::AlreadyComplete));
    assert_eq!(world.count::<Match>(), 1);
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Blocked, 2), "its rules act");
    assert_eq!(world.only::<Expectation>(), owed);
    assert!(matches!(world.call_back(owed.key, scanner, &DEFERRED), Answer::AlreadyComplete));

    let before = world.count::<ServiceResult>();
    assert!(matches!(world.call_back(owed.key, scanner, &found(&["BLOCK"])), Answer::AlreadyComplete));
    assert_eq!((world.count::<ServiceResult>(), world.count::<Match>()), (before, 1), "the same again adds nothing");
}

pub fn asked_again_after_the_deadline_an_answer_satisfies(open: &Open<'_>) {
    for by_call_back in [false, true] {
        let (world, scanner, subject) = silence(open, OnFailure::Hold);
        let owed = world.only::<Expectation>().key;
        world.demand(world.events("during_validation")[0].key, scanner);
        let call = world.claim_one(scanner);

        let answer = if by_call_back {
            assert!(matches!(world.answer(&call, &DEFERRED), Answer::Noted));
            world.call_back(owed, scanner, &found(&[]))
        } else {
            world.answer(&call, &found(&[]))
        };

        assert!(matches!(answer, Answer::Concluded(_)), "{answer:?}");
        assert_eq!(world.only::<Expectation>().state, ExpectationState::Complete);
        assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Clear, 2));
    }
}
