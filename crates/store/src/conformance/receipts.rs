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
use crate::command::{Answer, Command, KeepRefused};
use crate::judged::Arriving;
use crate::tables::{Audit, Quarantine, SecretUse};

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

/// A refused request that came at this second, with a body of so many bytes.
fn refused(nth: i64, body_bytes: usize) -> Quarantine {
    Quarantine {
        key: QuarantineKey(nth),
        at: Timestamp::from_seconds(nth),
        source: None,
        path: "/".to_owned(),
        reason: "signature-mismatch".to_owned(),
        text: String::new(),
        headers: "[]".to_owned(),
        credential: None,
        digest: [0; 32],
        body_bytes: 0,
        body: Some(vec![0; body_bytes].into()),
    }
}

fn keep(refused: Quarantine) -> KeepRefused {
    KeepRefused { refused, count_max: 10, bytes_max: 10_000 }
}

fn kept(world: &World) -> Vec<i64> {
    world.rows::<Quarantine>().iter().map(|each| each.key.0).collect()
}

pub fn refused_requests_are_kept_up_to_a_number_and_so_many_bytes(open: &Open<'_>) {
    let world = World::new(open);
    for nth in 1..=13 {
        world.submit(keep(refused(nth, 100)));
    }
    assert_eq!(kept(&world), (4..=13).collect::<Vec<_>>(), "the oldest went");

    world.submit(keep(refused(14, 9_500)));
    assert_eq!(kept(&world), [11, 12, 13, 14], "a large one takes the room of several");
    world.submit(keep(refused(15, 20_000)));
    assert_eq!(kept(&world), [0; 0], "one that is too large alone is not kept");
    world.submit(keep(refused(16, 100)));
    assert_eq!(kept(&world), [16], "and leaves the room for others");
}

pub fn refused_requests_are_let_go_of_in_time(open: &Open<'_>) {
    let world = World::new(open);
    for nth in 1..=5 {
        world.submit(keep(refused(nth, 100)));
    }
    let before = Timestamp::from_seconds(4);
    assert!(matches!(world.submit(Command::ForgetRefused { before }), Answer::Done));
    assert_eq!(kept(&world), [4, 5], "exactly as old as allowed stays");
    assert!(matches!(world.submit(Command::ForgetRefused { before }), Answer::Noted));
    for nth in 6..=13 {
        world.submit(keep(refused(nth, 100)));
    }
    assert_eq!(kept(&world).len(), 10, "those that went are not counted");
}

pub fn a_refused_request_that_is_believed_leaves_with_its_receipt_and_once(open: &Open<'_>) {
    let (world, source) = forge(open);
    for nth in 1..=3 {
        world.submit(keep(refused(nth, 100)));
    }
    let first = recorded(world.release(source, 1, vec![push(source, 1)]));
    assert!(first.receipt.is_some());
    assert_eq!((kept(&world), world.count::<Receipt>(), world.count::<Event>()), (vec![2, 3], 1, 1));
    let audit = world.rows::<Audit>();
    let noted = audit.iter().find(|row| row.who == "ada").expect("an entry");
    assert!(noted.what.contains("tried again, and believed (qua_1, "), "{}", noted.what);

    let before = world.everything();
    assert!(matches!(world.release(source, 1, vec![push(source, 9)]), Answer::NotFound));
    assert_eq!(world.everything(), before, "of two who try at once one comes too late");

    assert_eq!(repeat_of(&world.release(source, 2, vec![push(source, 1)])), first.receipt);
    assert_eq!((kept(&world), world.count::<Receipt>(), world.count::<Event>()), (vec![3], 1, 1));
}

pub fn the_use_of_a_secret_is_noted_with_the_receipt(open: &Open<'_>) {
    let (world, source) = forge(open);
    recorded(world.noted(source, "old", vec![push(source, 1)]));
    recorded(world.noted(source, "new", vec![push(source, 2)]));
    recorded(world.noted(source, "old", vec![push(source, 3)]));
    recorded(world.push_commit(source, 4, "octo/tool", "c0ffee"));

    let noted: Vec<_> = world.rows::<SecretUse>().into_iter().map(|each| (each.source, each.secret, each.at)).collect();
    assert_eq!(noted, [(source, "old".to_owned(), world.now), (source, "new".to_owned(), world.now)]);
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
