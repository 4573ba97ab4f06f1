//! What is said about an upload before a subject lists it.

use domain::expectation::Expectation;
use domain::profile::ProfileKind;
use domain::result::ServiceResult;
use domain::rule::{Hold, Match, MatchState};
use domain::verdict::VerdictKind;
use domain::{ArtifactKey, SubjectKey};

use super::catalogue::HOLD;
use super::hands::{described, event, found, version};
use super::world::{Open, World};
use crate::command::{Answer, Claimed};
use crate::judged::{Arriving, Described};

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
