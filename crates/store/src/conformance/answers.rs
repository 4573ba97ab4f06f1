//! What services answer, at once or later.

use domain::answer::Answer as Meant;
use domain::event::Event;
use domain::expectation::{Expectation, ExpectationState};
use domain::result::{Coverage, ResultKind, ServiceResult};
use domain::rule::{Action, Flag, Hold, Match, MatchState};
use domain::run::{Attempt, Run, RunState};
use domain::verdict::VerdictKind;
use domain::{ServiceKey, SubjectKey};

use super::catalogue::{HOLD, HOLD_A_DAY};
use super::hands::{DEFERRED, found};
use super::world::{DAY, Open, World};
use crate::command::{Answer, Claimed};

/// One scanner, one version under validation, and the call that is on its way.
fn asked(open: &Open<'_>) -> (World, ServiceKey, SubjectKey, Claimed) {
    let world = World::new(open);
    let scanner = world.scanner("malware");
    world.rule("BAD", HOLD_A_DAY);
    let subject = world.submit_version("42");
    let call = world.call();
    (world, scanner, subject, call)
}

pub fn a_basic_scanner_finds_something(open: &Open<'_>) {
    let (world, _, subject, call) = asked(open);
    assert_eq!(world.verdict(subject), VerdictKind::Pending);

    let answer = world.answer(&call, &found(&["BAD", "BAD", "UNKNOWN"]));

    assert!(matches!(answer, Answer::Concluded(_)), "{answer:?}");
    assert_eq!(world.only::<Match>().state, MatchState::Done);
    assert_eq!(world.only::<Flag>().subject, subject);
    assert_eq!(world.only::<Hold>().until, world.now.after(DAY));
    assert_eq!(world.verdict(subject), VerdictKind::Held);
    assert_eq!(world.told(), 1);
    assert_eq!((world.only::<Run>().state, world.only::<Attempt>().nth), (RunState::Answered, 1));
}

pub fn a_skip_is_clear(open: &Open<'_>) {
    let (world, _, subject, call) = asked(open);

    world.answer(&call, &Meant::Skipped { open: true });

    let expectation = world.only::<Expectation>();
    assert_eq!((expectation.state, expectation.coverage), (ExpectationState::Complete, Some(Coverage::NotApplicable)));
    assert_eq!(world.verdict(subject), VerdictKind::Clear);
    assert_eq!(world.only::<Run>().state, RunState::Answered);
    assert_eq!(world.told(), 1);
}

pub fn a_deferral_is_concluded_by_its_call_back_once(open: &Open<'_>) {
    let (world, scanner, subject, call) = asked(open);
    let foreign = world.scanner("other");
    let owed = call.expectation.key;

    assert!(matches!(world.answer(&call, &DEFERRED), Answer::Noted));
    assert_eq!(world.count::<Attempt>(), 1);
    assert!(matches!(world.only::<Run>().state, RunState::Deferred { .. }));
    assert_eq!(world.verdict(subject), VerdictKind::Pending);

    assert!(matches!(world.call_back(owed, foreign, &found(&[])), Answer::NotFound));
    assert!(matches!(world.call_back(owed, scanner, &found(&[])), Answer::Concluded(_)));
    assert_eq!(world.only::<Run>().state, RunState::Answered);
    assert_eq!(world.verdict(subject), VerdictKind::Clear);

    let before = world.everything();
    assert!(matches!(world.call_back(owed, scanner, &found(&["BAD"])), Answer::AlreadyComplete));
    assert_eq!(world.everything(), before);
}

pub fn a_call_back_that_comes_before_the_answer_has_the_last_word(open: &Open<'_>) {
    for answer in [DEFERRED, found(&["BAD"])] {
        let (world, scanner, subject, call) = asked(open);

        assert!(matches!(world.call_back(call.expectation.key, scanner, &found(&[])), Answer::Concluded(_)));
        assert!(matches!(world.only::<Run>().state, RunState::Leased(_)), "its call is still under way");
        assert!(matches!(world.answer(&call, &answer), Answer::Superseded));

        assert_eq!(world.only::<Attempt>().answer, answer.word());
        assert_eq!(world.only::<Run>().state, RunState::Answered);
        assert_eq!(world.only::<ServiceResult>().raw.as_ref(), b"called back");
        assert_eq!(world.count::<Match>(), 0);
        assert_eq!(world.verdict(subject), VerdictKind::Clear);
    }
}

pub fn a_skip_may_be_replaced_by_a_call_back(open: &Open<'_>) {
    let (world, scanner, subject, call) = asked(open);
    world.answer(&call, &Meant::Skipped { open: true });
    assert_eq!(world.verdict(subject), VerdictKind::Clear);

    let answer = world.call_back(call.expectation.key, scanner, &found(&["BAD"]));

    assert!(matches!(answer, Answer::Concluded(_)), "{answer:?}");
    assert_eq!(world.verdict(subject), VerdictKind::Held);
    assert_eq!((world.count::<Hold>(), world.told()), (1, 2));
}

pub fn an_answer_to_a_second_question_replaces_the_first_unless_it_is_an_error(open: &Open<'_>) {
    let (world, scanner, subject, call) = asked(open);
    world.answer(&call, &found(&[]));
    let first = world.only::<Expectation>().result;
    let event = world.events("during_validation")[0].key;

    let run = world.demand(event, scanner);
    assert_eq!(world.verdict(subject), VerdictKind::Clear, "it stays while the run is open");
    let again = world.claim_one(scanner);
    assert_eq!(again.run.key, run);
    assert!(matches!(world.answer(&again, &Meant::Error { reason: None }), Answer::Concluded(_)));
    let expectation = world.only::<Expectation>();
    assert_eq!((expectation.state, expectation.result), (ExpectationState::Complete, first));
    assert_eq!((world.verdict(subject), world.count::<ServiceResult>()), (VerdictKind::Clear, 2));

    world.demand(event, scanner);
    world.answer(&world.claim_one(scanner), &found(&["BAD"]));
    assert_ne!(world.only::<Expectation>().result, first);
    assert_eq!((world.verdict(subject), world.count::<Hold>()), (VerdictKind::Held, 1));
    assert_eq!(world.count::<Expectation>(), 1);
}

pub fn of_two_questions_under_way_only_the_later_may_conclude(open: &Open<'_>) {
    let (world, scanner, subject, first) = asked(open);
    world.rule("WORSE", HOLD);
    world.demand(world.rows::<Event>()[0].key, scanner);
    let second = world.claim_one(scanner);

    assert!(matches!(world.answer(&first, &found(&["WORSE"])), Answer::Superseded));
    assert_eq!((world.count::<ServiceResult>(), world.verdict(subject)), (0, VerdictKind::Pending));
    assert!(matches!(world.answer(&second, &found(&[])), Answer::Concluded(_)));

    assert_eq!((world.count::<Attempt>(), world.count::<Match>()), (2, 0));
    assert_eq!(world.only::<ServiceResult>().kind, ResultKind::Processed);
    assert_eq!(world.verdict(subject), VerdictKind::Clear);
    assert!(world.rows::<Run>().iter().all(|run| run.state == RunState::Answered));
}

pub fn a_deferred_second_question_is_answered_by_a_call_back(open: &Open<'_>) {
    let (world, scanner, subject, call) = asked(open);
    world.rule("BLOCK", Action::Block);
    world.answer(&call, &found(&[]));
    world.demand(world.events("during_validation")[0].key, scanner);
    assert!(matches!(world.answer(&world.claim_one(scanner), &DEFERRED), Answer::Noted));

    let answer = world.call_back(call.expectation.key, scanner, &found(&["BLOCK"]));

    assert!(matches!(answer, Answer::Concluded(_)), "it was asked, so it may answer: {answer:?}");
    assert_eq!(world.verdict(subject), VerdictKind::Blocked);
    assert!(world.rows::<Run>().iter().all(|run| run.state == RunState::Answered));
    assert!(matches!(world.call_back(call.expectation.key, scanner, &found(&[])), Answer::AlreadyComplete));
}
