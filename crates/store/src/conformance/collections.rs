//! Holds on a collection: what they stop, and how its subjects follow.

use std::time::Duration;

use domain::rule::{Hold, HoldScope, Rule};
use domain::subject::{Collection, Subject};
use domain::verdict::{ReasonCode, VerdictKind};
use domain::{HoldKey, SubjectKey, Timestamp, limits};

use super::catalogue::{HOLD_A_DAY, rule};
use super::hands::{described, event, found, version};
use super::world::{DAY, HOUR, Open, World, wait};
use crate::command::{Answer, HoldCollection, News};
use crate::judged::{self, Described};
use crate::tables::{Audit, Recheck};

impl World {
    /// A person holds the collection of all versions.
    fn hold(&self, track: Option<&str>, until: Timestamp) -> HoldKey {
        let hold = HoldCollection {
            collection: self.only::<Collection>().key,
            track: track.map(str::to_owned),
            until,
            by: "ann".to_owned(),
            reason: "looks odd".to_owned(),
            now: self.now,
        };
        match self.submit(hold) {
            Answer::Held(hold) => hold,
            other => panic!("a hold was answered {other:?}"),
        }
    }

    fn lift(&self, hold: HoldKey) -> Answer {
        wait(judged::release(self.store(), hold, "ann", "a false alarm", self.now)).expect("the engine works")
    }

    /// The dispatcher takes a step of every recheck; answers how many there are.
    fn step_rechecks(&self) -> usize {
        let rechecks = self.rows::<Recheck>();
        for recheck in &rechecks {
            let answer = self.step_recheck(recheck);
            assert!(matches!(answer, Answer::Done), "{answer:?}");
        }
        rechecks.len()
    }

    fn step_recheck(&self, recheck: &Recheck) -> Answer {
        wait(judged::step_recheck(self.store(), recheck, self.now)).expect("the engine works")
    }

    /// The dispatcher judges again whatever is to be.
    pub fn recheck(&self) {
        while self.step_rechecks() > 0 {}
    }

    fn put_on(&self, id: &str, track: Option<&str>) -> SubjectKey {
        self.put(&Described { track: track.map(str::to_owned), ..described(version(id)) });
        self.subject(&version(id))
    }

    fn held(&self) -> usize {
        self.rows::<Subject>().iter().filter(|subject| subject.verdict == VerdictKind::Held).count()
    }
}

/// A version that its scanner found nothing in.
fn clear(world: &World, id: &str) -> SubjectKey {
    let subject = world.submit_version(id);
    world.answer(&world.call(), &found(&[]));
    assert_eq!(world.verdict(subject), VerdictKind::Clear);
    subject
}

pub fn a_hold_on_a_collection_stops_its_subjects_step_by_step(open: &Open<'_>) {
    let mut world = World::new(open);
    let subjects = limits::RECHECK_STEP * 2 + 1;
    for id in 0..subjects {
        world.put(&described(version(&id.to_string())));
    }
    world.ear.news();
    let audited = world.count::<Audit>();

    let hold = world.hold(None, Timestamp::NEVER);
    assert!(world.ear.news().iter().any(|each| matches!(each, News::Recheck)));
    assert_eq!((world.count::<Audit>(), world.held()), (audited + 1, 0));
    assert!(world.rows::<Audit>().last().is_some_and(|audit| audit.what == "held addon 85: looks odd"));
    world.step_rechecks();
    assert_eq!(world.held(), limits::RECHECK_STEP);
    world.crash();
    assert_eq!(world.step_rechecks(), 1, "it goes on where it stood");
    assert_eq!(world.held(), limits::RECHECK_STEP * 2);
    world.recheck();
    assert_eq!((world.held(), world.told()), (subjects, subjects));

    assert!(matches!(world.lift(hold), Answer::Done));
    world.recheck();
    assert_eq!((world.held(), world.told()), (0, subjects * 2));
    assert_eq!(world.row::<Hold>(hold.0).ended_by.as_deref(), Some("lifted by ann: a false alarm"));
    assert!(matches!(world.lift(hold), Answer::NotFound));
    assert_eq!(world.count::<Audit>(), audited + 2);
}

pub fn a_hold_on_a_track_leaves_the_others_alone(open: &Open<'_>) {
    let world = World::new(open);
    let (listed, unlisted, unsaid) =
        (world.put_on("1", Some("listed")), world.put_on("2", Some("unlisted")), world.put_on("3", None));
    world.hold(Some("listed"), Timestamp::NEVER);
    world.recheck();
    assert_eq!(world.verdict(listed), VerdictKind::Held);
    assert_eq!((world.verdict(unlisted), world.verdict(unsaid)), (VerdictKind::Pending, VerdictKind::Pending));

    assert_eq!(world.verdict(world.put_on("4", Some("listed"))), VerdictKind::Held);
    assert_eq!(world.verdict(world.put_on("5", Some("unlisted"))), VerdictKind::Pending);
    world.put_on("3", Some("listed"));
    assert_eq!(world.verdict(unsaid), VerdictKind::Held, "once its track is said");
    world.put_on("1", None);
    assert_eq!(world.verdict(listed), VerdictKind::Held, "the track stays as it was");
    world.put_on("1", Some("unlisted"));
    assert_eq!(world.verdict(listed), VerdictKind::Pending);
}

pub fn a_new_subject_of_a_held_collection_is_held_from_the_beginning(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    clear(&world, "1");
    let hold = world.hold(None, Timestamp::NEVER);

    let new = world.submit_version("2");
    assert_eq!(world.verdict(new), VerdictKind::Held);
    assert_eq!(world.reasons(new), [ReasonCode::Hold, ReasonCode::Waiting]);
    assert!(matches!(world.answer(&world.call(), &found(&[])), Answer::Concluded(_)));
    assert_eq!((world.verdict(new), world.reasons(new)), (VerdictKind::Held, vec![ReasonCode::Hold]));

    world.lift(hold);
    world.recheck();
    assert_eq!(world.verdict(new), VerdictKind::Clear);
}

pub fn an_answer_and_a_hold_on_the_collection_cross(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    let subject = world.submit_version("1");
    let call = world.call();
    let answer = world.judged_answer(&call, &found(&[]));
    let hold = world.hold(None, Timestamp::NEVER);

    let before = world.everything();
    assert!(matches!(world.submit(answer), Answer::Stale), "it was judged without the hold");
    assert_eq!(world.everything(), before);
    assert!(matches!(world.answer(&call, &found(&[])), Answer::Concluded(_)));
    assert_eq!(world.verdict(subject), VerdictKind::Held, "before its turn has come");

    let held = world.rows::<Recheck>().remove(0);
    world.lift(hold);
    assert!(matches!(world.step_recheck(&held), Answer::Moved), "what it was to do is done anew");
    world.recheck();
    assert_eq!((world.verdict(subject), world.count::<Recheck>()), (VerdictKind::Clear, 0));
}

pub fn a_hold_on_a_collection_ends_in_time(open: &Open<'_>) {
    let mut world = World::new(open);
    world.scanner("malware");
    let subject = clear(&world, "1");
    let hold = world.hold(None, world.now.after(HOUR));
    world.recheck();
    assert_eq!(world.verdict(subject), VerdictKind::Held);
    world.pass(HOUR - Duration::from_micros(1));
    assert!(world.end_holds().is_empty());

    world.pass(Duration::from_micros(1));
    assert!(matches!(world.end_holds()[..], [Answer::Done]));
    assert!(world.end_holds().is_empty());
    world.recheck();
    assert_eq!(world.verdict(subject), VerdictKind::Clear);
    assert_eq!(world.row::<Hold>(hold.0).ended_by.as_deref(), Some("its time came"));
}

pub fn a_rule_holds_the_whole_collection_and_moves_its_own_hold(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    world.list(&Rule { scope: HoldScope::Collection, ..rule(world.new_key(), "BAD", HOLD_A_DAY) });
    let good = clear(&world, "1");
    let bad = world.submit_version("2");
    world.answer(&world.call(), &found(&["BAD"]));
    assert_eq!(world.verdict(bad), VerdictKind::Held);
    world.recheck();
    assert_eq!(world.verdict(good), VerdictKind::Held);
    let first = world.only::<Hold>();
    assert_eq!((first.scope, first.until), (HoldScope::Collection, world.now.after(DAY)));

    world.pass(HOUR);
    world.demand(world.events("during_validation")[0].key, scanner);
    world.answer(&world.claim_one(scanner), &found(&["BAD"]));
    world.recheck();
    let ended: Vec<_> = world.rows::<Hold>().into_iter().map(|hold| (hold.until, hold.ended.is_some())).collect();
    assert_eq!(ended, [(first.until, true), (world.now.after(DAY), false)]);
    assert_eq!((world.verdict(good), world.verdict(bad)), (VerdictKind::Held, VerdictKind::Held));
    assert_eq!(world.told(), 3, "clear, held, held: that a hold moved is no change");

    world.tell(vec![event("during_validation", Some(version("3")))]);
    assert_eq!(world.held(), 3);
    world.pass(DAY);
    assert!(matches!(world.end_holds()[..], [Answer::Done]));
    world.recheck();
    assert_eq!((world.verdict(good), world.verdict(bad)), (VerdictKind::Clear, VerdictKind::Clear));
}
