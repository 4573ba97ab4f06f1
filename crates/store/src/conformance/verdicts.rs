//! Verdicts as events: who is told, and where it ends.

use domain::event::{NOTIFY, VERDICT};
use domain::expectation::Expectation;
use domain::limits::HOPS_MAX;
use domain::profile::ProfileKind;
use domain::rule::Action;
use domain::verdict::VerdictKind;

use super::catalogue::HOLD_A_DAY;
use super::hands::{commit, event, found};
use super::world::{HOUR, Open, World};
use crate::command::Answer;

pub fn a_hold_is_told_ends_and_is_told_again(open: &Open<'_>) {
    let mut world = World::new(open);
    let source = world.source("website", "github");
    let scanner = world.service("lint", ProfileKind::Scanner, "github.push", |_| {});
    let notifier = world.service("chat", ProfileKind::Standard, VERDICT, |each| {
        each.subscriptions[0].blocks = Some(true);
    });
    world.rule("BAD", HOLD_A_DAY);
    world.push_commit(source, 1, "octo/tool", "c0ffee");
    let subject = world.subject(&commit("octo/tool", "c0ffee"));
    assert_eq!(world.verdict(subject), VerdictKind::Pending);

    let call = world.call();
    assert_eq!(call.run.service, scanner);
    world.answer(&call, &found(&["BAD"]));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Held, 1));
    let telling = world.call();
    assert_eq!((telling.run.service, telling.told.event.hops), (notifier, 1));
    assert_eq!(telling.told.event.cause, Some(call.told.event.key));
    assert_eq!(telling.told.subject, Some(commit("octo/tool", "c0ffee")));
    let owed: Expectation = world.row(telling.expectation.key.0);
    assert_eq!((owed.blocks, owed.subject), (false, None), "it neither blocks nor counts");
    assert!(matches!(world.answer(&telling, &found(&[])), Answer::Concluded(_)));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Held, 1));

    world.pass(23 * HOUR);
    assert!(world.end_holds().is_empty(), "at 23 h it is not due");
    world.pass(HOUR);
    assert!(matches!(world.end_holds()[..], [Answer::Verdict(VerdictKind::Clear)]));
    assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Clear, 2));
    assert_eq!(world.call().run.service, notifier);
    assert!(world.end_holds().is_empty());
}

pub fn a_loop_ends_after_eight_hops(open: &Open<'_>) {
    let world = World::new(open);
    world.service("echo", ProfileKind::Standard, NOTIFY, |each| {
        each.subscriptions.push(super::catalogue::subscription("asked"));
    });
    world.rule("TELL", Action::Notify);
    world.tell(vec![event("asked", None)]);

    let mut calls = 0;
    while let Some(call) = world.leased().pop() {
        calls += 1;
        world.answer(&call, &found(&["TELL"]));
    }

    let hops: Vec<u8> = world.events(NOTIFY).iter().map(|event| event.hops).collect();
    assert_eq!(hops, (1..=HOPS_MAX + 1).collect::<Vec<u8>>(), "the last one is recorded");
    assert_eq!(calls, 1 + usize::from(HOPS_MAX), "and delivered to nobody");
}
