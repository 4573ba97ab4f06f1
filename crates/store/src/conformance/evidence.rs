//! Evidence: described in the commit of its event, tagged, and amended.

use domain::event::EVIDENCE_CREATED;
use domain::subject::{Collection, Subject, SubjectName};
use domain::{ArtifactKey, CollectionKey, SubjectKey, TagKey, Timestamp};

use super::hands::{event, recorded};
use super::world::{Open, World, wait};
use crate::command::{Amend, Answer, Description, MakeTag, PutCollection};
use crate::judged::{self, Arriving};
use crate::tables::{Artifact, Listing, Tag, Tagging};

const ATTRIBUTES: &str = r#"{"contentType":"image","description":"first"}"#;

fn operation(world: &World, name: &str) -> Answer {
    let (kind, name, attributes) = ("operation".to_owned(), name.to_owned(), r#"{"name":"Red"}"#.to_owned());
    world.submit(PutCollection { kind, name, attributes, new: true, now: world.now })
}

fn tag(world: &World, collection: CollectionKey, name: &str) -> Answer {
    world.submit(MakeTag { collection, name: name.to_owned(), colour: "red".to_owned(), description: None })
}

/// An operation with one tag and one evidence that has it.
fn evidence(world: &World) -> (SubjectKey, TagKey) {
    operation(world, "red");
    let Answer::Tag(tag) = tag(world, world.only::<Collection>().key, "urgent") else { panic!("no tag") };
    let artifacts = vec![(world.upload(7), "media".to_owned())];
    let description = Description { attributes: ATTRIBUTES.to_owned(), artifacts, tags: vec![tag] };
    let (kind, collection, id) = ("evidence".to_owned(), "red".to_owned(), "3f8b2c1e".to_owned());
    let about = SubjectName { kind, collection, id };
    let arriving = Arriving { description: Some(Box::new(description)), ..event(EVIDENCE_CREATED, Some(about)) };
    let answer = wait(judged::record(world.store(), None, vec![arriving], world.now, world.now));
    let recorded = recorded(answer.expect("the engine works"));
    (recorded.events[0].subject.expect("a subject"), tag)
}

pub fn an_evidence_is_made_with_its_event_its_file_and_its_tags(open: &Open<'_>) {
    let world = World::new(open);
    let (subject, tag) = evidence(&world);

    assert_eq!(world.row::<Subject>(subject.0).attributes, ATTRIBUTES);
    let listing: Listing = world.only();
    assert_eq!((listing.subject, listing.artifact, listing.role.as_str()), (subject, ArtifactKey(7), "media"));
    let tagging: Tagging = world.only();
    assert_eq!((tagging.subject, tagging.tag), (subject, tag));
    let snapshot = world.events(EVIDENCE_CREATED)[0].snapshot.clone().expect("a snapshot");
    assert!(snapshot.contains(ATTRIBUTES), "{snapshot}");
}

pub fn a_description_is_amended_in_parts(open: &Open<'_>) {
    let world = World::new(open);
    let (subject, first) = evidence(&world);
    let Answer::Tag(second) = tag(&world, world.only::<Collection>().key, "late") else { panic!("no tag") };
    let attributes = serde_json::Map::from_iter([("description".to_owned(), "second".into())]);
    let amend = Amend {
        subject,
        attributes,
        artifact: Some((world.upload(8), "media".to_owned())),
        tags_added: vec![second, second],
        tags_removed: vec![first],
        now: world.now,
    };

    assert!(matches!(world.submit(amend.clone()), Answer::Done));

    let expected = r#"{"contentType":"image","description":"second"}"#;
    assert_eq!(world.row::<Subject>(subject.0).attributes, expected);
    assert_eq!((world.only::<Listing>().artifact, world.only::<Tagging>().tag), (ArtifactKey(8), second));
    let expires = |artifact| world.row::<Artifact>(artifact).expires;
    assert_eq!((expires(7), expires(8)), (world.now, Timestamp::NEVER), "what was replaced is let go of");
    let before = world.everything();
    assert!(matches!(world.submit(Amend { subject: SubjectKey(1), ..amend }), Answer::NotFound));
    assert_eq!(world.everything(), before);
}

pub fn a_tags_name_is_unique_in_its_collection_and_its_number_everywhere(open: &Open<'_>) {
    let mut world = World::new(open);
    operation(&world, "red");
    operation(&world, "blue");
    let keys: Vec<CollectionKey> = world.rows::<Collection>().iter().map(|each| each.key).collect();

    assert!(matches!(tag(&world, keys[0], "urgent"), Answer::Tag(TagKey(1))));
    assert!(matches!(tag(&world, keys[0], "urgent"), Answer::Taken));
    assert!(matches!(tag(&world, keys[1], "urgent"), Answer::Tag(TagKey(2))));
    world.crash();
    assert!(matches!(tag(&world, keys[0], "late"), Answer::Tag(TagKey(3))));
    assert_eq!(world.count::<Tag>(), 3);
}

pub fn a_collection_that_must_be_new_is_refused_when_it_is_not(open: &Open<'_>) {
    let world = World::new(open);
    assert!(matches!(operation(&world, "red"), Answer::Done));
    let before = world.everything();

    assert!(matches!(operation(&world, "red"), Answer::Taken));

    assert_eq!(world.everything(), before);
}
