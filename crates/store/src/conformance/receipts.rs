//! Believed requests, and those that arrive again.

use domain::event::{Event, Receipt};
use domain::expectation::Expectation;
use domain::profile::ProfileKind;
use domain::run::Run;
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use domain::{QuarantineKey, ReceiptKey, SourceKey, Timestamp};

use super::hands::{commit, found, recorded, signed};
use super::world::{Open, World};
use crate::apply::QUARANTINE_MAX;
use crate::command::Answer;
use crate::judged::Arriving;
use crate::tables::Quarantine;

/// A source, and a scanner of what it sends.
fn forge(open: &Open<'_>) -> (World, SourceKey) {
    let world = World::new(open);
    let source = world.source("website", "github");
    world.service("lint", ProfileKind::Scanner, "github.push", |_| {});
    (world, source)
}

fn push(source: SourceKey, delivery: u8) -> Arriving {
    signed(source, "github.push", Some(commit("octo/tool", "c0ffee")), Some(delivery))
}

fn repeat_of(answer: &Answer) -> Option<ReceiptKey> {
    match answer {
        Answer::Repeat(first) => *first,
        other => panic!("not a repeat but {other:?}"),
    }
}

pub fn refused_requests_are_kept_up_to_a_number(open: &Open<'_>) {
    let world = World::new(open);
    let more = 3;
    for nth in 1..=QUARANTINE_MAX + more {
        world.submit(Quarantine {
            key: QuarantineKey(nth),
            at: Timestamp(nth),
            source: None,
            path: "/".to_owned(),
            reason: "signature-mismatch".to_owned(),
            text: String::new(),
            headers: "[]".to_owned(),
            credential: None,
            digest: [0; 32],
            body_bytes: 0,
            body: None,
        });
    }
    let kept = world.rows::<Quarantine>();
    assert_eq!(i64::try_from(kept.len()), Ok(QUARANTINE_MAX));
    assert_eq!(kept[0].key, QuarantineKey(more + 1), "the oldest went");
}

pub fn three_events_in_one_body_are_remembered_one_by_one(open: &Open<'_>) {
    let world = World::new(open);
    let source = world.source("mail", "sendgrid");
    let mail = |replay| signed(source, "sendgrid.delivered", None, Some(replay));

    let first = recorded(world.receive(source, vec![mail(1), mail(2), mail(3)]));
    assert_eq!((first.events.len(), world.count::<Receipt>(), world.count::<Event>()), (3, 1, 3));
    assert!(world.rows::<Event>().iter().all(|event| event.receipt == first.receipt));

    let before = world.everything();
    let again = world.receive(source, vec![mail(1), mail(2), mail(3)]);
    assert_eq!(repeat_of(&again), first.receipt);
    assert_eq!(world.everything(), before);

    let mixed = recorded(world.receive(source, vec![mail(3), mail(4)]));
    assert_eq!(mixed.events.len(), 1);
    assert_eq!((world.count::<Receipt>(), world.count::<Event>()), (2, 4));
}

pub fn a_repeated_delivery_is_the_first_receipt_also_after_a_restart(open: &Open<'_>) {
    let (mut world, source) = forge(open);
    let first = recorded(world.push_commit(source, 1, "octo/tool", "c0ffee"));

    assert_eq!(repeat_of(&world.push_commit(source, 1, "octo/tool", "c0ffee")), first.receipt);
    world.crash();
    let before = world.everything();
    assert_eq!(repeat_of(&world.push_commit(source, 1, "octo/tool", "c0ffee")), first.receipt);
    assert_eq!(world.everything(), before);
    assert_eq!((world.count::<Event>(), world.count::<Run>()), (1, 1));

    let other = world.source("mirror", "github");
    recorded(world.push_commit(other, 1, "octo/tool", "c0ffee"));
}

pub fn a_new_delivery_of_the_same_body_is_a_second_event(open: &Open<'_>) {
    let (world, source) = forge(open);
    world.push_commit(source, 1, "octo/tool", "c0ffee");
    world.answer(&world.call(), &found(&[]));
    let subject = world.only::<Subject>().key;
    assert_eq!(world.verdict(subject), VerdictKind::Clear);

    world.push_commit(source, 2, "octo/tool", "c0ffee");
    world.push_commit(source, 3, "octo/tool", "c0ffee");
    assert_eq!((world.count::<Subject>(), world.count::<Expectation>()), (1, 3));
    assert_eq!(world.verdict(subject), VerdictKind::Pending);

    let [second, third] = world.calls();
    world.answer(&third, &found(&[]));
    assert_eq!(world.verdict(subject), VerdictKind::Pending);
    world.answer(&second, &found(&[]));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Clear, 3));
}

pub fn a_source_without_memory_takes_everything(open: &Open<'_>) {
    let world = World::new(open);
    let source = world.source("files", "dropbox");
    for _ in 0..2 {
        recorded(world.receive(source, vec![signed(source, "dropbox.event", None, None)]));
    }
    assert_eq!((world.count::<Receipt>(), world.count::<Event>()), (2, 2));
}

pub fn two_events_about_a_new_subject_in_one_body_are_both_owed(open: &Open<'_>) {
    let (world, source) = forge(open);
    recorded(world.receive(source, vec![push(source, 1), push(source, 2)]));
    let subject = world.only::<Subject>().key;
    let [first, second] = world.calls();

    world.answer(&first, &found(&[]));
    assert_eq!(world.verdict(subject), VerdictKind::Pending, "the second answer is still owed");
    world.answer(&second, &found(&[]));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Clear, 1));
}

pub fn two_events_about_a_known_subject_in_one_body_change_it_once(open: &Open<'_>) {
    let (world, source) = forge(open);
    world.push_commit(source, 1, "octo/tool", "c0ffee");
    world.answer(&world.call(), &found(&[]));
    let subject = world.only::<Subject>().key;

    recorded(world.receive(source, vec![push(source, 2), push(source, 3)]));

    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Pending, 2));
    assert_eq!(world.reasons(subject).len(), 2, "both answers are waited for");
    for call in world.calls::<2>() {
        world.answer(&call, &found(&[]));
    }
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Clear, 3));
}

pub fn a_known_event_beside_a_new_one_asks_for_nothing(open: &Open<'_>) {
    let (world, source) = forge(open);
    world.push_commit(source, 1, "octo/tool", "c0ffee");
    world.answer(&world.call(), &found(&[]));
    let subject = world.only::<Subject>().key;

    recorded(world.receive(source, vec![push(source, 1), push(source, 2)]));

    assert_eq!((world.reasons(subject).len(), world.count::<Expectation>()), (1, 2));
    world.answer(&world.call(), &found(&[]));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Clear, 3));
}
