//! Batches: many subjects, several services, each pair once.

use axum::extract::State;
use axum::{Extension, Json};
use domain::rights::Needs;
use domain::subject::{Collection, Subject, SubjectName};
use domain::{BatchKey, SubjectKey};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use store::StoreError;
use store::batches::measure;
use store::command::{Answer, StartBatch, TurnBatch};
use store::row::RowsExt;
use store::search;
use store::table::Rows;
use store::tables::{Batch, BatchState, Chosen};

use super::auth::Caller;
use super::extract::{Segments, Strict};
use super::lists::changed;
use super::runs::{asked, listed};
use super::submit::check;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::sight::{Sight, place};

/// Subjects that one batch may list; a collection may have more.
const LISTED_MAX: usize = 10_000;

/// What a batch is to do. Without subjects: all of the collection; without services: all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchSpec {
    /// The collection's name.
    pub collection: String,
    /// The kind of the subjects, where the collection's name is not enough.
    pub kind: Option<String>,
    /// The subjects' ids.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// The services' names.
    #[serde(default)]
    pub services: Vec<String>,
    /// What it is called.
    pub text: Option<String>,
}

pub async fn start(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<BatchSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let batch = begin(&server, &caller, spec).await?;
    let shown = changed::<Batch>(&server, &caller, &server.show(batch)).await?;
    Ok((StatusCode::CREATED, shown))
}

/// Begins a batch in a collection in which the caller may.
pub(crate) async fn begin(server: &Shared, caller: &Caller, spec: BatchSpec) -> Result<BatchKey, Problem> {
    if let Some(text) = &spec.text {
        check("text", text).map_err(|problem| problem.about("text"))?;
    }
    if spec.subjects.len() > LISTED_MAX {
        let found = spec.subjects.len();
        let detail = format!("subjects: expected at most {LISTED_MAX}, found {found}; a collection may have more");
        return Err(Problem::invalid(detail).about("subjects"));
    }
    let (name, kind, asking) = (spec.collection.clone(), spec.kind.clone(), caller.clone());
    let found = server.parts.store.read(move |rows| {
        let found = find_collection(rows, &name, kind.as_deref(), &mut asking.sight())?;
        let absent = || no_collection(&name);
        Ok(found.and_then(|found| asking.require(Needs::ChangeSubject, Some(place(&found)), absent).map(|()| found)))
    });
    let collection = found.await??;
    let catalogue = server.parts.store.catalogue();
    let services = asked(server, &catalogue, &spec.services).map_err(|problem| problem.about("services"))?;
    if services.is_empty() {
        return Err(Problem::new(&problem::CONFLICT, "there is no service that is called and subscribed to something"));
    }
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let (services, named) = (services.iter().map(|service| service.key).collect(), !spec.services.is_empty());
    let (kind, subjects) = (spec.kind, spec.subjects);
    let chosen = server.parts.store.read(move |rows| {
        let chosen = match choose(rows, &collection, kind, &subjects)? {
            Ok(chosen) => chosen,
            Err(problem) => return Ok(Err(problem)),
        };
        let measured = measure(rows, &chosen)?;
        Ok(Ok((chosen, measured)))
    });
    let (chosen, (total, below)) = chosen.await??;
    let in_words = || format!("{total} subjects of {:?} for {}", spec.collection, names.join(", "));
    let text = spec.text.unwrap_or_else(in_words);
    let (who, now) = (caller.name.clone(), server.now());
    let begun = server.parts.store.submit(StartBatch { services, named, chosen, total, below, text, who, now }).await?;
    match begun {
        Answer::Batch(batch) => Ok(batch),
        _ => Err(Problem::new(&problem::INTERNAL, "the batch did not begin")),
    }
}

/// Finds the listed subjects in the collection.
fn choose(
    rows: &mut dyn Rows,
    collection: &Collection,
    kind: Option<String>,
    subjects: &[String],
) -> Result<Result<Chosen, Problem>, StoreError> {
    if subjects.is_empty() {
        return Ok(Ok(Chosen::Collection { collection: collection.key, kind }));
    }
    let Some(kind) = kind.or_else(|| search::subject_kind(&collection.kind).map(str::to_owned)) else {
        return Ok(Err(Problem::invalid("kind: expected the kind of the subjects, found none").about("kind")));
    };
    let (mut keys, mut strangers): (Vec<SubjectKey>, Vec<&str>) = Default::default();
    for id in subjects {
        let name = SubjectName { kind: kind.clone(), collection: collection.name.clone(), id: id.clone() };
        match search::subject_by_name(rows, &name)?.filter(|subject| subject.collection == collection.key) {
            Some(subject) => keys.push(subject.key),
            None => strangers.push(id),
        }
    }
    if !strangers.is_empty() {
        let detail = format!("subjects: not in {:?}: {}; nothing was begun", collection.name, listed(&strangers));
        return Ok(Err(Problem::invalid(detail).about("subjects")));
    }
    keys.sort_unstable_by(|a, b| b.cmp(a));
    keys.dedup();
    Ok(Ok(Chosen::Listed(keys)))
}

/// The collection of this name that holds subjects of this kind; without a kind, the only one of the name. Those that
/// are not seen are not there.
pub(super) fn find_collection(
    rows: &mut dyn Rows,
    name: &str,
    kind: Option<&str>,
    sight: &mut Sight,
) -> Result<Result<Collection, Problem>, StoreError> {
    let kinds = match kind {
        Some(kind) => vec![search::collection_kind(kind)],
        None => search::COLLECTION_KINDS.to_vec(),
    };
    let mut found = Vec::new();
    for kind in kinds {
        found.extend(search::collection_by_name(rows, kind, name)?);
    }
    let mut found = sight.seen(rows, found)?;
    Ok(match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => {
            let detail = format!("collection: several are named {name:?}; name the kind of the subjects too");
            Err(Problem::invalid(detail).about("collection"))
        }
        (None, _) => Err(no_collection(name)),
    })
}

fn no_collection(name: &str) -> Problem {
    Problem::invalid(format!("collection: there is none named {}", listed(&[name]))).about("collection")
}

/// The collection that a batch is in.
pub(crate) fn collection_of(rows: &mut dyn Rows, batch: &Batch) -> Result<Option<Collection>, StoreError> {
    let key = match &batch.chosen {
        Chosen::Collection { collection, .. } => Some(*collection),
        Chosen::Listed(subjects) => match subjects.first() {
            Some(first) => rows.load::<Subject>(first.0)?.map(|subject| subject.collection),
            None => None,
        },
    };
    key.map_or(Ok(None), |key| rows.load(key.0))
}

pub async fn pause(server: State<Server>, caller: Extension<Caller>, id: Segments<String>) -> Shown {
    turn(server, caller, id, BatchState::Paused).await
}

pub async fn resume(server: State<Server>, caller: Extension<Caller>, id: Segments<String>) -> Shown {
    turn(server, caller, id, BatchState::Running).await
}

pub async fn abort(server: State<Server>, caller: Extension<Caller>, id: Segments<String>) -> Shown {
    turn(server, caller, id, BatchState::Aborted).await
}

type Shown = Result<Json<Value>, Problem>;

/// Turns a batch, and shows it; one that is so already stays so.
async fn turn(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    to: BatchState,
) -> Shown {
    turn_to(&server, &caller, &id, to).await?;
    changed::<Batch>(&server, &caller, &id).await
}

/// Turns a batch; one that is so already stays so.
///
/// # Errors
/// When the caller may not, or it cannot go on from where it stands.
pub(crate) async fn turn_to(server: &Shared, caller: &Caller, id: &str, to: BatchState) -> Result<(), Problem> {
    let batch: BatchKey = server.parse(id)?;
    let collection = server.parts.store.read(move |rows| match rows.load::<Batch>(batch.0)? {
        Some(batch) => collection_of(rows, &batch),
        None => Ok(None),
    });
    let collection = collection.await?;
    caller.require(Needs::ChangeSubject, collection.as_ref().map(place), || Problem::no_such("batch", id))?;
    let (who, now) = (caller.name.clone(), server.now());
    let answer = server.parts.store.submit(TurnBatch { batch, to, who, now }).await?;
    if matches!(answer, Answer::NotFound) {
        return Err(Problem::no_such("batch", id));
    }
    let now = server.parts.store.read(move |rows| rows.load::<Batch>(batch.0)).await?;
    match now.filter(|now| now.state != to && matches!(answer, Answer::Moved)) {
        Some(now) => Err(Problem::new(&problem::CONFLICT, format!("the batch is {}", now.state.word()))),
        None => Ok(()),
    }
}
