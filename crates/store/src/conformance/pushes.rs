//! What services report on their own initiative.

use domain::SubjectKey;
use domain::profile::ProfileKind;
use domain::result::ServiceResult;
use domain::rule::{Hold, Match};
use domain::subject::Subject;
use domain::verdict::VerdictKind;

use super::catalogue::HOLD;
use super::hands::{commit, event, found};
use super::world::{Open, World};
use crate::command::Answer;

pub fn a_push_acts_at_once_and_once_per_rule(open: &Open<'_>) {
    let world = World::new(open);
    let scanner = world.scanner("malware");
    world.rule("BAD", HOLD);
    let subject = world.submit_version("42");
    world.answer(&world.call(), &found(&[]));
    let revision = world.row::<Subject>(subject.0).revision;

    let Answer::Pushed(number) = world.push(scanner, subject, &["UNKNOWN"]) else { panic!("not stored") };
    assert_eq!(world.row::<Subject>(subject.0).revision, revision, "an unknown name has no effect");
    assert_eq!(world.verdict(subject), VerdictKind::Clear);

    let Answer::Pushed(next) = world.push(scanner, subject, &["BAD"]) else { panic!("not stored") };
    assert!(number < next);
    assert_eq!((world.count::<Match>(), world.count::<Hold>()), (1, 1));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Held, 2));

    let before = world.everything();
    assert!(matches!(world.push(scanner, subject, &["BAD"]), Answer::AlreadyPushed));
    assert!(matches!(world.push(scanner, SubjectKey(1), &["BAD"]), Answer::NotFound));
    assert_eq!(world.everything(), before);

    let other = world.scanner("other");
    assert!(matches!(world.push(other, subject, &["BAD"]), Answer::Pushed(_)), "another service may report it too");
    let numbers: Vec<i64> = world.rows::<ServiceResult>().iter().filter_map(|result| result.number).collect();
    assert_eq!(numbers.len(), 3);
}

pub fn the_same_commit_in_a_fork_is_another_subject(open: &Open<'_>) {
    let world = World::new(open);
    let scanner = world.service("lint", ProfileKind::Scanner, "checked", |_| {});
    world.rule("BAD", HOLD);
    let told = world.tell(vec![
        event("checked", Some(commit("octo/tool", "c0ffee"))),
        event("checked", Some(commit("fork/tool", "c0ffee"))),
    ]);
    let [Some(here), Some(fork)] = [told.events[0].subject, told.events[1].subject] else { panic!("no subjects") };
    assert_ne!(here, fork);

    world.push(scanner, here, &["BAD"]);

    assert_eq!([world.verdict(here), world.verdict(fork)], [VerdictKind::Held, VerdictKind::Pending]);
    assert!(matches!(world.push(scanner, fork, &["BAD"]), Answer::Pushed(_)));
}
