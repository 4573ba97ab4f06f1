//! One file: what it is, and what can be looked at of it. The file itself is only ever an attachment.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::content::ContentType;
use domain::content::look::{Code, Exchange, Look, Message, Requests, Row, Token};
use domain::subject::{Subject, SubjectName};
use domain::{ArtifactKey, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{Artifact, LISTING_ARTIFACT, Listing};
use store::{StoreError, search};

use super::answer::page;
use super::chrome::Chrome;
use super::parts::{self, Badge, Facts, Moment, Tone};
use super::subject::{path_of, subject_line};
use super::visitor::Visitor;
use crate::api::{Segments, View};
use crate::links;
use crate::preview::PreviewError;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::sight::{self, Sight};
use crate::text::{bytes, instant, plain};
use crate::worker::{EVIDENCE, Said};

/// Types under which a file is given away as what it says it is; no browser runs any of them.
const HARMLESS: [&str; 7] = [
    "application/gzip",
    "application/json",
    "application/pdf",
    "application/zip",
    "image/jpeg",
    "image/png",
    "text/plain",
];
/// So many of the subjects that list a file are named.
const LISTED_MAX: usize = 20;
/// Pictures and recordings are for the page alone.
const POLICY: &str = "sandbox; default-src 'none'";

/// A file, with what is known of it.
pub struct Found {
    pub artifact: Artifact,
    pub look: Look,
    /// Whether its bytes can be had.
    pub is_kept: bool,
    /// The newest subjects that list it, of those that are seen, each with the role; and whether there are others.
    listed: Vec<(SubjectName, String)>,
    others: bool,
}

impl Found {
    /// What is known of a file, and by which of the subjects that are seen it is listed.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn read(
        rows: &mut dyn Rows,
        artifact: Artifact,
        sight: &mut Sight,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let find = Find::equal(&LISTING_ARTIFACT, vec![Cell::Int(artifact.key.0)]);
        let found = sight::newest::<Listing>(rows, sight, Some(&find), None, LISTED_MAX)?;
        let mut listed = Vec::new();
        let mut stated = None;
        for listing in found.rows {
            let Some(subject) = rows.load::<Subject>(listing.subject.0)? else { continue };
            if subject.kind == EVIDENCE && stated.is_none() {
                stated = Some(Said::of(rows, &subject)?.content_type);
            }
            listed.extend(search::subject_name(rows, subject.key)?.map(|name| (name, listing.role)));
        }
        let is_kept = search::is_kept(rows, &artifact, now)?;
        Ok(Self { look: look(stated, &artifact), artifact, is_kept, listed, others: found.next.is_some() })
    }
}

/// How a file can be looked at, as the subject that lists it says.
pub fn look(stated: Option<ContentType>, artifact: &Artifact) -> Look {
    Look::of_file(stated, &artifact.content_type, &artifact.name)
}

/// What is shown of a file.
enum Shown {
    Picture,
    Requests(Vec<RequestLine>, Vec<String>),
    Recording(Box<Still>),
    Code(Code),
    /// Nothing, and why.
    Nothing(String),
}

/// What a page shows of a [`Recording`](domain::content::look::Recording): the player asks for its frames itself.
#[derive(Deserialize)]
struct Still {
    title: Option<String>,
    duration_ms: u64,
    markers: Vec<(u64, String)>,
    last: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Template)]
#[template(path = "artifact.html")]
struct ArtifactPage {
    chrome: Chrome,
    id: String,
    name: String,
    listed: Vec<(String, String)>,
    others: bool,
    facts: Facts,
    uploaded: Moment,
    is_kept: bool,
    shown: Shown,
}

pub async fn show(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let found = found(&server, &visitor, &id).await?;
    let view = View::of(&server);
    let shown = shown(&server, &found).await;
    let artifact = &found.artifact;
    let name = plain(&artifact.name);
    let listed =
        |(name, role): &(SubjectName, String)| (path_of(name), plain(&format!("{}, as {role}", subject_line(name))));
    let facts = Facts::default()
        .and("Size", bytes(artifact.size.unsigned_abs()))
        .and("Type", plain(&artifact.content_type))
        .and("SHA-256", verify::hex::encode(&artifact.sha256))
        .and_some("Uploaded by", artifact.owner.and_then(|key| view.account(key)))
        .and("Kept until", instant(artifact.expires));
    let mut template = ArtifactPage {
        chrome: Chrome::new(&visitor, "/subjects", &name),
        id,
        name,
        listed: found.listed.iter().map(listed).collect(),
        others: found.others,
        facts,
        uploaded: Moment::new(artifact.at, view.now),
        is_kept: found.is_kept,
        shown,
    };
    if matches!(template.shown, Shown::Picture | Shown::Nothing(_)) {
        return Ok(page(StatusCode::OK, &template));
    }
    let Some(place) = server.previewer().reader().await else {
        template.shown = Shown::Nothing(nothing(found.look, &PreviewError::Busy));
        return Ok(page(StatusCode::OK, &template));
    };
    let written = tokio::task::spawn_blocking(move || {
        let _place = place;
        page(StatusCode::OK, &template)
    });
    written.await.map_err(|_| Problem::new(&problem::INTERNAL, "the page was not written"))
}

/// `GET /artifacts/{id}/picture`
pub async fn picture(
    server: State<Server>,
    id: Segments<String>,
    visitor: Visitor,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    image(server, id, visitor, asked, Look::Picture).await
}

/// `GET /artifacts/{id}/large`
pub async fn large(
    server: State<Server>,
    id: Segments<String>,
    visitor: Visitor,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    image(server, id, visitor, asked, Look::Large).await
}

async fn image(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    asked: HeaderMap,
    look: Look,
) -> Result<Response, Problem> {
    let found = found(&server, &visitor, &id).await?;
    if found.look != Look::Picture {
        return Err(Problem::no_such("picture of the file", &id));
    }
    inline(&server, &found, look, "image/png", &asked).await
}

/// `GET /artifacts/{id}/recording`
pub async fn recording(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let found = found(&server, &visitor, &id).await?;
    if found.look != Look::Recording {
        return Err(Problem::no_such("recording of the file", &id));
    }
    inline(&server, &found, Look::Recording, "application/json", &asked).await
}

/// `GET /artifacts/{id}/original`
pub async fn original(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let found = found(&server, &visitor, &id).await?;
    let artifact = &found.artifact;
    if !found.is_kept {
        return Err(Problem::new(&problem::NOT_FOUND, "the file is not kept any more"));
    }
    let range = asked.get(header::RANGE).and_then(|value| value.to_str().ok());
    links::blob(&server, artifact.sha256, harmless(&artifact.content_type), &artifact.name, range).await
}

fn harmless(content_type: &str) -> &'static str {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let found = HARMLESS.iter().find(|harmless| harmless.eq_ignore_ascii_case(essence));
    found.copied().unwrap_or("application/octet-stream")
}

/// The file of this id, if the visitor sees it.
async fn found(server: &Shared, visitor: &Visitor, id: &str) -> Result<Found, Problem> {
    let key: ArtifactKey = server.parse(id)?;
    let now = server.now();
    let mut sight = visitor.sight();
    let found = server.parts.store.read(move |rows| match rows.load::<Artifact>(key.0)? {
        Some(artifact) if sight.sees(rows, &artifact)? => Found::read(rows, artifact, &mut sight, now).map(Some),
        Some(_) | None => Ok(None),
    });
    found.await?.ok_or_else(|| Problem::no_such("artifact", id))
}

/// A file of which nothing is shown, for whoever asked for what is made of it.
fn unmade(why: &PreviewError) -> Problem {
    match why {
        PreviewError::Busy | PreviewError::Failed(_) => Problem::new(&problem::UNAVAILABLE, why.to_string()),
        PreviewError::Unfit(_) => Problem::invalid(why.to_string()),
    }
}

/// What is made of a file.
async fn look_at(server: &Server, found: &Found, look: Look) -> Result<Bytes, PreviewError> {
    if !found.is_kept {
        return Err(PreviewError::Unfit("its bytes are not kept any more".to_owned()));
    }
    let (blobs, digest) = (server.parts.blobs.clone(), found.artifact.sha256);
    let Ok(opened) = tokio::task::spawn_blocking(move || blobs.file(digest)).await else {
        return Err(PreviewError::Failed("reading was interrupted".to_owned()));
    };
    let file = opened.map_err(|why| {
        tracing::warn!(%why, "a file that should be kept does not open");
        PreviewError::Failed("its bytes could not be read".to_owned())
    })?;
    server.previewer().preview(look, &found.artifact.name, digest, file).await
}

/// What is shown of a file: what was made of it, or why there is nothing.
async fn shown(server: &Server, found: &Found) -> Shown {
    let look = found.look;
    let read = match look_at(server, found, look).await {
        Ok(_) if look.is_image() => Ok(Shown::Picture),
        Ok(made) => server.previewer().read(move || read(look, &made)).await.flatten(),
        Err(why) => Err(why),
    };
    read.unwrap_or_else(|why| Shown::Nothing(nothing(look, &why)))
}

fn read(look: Look, made: &[u8]) -> Result<Shown, PreviewError> {
    match look {
        Look::Preview | Look::Picture | Look::Large => Ok(Shown::Picture),
        Look::Requests => parsed::<Requests>(made).map(requests),
        Look::Recording => parsed(made).map(|still| Shown::Recording(Box::new(still))),
        Look::Code | Look::Codeblock => parsed(made).map(Shown::Code),
    }
}

/// Why nothing is shown. Of a file that says nothing of what it holds, nothing is expected either.
fn nothing(look: Look, why: &PreviewError) -> String {
    match (look, why) {
        (Look::Code, PreviewError::Unfit(why)) if why.starts_with("expected a text") => {
            "This is a kind of file that cannot be shown here. Download it to look at it with a program of its own."
                .to_owned()
        }
        (_, PreviewError::Unfit(why)) => format!("It cannot be shown: {why}."),
        (_, PreviewError::Busy) => {
            "Too many files are being looked at; load this page again in a little while.".to_owned()
        }
        (_, PreviewError::Failed(why)) => format!("It was not possible to look at it this time: {why}."),
    }
}

fn parsed<T: DeserializeOwned>(json: &[u8]) -> Result<T, PreviewError> {
    serde_json::from_slice(json).map_err(|_| PreviewError::Unfit("its preview does not read".to_owned()))
}

/// What is made of a file, for a page of ours and nobody else's. Whoever has it already is told so, while it may be had.
async fn inline(
    server: &Server,
    found: &Found,
    look: Look,
    kind: &'static str,
    asked: &HeaderMap,
) -> Result<Response, Problem> {
    let tag = format!("\"{look}-{}\"", verify::hex::encode(&found.artifact.sha256));
    let mut response = if found.is_kept && is_known(asked, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let made = look_at(server, found, look).await.map_err(|why| unmade(&why))?;
        ([(header::CONTENT_TYPE, kind)], Body::from(made)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
    Ok(response)
}

/// Whether a browser says that it has what this tag names (RFC 9110, section 13.1.2).
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let mut known = lists.flat_map(|list| list.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// A request as a row of the table.
struct RequestLine {
    method: String,
    url: String,
    status: Badge,
    media_type: String,
    size: String,
    took: String,
    started: String,
    messages: [(&'static str, Message); 2],
}

fn requests(found: Requests) -> Shown {
    let Requests { creator, exchanges, notes, .. } = found;
    let recorded = creator.map(|creator| format!("Recorded by {creator}."));
    Shown::Requests(exchanges.into_iter().map(request_line).collect(), recorded.into_iter().chain(notes).collect())
}

fn request_line(exchange: Exchange) -> RequestLine {
    let Exchange { method, url, status, status_text, media_type, bytes: size, took_ms, started, request, response } =
        exchange;
    RequestLine {
        method,
        url,
        status: status_badge(status, &status_text),
        media_type: media_type.split(';').next().unwrap_or_default().to_owned(),
        size: size.map(bytes).unwrap_or_default(),
        took: took_ms.map(milliseconds).unwrap_or_default(),
        started,
        messages: [("Request", request), ("Response", response)],
    }
}

fn status_badge(status: Option<u16>, text: &str) -> Badge {
    let tone = match status {
        Some(200..300) => Tone::Good,
        Some(400..500) => Tone::Wait,
        Some(500..) => Tone::Stop,
        _ => Tone::Calm,
    };
    let word = status.map_or("no response".to_owned(), |status| format!("{status} {text}"));
    Badge::new(tone, word.trim())
}

fn milliseconds(ms: u64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}

/// A place in a recording for people: `1:05`, or `2:01:05` where there are hours.
fn clock(ms: &u64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_types_are_given_away_as_such() {
        assert_eq!(harmless("Text/Plain; charset=utf-8"), "text/plain");
        for other in ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "", "x\r\ny"] {
            assert_eq!(harmless(other), "application/octet-stream");
        }
    }

    #[test]
    fn a_request_is_told_in_units() {
        let line = request_line(Exchange {
            status: Some(404),
            status_text: "Not Found".to_owned(),
            media_type: "text/html; charset=utf-8".to_owned(),
            bytes: Some(2_048),
            took_ms: Some(1_250),
            ..Exchange::default()
        });
        assert_eq!((line.status, line.media_type.as_str()), (Badge::new(Tone::Wait, "404 Not Found"), "text/html"));
        assert_eq!((line.size.as_str(), line.took.as_str()), ("2.0 KiB", "1.2 s"));
        assert_eq!(request_line(Exchange::default()).status, Badge::new(Tone::Calm, "no response"));
        assert_eq!((clock(&65_900).as_str(), milliseconds(12).as_str()), ("1:05", "12 ms"));
        assert_eq!(clock(&7_265_000), "2:01:05");
    }

    #[test]
    fn what_a_browser_has_is_known_by_any_of_its_tags() {
        let known = |list: &'static str| {
            is_known(&HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(list))]), "\"a-1\"")
        };
        for list in ["\"a-1\"", "W/\"a-1\"", "\"b\", \"a-1\"", "*"] {
            assert!(known(list), "{list}");
        }
        assert!(!known("\"a-2\"") && !known("a-1") && !known("") && !is_known(&HeaderMap::new(), "\"a-1\""));
    }

    #[test]
    fn what_may_be_had_later_is_no_fault_of_the_caller() {
        let status = |why: PreviewError| unmade(&why).kind.status;
        assert_eq!(status(PreviewError::Busy), 503);
        assert_eq!(status(PreviewError::Failed("x".to_owned())), 503);
        assert_eq!(status(PreviewError::Unfit("x".to_owned())), 422);
    }

    #[test]
    fn why_nothing_is_shown_is_a_sentence() {
        let unfit = |why: &str| PreviewError::Unfit(why.to_owned());
        assert!(
            nothing(Look::Code, &unfit("expected a text, found other bytes")).starts_with("This is a kind of file")
        );
        assert_eq!(nothing(Look::Picture, &unfit("it is damaged")), "It cannot be shown: it is damaged.");
    }
}
