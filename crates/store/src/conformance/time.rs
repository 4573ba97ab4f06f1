//! Time that stands still, goes on, or goes back.

use std::time::Duration;

use domain::answer::Answer as Meant;
use domain::expectation::Expectation;
use domain::gate::{Gate, GateState};
use domain::profile::ProfileKind;
use domain::run::{Run, RunState};
use domain::verdict::VerdictKind;
use domain::{ServiceKey, Timestamp};

use super::hands::{event, found, version};
use super::world::{HOUR, Open, SECOND, World};
use crate::command::{Answer, Asked, Command, News};
use crate::tables::Audit;

fn turn(world: &World, service: ServiceKey, from: GateState, to: GateState) -> Answer {
    world.submit(Command::Turn { service, from: vec![from], to, asked: None, now: world.now })
}

pub fn a_license_stops_time_and_no_row_is_written_for_what_waits(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    world.places.shut();
    world.submit_version("1");
    assert!(matches!(turn(&world, scanner, GateState::Open, GateState::License), Answer::Done));
    world.places.open();
    assert!(world.claim(scanner).is_empty());

    world.submit_version("2");
    assert_eq!(world.leased().len(), 0, "recorded unleased");
    let waiting = world.rows::<Run>();
    world.pass(30 * HOUR);
    assert!(world.check(scanner).is_empty(), "no check is due");

    assert!(matches!(turn(&world, scanner, GateState::License, GateState::Open), Answer::Done));
    assert_eq!(world.rows::<Run>(), waiting);
    assert_eq!(world.claim(scanner).len(), 2);
    world.pass(2 * HOUR - SECOND);
    assert!(world.check(scanner).is_empty());
    world.pass(SECOND);
    assert_eq!(world.check(scanner).len(), 2, "the first check comes after the remaining two hours");
    assert!(matches!(turn(&world, scanner, GateState::License, GateState::Open), Answer::Moved));
}

pub fn a_gate_that_somebody_turned_says_who_in_the_same_commit(open: &Open<'_>) {
    let world = World::new(open);
    let service = world.scanner("malware");
    let before = world.count::<Audit>();
    let turn = |from, to| {
        let asked = Some(Asked { who: "anna".to_owned(), what: format!("turned it to {to}") });
        world.submit(Command::Turn { service, from: vec![from], to, asked, now: world.now })
    };

    assert!(matches!(turn(GateState::Breaker, GateState::Open), Answer::Moved));
    assert_eq!((world.count::<Gate>(), world.count::<Audit>()), (0, before), "nothing was turned");
    assert!(matches!(turn(GateState::Open, GateState::Paused), Answer::Done));

    assert_eq!(world.only::<Gate>().by.as_deref(), Some("anna"));
    let audit = world.rows::<Audit>();
    let last = audit.last().expect("a row");
    assert_eq!((audit.len(), last.who.as_str(), last.what.as_str()), (before + 1, "anna", "turned it to paused"));
}

pub fn a_service_that_is_gone_is_still_owed_everything(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    let subject = world.submit_version("1");
    let call = world.call();

    assert!(matches!(world.answer(&call, &Meant::Gone), Answer::Again(_)));
    assert!(matches!(turn(&world, scanner, GateState::Open, GateState::Gone), Answer::Done));
    let news = world.ear.news();
    assert!(news.iter().any(|each| matches!(each, News::Turned { to: GateState::Gone, .. })), "{news:?}");
    world.submit_version("2");
    assert!(world.leased().is_empty() && world.claim(scanner).is_empty());
    assert_eq!(world.only::<Gate>().state, GateState::Gone);

    world.pass(HOUR);
    assert!(matches!(turn(&world, scanner, GateState::Gone, GateState::Open), Answer::Done));
    let claimed = world.claim(scanner);
    assert_eq!((claimed.len(), claimed[0].run.key, claimed[0].run.attempt), (2, call.run.key, 2));

    turn(&world, scanner, GateState::Open, GateState::Gone);
    world.pass(25 * HOUR);
    assert_eq!(world.check(scanner).len(), 2);
    assert_eq!(world.verdict(subject), VerdictKind::Held, "the deadline went on");
}

pub fn a_clock_that_goes_back_loses_nothing(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    world.places.shut();
    world.submit_version("1");
    let before = world.only::<Run>();

    world.now = Timestamp(world.now.0 - 3_600_000_000);
    world.submit_version("2");
    let runs = world.rows::<Run>();
    assert!(before.key < runs[1].key, "keys rise all the same");
    let call = world.claim_one(scanner);
    assert_eq!(call.run.key, runs[1].key, "what is recorded by the new clock is not kept waiting");
    assert!(matches!(world.answer(&call, &found(&[])), Answer::Concluded(_)));

    world.pass(HOUR);
    assert_eq!(world.claim_one(scanner).run.key, before.key, "and the older one once the clock says so");
    assert!(world.claim(scanner).is_empty());
}

pub fn a_redelivery_is_skipped_while_a_call_is_under_way(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    world.submit_version("1");
    let call = world.call();

    world.pass(2 * HOUR);
    assert!(matches!(world.check(scanner)[..], [Answer::InFlight]));

    assert!(matches!(world.only::<Run>().state, RunState::Leased(_)));
    assert!(world.check(scanner).is_empty(), "it was moved");
    assert!(matches!(world.answer(&call, &found(&[])), Answer::Concluded(_)));
    world.pass(26 * HOUR);
    assert!(world.check(scanner).is_empty());
}

pub fn a_deferral_that_ends_is_asked_again(open: &Open<'_>) {
    let mut world = World::new(open);
    let service = world.service("slow", ProfileKind::Standard, "checked", |_| {});
    world.tell(vec![event("checked", Some(version("1")))]);
    let call = world.call();
    world.answer(&call, &Meant::Deferred { until: Some(world.now.after(HOUR)) });
    world.pass(HOUR / 2);
    assert!(world.check(service).is_empty());

    let longer = Meant::Deferred { until: Some(world.now.after(HOUR)) };
    assert!(matches!(world.call_back(call.expectation.key, service, &longer), Answer::Noted), "a sign of life");
    world.pass(HOUR / 2);
    assert!(world.check(service).is_empty());

    world.pass(HOUR / 2 + Duration::from_micros(1));
    assert!(matches!(world.check(service)[..], [Answer::Run(_)]));
    let runs = world.rows::<Run>();
    assert_eq!((&runs[0].state, world.only::<Expectation>().bound), (&RunState::Cancelled, Some(runs[1].key)));
}
