//! What a verdict waits for, and which rule acts.

use domain::answer::Answer as Meant;
use domain::expectation::{Expectation, ExpectationState};
use domain::profile::ProfileKind;
use domain::result::Coverage;
use domain::rule::{Action, Flag, Hold, HoldFor, HoldKind, Match, MatchState, RestrictionKind};
use domain::run::{Run, RunState};
use domain::subject::Subject;
use domain::verdict::{ReasonCode, VerdictKind};
use domain::{SubjectKey, Timestamp};

use super::catalogue::{HOLD, subscription};
use super::hands::{described, event, found, user, version};
use super::world::{DAY, HOUR, Open, World, wait};
use crate::command::Answer;
use crate::judged::{self, Described};
use crate::tables::Restriction;

pub fn a_protected_subject_is_not_blocked(open: &Open<'_>) {
    for protected in [true, false] {
        let world = World::new(open);
        world.scanner("malware");
        world.rule("BAD", Action::Block);
        world.put(&Described { protected, ..described(version("42")) });
        let subject = world.submit_version("42");

        world.answer(&world.call(), &found(&["BAD"]));

        let (hold, says) = (world.only::<Hold>(), world.only::<Match>().text);
        assert_eq!(hold.until, Timestamp::NEVER);
        if protected {
            assert_eq!((world.verdict(subject), hold.kind), (VerdictKind::Held, HoldKind::Hold));
            assert!(says.is_some_and(|text| text.contains("protected")), "the match says so");
            assert_eq!(world.count::<Flag>(), 1);
        } else {
            assert_eq!((world.verdict(subject), hold.kind), (VerdictKind::Blocked, HoldKind::Block));
            assert_eq!(world.count::<Flag>(), 0);
        }
    }
}

pub fn a_block_that_a_person_lifted_is_not_made_again(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    world.rule("BAD", Action::Block);
    world.put(&Described { actors: vec![user("mallory")], ..described(version("42")) });
    let subject = world.submit_version("42");
    world.answer(&world.call(), &found(&["BAD"]));
    assert_eq!(world.only::<Restriction>().kind, RestrictionKind::Approval);
    let block = world.only::<Hold>();

    wait(judged::release(world.store(), block.key, "a person", "a mistake", world.now)).expect("lifted");
    assert!(world.row::<Subject>(subject.0).block_lifted);
    world.submit_version("42");
    world.answer(&world.call(), &found(&["BAD"]));

    let kinds: Vec<_> = world.rows::<Hold>().into_iter().map(|hold| (hold.kind, hold.ended.is_some())).collect();
    assert_eq!(kinds, [(HoldKind::Block, true), (HoldKind::Hold, false)]);
    assert_eq!(world.verdict(subject), VerdictKind::Held);
}

pub fn a_hold_moves_the_reviews_deadline_earlier_and_a_clearance_ends_it(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    world.rule("BAD", Action::Hold(HoldFor::Span(DAY)));
    let (soon, next, late) = (world.now.after(HOUR), world.now.after(DAY), world.now.after(2 * DAY));
    let due = |world: &World, subject: SubjectKey| world.row::<Subject>(subject.0).review_deadline;
    for (id, first, then) in [("1", None, next), ("2", Some(late), next), ("3", Some(soon), soon)] {
        world.put(&Described { review_deadline: first, ..described(version(id)) });
        let subject = world.submit_version(id);
        assert_eq!(due(&world, subject), first);

        world.answer(&world.call(), &found(&["BAD"]));
        assert_eq!(due(&world, subject), Some(then), "{id}");
        world.put(&described(version(id)));
        assert_eq!(due(&world, subject), Some(then), "a description that says nothing of it keeps it");

        wait(judged::clear(world.store(), subject, None, "a person", "looked at", world.now)).expect("cleared");
        assert_eq!(due(&world, subject), None);
    }
}

pub fn two_last_scanners_in_one_group_let_the_more_severe_rule_act(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("first");
    world.scanner("second");
    world.rule("SMALL", Action::Flag);
    world.rule("LARGE", HOLD);
    let subject = world.submit_version("42");
    let [first, second] = world.calls();
    let small = world.judged_answer(&first, &found(&["SMALL"]));
    let large = world.judged_answer(&second, &found(&["LARGE"]));

    let answers = world.together(vec![small.into(), large.into()]);

    assert!(matches!(answers[..], [Ok(Answer::Concluded(_)), Ok(Answer::Stale)]), "{answers:?}");
    assert_eq!(world.only::<Match>().state, MatchState::Waiting);
    assert!(matches!(world.row::<Run>(second.run.key.0).state, RunState::Leased(_)));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Pending, 0));

    assert!(matches!(world.answer(&second, &found(&["LARGE"])), Answer::Concluded(_)));
    let states: Vec<_> = world.rows::<Match>().into_iter().map(|each| (each.name, each.state)).collect();
    assert_eq!(states, [("SMALL".to_owned(), MatchState::Superseded), ("LARGE".to_owned(), MatchState::Done)]);
    assert_eq!(world.only::<Hold>().until, Timestamp::NEVER);
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Held, 1));
}

pub fn a_second_event_reopens_the_verdict(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    let subject = world.submit_version("42");
    world.answer(&world.call(), &found(&[]));
    assert_eq!(world.verdict(subject), VerdictKind::Clear);

    assert_eq!(world.submit_version("42"), subject);
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Pending, 2));

    world.answer(&world.call(), &found(&[]));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Clear, 3));
}

pub fn a_verdict_waits_only_for_what_blocks(open: &Open<'_>) {
    let world = World::new(open);
    world.service("advice", ProfileKind::Scanner, "during_validation", |each| {
        each.subscriptions[0].blocks = Some(false);
    });
    let subject = world.submit_version("42");
    assert_eq!(world.reasons(subject), [ReasonCode::NothingAsked]);

    world.answer(&world.call(), &found(&[]));

    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Pending, 0));
    assert_eq!(world.reasons(subject), [ReasonCode::NothingAsked]);
    assert_eq!(world.only::<Expectation>().state, ExpectationState::Complete);
}

pub fn coverage_that_must_be_stated_is_missing_when_it_is_not(open: &Open<'_>) {
    let world = World::new(open);
    world.service("strict", ProfileKind::Standard, "checked", |each| {
        each.require_coverage = true;
        each.subscriptions[0] = domain::catalogue::Subscription { blocks: Some(true), ..subscription("checked") };
    });
    let asked = |id| world.tell(vec![event("checked", Some(version(id)))]).events[0].subject.expect("a subject");
    let (silent, full) = (asked("1"), asked("2"));
    let [first, second] = world.calls();
    let stated = |coverage| match found(&[]) {
        Meant::Processed(said) => Meant::Processed(domain::answer::Said { coverage, ..said }),
        other => other,
    };

    world.answer(&first, &stated(None));
    world.answer(&second, &stated(Some(Coverage::Full)));

    assert_eq!([world.verdict(silent), world.verdict(full)], [VerdictKind::Held, VerdictKind::Clear]);
}
