//! Batches: many subjects, several services, each pair once. How far each is, and what whoever may write in its collection does with one.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::catalogue::Catalogue;
use domain::event::Event;
use domain::expectation::{Expectation, ExpectationState};
use domain::result::{ResultKind, ServiceResult};
use domain::rights::{self, Needs};
use domain::run::{Attempt, Run};
use domain::{BatchKey, Timestamp};
use http::StatusCode;
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{ATTEMPT_RUN, Batch, BatchState, Part, RESULT_EXPECTATION, RUN_BATCH};
use store::{StoreError, batches, search};

use super::answer::page;
use super::chrome::{Chrome, done};
use super::filled::{Filled, Wrong, sentence};
use super::parts::{self, Badge, Control, Field, Moment, Paging, Tone};
use super::story::{CONTENT_BYTES_MAX, subject_text};
use super::subject::path_of;
use super::visitor::Visitor;
use crate::api::batches::{BatchSpec, begin, collection_of, turn_to};
use crate::api::{Params, Segments, View};
use crate::problem::Problem;
use crate::server::{Server, Shared};
use crate::sight::{newest, place};
use crate::text::{clipped, plain};

/// Batches of a page.
const LISTED: usize = 25;
/// Failures of a batch that are listed.
const FAILURES_MAX: usize = 50;
/// Results of one expectation that are looked through for the run's own.
const RESULTS_MAX: usize = 20;
/// Runs of one state that are looked through for them.
const LOOKED_AT_MAX: usize = 500;

/// How far something is: calls that are over, of all that there will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    pub all: i64,
    pub asked: i64,
    pub answered: i64,
    pub failed: i64,
    pub cancelled: i64,
    pub skipped: i64,
}

impl Progress {
    fn of(batch: &Batch, parts: &[Part]) -> Self {
        let all = batch.total * i64::try_from(parts.len()).unwrap_or(i64::MAX);
        parts.iter().fold(Self { all, ..Self::default() }, |sum, part| Self {
            all: sum.all,
            asked: sum.asked + part.asked,
            answered: sum.answered + part.done,
            failed: sum.failed + part.failed,
            cancelled: sum.cancelled + part.cancelled,
            skipped: sum.skipped + part.skipped,
        })
    }

    /// Calls that are over, one way or another.
    pub const fn over(&self) -> i64 {
        self.answered + self.failed + self.cancelled + self.skipped
    }

    /// How many calls are under way or wait.
    const fn open(&self) -> i64 {
        self.asked - self.answered - self.failed - self.cancelled
    }

    /// What came of it, in words.
    fn sum(&self) -> String {
        let counts = [
            (self.answered, "answered"),
            (self.failed, "failed"),
            (self.cancelled, "cancelled"),
            (self.skipped, "skipped"),
        ];
        let told: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        if told.is_empty() { "nothing answered yet".to_owned() } else { told.join(", ") }
    }
}

/// How far a batch is, in a sentence.
fn told(state: BatchState, progress: &Progress) -> String {
    let (over, all, sum) = (progress.over(), progress.all, progress.sum());
    match state {
        BatchState::Running => {
            format!("{over} of {all} calls are over: {sum}. {} are under way or wait.", progress.open())
        }
        BatchState::Paused => {
            format!("Paused at {over} of {all} calls: {sum}. Nothing more is asked until it is resumed.")
        }
        BatchState::Aborted => format!("Aborted at {over} of {all} calls: {sum}."),
        BatchState::Completed => format!("All {all} calls are over: {sum}."),
    }
}

fn badge(state: BatchState) -> Badge {
    let tone = match state {
        BatchState::Running => Tone::Live,
        BatchState::Paused => Tone::Wait,
        BatchState::Aborted => Tone::Stop,
        BatchState::Completed => Tone::Good,
    };
    Badge::new(tone, state.word())
}

#[derive(Template)]
#[template(path = "batches.html")]
struct List {
    chrome: Chrome,
    may_begin: bool,
    here: String,
    batches: Vec<Line>,
    paging: Paging,
}

struct Line {
    path: String,
    text: String,
    told: String,
    progress: Progress,
    badge: Badge,
    at: Moment,
}

fn line(rows: &mut dyn Rows, batch: &Batch, view: &View) -> Result<Line, StoreError> {
    let progress = Progress::of(batch, &batches::parts(rows, batch)?);
    Ok(Line {
        path: format!("/batches/{}", view.id(batch.key)),
        text: batch.text.clone(),
        told: told(batch.state, &progress),
        progress,
        badge: badge(batch.state),
        at: Moment::new(batch.at, view.now),
    })
}

pub async fn list(State(server): State<Server>, params: Params, visitor: Visitor) -> Result<Response, Problem> {
    params.only(&["cursor"])?;
    let below = params.one("cursor").map(|id| server.parse::<BatchKey>(id)).transpose()?;
    let (view, mut sight) = (View::of(&server), visitor.sight());
    let read = server.parts.store.read(move |rows| {
        let found = newest::<Batch>(rows, &mut sight, None, below.map(|key| key.0), LISTED)?;
        let lines = found.rows.iter().map(|batch| line(rows, batch, &view)).collect::<Result<Vec<_>, _>>()?;
        Ok((lines, found.next.map(|next| view.id(BatchKey(next)))))
    });
    let (batches, last) = read.await?;
    let cursor = params.one("cursor");
    let many = if batches.len() == 1 { "1 batch".to_owned() } else { format!("{} batches", batches.len()) };
    let list = List {
        chrome: Chrome::new(&visitor, "/batches", "Batches"),
        may_begin: rights::may_somewhere(visitor.account(), Needs::ChangeSubject),
        here: cursor.map_or_else(|| "/batches".to_owned(), |cursor| format!("/batches?cursor={cursor}")),
        paging: Paging {
            shown: format!("{many}, newest first"),
            newest: cursor.map(|_| "/batches".to_owned()),
            older: last.map(|last| format!("/batches?cursor={last}")),
        },
        batches,
    };
    Ok(page(StatusCode::OK, &list))
}

#[derive(Template)]
#[template(path = "batch.html")]
struct One {
    chrome: Chrome,
    line: Line,
    parts: Vec<PartLine>,
    failures: Vec<Failure>,
    can: Can,
}

/// What can be done with it now.
struct Can {
    pause: bool,
    resume: bool,
    abort: bool,
}

struct PartLine {
    service: String,
    path: Option<String>,
    progress: Progress,
}

struct Failure {
    service: String,
    event: String,
    subject: Option<(String, String)>,
    why: String,
    at: Option<Moment>,
}

pub async fn one(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let (key, view) = (server.parse::<BatchKey>(&id)?, View::of(&server));
    let (mut sight, overseer) = (visitor.sight(), visitor.may(Needs::Oversee, None));
    let read = server.parts.store.read(move |rows| {
        let Some(batch) = rows.load::<Batch>(key.0)? else { return Ok(None) };
        if !sight.sees(rows, &batch)? {
            return Ok(None);
        }
        let parts = batches::parts(rows, &batch)?;
        let parts = parts.iter().map(|part| part_line(&view, &batch, part, overseer)).collect();
        let failures = failures(rows, key, &view)?;
        let collection = collection_of(rows, &batch)?;
        Ok(Some((line(rows, &batch, &view)?, batch.state, parts, failures, collection)))
    });
    let (line, state, parts, failures, collection) = read.await?.ok_or_else(|| Problem::no_such("batch", &id))?;
    let may = visitor.may(Needs::ChangeSubject, collection.as_ref().map(place));
    let can = Can {
        pause: may && state == BatchState::Running,
        resume: may && state == BatchState::Paused,
        abort: may && matches!(state, BatchState::Running | BatchState::Paused),
    };
    let chrome = Chrome::new(&visitor, "/batches", &line.text);
    Ok(page(StatusCode::OK, &One { chrome, line, parts, failures, can }))
}

fn part_line(view: &View, batch: &Batch, part: &Part, overseer: bool) -> PartLine {
    PartLine {
        service: view.service(part.service).unwrap_or("a service that is gone").to_owned(),
        path: view
            .service(part.service)
            .filter(|_| overseer)
            .map(|_| format!("/admin/services/{}", view.id(part.service))),
        progress: Progress::of(batch, std::slice::from_ref(part)),
    }
}

/// What failed in a batch, the newest first: no answer came, or an error, or none that can be used.
fn failures(rows: &mut dyn Rows, batch: BatchKey, view: &View) -> Result<Vec<Failure>, StoreError> {
    let mut failures = Vec::new();
    for state in ["exhausted", "answered", "cancelled"] {
        let of = Find::equal(&RUN_BATCH, vec![Cell::Int(batch.0), Cell::Text(state.to_owned())]);
        let runs: Vec<Run> = rows.all(&of.newest(None).limit(LOOKED_AT_MAX))?;
        for run in runs {
            if failures.len() == FAILURES_MAX {
                return Ok(failures);
            }
            failures.extend(failure(rows, &run, state, view)?);
        }
    }
    Ok(failures)
}

/// What failed in one run, if anything did.
fn failure(rows: &mut dyn Rows, run: &Run, state: &str, view: &View) -> Result<Option<Failure>, StoreError> {
    let Some(owed) = rows.load::<Expectation>(run.expectation.0)? else { return Ok(None) };
    let (why, at) = match state {
        "exhausted" => last_try(rows, run)?,
        "answered" => {
            let of = Find::equal(&RESULT_EXPECTATION, vec![Cell::Int(owed.key.0)]);
            let results: Vec<ServiceResult> = rows.all(&of.newest(None).limit(RESULTS_MAX))?;
            let error = results.into_iter().find(|result| result.run == Some(run.key));
            let Some(error) = error.filter(|result| result.kind == ResultKind::Error) else { return Ok(None) };
            (error.text.unwrap_or_else(|| "the service says that it failed".to_owned()), Some(error.at))
        }
        _ if owed.state == ExpectationState::Missing => ("no answer came in time".to_owned(), None),
        _ => return Ok(None),
    };
    let event = rows.load::<Event>(owed.event.0)?;
    let name = match owed.subject {
        Some(subject) => search::subject_name(rows, subject)?,
        None => None,
    };
    Ok(Some(Failure {
        service: view.service(run.service).unwrap_or("a service that is gone").to_owned(),
        event: event.map_or_else(|| "an event that is gone".to_owned(), |event| event.kind),
        subject: name.map(|name| (path_of(&name), subject_text(&name))),
        why: sentence(&plain(&clipped(&why, CONTENT_BYTES_MAX))),
        at: at.map(|at| Moment::new(at, view.now)),
    }))
}

fn last_try(rows: &mut dyn Rows, run: &Run) -> Result<(String, Option<Timestamp>), StoreError> {
    let of = Find::equal(&ATTEMPT_RUN, vec![Cell::Int(run.key.0)]).newest(None).limit(1);
    Ok(match rows.all::<Attempt>(&of)?.into_iter().next() {
        Some(last) => (last.text.unwrap_or(last.answer), Some(last.ended)),
        None => ("it was tried as often as the schedule says".to_owned(), None),
    })
}

#[derive(Template)]
#[template(path = "batch-form.html")]
struct FormPage {
    chrome: Chrome,
    fields: Vec<Field>,
    services: Vec<(String, bool)>,
    wrong_services: Option<String>,
    wrong: Option<String>,
}

/// The form of a new batch.
pub async fn new(State(server): State<Server>, visitor: Visitor) -> Response {
    form_page(&server, &visitor, &Filled::default(), &Wrong::default())
}

fn form_page(server: &Shared, visitor: &Visitor, typed: &Filled, wrong: &Wrong) -> Response {
    let form = FormPage {
        chrome: Chrome::new(visitor, "/batches", "New batch"),
        fields: fields(typed, wrong),
        services: services(&server.parts.store.catalogue(), typed),
        wrong_services: wrong.at(&["services"]),
        wrong: wrong.beside(&["collection", "kind", "subjects", "services", "text"]),
    };
    let status = if *wrong == Wrong::default() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(status, &form)
}

fn fields(typed: &Filled, wrong: &Wrong) -> Vec<Field> {
    let kinds = [
        ("", "As the collection's name says"),
        ("version", "Versions of an add-on"),
        ("evidence", "Evidence of an operation"),
        ("commit", "Commits of a repository"),
    ];
    let kinds = kinds.map(|(value, words)| (value.to_owned(), words.to_owned()));
    let fields = [
        Field::line("collection", "Collection").hint("The add-on, operation or repository, by its name.").required(),
        Field::line("kind", "Kind of its subjects").control(Control::Choice(kinds.into())),
        Field::line("subjects", "Subjects")
            .control(Control::Text)
            .hint("Their ids, parted by blanks, commas or lines. Empty: all that are there now."),
        Field::line("text", "What it is called").hint("Empty: what it does, in words."),
    ];
    let filled = |field: Field| {
        let (value, wrong) = (typed.one(field.name).to_owned(), wrong.at(&[field.name]));
        field.value(value).wrong(wrong)
    };
    fields.into_iter().map(filled).collect()
}

/// The services that can be asked, and whether each was chosen.
fn services(catalogue: &Catalogue, typed: &Filled) -> Vec<(String, bool)> {
    let asked = catalogue.services.values().filter(|service| service.active && !service.deleted);
    asked.map(|service| (service.name.clone(), typed.has("service", &service.name))).collect()
}

/// Begins a batch.
pub async fn make(State(server): State<Server>, visitor: Visitor, typed: Filled) -> Result<Response, Problem> {
    let text = |name: &str| typed.some(name).map(str::to_owned);
    let spec = BatchSpec {
        collection: typed.one("collection").to_owned(),
        kind: text("kind"),
        subjects: typed.words("subjects"),
        services: typed.all("service").into_iter().map(str::to_owned).collect(),
        text: text("text"),
    };
    match begin(&server, &visitor.caller(), spec).await {
        Ok(batch) => Ok(done(&format!("/batches/{}", server.show(batch)), "The batch has begun.")),
        Err(problem) if problem.kind.status < 500 => Ok(form_page(&server, &visitor, &typed, &Wrong::of(&problem))),
        Err(problem) => Err(problem),
    }
}

pub async fn pause(server: State<Server>, id: Segments<String>, visitor: Visitor) -> Result<Response, Problem> {
    turn(server, id, visitor, BatchState::Paused, "The batch is paused. What was asked already goes on.").await
}

pub async fn resume(server: State<Server>, id: Segments<String>, visitor: Visitor) -> Result<Response, Problem> {
    turn(server, id, visitor, BatchState::Running, "The batch goes on.").await
}

pub async fn abort(server: State<Server>, id: Segments<String>, visitor: Visitor) -> Result<Response, Problem> {
    turn(server, id, visitor, BatchState::Aborted, "The batch is aborted. What it alone had asked for is cancelled.")
        .await
}

async fn turn(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    to: BatchState,
    notice: &str,
) -> Result<Response, Problem> {
    turn_to(&server, &visitor.caller(), &id, to).await?;
    Ok(done(&format!("/batches/{id}"), notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_says_how_far_it_is() {
        let progress = Progress { all: 240, asked: 60, answered: 35, failed: 2, cancelled: 0, skipped: 3 };
        assert_eq!(
            told(BatchState::Running, &progress),
            "40 of 240 calls are over: 35 answered, 2 failed, 3 skipped. 23 are under way or wait."
        );
        assert!(told(BatchState::Paused, &progress).starts_with("Paused at 40 of 240 calls"));
        let none = Progress { all: 3, ..Progress::default() };
        assert_eq!(told(BatchState::Aborted, &none), "Aborted at 0 of 3 calls: nothing answered yet.");
        let all = Progress { all: 3, asked: 3, answered: 3, ..none };
        assert_eq!(told(BatchState::Completed, &all), "All 3 calls are over: 3 answered.");
    }

    #[test]
    fn a_batchs_parts_add_up() {
        let batch = Batch {
            key: BatchKey(1),
            state: BatchState::Running,
            text: "all".to_owned(),
            chosen: store::tables::Chosen::Listed(Vec::new()),
            named: true,
            total: 10,
            at: Timestamp(0),
        };
        let part = |asked, done, failed| Part {
            key: 1,
            batch: batch.key,
            service: domain::ServiceKey(1),
            cursor: 5,
            asked,
            done,
            failed,
            cancelled: 0,
            skipped: 1,
        };
        let progress = Progress::of(&batch, &[part(4, 2, 1), part(6, 5, 0)]);
        assert_eq!((progress.all, progress.over(), progress.open()), (20, 10, 2));
    }
}
