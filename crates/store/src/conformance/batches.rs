//! Batches: long work in steps.

use domain::expectation::{Expectation, ExpectationState};
use domain::record::{Record, RecordStatus};
use domain::run::{Run, RunState, RunWhy};
use domain::{BatchKey, ServiceKey};

use super::hands::{DEFERRED, commit, event, failed, found, version};
use super::world::{DAY, Open, World};
use crate::batches;
use crate::command::{Answer, News, StartBatch, StepBatch, TurnBatch};
use crate::search;
use crate::tables::{Audit, Batch, BatchState, Chosen, Part};

/// A batch about every version in the collection.
fn start(world: &World, services: &[ServiceKey]) -> BatchKey {
    let collection = world.read(|rows| search::collection_by_name(rows, "addon", "85")).expect("the collection").key;
    start_with(world, services, Chosen::Collection { collection, kind: None }, true)
}

fn start_with(world: &World, services: &[ServiceKey], chosen: Chosen, named: bool) -> BatchKey {
    let measured = chosen.clone();
    let (total, below) = world.read(move |rows| batches::measure(rows, &measured));
    let services = services.to_vec();
    let (text, who, now) = ("again".to_owned(), "a person".to_owned(), world.now);
    match world.submit(StartBatch { services, named, chosen, total, below, text, who, now }) {
        Answer::Batch(batch) => batch,
        other => panic!("a start was answered {other:?}"),
    }
}

/// The next step of a part.
fn step(world: &World, service: ServiceKey) -> StepBatch {
    let (catalogue, part, now) = (world.store().catalogue(), part(world, service), world.now);
    let batch: Batch = world.row(part.batch.0);
    world.read(move |rows| batches::next_step(rows, &catalogue, &batch, &part, now))
}

fn part(world: &World, service: ServiceKey) -> Part {
    world.rows::<Part>().into_iter().rfind(|part| part.service == service).expect("a part")
}

fn turn(world: &World, batch: BatchKey, to: BatchState) -> Answer {
    world.submit(TurnBatch { batch, to, who: "a person".to_owned(), now: world.now })
}

/// A worker that is asked nothing of its own accord, and so many subjects.
fn silent(world: &World, name: &str, subjects: usize) -> ServiceKey {
    world.tell((0..subjects).map(|id| event("imported", Some(version(&id.to_string())))).collect());
    world.worker(name)
}

pub fn a_batch_pauses_restarts_and_asks_each_pair_once(open: &Open<'_>) {
    let mut world = World::new(open);
    let (alive, dead) = (world.worker("alive"), world.worker("dead"));
    world.tell((0..1_000).map(|id| event("imported", Some(version(&id.to_string())))).collect());
    let batch = start(&world, &[alive, dead]);
    world.tell(vec![event("imported", Some(version("new")))]);
    for _ in 0..2 {
        assert!(matches!(world.submit(step(&world, alive)), Answer::Done));
    }
    let prepared = step(&world, alive);

    assert!(matches!(turn(&world, batch, BatchState::Paused), Answer::Done));
    assert!(matches!(world.submit(prepared.clone()), Answer::Moved), "it was computed before the pause");
    assert_eq!((part(&world, alive).asked, world.count::<Run>()), (256, 256));
    assert_eq!(part(&world, dead).asked, 0);

    world.crash();
    assert_eq!(world.only::<Batch>().state, BatchState::Paused);
    assert!(matches!(turn(&world, batch, BatchState::Running), Answer::Done));
    for service in [alive, dead] {
        while part(&world, service).cursor != 0 {
            assert!(matches!(world.submit(step(&world, service)), Answer::Done));
        }
    }
    assert!(matches!(world.submit(prepared), Answer::Moved), "another step came first");
    let runs = world.rows::<Run>();
    assert_eq!((runs.len(), world.count::<Expectation>()), (2_000, 2_000), "who came after the start is not asked");
    assert!(runs.iter().all(|run| run.why == RunWhy::Demand && run.batch == Some(batch)));
    assert_eq!([part(&world, alive).open(), part(&world, dead).open()], [1_000, 1_000]);
    assert_eq!(world.only::<Batch>().total, 1_000);
}

pub fn a_paused_or_ended_batch_takes_no_step(open: &Open<'_>) {
    let world = World::new(open);
    let worker = silent(&world, "render", 200);
    let batch = start(&world, &[worker]);
    world.submit(step(&world, worker));
    for to in [BatchState::Paused, BatchState::Aborted] {
        assert!(matches!(turn(&world, batch, to), Answer::Done));
        assert!(matches!(world.submit(step(&world, worker)), Answer::Moved));
    }
    for to in [BatchState::Running, BatchState::Completed, BatchState::Aborted] {
        assert!(matches!(turn(&world, batch, to), Answer::Moved), "what was ended stays so");
    }
    assert!(matches!(turn(&world, BatchKey(1), BatchState::Paused), Answer::NotFound));
    assert_eq!((world.count::<Run>(), world.count::<Audit>()), (128, 4), "who did it is written down");
}

pub fn a_batch_counts_how_its_runs_ended_and_is_completed_with_the_last(open: &Open<'_>) {
    let mut world = World::new(open);
    let worker = silent(&world, "render", 5);
    let batch = start(&world, &[worker]);
    world.submit(step(&world, worker));
    let calls = world.claim(worker);
    let error = domain::answer::Answer::Error { reason: None };
    for (call, meant) in calls.iter().zip([found(&[]), error, DEFERRED, failed(), found(&[])]) {
        world.answer(call, &meant);
    }
    let counted = |world: &World| {
        let part = part(world, worker);
        (part.asked, part.done, part.failed, part.cancelled, part.open())
    };
    assert_eq!(counted(&world), (5, 2, 1, 0, 2), "one waits for its call back, one for its next try");

    world.call_back(calls[2].expectation.key, worker, &found(&[]));
    assert_eq!(counted(&world), (5, 3, 1, 0, 1));
    assert_eq!(world.only::<Batch>().state, BatchState::Running);
    world.pass(2 * DAY);
    world.check(worker);
    assert_eq!(counted(&world), (5, 3, 2, 0, 0), "no answer came before the deadline");
    assert_eq!(world.only::<Batch>().state, BatchState::Completed);
    assert!(matches!(turn(&world, batch, BatchState::Paused), Answer::Moved));
}

pub fn an_aborted_batch_cancels_what_is_due_and_leaves_what_is_owed_anyway(open: &Open<'_>) {
    let world = World::new(open);
    world.places.shut();
    let worker = world.worker("render");
    // This one is owed since it was created; that one only since the batch asked.
    world.tell(vec![event("Created", Some(version("owed")))]);
    world.tell(vec![event("imported", Some(version("asked"))), event("imported", Some(version("sent")))]);
    let batch = start(&world, &[worker]);
    world.submit(step(&world, worker));
    assert_eq!(part(&world, worker).open(), 3);
    let sent = world.submit(crate::command::Claim {
        service: worker,
        limit: 1,
        probe: false,
        due_by: world.now,
        now: world.now,
    });
    let Answer::Claimed(sent) = sent else { panic!("a claim was answered {sent:?}") };

    assert!(matches!(turn(&world, batch, BatchState::Aborted), Answer::Done));

    let left = part(&world, worker);
    assert_eq!((left.cancelled, left.open()), (2, 1), "a call under way goes on");
    world.answer(&sent[0], &found(&[]));
    assert_eq!((part(&world, worker).done, world.only::<Batch>().state), (1, BatchState::Aborted));
    let due = world.claim(worker);
    assert_eq!(due.len(), 1, "what is owed anyway goes out");
    assert_eq!(due[0].told.subject.as_ref().map(|name| name.id.as_str()), Some("owed"));
    let waiting = |record: &Record| record.status == Some(RecordStatus::Processing);
    assert_eq!(world.rows::<Record>().iter().filter(|record| waiting(record)).count(), 1);
    let of = |state| world.rows::<Expectation>().iter().filter(|each| each.state == state).count();
    assert_eq!((of(ExpectationState::Open), of(ExpectationState::Missing)), (1, 1));
    assert_eq!(world.rows::<Run>().iter().filter(|run| run.state == RunState::Cancelled).count(), 2);
}

pub fn who_was_not_named_is_asked_only_about_what_it_subscribed_to(open: &Open<'_>) {
    let world = World::new(open);
    world.places.shut();
    world.tell(vec![event("imported", Some(version("1")))]);
    let worker = world.worker("render");
    world.tell(vec![event("Created", Some(version("2"))), event("imported", Some(version("2")))]);
    let listed = |names: &[&str]| {
        let mut keys: Vec<_> = names.iter().map(|name| world.subject(&version(name))).collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        Chosen::Listed(keys)
    };

    start_with(&world, &[worker], listed(&["1", "2"]), false);
    world.submit(step(&world, worker));
    assert_eq!((part(&world, worker).asked, part(&world, worker).skipped), (1, 1));
    let asked = world.claim_one(worker);
    assert_eq!(asked.told.event.kind, "Created", "the newest that it subscribed to");

    start_with(&world, &[worker], listed(&["1"]), true);
    world.submit(step(&world, worker));
    assert_eq!((part(&world, worker).asked, part(&world, worker).skipped), (1, 0));
}

pub fn a_batch_wakes_whoever_steps_it_and_tells_of_other_collections_nothing(open: &Open<'_>) {
    let world = World::new(open);
    let worker = silent(&world, "render", 300);
    world.tell(vec![event("imported", Some(commit("owner/repository", "1")))]);
    world.ear.news();
    start(&world, &[worker]);
    let woken = |world: &World| world.ear.news().iter().filter(|each| matches!(each, News::Batch)).count();
    assert_eq!(woken(&world), 1, "it began");
    world.submit(step(&world, worker));
    world.submit(step(&world, worker));
    for _ in 0..2 {
        for call in world.claim(worker) {
            world.answer(&call, &found(&[]));
        }
    }
    assert_eq!(woken(&world), 2, "after each 64 that ended");
    world.submit(step(&world, worker));
    assert_eq!((part(&world, worker).asked, part(&world, worker).cursor), (300, 0));
}
