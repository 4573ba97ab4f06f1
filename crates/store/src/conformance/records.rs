//! Workers' records: what answers write, and what others set.

use domain::answer::Answer as Meant;
use domain::expectation::{Expectation, ExpectationState};
use domain::record::{Record, RecordChange, RecordStatus};
use domain::run::{Attempt, Run, RunState};
use domain::{ExpectationKey, ServiceKey, SubjectKey};

use super::hands::{DEFERRED, event, found, version};
use super::world::{HOUR, Open, World, wait};
use crate::command::{Answer, Claimed};
use crate::judged;

/// A worker that is called about a new version.
fn asked(open: &Open<'_>) -> (World, ServiceKey, SubjectKey, Claimed) {
    let world = World::new(open);
    let worker = world.worker("render");
    let subject = world.tell(vec![event("Created", Some(version("42")))]).events[0].subject.expect("a subject");
    let call = world.call();
    (world, worker, subject, call)
}

fn put(
    world: &World,
    subject: SubjectKey,
    source: &str,
    (status, body): (RecordStatus, &str),
    own: Option<(ExpectationKey, ServiceKey)>,
) -> Answer {
    let change = RecordChange { body: Some(body.to_owned()), status, can_process: Some(true), message: None };
    let own = own.map(|(key, service)| (key, service, found(&[])));
    wait(judged::upsert(world.store(), subject, source, change, own, world.now)).expect("the engine works")
}

fn shows(record: &Record) -> (RecordStatus, Option<bool>, &str) {
    (record.status.expect("a status"), record.can_process, record.body.as_str())
}

/// Asks the worker again and lets it answer so.
fn again(world: &World, worker: ServiceKey, meant: &Meant) -> Record {
    world.demand(world.events("Created")[0].key, worker);
    assert_eq!(world.only::<Record>().status, Some(RecordStatus::Processing));
    world.answer(&world.claim_one(worker), meant);
    world.only::<Record>()
}

pub fn a_worker_writes_its_record_and_keeps_the_body(open: &Open<'_>) {
    let (world, worker, subject, call) = asked(open);
    assert_eq!(shows(&world.only::<Record>()), (RecordStatus::Processing, None, ""));

    world.answer(&call, &found(&[]));
    assert_eq!(shows(&world.only::<Record>()), (RecordStatus::Completed, Some(true), "processed"));

    let rejected = again(&world, worker, &Meant::Rejected { reason: Some("too large".to_owned()) });
    assert_eq!(shows(&rejected), (RecordStatus::Completed, Some(false), "processed"));
    assert_eq!(rejected.message.as_deref(), Some("too large"));

    let error = again(&world, worker, &Meant::Error { reason: None });
    assert_eq!(shows(&error), (RecordStatus::Error, None, "processed"));

    let deferred = again(&world, worker, &DEFERRED);
    assert_eq!(shows(&deferred), (RecordStatus::Queued, Some(true), "processed"));

    let own = Some((call.expectation.key, worker));
    assert!(matches!(put(&world, subject, "render", (RecordStatus::Completed, "put"), own), Answer::Done));
    assert_eq!(shows(&world.only::<Record>()), (RecordStatus::Completed, Some(true), "put"));
    assert!(world.rows::<Run>().iter().all(|run| run.state == RunState::Answered));
}

pub fn an_unknown_source_name_is_a_second_record(open: &Open<'_>) {
    let (world, _, subject, _) = asked(open);

    assert!(matches!(put(&world, subject, "by hand", (RecordStatus::Completed, "mine"), None), Answer::Done));

    let records = world.rows::<Record>();
    assert_eq!(records.len(), 2);
    assert_eq!(shows(&records[0]), (RecordStatus::Processing, None, ""));
    assert_eq!((records[1].source.as_str(), shows(&records[1]).2), ("by hand", "mine"));
    let before = world.everything();
    assert!(matches!(put(&world, SubjectKey(1), "x", (RecordStatus::Completed, ""), None), Answer::NotFound));
    assert_eq!(world.everything(), before);
}

pub fn a_worker_that_delivers_before_it_defers_loses_nothing(open: &Open<'_>) {
    let (world, worker, subject, call) = asked(open);

    let own = Some((call.expectation.key, worker));
    put(&world, subject, "render", (RecordStatus::Completed, "delivered"), own);
    assert!(matches!(world.answer(&call, &DEFERRED), Answer::Superseded));

    assert_eq!(shows(&world.only::<Record>()), (RecordStatus::Completed, Some(true), "delivered"));
    assert_eq!(world.only::<Expectation>().state, ExpectationState::Complete);
    assert_eq!((world.only::<Run>().state, world.count::<Attempt>()), (RunState::Answered, 1));
}

pub fn a_strangers_put_takes_the_record_and_leaves_the_expectation(open: &Open<'_>) {
    let (world, _, subject, call) = asked(open);

    put(&world, subject, "render", (RecordStatus::Completed, "a stranger's"), None);
    assert_eq!(world.only::<Expectation>().state, ExpectationState::Open);
    assert!(matches!(world.answer(&call, &found(&[])), Answer::Concluded(_)));

    assert_eq!(world.only::<Expectation>().state, ExpectationState::Complete);
    assert_eq!(shows(&world.only::<Record>()), (RecordStatus::Completed, Some(true), "a stranger's"));
}

pub fn a_put_that_says_processing_leaves_the_record_to_the_answer(open: &Open<'_>) {
    for status in [RecordStatus::Processing, RecordStatus::Queued] {
        let (world, _, subject, call) = asked(open);

        put(&world, subject, "render", (status, "half"), None);
        assert_eq!(shows(&world.only::<Record>()).2, "half");
        world.answer(&call, &found(&[]));

        assert_eq!(shows(&world.only::<Record>()), (RecordStatus::Completed, Some(true), "processed"));
    }
}

pub fn a_redelivered_workers_answer_is_written(open: &Open<'_>) {
    let (mut world, worker, _, call) = asked(open);
    world.answer(&call, &Meant::Deferred { until: Some(world.now.after(HOUR)) });
    world.pass(HOUR);
    assert!(matches!(world.check(worker)[..], [Answer::Run(_)]));
    assert_eq!(world.only::<Record>().status, Some(RecordStatus::Processing));

    world.answer(&world.claim_one(worker), &found(&[]));

    assert_eq!(shows(&world.only::<Record>()), (RecordStatus::Completed, Some(true), "processed"));
}

pub fn a_failed_call_is_an_error_until_the_next_one_succeeds(open: &Open<'_>) {
    let (mut world, worker, _, call) = asked(open);
    world.answer(&call, &Meant::Failed { why: "connection refused".to_owned() });

    let failed = world.only::<Record>();
    assert_eq!(shows(&failed), (RecordStatus::Error, None, ""));
    assert!(failed.message.is_some_and(|message| message.starts_with("connection refused; asked again at ")));

    world.pass(HOUR);
    world.answer(&world.claim_one(worker), &found(&[]));
    let record = world.only::<Record>();
    assert_eq!((shows(&record), record.message.clone()), ((RecordStatus::Completed, Some(true), "processed"), None));
}

pub fn a_record_that_no_answer_comes_for_ends_as_an_error(open: &Open<'_>) {
    for meant in [None, Some(DEFERRED)] {
        let (mut world, worker, _, call) = asked(open);
        if let Some(meant) = &meant {
            world.answer(&call, meant);
        }
        world.pass(domain::limits::DEADLINE);
        assert!(matches!(world.check(worker)[..], [Answer::Concluded(_)]));

        let record = world.only::<Record>();
        assert_eq!(shows(&record), (RecordStatus::Error, None, ""));
        assert_eq!(record.message.as_deref(), Some("no usable answer came before the deadline"));
    }
}
