//! What the platform said of a subject and its collection when an event was recorded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use domain::event::VERDICT;
use domain::event_type::{EventForm, EventType};
use domain::{EventTypeKey, Timestamp};

use super::catalogue::HOLD;
use super::hands::{described, event, found, recorded, version};
use super::world::{Open, World, wait};
use crate::command::{Command, PutCollection};
use crate::judged::{self, Described};
use crate::{Journal, Pending, Store};

/// The platform describes version 42.
fn describe(store: &Store, now: Timestamp, attributes: &str) {
    let described = Described { attributes: attributes.to_owned(), ..described(version("42")) };
    wait(judged::put_subject(store, &described, now)).expect("the engine works");
}

/// The platform describes a collection.
fn describe_collection(store: &Store, now: Timestamp, kind: &str, name: &str, attributes: &str) {
    let (kind, name, attributes) = (kind.to_owned(), name.to_owned(), attributes.to_owned());
    wait(store.submit(PutCollection { kind, name, attributes, new: false, now })).expect("the engine works");
}

/// The configuration says what is told about a type of event.
fn give_form(world: &World, name: &str) {
    let form: EventForm = serde_json::from_str(r#"{"full": {"addon": "{addon}"}}"#).expect("a form");
    let key: EventTypeKey = world.new_key();
    world.list(&EventType { key, name: name.to_owned(), active: true, form });
}

/// The only snapshot of the events of this type.
fn shown(world: &World, kind: &str) -> Option<String> {
    let mut events = world.events(kind);
    assert_eq!(events.len(), 1, "events {kind}");
    events.remove(0).snapshot
}

/// What somebody else does.
type Deed = Box<dyn FnOnce(&Store) + Send>;

/// A journal in front of a store's: before each recording somebody else does the next deed.
struct Busy {
    store: Store,
    deeds: Mutex<VecDeque<Deed>>,
}

impl Journal for Busy {
    fn submit(&self, command: Command) -> Pending {
        if matches!(command, Command::Record(_)) {
            let deed = self.deeds.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            deed.expect("no more recordings than deeds")(&self.store);
        }
        self.store.journal.submit(command)
    }
}

pub fn an_event_shows_what_was_true_at_its_commit(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    let now = world.now;
    let say = move |store: &Store, subject: &str, collection: &str| {
        describe(store, now, subject);
        describe_collection(store, now, "addon", "85", collection);
    };
    say(world.store(), r#"{"v":1}"#, r#"{"c":1}"#);
    let deeds: [Deed; 3] = [
        // Refused, since the subject is known; then since it has changed; then the add-on alone has changed.
        Box::new(|_| {}),
        Box::new(move |store| say(store, r#"{"v":2}"#, r#"{"c":2}"#)),
        Box::new(move |store| describe_collection(store, now, "addon", "85", r#"{"c":3}"#)),
    ];
    let busy = Arc::new(Busy { store: world.store().clone(), deeds: Mutex::new(deeds.into()) });
    let store = Store { journal: busy, ..world.store().clone() };

    let arriving = vec![event("during_validation", Some(version("42")))];
    recorded(wait(judged::record(&store, None, arriving, Timestamp::NEVER, now)).expect("the engine works"));
    say(world.store(), r#"{"v":4}"#, r#"{"c":4}"#);

    let expected = Some(r#"{"subject":{"v":2},"collection":{"c":3}}"#.to_owned());
    assert_eq!(shown(&world, "during_validation"), expected);
    assert_eq!(world.call().told.event.snapshot, expected);
}

pub fn an_event_about_a_new_subject_shows_its_collection(open: &Open<'_>) {
    let world = World::new(open);
    give_form(&world, "github.push");
    let source = world.source("website", "github");
    describe_collection(world.store(), world.now, "repository", "owner/name", r#"{"c":1}"#);

    world.push_commit(source, 1, "owner/name", "3f8b");

    assert_eq!(shown(&world, "github.push").as_deref(), Some(r#"{"subject":{},"collection":{"c":1}}"#));
}

pub fn an_event_that_the_store_causes_shows_it_too(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    world.rule("BAD", HOLD);
    give_form(&world, VERDICT);
    world.submit_version("42");
    let call = world.call();
    describe(world.store(), world.now, r#"{"v":1}"#);

    world.answer(&call, &found(&["BAD"]));
    describe(world.store(), world.now, r#"{"v":2}"#);

    assert_eq!(shown(&world, VERDICT).as_deref(), Some(r#"{"subject":{"v":1},"collection":{}}"#));
}

pub fn an_event_whose_type_has_no_form_freezes_nothing(open: &Open<'_>) {
    let world = World::new(open);
    describe(world.store(), world.now, r#"{"v":1}"#);

    world.tell(vec![event("renamed", Some(version("42")))]);

    assert_eq!(shown(&world, "renamed"), None);
}
