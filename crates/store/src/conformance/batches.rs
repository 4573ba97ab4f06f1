//! Batches: long work in steps.

use domain::run::{Run, RunWhy};
use domain::{BatchKey, ServiceKey, expectation::Expectation};

use super::hands::{event, found, version};
use super::world::{Open, World};
use crate::command::{Answer, Command, Demand, StartBatch, StepBatch};
use crate::judged::planned_for;
use crate::tables::{Batch, BatchState, Part};

fn start(world: &World, services: &[ServiceKey]) -> BatchKey {
    let answer = world.submit(StartBatch { services: services.to_vec(), text: "again".to_owned(), now: world.now });
    match answer {
        Answer::Batch(batch) => batch,
        other => panic!("a start was answered {other:?}"),
    }
}

/// The next so many events after a part's cursor, as the step that asks about them.
fn step(world: &World, batch: BatchKey, service: ServiceKey, many: usize) -> StepBatch {
    let cursor = part(world, service).cursor;
    let catalogue = world.store().catalogue();
    let events: Vec<_> = world.events("imported").into_iter().filter(|each| each.key.0 > cursor).take(many).collect();
    let demand = |event: &domain::event::Event| Demand {
        event: event.key,
        planned: planned_for(&catalogue, event, service).expect("the service is there"),
        batch: Some(batch),
        now: world.now,
    };
    let next = events.last().map_or(cursor, |event| event.key.0);
    StepBatch { batch, service, cursor, next, demands: events.iter().map(demand).collect(), now: world.now }
}

fn part(world: &World, service: ServiceKey) -> Part {
    world.rows::<Part>().into_iter().find(|part| part.service == service).expect("a part")
}

fn turn(world: &World, batch: BatchKey, to: BatchState) -> Answer {
    world.submit(Command::TurnBatch { batch, to })
}

pub fn a_batch_pauses_restarts_and_asks_each_pair_once(open: &Open<'_>) {
    let mut world = World::new(open);
    let (alive, dead) = (world.worker("alive"), world.worker("dead"));
    world.tell((0..1_000).map(|id| event("imported", Some(version(&id.to_string())))).collect());
    let batch = start(&world, &[alive, dead]);
    for many in [200, 200] {
        assert!(matches!(world.submit(step(&world, batch, alive, many)), Answer::Done));
    }
    let prepared = step(&world, batch, alive, 200);

    assert!(matches!(turn(&world, batch, BatchState::Paused), Answer::Done));
    assert!(matches!(world.submit(prepared.clone()), Answer::Moved), "it was computed before the pause");
    assert_eq!((part(&world, alive).written, world.count::<Run>()), (400, 400));
    assert_eq!((part(&world, dead).cursor, part(&world, dead).written), (0, 0));

    world.crash();
    assert_eq!(world.only::<Batch>().state, BatchState::Paused);
    assert!(matches!(turn(&world, batch, BatchState::Running), Answer::Done));
    for service in [alive, dead] {
        loop {
            let next = step(&world, batch, service, 256);
            if next.demands.is_empty() {
                break;
            }
            assert!(matches!(world.submit(next), Answer::Done));
        }
    }
    assert!(matches!(world.submit(prepared), Answer::Moved), "another step came first");
    let runs = world.rows::<Run>();
    assert_eq!((runs.len(), world.count::<Expectation>()), (2_000, 2_000));
    assert!(runs.iter().all(|run| run.why == RunWhy::Demand && run.batch == Some(batch)));
    assert_eq!([part(&world, alive).written, part(&world, dead).written], [1_000, 1_000]);
}

pub fn a_paused_or_ended_batch_takes_no_step(open: &Open<'_>) {
    let world = World::new(open);
    let worker = world.worker("render");
    world.tell(vec![event("imported", Some(version("1"))), event("imported", Some(version("2")))]);
    let batch = start(&world, &[worker]);
    world.submit(step(&world, batch, worker, 1));
    world.answer(&world.claim_one(worker), &found(&[]));
    for to in [BatchState::Paused, BatchState::Aborted] {
        assert!(matches!(turn(&world, batch, to), Answer::Done));
        assert!(matches!(world.submit(step(&world, batch, worker, 1)), Answer::Moved));
    }
    for to in [BatchState::Running, BatchState::Completed] {
        assert!(matches!(turn(&world, batch, to), Answer::Moved), "what was ended stays so");
    }
    assert_eq!(world.count::<Run>(), 1);
}
