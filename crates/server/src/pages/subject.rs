//! One subject: how it is judged and why, what was said about it, and what a person can decide.

mod history;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::Response;
use domain::content::look::Look;
use domain::expectation::{Expectation, ExpectationState};
use domain::judge::SubjectState;
use domain::record::Record;
use domain::result::Coverage;
use domain::rights::Needs;
use domain::rule::{Hold, HoldKind, HoldScope};
use domain::subject::{Collection, SubjectName};
use domain::verdict::VerdictKind;
use domain::{HoldKey, Timestamp};
use http::StatusCode;
use serde::Deserialize;
use store::command::Answer;
use store::row::RowsExt;
use store::table::{Find, Index, Rows, Value as Cell};
use store::tables::{Artifact, LISTING_SUBJECT, Listing, RECORD_SUBJECT, TAGGING_SUBJECT, Tag, Tagging};
use store::{StoreError, judged, search};

use super::answer::page;
use super::artifact::look;
use super::chrome::{Chrome, done};
use super::parts::{self, Badge, Facts, Moment, Tone};
use super::story::{CONTENT_BYTES_MAX, sentence};
use super::visitor::Visitor;
use crate::api::{Segments, View, checked_reason, waiting};
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::sight::{self, Sight};
use crate::text::{bytes, clipped, encoded, instant, plain, set_out};
use crate::worker::{EVIDENCE, Said};
use history::Step;

/// So many files are shown as small pictures; the others by their names.
const PICTURES_MAX: usize = 4;
/// So many files, records and tags are shown.
const LISTED_MAX: usize = 100;
/// So many bytes are shown of what the platform says of it, set out for reading.
const ATTRIBUTES_BYTES_MAX: usize = 64 * 1024;

type Name = (String, String, String);

/// Where a subject's page is.
pub fn path_of(name: &SubjectName) -> String {
    format!("/subjects/{}/{}/{}", encoded(&name.kind), encoded(&name.collection), encoded(&name.id))
}

/// A subject in one line.
pub fn subject_line(name: &SubjectName) -> String {
    plain(&format!("{} {} of {}", name.kind, name.id, name.collection))
}

/// The name as people read it.
pub fn plain_name(name: &SubjectName) -> SubjectName {
    let SubjectName { kind, collection, id } = name;
    SubjectName { kind: plain(kind), collection: plain(collection), id: plain(id) }
}

#[derive(Template)]
#[template(path = "subject.html")]
struct SubjectPage {
    chrome: Chrome,
    path: String,
    name: SubjectName,
    id: String,
    verdict: Badge,
    meaning: &'static str,
    reasons: Vec<String>,
    holds: Vec<HoldLine>,
    flags: Vec<(String, Moment)>,
    asked: Vec<Asked>,
    steps: Vec<Step>,
    /// Whether there is more history than is shown.
    is_cut: bool,
    facts: Facts,
    attributes: Option<String>,
    actors: Vec<String>,
    tags: Vec<String>,
    files: Vec<FileLine>,
    records: Vec<RecordLine>,
    may_change: bool,
    revision: i64,
    /// What was typed into a form that could not be carried out.
    typed: Typed,
}

/// What was typed into a form, and what is wrong with it.
#[derive(Debug, Clone, Default)]
struct Typed {
    /// The hold that was to be released; none: the clearance.
    hold: Option<String>,
    reason: String,
    wrong: Option<String>,
}

impl Typed {
    /// What was typed into this hold's form.
    fn for_hold(&self, id: &str) -> Option<&Typed> {
        self.wrong.is_some().then_some(self).filter(|typed| typed.hold.as_deref() == Some(id))
    }

    /// What was typed into the form of the clearance.
    fn for_clearance(&self) -> Option<&Typed> {
        self.wrong.is_some().then_some(self).filter(|typed| typed.hold.is_none())
    }
}

/// A hold that is active.
struct HoldLine {
    id: String,
    badge: Badge,
    text: String,
    /// What it is on and when it ends, in a sentence.
    extent: String,
    since: Moment,
}

/// What one service owes, or has said.
struct Asked {
    service: String,
    event: String,
    event_id: String,
    state: Badge,
    text: String,
}

/// A file that a subject lists.
struct FileLine {
    id: String,
    name: String,
    role: String,
    size: String,
    is_picture: bool,
}

/// What a worker says of a subject at present.
struct RecordLine {
    source: String,
    state: Badge,
    body: String,
    message: Option<String>,
    updated: Moment,
}

/// A file that it lists, as rows.
struct File {
    artifact: Artifact,
    look: Look,
    /// Whether its bytes can be had.
    is_kept: bool,
    role: String,
}

/// Everything that the page shows, as rows.
struct Whole {
    name: SubjectName,
    collection: Option<Collection>,
    state: SubjectState,
    asked: Vec<Asked>,
    steps: (Vec<Step>, bool),
    tags: Vec<Tag>,
    actors: Vec<String>,
    files: Vec<File>,
    records: Vec<Record>,
}

pub async fn show(
    State(server): State<Server>,
    Segments(name): Segments<Name>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let whole = whole(&server, &visitor, name).await?;
    Ok(page(StatusCode::OK, &subject_page(&server, &visitor, whole, Typed::default())))
}

/// Why a person decided so, as a form says it.
#[derive(Deserialize)]
pub struct Because {
    #[serde(default)]
    reason: String,
    /// Which state of the subject the person looked at.
    revision: Option<i64>,
}

type Reason = Result<Form<Because>, FormRejection>;

pub async fn clear(
    State(server): State<Server>,
    Segments(name): Segments<Name>,
    visitor: Visitor,
    because: Reason,
) -> Result<Response, Problem> {
    let Because { reason: typed, revision } = typed(because)?;
    let whole = whole(&server, &visitor, name).await?;
    require_change(&visitor, &whole)?;
    let path = path_of(&whole.name);
    let reason = match checked_reason(&typed) {
        Ok(reason) => reason,
        Err(why) => return Ok(again(&server, &visitor, whole, wrong(None, &typed, &why))),
    };
    let key = whole.state.subject.key;
    match judged::clear(&server.parts.store, key, revision, &visitor.name, reason, server.now()).await? {
        Answer::NotFound => Err(absent(&whole)),
        Answer::Moved => {
            let why = Problem::invalid("it has changed since this page was loaded: look at it again, then say so");
            Ok(again(&server, &visitor, whole, wrong(None, &typed, &why)))
        }
        _ => Ok(done(&path, "It is noted that a person has dealt with this.")),
    }
}

pub async fn release(
    State(server): State<Server>,
    Segments((kind, collection, id, hold)): Segments<(String, String, String, String)>,
    visitor: Visitor,
    because: Reason,
) -> Result<Response, Problem> {
    let typed = typed(because)?.reason;
    let key: HoldKey = server.parse(&hold)?;
    let whole = whole(&server, &visitor, (kind, collection, id)).await?;
    require_change(&visitor, &whole)?;
    let path = path_of(&whole.name);
    let reason = match checked_reason(&typed) {
        Ok(reason) => reason,
        Err(why) => return Ok(again(&server, &visitor, whole, wrong(Some(hold), &typed, &why))),
    };
    let absent = || Problem::new(&problem::NOT_FOUND, "there is no such hold, or it has ended");
    if whole.state.holds.iter().all(|each| each.key != key) {
        return Err(absent());
    }
    let answer = judged::release(&server.parts.store, key, &visitor.name, reason, server.now()).await?;
    if matches!(answer, Answer::NotFound) {
        return Err(absent());
    }
    Ok(done(&path, "The hold was released."))
}

fn typed(because: Reason) -> Result<Because, Problem> {
    let Form(because) = because.map_err(|_| Problem::new(&problem::MALFORMED, "the form does not parse"))?;
    Ok(because)
}

fn wrong(hold: Option<String>, reason: &str, why: &Problem) -> Typed {
    Typed { hold, reason: reason.chars().take(2_000).collect(), wrong: Some(why.sentence()) }
}

fn again(server: &Shared, visitor: &Visitor, whole: Whole, typed: Typed) -> Response {
    page(StatusCode::UNPROCESSABLE_ENTITY, &subject_page(server, visitor, whole, typed))
}

/// Whether a visitor may decide about a subject.
fn may_change(visitor: &Visitor, whole: &Whole) -> bool {
    visitor.may(Needs::ChangeSubject, whole.collection.as_ref().map(sight::place))
}

fn require_change(visitor: &Visitor, whole: &Whole) -> Result<(), Problem> {
    visitor.caller().require(Needs::ChangeSubject, whole.collection.as_ref().map(sight::place), || absent(whole))
}

fn absent(whole: &Whole) -> Problem {
    Problem::no_such("subject", &subject_line(&whole.name))
}

/// The subject of this name, if the visitor sees it.
async fn whole(server: &Shared, visitor: &Visitor, (kind, collection, id): Name) -> Result<Whole, Problem> {
    let name = SubjectName { kind, collection, id };
    let shown = subject_line(&name);
    let (view, mut sight) = (View::of(server), visitor.sight());
    let found = server.parts.store.read(move |rows| read(rows, &view, &mut sight, &name)).await?;
    found.ok_or_else(|| Problem::no_such("subject", &shown))
}

fn of(index: &'static Index, key: i64) -> Find {
    Find::equal(index, vec![Cell::Int(key)]).limit(LISTED_MAX)
}

fn read(rows: &mut dyn Rows, view: &View, sight: &mut Sight, name: &SubjectName) -> Result<Option<Whole>, StoreError> {
    let Some(subject) = search::subject_by_name(rows, name)? else { return Ok(None) };
    let key = subject.key;
    let Some(housed) = search::housed(rows, key)? else { return Ok(None) };
    // An id that is unique in its kind is found under any collection: it has one address alone.
    if housed.name() != *name || !sight.collection(rows, subject.collection)? {
        return Ok(None);
    }
    let Some(state) = search::subject_state(rows, key)? else { return Ok(None) };
    let mut asked = Vec::new();
    for expectation in state.expectations.iter().rev().take(LISTED_MAX) {
        asked.extend(read_asked(rows, view, expectation)?);
    }
    let mut tags = Vec::new();
    for tagging in rows.all::<Tagging>(&of(&TAGGING_SUBJECT, key.0))? {
        tags.extend(rows.load::<Tag>(tagging.tag.0)?);
    }
    let stated = match subject.kind == EVIDENCE {
        true => Some(Said::of(rows, &subject)?.content_type),
        false => None,
    };
    let mut files = Vec::new();
    for listing in rows.all::<Listing>(&of(&LISTING_SUBJECT, key.0))? {
        if let Some(artifact) = rows.load::<Artifact>(listing.artifact.0)? {
            let is_kept = search::is_kept(rows, &artifact, view.now)?;
            files.push(File { look: look(stated, &artifact), artifact, is_kept, role: listing.role });
        }
    }
    let actors = search::actors(rows, key)?.into_iter().map(|actor| format!("{} {}", actor.kind, actor.value));
    Ok(Some(Whole {
        name: housed.name(),
        collection: housed.collection,
        asked,
        tags,
        actors: actors.collect(),
        files,
        records: rows.all(&of(&RECORD_SUBJECT, key.0))?,
        steps: history::read(rows, view, key)?,
        state,
    }))
}

fn read_asked(rows: &mut dyn Rows, view: &View, owed: &Expectation) -> Result<Option<Asked>, StoreError> {
    let Some(event) = rows.load::<domain::event::Event>(owed.event.0)? else { return Ok(None) };
    let service = view.service(owed.service).unwrap_or("a service that is gone").to_owned();
    let waits = waiting::read(rows, owed, view.now)?.map(|waiting| waiting.text(&service));
    let (state, text) = standing(owed, waits);
    Ok(Some(Asked { service, event: event.kind, event_id: view.id(event.key), state, text }))
}

/// Where an expectation stands, in a word and in a sentence.
fn standing(owed: &Expectation, waits: Option<String>) -> (Badge, String) {
    match (owed.state, owed.coverage) {
        (ExpectationState::Open, _) => {
            (Badge::new(if owed.blocks { Tone::Wait } else { Tone::Calm }, "awaited"), waits.unwrap_or_default())
        }
        (ExpectationState::Missing, _) => {
            (Badge::new(Tone::Stop, "missing"), "It gave no usable answer until its deadline.".to_owned())
        }
        (ExpectationState::Complete, coverage) => {
            let tone = match coverage {
                Some(Coverage::Partial | Coverage::None | Coverage::Waived) => Tone::Wait,
                Some(Coverage::Full | Coverage::NotApplicable) | None => Tone::Good,
            };
            (Badge::new(tone, "answered"), examined(coverage).to_owned())
        }
    }
}

fn examined(coverage: Option<Coverage>) -> &'static str {
    match coverage {
        Some(Coverage::Full) => "It examined all of it.",
        Some(Coverage::Partial) => "It examined a part of it.",
        Some(Coverage::None) => "It examined nothing of it.",
        Some(Coverage::NotApplicable) => "There was nothing in it for this service to examine.",
        Some(Coverage::Waived) => "No answer came, and by its settings that is accepted.",
        None => "It has answered.",
    }
}

/// What a verdict means for whoever waits for it.
fn meaning(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Clear => {
            "It may be released: all that was asked for has been said, and nothing stands against it."
        }
        VerdictKind::Pending => "Nothing is decided yet.",
        VerdictKind::Held => "It is not released before what holds it has ended or was lifted.",
        VerdictKind::Blocked => "It must not be released.",
    }
}

fn subject_page(server: &Shared, visitor: &Visitor, whole: Whole, typed: Typed) -> SubjectPage {
    let view = View::of(server);
    let may_change = may_change(visitor, &whole);
    let Whole { name, state, asked, steps: (steps, is_cut), tags, actors, files, records, .. } = whole;
    let subject = &state.subject;
    let (path, name) = (path_of(&name), plain_name(&name));
    let title = format!("{} {}", name.kind, name.id);
    let pictures: Vec<usize> = (0..files.len())
        .filter(|at| files[*at].look == Look::Picture && files[*at].is_kept)
        .take(PICTURES_MAX)
        .collect();
    let file = |(at, file): (usize, File)| FileLine {
        id: view.id(file.artifact.key),
        size: if file.is_kept { bytes(file.artifact.size.unsigned_abs()) } else { "not kept any more".to_owned() },
        name: plain(&file.artifact.name),
        role: plain(&file.role),
        is_picture: pictures.contains(&at),
    };
    let users = subject.users.map(|users| users.to_string());
    let protected = subject.protected.then_some("yes: rules never take it down on their own");
    SubjectPage {
        chrome: Chrome::new(visitor, "/subjects", title),
        path,
        id: view.id(subject.key),
        verdict: Badge::verdict(subject.verdict),
        meaning: meaning(subject.verdict),
        reasons: subject.reasons.iter().map(|reason| plain(&sentence(&reason.text))).collect(),
        holds: state.stopped_by().map(|hold| hold_line(hold, &view)).collect(),
        flags: state.flags.iter().map(|flag| (plain(&sentence(&flag.text)), Moment::new(flag.at, view.now))).collect(),
        asked,
        steps,
        is_cut,
        facts: Facts::default()
            .and("Kind", name.kind.as_str())
            .and("Collection", name.collection.as_str())
            .and_some("Track", subject.track.as_deref())
            .and("First heard of", instant(subject.at))
            .and_some("Review due", subject.review_deadline.map(instant))
            .and_some("Used by", users)
            .and_some("Protected", protected)
            .and("Revision", subject.revision.to_string()),
        attributes: attributes(&subject.attributes),
        actors: actors.iter().map(|actor| plain(actor)).collect(),
        tags: tags.iter().map(|tag| plain(&tag.name)).collect(),
        files: files.into_iter().enumerate().map(file).collect(),
        records: records.iter().map(|record| record_line(record, view.now)).collect(),
        may_change,
        revision: subject.revision,
        name,
        typed,
    }
}

/// What the platform says of a subject, set out for reading.
fn attributes(json: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let says_something = value.as_object().is_some_and(|members| !members.is_empty());
    says_something.then(|| plain(&set_out(json, ATTRIBUTES_BYTES_MAX)))
}

fn hold_line(hold: &Hold, view: &View) -> HoldLine {
    let on = match (hold.scope, &hold.track) {
        (HoldScope::Subject, _) => "It is on this subject".to_owned(),
        (HoldScope::Collection, None) => "It is on the whole collection".to_owned(),
        (HoldScope::Collection, Some(track)) => format!("It is on the collection's track {track}"),
    };
    let end = if hold.until == Timestamp::NEVER {
        "until somebody or a rule lifts it".to_owned()
    } else {
        format!("until {}", instant(hold.until))
    };
    let badge = match hold.kind {
        HoldKind::Hold => Badge::new(Tone::Wait, "hold"),
        HoldKind::Block => Badge::new(Tone::Stop, "block"),
    };
    HoldLine {
        id: view.id(hold.key),
        badge,
        text: plain(&sentence(&hold.text)),
        extent: format!("{on}, {end}."),
        since: Moment::new(hold.at, view.now),
    }
}

fn record_line(record: &Record, now: Timestamp) -> RecordLine {
    use domain::record::RecordStatus::{Completed, Error, Processing, Queued};
    let state = match (record.status, record.can_process) {
        (_, Some(false)) => Badge::new(Tone::Calm, "cannot examine it"),
        (Some(Completed), _) => Badge::new(Tone::Good, "done"),
        (Some(Error), _) => Badge::new(Tone::Stop, "failed"),
        (Some(Processing), _) => Badge::new(Tone::Live, "at work"),
        (Some(Queued), _) => Badge::new(Tone::Wait, "will answer later"),
        (None, _) => Badge::new(Tone::Calm, "written by hand"),
    };
    let shown = |text: &str| plain(&clipped(text, CONTENT_BYTES_MAX));
    RecordLine {
        source: shown(&record.source),
        state,
        body: shown(&record.body),
        message: record.message.as_deref().map(shown),
        updated: Moment::new(record.updated, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::OnFailure;
    use domain::gate::ServiceTime;
    use domain::{CollectionKey, EventKey, ExpectationKey, ServiceKey};

    fn expectation(state: ExpectationState, coverage: Option<Coverage>, blocks: bool) -> Expectation {
        Expectation {
            key: ExpectationKey(1),
            event: EventKey(1),
            service: ServiceKey(1),
            subject: None,
            artifact: None,
            blocks,
            state,
            closed: false,
            coverage,
            result: None,
            bound: None,
            on_failure: OnFailure::Hold,
            deadline: ServiceTime(0),
            next_check: ServiceTime(0),
            redeliver_every: 0,
            redeliver_left: 0,
            deferred_until: None,
        }
    }

    #[test]
    fn where_an_expectation_stands_is_told_in_words() {
        let told = |state, coverage| standing(&expectation(state, coverage, true), Some("Waiting.".to_owned()));
        assert_eq!(told(ExpectationState::Open, None), (Badge::new(Tone::Wait, "awaited"), "Waiting.".to_owned()));
        assert_eq!(told(ExpectationState::Missing, None).0.tone, Tone::Stop);
        let (badge, text) = told(ExpectationState::Complete, Some(Coverage::Partial));
        assert_eq!((badge.tone, text.as_str()), (Tone::Wait, "It examined a part of it."));
        let (calm, _) = standing(&expectation(ExpectationState::Open, None, false), None);
        assert_eq!(calm.tone, Tone::Calm, "the verdict does not wait for it");
    }

    #[test]
    fn an_address_holds_any_name() {
        let name = SubjectName { kind: "commit".into(), collection: "owner/repo".into(), id: "<b>ü".into() };
        assert_eq!(path_of(&name), "/subjects/commit/owner%2Frepo/%3Cb%3E%C3%BC");
    }

    #[test]
    fn attributes_are_shown_where_there_are_any() {
        assert_eq!((attributes("{}"), attributes("x")), (None, None));
        assert_eq!(attributes(r#"{"a":1}"#).as_deref(), Some("{\n  \"a\": 1\n}"));
    }

    #[test]
    fn of_what_a_worker_wrote_the_beginning_is_shown() {
        let record = |body: String| Record {
            key: 1,
            subject: domain::SubjectKey(1),
            source: "scan".to_owned(),
            body,
            status: None,
            can_process: None,
            message: None,
            started: None,
            run: None,
            updated: Timestamp(0),
        };
        let shown = record_line(&record("<".repeat(1024 * 1024)), Timestamp(0)).body;
        assert!(shown.len() < CONTENT_BYTES_MAX + 100 && shown.ends_with("(only the beginning is shown)"));
        assert_eq!(record_line(&record("a\u{202e}b".to_owned()), Timestamp(0)).body, "a[U+202E]b");
    }

    #[test]
    fn what_was_typed_goes_back_into_its_own_form() {
        let typed = Typed { hold: Some("hld_1".into()), reason: "x".into(), wrong: Some("Too short.".into()) };
        assert!(
            typed.for_hold("hld_1").is_some() && typed.for_hold("hld_2").is_none() && typed.for_clearance().is_none()
        );
        assert!(Typed::default().for_clearance().is_none());
    }

    #[test]
    fn a_hold_says_what_it_is_on_and_when_it_ends() {
        let view = View { salt: domain::Salt(7), catalogue: std::sync::Arc::default(), now: Timestamp(0) };
        let hold = Hold {
            key: HoldKey(1),
            scope: HoldScope::Collection,
            of: CollectionKey(1).0,
            track: Some("listed".to_owned()),
            kind: HoldKind::Hold,
            until: Timestamp::NEVER,
            cause: None,
            rule: None,
            text: "the author asked".to_owned(),
            at: Timestamp(0),
            ended: None,
            ended_by: None,
        };
        let line = hold_line(&hold, &view);
        assert_eq!(line.extent, "It is on the collection's track listed, until somebody or a rule lifts it.");
        assert_eq!(line.text, "The author asked");
    }
}
