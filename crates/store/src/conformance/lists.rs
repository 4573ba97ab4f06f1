//! What is found by filters, in pages.

use std::collections::BTreeSet;

use domain::answer::Answer as Meant;
use domain::event::Provenance;
use domain::profile::ProfileKind;
use domain::result::ResultKind;
use domain::rule::Action;
use domain::subject::{Collection, SubjectName};
use domain::verdict::VerdictKind;
use domain::{AccountKey, CollectionKey, EventKey, RunKey, SubjectKey};

use super::catalogue::HOLD_A_DAY;
use super::hands::{DEFERRED, commit, event, found, signed, version};
use super::world::{HOUR, Open, SECOND, World};
use crate::StoreError;
use crate::lists::{
    self, AuditFilter, EventFilter, EventState, Kind, QuarantineFilter, ReceiptFilter, ResultFilter, RunFilter, Span,
    SubjectFilter,
};
use crate::row::RowsExt;
use crate::table::{Find, Rows, Table, Value};

/// Whatever a list of events finds: their delivery ids, or types.
fn events(world: &World, filter: EventFilter) -> Vec<String> {
    let page = world.read(move |rows| lists::events(rows, &filter, &Span::newest(50)));
    assert_eq!((page.next, page.looked_to), (None, None));
    page.rows.into_iter().map(|event| event.delivery.unwrap_or(event.kind)).collect()
}

fn kinds(kind: &str) -> EventFilter {
    let kind = match kind.strip_suffix('*') {
        Some(beginning) => Kind::Begins(beginning.to_owned()),
        None => Kind::Is(kind.to_owned()),
    };
    EventFilter { kind: Some(kind), ..EventFilter::default() }
}

fn collection(world: &World, name: &str) -> BTreeSet<CollectionKey> {
    let found = world.rows::<Collection>().into_iter().filter(|each| each.name == name);
    found.map(|each| each.key).collect()
}

/// A push to each of two repositories, a ping, and a version: named by the first letters.
fn told(open: &Open<'_>) -> World {
    let world = World::new(open);
    let source = world.source("website", "github");
    let name = |arriving, name: &str| crate::judged::Arriving { delivery: Some(name.to_owned()), ..arriving };
    let push = |repository, id| signed(source, "github.push", Some(commit(repository, id)), None);
    world.receive(source, vec![name(push("owner/one", "a1"), "push one")]);
    world.receive(source, vec![name(push("owner/two", "b2"), "push two")]);
    world.receive(source, vec![name(signed(source, "github.ping", None, None), "ping")]);
    world.tell(vec![name(event("during_validation", Some(version("42"))), "version")]);
    world
}

pub fn events_are_narrowed_by_everything_that_is_stated(open: &Open<'_>) {
    let world = told(open);
    let source = world.store().catalogue().sources.keys().copied().next().expect("a source");
    let a1 = world.subject(&commit("owner/one", "a1"));

    assert_eq!(events(&world, EventFilter::default()), ["version", "ping", "push two", "push one"]);
    assert_eq!(events(&world, kinds("github.ping")), ["ping"]);
    assert_eq!(events(&world, kinds("github.*")), ["ping", "push two", "push one"]);
    assert!(events(&world, kinds("github.pu")).is_empty());
    let by = |by| EventFilter { by: Some(by), ..EventFilter::default() };
    assert_eq!(events(&world, by(vec![Provenance::Account(AccountKey(1))])), ["version"]);
    assert_eq!(events(&world, by(vec![Provenance::Signed(source)])).len(), 3);
    assert!(events(&world, by(Vec::new())).is_empty());
    assert_eq!(events(&world, EventFilter { subject: Some(a1), ..EventFilter::default() }), ["push one"]);
    let two = EventFilter { collections: Some(collection(&world, "owner/two")), ..EventFilter::default() };
    assert_eq!(events(&world, two.clone()), ["push two"]);
    assert!(events(&world, EventFilter { subject: Some(a1), ..two.clone() }).is_empty());
    assert!(events(&world, EventFilter { kind: kinds("github.ping").kind, ..two }).is_empty());
}

pub fn events_are_found_by_how_far_they_have_come(open: &Open<'_>) {
    let mut world = World::new(open);
    let scanner = world.scanner("malware");
    let state =
        |state| EventFilter { state: Some(state), kind: kinds("during_validation").kind, ..EventFilter::default() };
    world.submit_version("1");
    let first = world.call();
    assert_eq!(events(&world, state(EventState::Open)).len(), 1);
    world.answer(&first, &found(&[]));
    assert!(events(&world, state(EventState::Open)).is_empty());
    assert_eq!(events(&world, state(EventState::Done)).len(), 1);

    world.submit_version("2");
    let second = world.call();
    world.answer(&second, &DEFERRED);
    assert_eq!(events(&world, state(EventState::Open)).len(), 1, "it will call back");
    world.pass(27 * HOUR);
    world.check(scanner);
    assert!(events(&world, state(EventState::Open)).is_empty());
    assert_eq!(events(&world, state(EventState::Failed)).len(), 1, "the deadline came");
    assert_eq!(events(&world, state(EventState::Done)).len(), 1);

    world.demand(second.expectation.event, scanner);
    assert_eq!(events(&world, state(EventState::Open)).len(), 1, "it is asked again");
    assert!(events(&world, state(EventState::Failed)).is_empty());
}

fn runs(world: &World, filter: RunFilter) -> Vec<RunKey> {
    let page = world.read(move |rows| lists::runs(rows, &filter, &Span::newest(50)));
    assert_eq!((page.next, page.looked_to), (None, None));
    page.rows.into_iter().map(|run| run.key).collect()
}

pub fn runs_are_found_by_where_they_stand(open: &Open<'_>) {
    let world = World::new(open);
    let scanner = world.scanner("malware");
    let other = world.scanner("other");
    world.submit_version("1");
    let [first, second] = world.calls();
    world.answer(&first, &found(&[]));
    world.answer(&second, &DEFERRED);
    world.submit_version("2");
    let [third, fourth] = world.calls();
    world.answer(&fourth, &Meant::Gone);
    let states = |states: &[&'static str]| RunFilter { states: Some(states.to_vec()), ..RunFilter::default() };
    let of = |key: &crate::command::Claimed| key.run.key;

    assert_eq!(runs(&world, states(&["answered"])), [of(&first)]);
    assert_eq!(runs(&world, states(&["deferred"])), [of(&second)]);
    assert_eq!(runs(&world, states(&["leased"])), [of(&third)]);
    let mut waiting = runs(&world, states(&["due", "leased", "deferred"]));
    waiting.retain(|key| *key != of(&fourth));
    assert_eq!(waiting, [of(&third), of(&second)]);
    assert_eq!(runs(&world, RunFilter::default()).len(), 4);
    let service = |service| RunFilter { service: Some(service), ..RunFilter::default() };
    assert_eq!(runs(&world, service(first.run.service)), [of(&third), of(&first)]);
    assert!([first.run.service, second.run.service].into_iter().collect::<BTreeSet<_>>() == [scanner, other].into());
    let event = |event| RunFilter { event: Some(event), ..RunFilter::default() };
    assert_eq!(runs(&world, event(third.expectation.event)), [of(&fourth), of(&third)]);
    assert_eq!(
        runs(&world, RunFilter { expectation: Some(first.expectation.key), ..RunFilter::default() }),
        [of(&first)]
    );
    let subject = world.subject(&version("1"));
    let about = RunFilter { subject: Some(subject), ..RunFilter::default() };
    assert_eq!(runs(&world, about.clone()), [of(&second), of(&first)]);
    assert_eq!(runs(&world, RunFilter { service: Some(second.run.service), ..about }), [of(&second)]);
}

pub fn results_are_found_by_who_said_what(open: &Open<'_>) {
    let world = World::new(open);
    let scanner = world.scanner("malware");
    world.rule("BAD", Action::Flag);
    world.rule("WORSE", Action::Flag);
    world.submit_version("1");
    let first = world.call();
    world.answer(&first, &found(&["BAD", "WORSE"]));
    world.submit_version("2");
    let call = world.call();
    world.answer(&call, &Meant::Error { reason: Some("Out of Memory".to_owned()) });
    let pushed = world.subject(&version("1"));
    world.push(scanner, pushed, &["BAD"]);
    let results = |filter: ResultFilter| {
        let page = world.read(move |rows| lists::results(rows, &filter, &Span::newest(50)));
        assert_eq!((page.next, page.looked_to), (None, None));
        page.rows.into_iter().map(|result| result.kind).collect::<Vec<_>>()
    };
    let rule = |rule: &str| ResultFilter { rule: Some(rule.to_owned()), ..ResultFilter::default() };

    assert_eq!(results(ResultFilter::default()), [ResultKind::Pushed, ResultKind::Error, ResultKind::Processed]);
    assert_eq!(results(rule("BAD")), [ResultKind::Pushed, ResultKind::Processed]);
    assert_eq!(results(rule("WORSE")), [ResultKind::Processed]);
    assert!(results(rule("NONE")).is_empty());
    let kind = |kind| ResultFilter { kind: Some(kind), ..ResultFilter::default() };
    assert_eq!(results(kind(ResultKind::Error)), [ResultKind::Error]);
    assert_eq!(results(ResultFilter { kind: Some(ResultKind::Pushed), ..rule("BAD") }), [ResultKind::Pushed]);
    let word = |word: &str| ResultFilter { word: Some(word.to_owned()), ..ResultFilter::default() };
    assert_eq!(results(word("out of memory")), [ResultKind::Error]);
    let about = ResultFilter { subject: Some(pushed), ..ResultFilter::default() };
    assert_eq!(results(about.clone()), [ResultKind::Pushed, ResultKind::Processed]);
    assert_eq!(results(ResultFilter { rule: Some("WORSE".to_owned()), ..about }), [ResultKind::Processed]);
    assert_eq!(results(ResultFilter { service: Some(scanner), ..ResultFilter::default() }).len(), 3);
    assert!(results(ResultFilter { late: Some(true), ..ResultFilter::default() }).is_empty());
    assert_eq!(results(ResultFilter { late: Some(false), ..ResultFilter::default() }).len(), 3);
}

fn subjects(world: &World, filter: SubjectFilter) -> Vec<String> {
    let page = world.read(move |rows| lists::subjects(rows, &filter, &Span::newest(50)));
    assert_eq!((page.next, page.looked_to), (None, None));
    page.rows.into_iter().map(|subject| subject.id).collect()
}

pub fn subjects_are_found_by_how_they_were_judged(open: &Open<'_>) {
    let world = World::new(open);
    world.scanner("malware");
    world.rule("BAD", HOLD_A_DAY);
    world.rule("WORST", Action::Block);
    world.rule("ODD", Action::Flag);
    for (id, says) in [("1", "BAD"), ("2", "WORST"), ("3", "ODD"), ("4", "")] {
        world.submit_version(id);
        let call = world.call();
        world.answer(&call, &found(if says.is_empty() { &[] } else { std::slice::from_ref(&says) }));
    }
    world.submit_version("5");
    let verdict = |verdict| SubjectFilter { verdict: Some(verdict), ..SubjectFilter::default() };

    assert_eq!(subjects(&world, verdict(VerdictKind::Held)), ["1"]);
    assert_eq!(subjects(&world, verdict(VerdictKind::Blocked)), ["2"]);
    assert_eq!(subjects(&world, verdict(VerdictKind::Pending)), ["5"]);
    assert_eq!(subjects(&world, verdict(VerdictKind::Clear)), ["4", "3"]);
    let held = subjects(&world, SubjectFilter { held: Some(true), ..SubjectFilter::default() });
    assert_eq!(held, ["2", "1"], "what is blocked is held, too");
    assert_eq!(subjects(&world, SubjectFilter { held: Some(false), ..SubjectFilter::default() }), ["5", "4", "3"]);
    let flagged = subjects(&world, SubjectFilter { flagged: Some(true), ..SubjectFilter::default() });
    assert!(flagged.contains(&"3".to_owned()) && !flagged.contains(&"4".to_owned()), "{flagged:?}");
    assert_eq!(subjects(&world, SubjectFilter { flagged: Some(true), ..verdict(VerdictKind::Clear) }), ["3"]);
    assert_eq!(
        subjects(&world, SubjectFilter { kind: Some("version".to_owned()), ..SubjectFilter::default() }).len(),
        5
    );
    assert!(subjects(&world, SubjectFilter { kind: Some("commit".to_owned()), ..SubjectFilter::default() }).is_empty());
}

pub fn a_word_is_the_beginning_of_a_name(open: &Open<'_>) {
    let world = told(open);
    let word = |word: &str| SubjectFilter { word: Some(word.to_owned()), ..SubjectFilter::default() };
    assert_eq!(subjects(&world, word("a")), ["a1"]);
    assert_eq!(subjects(&world, word("owner/")), ["b2", "a1"], "of a collection");
    assert_eq!(subjects(&world, SubjectFilter { kind: Some("version".to_owned()), ..word("4") }), ["42"]);
    assert!(subjects(&world, word("1")).is_empty());

    let word = |word: &str| EventFilter { word: Some(word.to_owned()), ..EventFilter::default() };
    assert_eq!(events(&world, word("b2")), ["push two"]);
    assert_eq!(events(&world, word("owner")), ["push two", "push one"]);
    assert_eq!(events(&world, word("PING")), ["ping"], "no name begins so: a part of the type");
    assert!(events(&world, EventFilter { kind: kinds("github.ping").kind, ..word("b2") }).is_empty());
    assert!(events(&world, word("nothing")).is_empty());
}

pub fn whoever_sees_some_collections_finds_nothing_of_others(open: &Open<'_>) {
    let world = told(open);
    world.service("lint", ProfileKind::Standard, "github.push", |_| {});
    let source = world.store().catalogue().sources.keys().copied().next().expect("a source");
    world.receive(source, vec![signed(source, "github.push", Some(commit("owner/one", "c3")), None)]);
    world.receive(source, vec![signed(source, "github.push", Some(commit("owner/two", "d4")), None)]);
    let [one, two] = world.calls();
    world.answer(&one, &found(&[]));
    world.answer(&two, &found(&[]));
    let within = Some(collection(&world, "owner/one"));
    let none = Some(BTreeSet::new());

    assert_eq!(subjects(&world, SubjectFilter { within: within.clone(), ..SubjectFilter::default() }), ["c3", "a1"]);
    let word = Some("owner".to_owned());
    assert_eq!(
        subjects(&world, SubjectFilter { within: within.clone(), word, ..SubjectFilter::default() }),
        ["c3", "a1"]
    );
    let pushes = EventFilter { within: within.clone(), ..kinds("github.*") };
    assert_eq!(events(&world, pushes.clone()), ["github.push", "push one"]);
    let two_only = Some(collection(&world, "owner/two"));
    assert!(events(&world, EventFilter { collections: two_only, ..pushes }).is_empty());
    assert_eq!(runs(&world, RunFilter { within: within.clone(), ..RunFilter::default() }), [one.run.key]);
    let states = Some(vec!["answered"]);
    assert_eq!(runs(&world, RunFilter { states, within: within.clone(), ..RunFilter::default() }), [one.run.key]);
    let results = world
        .read(move |rows| lists::results(rows, &ResultFilter { within, ..ResultFilter::default() }, &Span::newest(50)));
    assert_eq!(results.rows.len(), 1);
    assert_eq!(results.rows[0].run, Some(one.run.key));

    assert!(events(&world, EventFilter { within: none.clone(), ..EventFilter::default() }).is_empty());
    assert!(subjects(&world, SubjectFilter { within: none.clone(), ..SubjectFilter::default() }).is_empty());
    assert!(runs(&world, RunFilter { within: none, ..RunFilter::default() }).is_empty());
}

pub fn pages_follow_each_other_without_gaps(open: &Open<'_>) {
    let world = told(open);
    let source = world.store().catalogue().sources.keys().copied().next().expect("a source");
    for nth in 0..7 {
        let repository = if nth % 2 == 0 { "owner/one" } else { "owner/two" };
        world.receive(source, vec![signed(source, "github.push", Some(commit(repository, &format!("e{nth}"))), None)]);
        world.receive(source, vec![signed(source, "github.ping", None, None)]);
    }
    let word = Some("owner".to_owned());
    for filter in [kinds("github.push"), EventFilter { word, ..EventFilter::default() }] {
        let whole = filter.clone();
        let all = world.read(move |rows| lists::events(rows, &whole, &Span::newest(50))).rows;
        let all: Vec<EventKey> = all.into_iter().map(|event| event.key).collect();
        assert_eq!(all.len(), 9);
        let (mut found, mut below) = (Vec::new(), None);
        loop {
            let filter = filter.clone();
            let page = world.read(move |rows| lists::events(rows, &filter, &Span { below, ..Span::newest(2) }));
            assert!(page.rows.len() <= 2);
            found.extend(page.rows.into_iter().map(|event| event.key));
            below = page.next;
            if below.is_none() {
                break;
            }
        }
        assert_eq!(found, all);
    }
}

pub fn times_bound_a_list(open: &Open<'_>) {
    let mut world = World::new(open);
    let mut at = Vec::new();
    for kind in ["one", "two", "three"] {
        world.pass(SECOND);
        world.tell(vec![event(kind, None)]);
        at.push(world.now);
    }
    let between = |from: Option<usize>, until: Option<usize>| {
        let span = Span { from: from.map(|nth| at[nth]), until: until.map(|nth| at[nth]), ..Span::newest(50) };
        let page = world.read(move |rows| lists::events(rows, &EventFilter::default(), &span));
        assert_eq!(page.next, None);
        page.rows.into_iter().map(|event| event.kind).collect::<Vec<_>>()
    };

    assert_eq!(between(Some(1), None), ["three", "two"], "from then on");
    assert_eq!(between(None, Some(1)), ["one"], "before then");
    assert_eq!(between(Some(1), Some(2)), ["two"]);
    assert!(between(Some(2), Some(1)).is_empty());
}

/// Rows that count what is asked of them.
struct Counted<'a> {
    rows: &'a mut dyn Rows,
    statements: usize,
    looked: usize,
}

impl Counted<'_> {
    fn count(&mut self, found: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        self.statements += 1;
        self.looked += found.len();
        found
    }
}

impl Rows for Counted<'_> {
    fn get(&mut self, table: &'static Table, key: i64) -> Result<Option<Vec<Value>>, StoreError> {
        self.statements += 1;
        self.rows.get(table, key)
    }
    fn find(&mut self, find: &Find) -> Result<Vec<Vec<Value>>, StoreError> {
        let found = self.rows.find(find)?;
        Ok(self.count(found))
    }
    fn glance(
        &mut self,
        table: &'static Table,
        width: usize,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let found = self.rows.glance(table, width, below, limit)?;
        Ok(self.count(found))
    }
    fn newest(
        &mut self,
        table: &'static Table,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let found = self.rows.newest(table, below, limit)?;
        Ok(self.count(found))
    }
    fn insert(&mut self, _: &'static Table, _: Vec<Value>) -> Result<(), StoreError> {
        unreachable!("a list writes nothing")
    }
    fn set(&mut self, _: &'static Table, _: i64, _: Vec<(usize, Value)>) -> Result<(), StoreError> {
        unreachable!("a list writes nothing")
    }
    fn delete(&mut self, _: &'static Table, _: i64) -> Result<(), StoreError> {
        unreachable!("a list writes nothing")
    }
    fn replayed(&mut self, _: i64, _: [u8; 16]) -> Result<Option<i64>, StoreError> {
        unreachable!("a list asks for no replay")
    }
    fn remember(&mut self, _: i64, _: [u8; 16], _: i64, _: i64) -> Result<(), StoreError> {
        unreachable!("a list writes nothing")
    }
}

/// A page of events, and how many statements and rows it took.
fn counted(world: &World, filter: EventFilter, span: Span) -> (lists::Page<domain::event::Event>, usize, usize) {
    world.read(move |rows| {
        let mut counted = Counted { rows, statements: 0, looked: 0 };
        let page = lists::events(&mut counted, &filter, &span)?;
        Ok((page, counted.statements, counted.looked))
    })
}

pub fn a_page_looks_at_so_many_rows_and_says_how_far(open: &Open<'_>) {
    const MANY: usize = 1_200;
    let mut world = World::new(open);
    let lone = SubjectName { id: "lone".to_owned(), ..version("1") };
    world.tell(vec![event("rare", Some(lone))]);
    world.pass(SECOND);
    for _ in 0..MANY / 300 {
        world.tell((0..300).map(|_| event("common", None)).collect());
    }

    // Without a filter: a statement for the page and one for each row.
    let (page, statements, looked) = counted(&world, EventFilter::default(), Span::newest(5));
    assert_eq!((page.rows.len(), statements, looked), (5, 6, 6));

    // Rare, and without an index: as far as the work goes, and then on from there.
    let bounded = Span { looked_max: 500, ..Span::newest(5) };
    let (page, statements, looked) = counted(&world, kinds("rare"), bounded);
    assert!(page.rows.is_empty() && page.next.is_some());
    assert_eq!(page.looked_to.map(|at| at.seconds()), Some(world.now.seconds()));
    assert!(statements < 10 && looked <= 500, "{statements} statements, {looked} rows");
    let (mut below, mut pages) = (page.next, 1);
    let found = loop {
        let (page, _, _) = counted(&world, kinds("rare"), Span { below, ..bounded });
        pages += 1;
        if !page.rows.is_empty() {
            assert_eq!(page.next, None);
            break page.rows.len();
        }
        below = page.next;
    };
    assert_eq!((found, pages), (1, 3));

    // Rare, and with an index: at once.
    for filter in [
        EventFilter { subject: Some(world.subject(&version("lone"))), ..EventFilter::default() },
        EventFilter { collections: Some(collection(&world, "85")), ..EventFilter::default() },
        EventFilter { within: Some(collection(&world, "85")), ..EventFilter::default() },
        EventFilter { word: Some("lone".to_owned()), ..EventFilter::default() },
        EventFilter { state: Some(EventState::Open), ..EventFilter::default() },
        EventFilter { state: Some(EventState::Failed), ..EventFilter::default() },
    ] {
        let (page, statements, looked) = counted(&world, filter, Span::newest(5));
        assert_eq!((page.next, page.looked_to), (None, None));
        assert!(statements < 20 && looked < 20, "{statements} statements, {looked} rows");
    }
}

pub fn receipts_refused_requests_and_the_audit_are_narrowed_too(open: &Open<'_>) {
    let world = told(open);
    let source = world.store().catalogue().sources.keys().copied().next().expect("a source");
    let receipts = |source| {
        let filter = ReceiptFilter { source: Some(source) };
        world.read(move |rows| lists::receipts(rows, &filter, &Span::newest(50))).rows.len()
    };
    assert_eq!((receipts(source), receipts(domain::SourceKey(999))), (3, 0));

    let audit = |who: Option<&str>, word: Option<&str>| {
        let filter = AuditFilter { who: who.map(str::to_owned), word: word.map(str::to_owned) };
        world.read(move |rows| lists::audit(rows, &filter, &Span::newest(50))).rows.len()
    };
    let all = audit(None, None);
    let entry = world.rows::<crate::tables::Audit>().pop().expect("a change");
    assert!(all > 0 && audit(Some(&entry.who), Some(&entry.what.to_uppercase())) > 0);
    assert_eq!((audit(Some("nobody"), None), audit(None, Some("nothing like it"))), (0, 0));

    let refused = QuarantineFilter { reason: Some("signature-mismatch".to_owned()), source: Some(source) };
    assert!(world.read(move |rows| lists::quarantine(rows, &refused, &Span::newest(50))).rows.is_empty());
    let key = SubjectKey(world.subject(&version("42")).0);
    assert!(world.read(move |rows| rows.load::<domain::subject::Subject>(key.0)).is_some());
}
