//! What is said about an upload before a subject lists it.

use domain::event::Receipt;
use domain::expectation::Expectation;
use domain::profile::ProfileKind;
use domain::result::ServiceResult;
use domain::rule::{Hold, Match, MatchState};
use domain::verdict::VerdictKind;
use domain::{ArtifactKey, SubjectKey, Timestamp};

use super::catalogue::HOLD;
use super::hands::{artifact, described, event, found, version};
use super::world::{DAY, HOUR, Open, START, World};
use crate::command::{Answer, Claimed, Command, EndArtifact};
use crate::judged::{Arriving, Described};
use crate::search;
use crate::tables::Artifact;

/// An upload under validation, and the call about it.
fn uploaded(open: &Open<'_>, profile: ProfileKind) -> (World, ArtifactKey, Claimed) {
    let world = World::new(open);
    world.service("malware", profile, "during_validation", |_| {});
    world.rule("BAD", HOLD);
    let upload = world.upload(7);
    world.tell(vec![Arriving { artifact: Some(upload), ..event("during_validation", None) }]);
    let call = world.call();
    assert_eq!(call.told.artifacts.len(), 1);
    (world, upload, call)
}

/// A version lists an upload, under two roles.
fn list(world: &World, id: &str, upload: ArtifactKey) -> SubjectKey {
    let artifacts = vec![(upload, "upload".to_owned()), (upload, "source".to_owned())];
    world.put(&Described { artifacts, ..described(version(id)) });
    world.subject(&version(id))
}

pub fn what_was_found_about_an_upload_holds_whoever_lists_it_first(open: &Open<'_>) {
    for profile in [ProfileKind::Scanner, ProfileKind::Standard] {
        let (world, upload, call) = uploaded(open, profile);
        assert!(matches!(world.answer(&call, &found(&["BAD"])), Answer::Concluded(_)));
        let waiting = world.only::<Match>();
        assert_eq!((waiting.state, waiting.subject), (MatchState::Waiting, None));
        assert_eq!(world.only::<ServiceResult>().subject, None);

        let subject = list(&world, "42", upload);

        assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Held, 1));
        let acted = world.only::<Match>();
        assert_eq!((acted.state, acted.subject), (MatchState::Done, Some(subject)));
        assert_eq!(world.only::<ServiceResult>().subject, Some(subject));
        assert_eq!(world.only::<Expectation>().subject, Some(subject));
        assert_eq!(world.only::<Hold>().of, subject.0);
    }
}

pub fn a_call_that_is_under_way_concludes_for_the_lister(open: &Open<'_>) {
    for (names, verdict) in [(vec!["BAD"], VerdictKind::Held), (vec![], VerdictKind::Clear)] {
        let (world, upload, call) = uploaded(open, ProfileKind::Scanner);

        let subject = list(&world, "42", upload);
        assert_eq!((world.verdict(subject), world.told()), (VerdictKind::Pending, 0));

        assert!(matches!(world.answer(&call, &found(&names)), Answer::Concluded(_)));
        assert_eq!((world.verdict(subject), world.told()), (verdict, 1));
        assert_eq!(world.count::<Hold>(), names.len());
    }
}

pub fn a_second_lister_gets_nothing(open: &Open<'_>) {
    let (world, upload, call) = uploaded(open, ProfileKind::Scanner);
    world.answer(&call, &found(&["BAD"]));
    let first = list(&world, "1", upload);

    let second = list(&world, "2", upload);

    assert_eq!([world.verdict(first), world.verdict(second)], [VerdictKind::Held, VerdictKind::Pending]);
    assert_eq!((world.count::<Hold>(), world.only::<Match>().subject), (1, Some(first)));
    let again = list(&world, "1", upload);
    assert_eq!((again, world.count::<Hold>(), world.told()), (first, 1, 1));
}

/// What is kept although its time has come.
fn due(world: &World) -> Vec<ArtifactKey> {
    let now = world.now;
    world.read(move |rows| search::due_artifacts(rows, now, 10)).into_iter().map(|artifact| artifact.key).collect()
}

pub fn an_artifact_that_nobody_awaits_is_let_go_once(open: &Open<'_>) {
    let mut world = World::new(open);
    let add = |key, expires| {
        let artifact = Artifact { expires, ..artifact(key) };
        assert!(matches!(world.submit(Command::PutArtifact(Box::new(artifact.clone()))), Answer::Done));
        artifact
    };
    let (first, second) = (add(1, START.after(HOUR)), add(2, START.after(DAY)));
    add(3, Timestamp::NEVER);
    let has_others = |world: &World, of: &Artifact| {
        let of = of.clone();
        world.read(move |rows| search::blob_has_others(rows, &of))
    };
    let end = |world: &World, of: &Artifact, keep_until| {
        world.submit(EndArtifact { artifact: of.key, keep_until, now: world.now })
    };
    assert_eq!(due(&world), []);
    assert!(matches!(end(&world, &first, None), Answer::NotDue));

    world.pass(DAY);
    assert_eq!(due(&world), [first.key, second.key]);
    assert!(has_others(&world, &first));
    assert!(matches!(end(&world, &first, None), Answer::Done));
    assert!(matches!(end(&world, &first, None), Answer::NotDue));
    assert!(matches!(end(&world, &second, Some(world.now.after(HOUR))), Answer::Done));
    assert_eq!(due(&world), []);

    world.pass(HOUR);
    assert_eq!(due(&world), [second.key]);
    assert_eq!(world.row::<Artifact>(1).removed, Some(START.after(DAY)));
}

pub fn an_artifact_may_be_fetched_while_an_answer_is_awaited(open: &Open<'_>) {
    for is_listed in [false, true] {
        let world = World::new(open);
        world.scanner("malware");
        let upload = world.upload(7);
        let may = |world: &World| world.read(move |rows| search::may_be_fetched(rows, upload));
        assert!(!may(&world));
        if is_listed {
            list(&world, "42", upload);
            world.submit_version("42");
        } else {
            world.tell(vec![Arriving { artifact: Some(upload), ..event("during_validation", None) }]);
        }
        assert!(may(&world));

        world.answer(&world.call(), &found(&[]));

        assert!(!may(&world));
    }
}

pub fn a_blob_is_kept_for_a_receipt_too(open: &Open<'_>) {
    let world = World::new(open);
    let source = world.source("website", "github");
    world.push_commit(source, 1, "owner/name", "3f8b");
    let digest = world.only::<Receipt>().digest;
    let same = Artifact { sha256: digest, ..artifact(1) };
    let has_others = |world: &World| {
        let same = same.clone();
        world.read(move |rows| search::blob_has_others(rows, &same))
    };
    assert!(!has_others(&world), "its body stands in the row");

    world.receive_large(source);

    assert!(has_others(&world));
}
