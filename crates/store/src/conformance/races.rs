//! Two things at once.

use domain::event::Event;
use domain::expectation::Expectation;
use domain::profile::ProfileKind;
use domain::rule::{Action, Hold, Match};
use domain::run::{Attempt, Lease, Run, RunState};
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use domain::{ArtifactKey, Timestamp};

use super::catalogue::{HOLD, rule};
use super::hands::{artifact, described, event, found, version};
use super::world::{Open, World};
use crate::change::Listed;
use crate::command::{About, Answer, Command, Finish, NewEvent, PutSubject, Record};
use crate::judged::{self, Described};
use crate::tables::{Entry, EntryKind};
use crate::{StoreError, search};

/// The command that records an event about a new version, computed from the catalogue as it is now.
fn recording(world: &World, id: &str) -> Record {
    let catalogue = world.store().catalogue();
    let provenance = event("", None).provenance;
    let planned = domain::expectation::plan(&catalogue, "during_validation", provenance, 0);
    let verdict = domain::judge::first_verdict(&planned, &catalogue);
    let event = NewEvent {
        kind: "during_validation".to_owned(),
        about: About::New { name: version(id), verdict, description: None },
        artifact: None,
        provenance,
        hops: 0,
        cause: None,
        delivery: None,
        replay: None,
        data: None,
        snapshot: true,
        planned,
    };
    let (catalogue, now) = (catalogue.version, world.now);
    Record { catalogue, receipt: None, events: vec![event], remember_until: Timestamp::NEVER, now }
}

pub fn a_service_that_appears_while_an_event_is_recorded_is_asked(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("first");
    let computed = recording(&world, "42");
    world.scanner("second");

    assert!(matches!(world.submit(computed), Answer::Recompute));
    assert_eq!((world.count::<Event>(), world.count::<Subject>(), world.leased().len()), (0, 0, 0));

    assert!(matches!(world.submit(recording(&world, "42")), Answer::Recorded(_)));
    assert_eq!((world.count::<Event>(), world.count::<Expectation>(), world.leased().len()), (1, 2, 2));
}

pub fn a_lost_lease_writes_nothing(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    world.submit_version("42");
    let call = world.call();
    let finish = world.judged_answer(&call, &found(&[]));
    assert!(matches!(world.submit(finish.clone()), Answer::Concluded(_)));

    let before = world.everything();
    assert!(matches!(world.submit(finish.clone()), Answer::LostLease), "it is spent");
    for lease in [
        Lease { nth: call.lease.nth + 1, ..call.lease },
        Lease { node: call.lease.node + 1, ..call.lease },
        Lease { epoch: call.lease.epoch + 1, ..call.lease },
    ] {
        assert!(matches!(world.submit(Finish { lease, ..finish.clone() }), Answer::LostLease));
    }
    assert_eq!(world.everything(), before);
}

pub fn a_stale_revision_writes_nothing(open: &Open<'_>) {
    let world = World::new(open);
    let scanner = world.scanner("malware");
    world.rule("BAD", HOLD);
    let subject = world.submit_version("42");
    let call = world.call();
    let finish = world.judged_answer(&call, &found(&[]));
    world.push(scanner, subject, &["BAD"]);

    let before = world.everything();
    assert!(matches!(world.submit(finish), Answer::Stale));
    assert_eq!(world.everything(), before);

    assert!(matches!(world.answer(&call, &found(&[])), Answer::Concluded(_)));
    assert_eq!((world.verdict(subject), world.count::<Attempt>()), (VerdictKind::Held, 1));
}

pub fn a_changed_catalogue_stops_a_conclusion(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    let subject = world.submit_version("42");
    let call = world.call();
    let finish = world.judged_answer(&call, &found(&["BAD"]));
    world.rule("BAD", Action::Block);

    assert!(matches!(world.submit(finish), Answer::Recompute));
    assert!(matches!(world.row::<Run>(call.run.key.0).state, RunState::Leased(_)));

    world.answer(&call, &found(&["BAD"]));
    assert_eq!(world.verdict(subject), VerdictKind::Blocked);
}

pub fn one_bad_command_between_two_good_ones(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    let taken = world.upload(7);
    let fails_at_once = Command::PutArtifact(Box::new(artifact(taken.0)));
    let damaged = Entry { key: 1 << 40, kind: EntryKind::Rule, name: "X".to_owned(), doc: "{".to_owned() };
    let sound = rule(world.new_key(), "SOUND", Action::Flag);
    let fails_half_way = Command::from(world.change(vec![sound.entry(), damaged]));
    for (nth, bad) in [fails_at_once, fails_half_way].into_iter().enumerate() {
        let good = |id: usize| Command::from(recording(&world, &id.to_string()));

        let answers = world.together(vec![good(2 * nth), bad, good(2 * nth + 1)]);

        let good = |answer: &Result<Answer, StoreError>| matches!(answer, Ok(Answer::Recorded(_)));
        assert!(good(&answers[0]) && answers[1].is_err() && good(&answers[2]), "{answers:?}");
        assert_eq!((world.count::<Subject>(), world.count::<Event>()), (2 * nth + 2, 2 * nth + 2));
    }
    assert_eq!((world.leased().len(), world.places.taken()), (4, 4), "no place is lost or taken twice");
    assert_eq!((world.count::<Entry>(), world.store().catalogue().rules.len()), (1, 0));
    assert!(matches!(world.submit(recording(&world, "9")), Answer::Recorded(_)), "and the store goes on");
}

pub fn an_answer_and_an_adoption_cross(open: &Open<'_>) {
    let world = World::new(open);
    world.service("malware", ProfileKind::Scanner, "during_validation", |_| {});
    world.rule("BAD", HOLD);
    let upload = world.upload(7);
    world.tell(vec![judged::Arriving { artifact: Some(upload), ..event("during_validation", None) }]);
    let call = world.call();
    world.put(&described(version("42")));
    let subject = world.subject(&version("42"));
    let adoption = adopting(&world, upload);
    let answer = world.judged_answer(&call, &found(&["BAD"]));

    let answers = world.together(vec![answer.into(), adoption.into()]);

    assert!(matches!(answers[..], [Ok(Answer::Concluded(_)), Ok(Answer::Stale)]), "{answers:?}");
    assert_eq!((world.only::<Match>().subject, world.count::<Hold>()), (None, 0));
    world.put(&Described { artifacts: vec![(upload, "upload".to_owned())], ..described(version("42")) });
    assert_eq!((world.verdict(subject), world.count::<Hold>()), (VerdictKind::Held, 1));
}

/// The command by which version 42 lists an upload, judged by what is known now.
fn adopting(world: &World, upload: ArtifactKey) -> PutSubject {
    let subject = world.subject(&version("42"));
    let state = world.read(move |rows| search::subject_state(rows, subject));
    let orphans = world.read(move |rows| search::orphans(rows, &[upload]));
    let trigger = domain::judge::Trigger::Adopted { expectations: &orphans.0, matches: &orphans.1 };
    let judged = judged::judged(state.as_ref(), trigger, None, &world.store().catalogue(), 0, world.now);
    PutSubject {
        name: version("42"),
        attributes: "{}".to_owned(),
        protected: false,
        users: None,
        track: None,
        review_deadline: None,
        actors: Vec::new(),
        restricted: false,
        artifacts: vec![(upload, "upload".to_owned())],
        orphans,
        judged: Some(judged),
        now: world.now,
    }
}
