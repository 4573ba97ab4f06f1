//! What a process finds that starts after another one's death.

use domain::expectation::Expectation;
use domain::profile::ProfileKind;
use domain::result::ServiceResult;
use domain::rule::{Action, Match, MatchState};
use domain::run::{Attempt, Run, RunState};
use domain::verdict::VerdictKind;
use domain::{MatchKey, SubjectKey};

use super::hands::{event, found, version};
use super::world::{Open, World};
use crate::command::{Answer, Command, PerformEnd};

pub fn a_crash_after_the_lease_sends_again_under_the_same_id(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    let subject = world.submit_version("42");
    let call = world.call();
    let finish = world.judged_answer(&call, &found(&[]));

    assert_eq!(world.crash(), 2);

    let before = world.everything();
    assert!(matches!(world.submit(finish), Answer::LostLease));
    assert_eq!(world.everything(), before);
    let again = world.claim_one(scanner);
    assert_eq!((again.run.key, again.run.attempt, again.lease.epoch), (call.run.key, 2, 2));
    assert!(matches!(world.answer(&again, &found(&[])), Answer::Concluded(_)));
    assert_eq!((world.verdict(subject), world.only::<Attempt>().nth), (VerdictKind::Clear, 2));
}

pub fn only_the_lease_of_the_present_epoch_counts(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    world.submit_version("42");
    let first = world.call();
    world.crash();
    let second = world.claim_one(scanner);
    assert!(matches!(world.submit(Command::Start), Answer::Started { epoch: 3 }));
    let third = world.claim_one(scanner);

    for lost in [&first, &second] {
        assert!(matches!(world.answer(lost, &found(&[])), Answer::LostLease));
    }
    assert_eq!(world.count::<Attempt>(), 0);
    assert!(matches!(world.answer(&third, &found(&[])), Answer::Concluded(_)));
    assert_eq!((third.run.key, third.run.attempt, third.run.leases), (first.run.key, 3, 3));
}

pub fn a_crash_does_not_resend_what_a_call_back_concluded(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    let subject = world.submit_version("42");
    let call = world.call();
    world.call_back(call.expectation.key, scanner, &found(&[]));

    world.crash();

    assert!(world.claim(scanner).is_empty(), "nobody waits for it any more");
    assert_eq!(world.only::<Run>().state, RunState::Cancelled);
    assert_eq!(world.verdict(subject), VerdictKind::Clear);
}

/// A version about which a rule wants a program to run.
fn planned(open: &Open<'_>) -> (World, MatchKey) {
    let world = World::new(open);
    world.scanner("malware");
    world.rule("BUILD", Action::Exec("build".to_owned()));
    world.submit_version("42");
    world.answer(&world.call(), &found(&["BUILD"]));
    let found = world.only::<Match>();
    assert_eq!(found.state, MatchState::Planned);
    (world, found.key)
}

fn end(world: &World, of: MatchKey, ok: bool) -> Answer {
    world.submit(PerformEnd { of, ok, text: "exit status".to_owned() })
}

pub fn an_interrupted_program_is_unknown(open: &Open<'_>) {
    let (mut world, program) = planned(open);
    assert!(matches!(end(&world, program, true), Answer::Taken), "it has not started");
    assert!(matches!(world.submit(Command::PerformStart(program)), Answer::Done));

    world.crash();

    assert_eq!(world.only::<Match>().state, MatchState::Unknown);
    let before = world.everything();
    assert!(matches!(world.submit(Command::PerformStart(program)), Answer::Taken));
    assert!(matches!(end(&world, program, true), Answer::Taken));
    assert_eq!(world.everything(), before);

    assert!(
        matches!(world.submit(Command::PerformAgain(program)), Answer::Done),
        "a person or its declaration says so"
    );
    assert_eq!(world.only::<Match>().state, MatchState::Planned);
    assert!(matches!(world.submit(Command::PerformAgain(program)), Answer::Taken));
    assert!(matches!(world.submit(Command::PerformStart(program)), Answer::Done));
}

pub fn a_program_that_ends_is_done_or_failed(open: &Open<'_>) {
    for (ok, state) in [(true, MatchState::Done), (false, MatchState::Failed)] {
        let (world, program) = planned(open);
        world.submit(Command::PerformStart(program));
        assert!(matches!(world.submit(Command::PerformStart(program)), Answer::Taken));
        assert!(matches!(end(&world, program, ok), Answer::Done));
        assert_eq!(world.only::<Match>().state, state);
        assert!(matches!(end(&world, program, ok), Answer::Taken));
    }
}

pub fn numbers_are_never_given_out_twice(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.service("malware", ProfileKind::Scanner, "checked", |_| {});
    let ask = |world: &World| {
        world.tell(vec![event("checked", Some(version("42")))]);
        world.rows::<Expectation>().last().expect("an expectation").key.0
    };
    let push = |world: &World, subject: SubjectKey| match world.push(scanner, subject, &["UNKNOWN"]) {
        Answer::Pushed(number) => number,
        other => panic!("a push was answered {other:?}"),
    };
    let mut numbers = vec![ask(&world)];
    let subject = world.subject(&version("42"));
    for _ in 0..2 {
        numbers.extend([push(&world, subject), push(&world, subject)]);
        world.crash();
        numbers.push(push(&world, subject));
        world.crash();
        numbers.push(ask(&world));
    }
    let newest = world.rows::<ServiceResult>().last().expect("a result").key;

    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    world.now = domain::Timestamp(0);
    world.crash();
    push(&world, subject);
    assert!(newest < world.rows::<ServiceResult>().last().expect("a result").key);
}
