//! One box for everything: an id leads to what it names, a word to what is called so.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::Event;
use domain::expectation::Expectation;
use domain::result::ServiceResult;
use domain::rule::{Flag, Hold, HoldScope, Match};
use domain::run::{Attempt, Run};
use domain::subject::{Collection, Subject};
use domain::verdict::VerdictKind;
use domain::*;
use http::{StatusCode, header};
use store::lists::{self, EventFilter, ResultFilter, Span, SubjectFilter};
use store::row::RowsExt;
use store::table::Rows;
use store::tables::{Artifact, Batch, Clearance, Quarantine};
use store::{StoreError, search};

use super::answer::page;
use super::chrome::Chrome;
use super::events::{EventLine, event_line};
use super::listing::sees;
use super::parts::{self, Badge};
use super::results::{ResultLine, result_line};
use super::story::subject_text;
use super::subject::path_of;
use super::visitor::Visitor;
use crate::api::{Params, View};
use crate::problem::Problem;
use crate::server::Server;
use crate::text::encoded;

/// Rows of each kind.
const ROWS: usize = 10;
/// How many rows each kind is looked for in.
const LOOKED_MAX: usize = 10_000;
/// So many keys after a receipt's own its events' keys are at most.
const RECEIPT_REACH: i64 = 256;
/// The longest word that is looked for.
const WORD_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    chrome: Chrome,
    word: String,
    /// Sources, services and rules whose name has the word in it: kind, name and path.
    named: Vec<(&'static str, String, String)>,
    subjects: Vec<SubjectLine>,
    events: Vec<EventLine>,
    results: Vec<ResultLine>,
    /// The word as a query's value.
    query: String,
}

impl SearchPage {
    fn is_empty(&self) -> bool {
        self.named.is_empty() && self.subjects.is_empty() && self.events.is_empty() && self.results.is_empty()
    }
}

struct SubjectLine {
    text: String,
    path: String,
    verdict: Badge,
}

pub async fn show(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let word: String = params.one("q").unwrap_or_default().trim().chars().take(WORD_CHARS_MAX).collect();
    let view = View::of(&server);
    let mut chrome = Chrome::new(&visitor, "", "Search");
    chrome.search.clone_from(&word);
    let empty = SearchPage {
        chrome,
        query: encoded(&word),
        word: word.clone(),
        named: Vec::new(),
        subjects: Vec::new(),
        events: Vec::new(),
        results: Vec::new(),
    };
    if word.is_empty() {
        return Ok(page(StatusCode::OK, &empty));
    }
    let found = server.parts.store.read(move |rows| {
        if let Some(path) = named_by_id(&visitor, &view, rows, &word)? {
            return Ok(Err(path));
        }
        by_word(&visitor, &view, rows, &word, empty).map(Ok)
    });
    Ok(match found.await? {
        Ok(shown) => page(StatusCode::OK, &shown),
        Err(path) => (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response(),
    })
}

fn by_word(
    visitor: &Visitor,
    view: &View,
    rows: &mut dyn Rows,
    word: &str,
    page: SearchPage,
) -> Result<SearchPage, StoreError> {
    let within = visitor.sight().within(rows)?;
    let span = Span { looked_max: LOOKED_MAX, ..Span::newest(ROWS) };
    let asked = Some(word.to_owned());
    let filter = SubjectFilter { word: asked.clone(), within: within.clone(), ..SubjectFilter::default() };
    let mut subjects = Vec::new();
    for subject in lists::subjects(rows, &filter, &span)?.rows {
        subjects.extend(subject_line(rows, &subject)?);
    }
    let filter = EventFilter { word: asked.clone(), within: within.clone(), ..EventFilter::default() };
    let found = lists::events(rows, &filter, &span)?.rows;
    let events = found.iter().map(|event| event_line(view, rows, event)).collect::<Result<_, _>>()?;
    let all = within.is_none();
    let filter = ResultFilter { word: asked, within, ..ResultFilter::default() };
    let found = lists::results(rows, &filter, &span)?.rows;
    let results = found.iter().map(|result| result_line(view, rows, result)).collect::<Result<_, _>>()?;
    let named = if all { named(view, word) } else { Vec::new() };
    Ok(SearchPage { named, subjects, events, results, ..page })
}

fn subject_line(rows: &mut dyn Rows, subject: &Subject) -> Result<Option<SubjectLine>, StoreError> {
    let verdict: VerdictKind = subject.verdict;
    let name = search::subject_name(rows, subject.key)?;
    Ok(name.map(|name| SubjectLine {
        text: subject_text(&name),
        path: path_of(&name),
        verdict: Badge::verdict(verdict),
    }))
}

/// Sources, services and rules whose name has the word in it.
fn named(view: &View, word: &str) -> Vec<(&'static str, String, String)> {
    let word = word.to_lowercase();
    let catalogue = &view.catalogue;
    let sources = catalogue.sources.values().map(|source| {
        ("source", format!("{}/{}", source.provider, source.name), format!("/sources/{}", view.id(source.key)))
    });
    let services = catalogue.services.values().filter(|service| !service.deleted);
    let services = services
        .map(|service| ("service", service.name.clone(), format!("/admin/services/{}", encoded(&service.name))));
    let rules =
        catalogue.rules.values().map(|rule| ("rule", rule.name.clone(), format!("/rules/{}", view.id(rule.key))));
    let all = sources.chain(services).chain(rules);
    all.filter(|(_, name, _)| name.to_lowercase().contains(&word)).take(ROWS).collect()
}

/// The page of what an id names, where it is there and the visitor sees it.
fn named_by_id(visitor: &Visitor, view: &View, rows: &mut dyn Rows, id: &str) -> Result<Option<String>, StoreError> {
    let Some((subject, path)) = about(view, rows, id)? else { return Ok(None) };
    let seen = match subject {
        Of::Subject(subject) => sees(visitor, rows, subject)?,
        Of::Gateway => visitor.sight().is_whole(),
    };
    Ok(seen.then_some(path))
}

/// What decides who sees a thing.
enum Of {
    /// The collection of the subject that it is about.
    Subject(Option<SubjectKey>),
    /// It belongs to no collection.
    Gateway,
}

/// Where the thing that an id names is shown, and what it is about.
fn about(view: &View, rows: &mut dyn Rows, id: &str) -> Result<Option<(Of, String)>, StoreError> {
    let salt = view.salt;
    let own = |noun: &str| format!("/{noun}/{id}");
    if let Ok(key) = salt.parse::<EventKey>(id) {
        return Ok(rows.load::<Event>(key.0)?.map(|event| (Of::Subject(event.subject), own("events"))));
    }
    if let Ok(key) = salt.parse::<RunKey>(id) {
        return of_run(view, rows, key);
    }
    if let Ok(key) = salt.parse::<AttemptKey>(id) {
        let attempt = rows.load::<Attempt>(key.0)?;
        return attempt.map_or(Ok(None), |attempt| of_run(view, rows, attempt.run));
    }
    if let Ok((key, event)) = salt.parse_expectation(id) {
        let owed = rows.load::<Expectation>(key.0)?.filter(|owed| owed.event == event);
        return Ok(owed.map(|owed| (Of::Subject(owed.subject), format!("/events/{}", view.id(event)))));
    }
    if let Ok(key) = salt.parse::<ResultKey>(id) {
        return Ok(rows.load::<ServiceResult>(key.0)?.map(|result| (Of::Subject(result.subject), own("results"))));
    }
    if let Ok(key) = salt.parse::<MatchKey>(id) {
        let found = rows.load::<Match>(key.0)?;
        return Ok(found.map(|found| (Of::Subject(found.subject), format!("/results/{}", view.id(found.result)))));
    }
    if let Ok(key) = salt.parse::<CollectionKey>(id) {
        let found = rows.load::<Collection>(key.0)?;
        return Ok(found.map(|_| (Of::Gateway, format!("/subjects?collection={id}"))));
    }
    let subject = if let Ok(key) = salt.parse::<SubjectKey>(id) {
        Some(key)
    } else if let Ok(key) = salt.parse::<FlagKey>(id) {
        rows.load::<Flag>(key.0)?.map(|flag| flag.subject)
    } else if let Ok(key) = salt.parse::<HoldKey>(id) {
        let hold = rows.load::<Hold>(key.0)?.filter(|hold| hold.scope == HoldScope::Subject);
        hold.map(|hold| SubjectKey(hold.of))
    } else if let Ok(key) = salt.parse::<ClearanceKey>(id) {
        rows.load::<Clearance>(key.0)?.map(|clearance| clearance.subject)
    } else {
        None
    };
    if let Some(subject) = subject {
        let name = search::subject_name(rows, subject)?;
        return Ok(name.map(|name| (Of::Subject(Some(subject)), path_of(&name))));
    }
    of_gateway(view, rows, id)
}

fn of_run(view: &View, rows: &mut dyn Rows, key: RunKey) -> Result<Option<(Of, String)>, StoreError> {
    let Some(run) = rows.load::<Run>(key.0)? else { return Ok(None) };
    let owed = rows.load::<Expectation>(run.expectation.0)?;
    Ok(Some((Of::Subject(owed.and_then(|owed| owed.subject)), format!("/runs/{}", view.id(key)))))
}

/// What belongs to no collection.
fn of_gateway(view: &View, rows: &mut dyn Rows, id: &str) -> Result<Option<(Of, String)>, StoreError> {
    let salt = view.salt;
    let catalogue = &view.catalogue;
    let named = |noun: &str, there: bool| Ok(there.then(|| (Of::Gateway, format!("/{noun}/{id}"))));
    if let Ok(key) = salt.parse::<ReceiptKey>(id) {
        // Its events were recorded with it, right after it.
        let after = key.0.saturating_add(RECEIPT_REACH);
        let near: Vec<Event> = rows.page(Some(after), usize::try_from(RECEIPT_REACH).unwrap_or(0))?;
        let event = near.into_iter().rev().find(|event| event.receipt == Some(key));
        return Ok(event.map(|event| (Of::Subject(event.subject), format!("/events/{}", view.id(event.key)))));
    }
    if let Ok(key) = salt.parse::<SourceKey>(id) {
        return named("sources", catalogue.sources.contains_key(&key));
    }
    if let Ok(key) = salt.parse::<ServiceKey>(id) {
        let service = catalogue.services.get(&key);
        return Ok(service.map(|service| (Of::Gateway, format!("/admin/services/{}", encoded(&service.name)))));
    }
    if let Ok(key) = salt.parse::<RuleKey>(id) {
        return named("rules", catalogue.rules.contains_key(&key));
    }
    if let Ok(key) = salt.parse::<AccountKey>(id) {
        return named("accounts", catalogue.accounts.contains_key(&key));
    }
    if let Ok(key) = salt.parse::<BatchKey>(id) {
        return named("batches", rows.load::<Batch>(key.0)?.is_some());
    }
    if let Ok(key) = salt.parse::<QuarantineKey>(id) {
        return named("quarantine", rows.load::<Quarantine>(key.0)?.is_some());
    }
    if let Ok(key) = salt.parse::<ArtifactKey>(id) {
        return named("artifacts", rows.load::<Artifact>(key.0)?.is_some());
    }
    Ok(None)
}
