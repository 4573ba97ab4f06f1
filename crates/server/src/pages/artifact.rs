//! One file: what it is, and what can be looked at of it. The file itself is only ever an attachment.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::content::ContentType;
use domain::content::look::{Code, Exchange, Look, Message, Recording, Requests, Token};
use domain::subject::{Subject, SubjectName};
use domain::{ArtifactKey, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
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
use crate::sight::Sight;
use crate::text::{bytes, instant};
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
/// Pictures and recordings are for the page alone.
const POLICY: &str = "sandbox; default-src 'none'";

/// A file, with what is known of it.
pub struct Found {
    pub artifact: Artifact,
    pub look: Look,
    /// Whether its bytes can be had.
    pub is_kept: bool,
    /// The subjects that list it, each with the role.
    listed: Vec<(SubjectName, String)>,
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
        let find = Find::equal(&LISTING_ARTIFACT, vec![Cell::Int(artifact.key.0)]).newest(None).limit(20);
        let mut listed = Vec::new();
        let mut stated = None;
        for listing in rows.all::<Listing>(&find)? {
            let Some(subject) = rows.load::<Subject>(listing.subject.0)? else { continue };
            if !sight.collection(rows, subject.collection)? {
                continue;
            }
            if subject.kind == EVIDENCE && stated.is_none() {
                stated = Some(Said::of(rows, &subject)?.content_type);
            }
            listed.extend(search::subject_name(rows, subject.key)?.map(|name| (name, listing.role)));
        }
        let is_kept = search::is_kept(rows, &artifact, now)?;
        Ok(Self { look: look(stated, &artifact), artifact, is_kept, listed })
    }
}

fn look(stated: Option<ContentType>, artifact: &Artifact) -> Look {
    Look::of_file(stated, &artifact.content_type, &artifact.name)
}

/// What is shown of a file.
enum Shown {
    Picture,
    Requests(Vec<RequestLine>, Vec<String>),
    Recording(Box<Recording>),
    Code(Code),
    /// Nothing, and why.
    Nothing(String),
}

#[derive(Template)]
#[template(path = "artifact.html")]
struct ArtifactPage {
    chrome: Chrome,
    id: String,
    name: String,
    listed: Vec<(String, String)>,
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
    let shown = shown(&server, &found).await?;
    let artifact = &found.artifact;
    let listed = |(name, role): &(SubjectName, String)| (path_of(name), format!("{}, as {role}", subject_line(name)));
    let facts = Facts::default()
        .and("Size", bytes(artifact.size.unsigned_abs()))
        .and("Type", artifact.content_type.as_str())
        .and("SHA-256", verify::hex::encode(&artifact.sha256))
        .and_some("Uploaded by", artifact.owner.and_then(|key| view.account(key)))
        .and("Kept until", instant(artifact.expires));
    let template = ArtifactPage {
        chrome: Chrome::new(&visitor, "/subjects", &artifact.name),
        id,
        name: artifact.name.clone(),
        listed: found.listed.iter().map(listed).collect(),
        facts,
        uploaded: Moment::new(artifact.at, view.now),
        is_kept: found.is_kept,
        shown,
    };
    Ok(page(StatusCode::OK, &template))
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
    let tag = format!("\"{look}-{}\"", verify::hex::encode(&found.artifact.sha256));
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    Ok(inline("image/png", &tag, made(&server, &found, look).await?))
}

/// `GET /artifacts/{id}/recording`
pub async fn recording(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let found = found(&server, &visitor, &id).await?;
    if found.look != Look::Recording {
        return Err(Problem::no_such("recording of the file", &id));
    }
    let json = made(&server, &found, Look::Recording).await?;
    // It is a recording, whatever wrote it.
    let _: Recording = parsed(&json).map_err(|why| Problem::invalid(why.to_string()))?;
    Ok(inline("application/json", &format!("\"{}\"", verify::hex::encode(&found.artifact.sha256)), json))
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

/// What is made of a file.
async fn made(server: &Server, found: &Found, look: Look) -> Result<Bytes, Problem> {
    look_at(server, found, look).await?.map_err(|why| match why {
        PreviewError::Busy => Problem::new(&problem::UNAVAILABLE, why.to_string()),
        PreviewError::Unfit(_) | PreviewError::Failed(_) => Problem::invalid(why.to_string()),
    })
}

async fn look_at(server: &Server, found: &Found, look: Look) -> Result<Result<Bytes, PreviewError>, Problem> {
    if !found.is_kept {
        return Ok(Err(PreviewError::Unfit("its bytes are not kept any more".to_owned())));
    }
    let (blobs, digest) = (server.parts.blobs.clone(), found.artifact.sha256);
    let opened = tokio::task::spawn_blocking(move || blobs.file(digest)).await;
    let file = opened.map_err(|_| Problem::new(&problem::INTERNAL, "reading was interrupted"))??;
    Ok(server.previewer().preview(look, &found.artifact.name, digest, file).await)
}

/// What is shown of a file: what was made of it, or why there is nothing.
async fn shown(server: &Server, found: &Found) -> Result<Shown, Problem> {
    let look = found.look;
    let made = look_at(server, found, look).await?;
    let shown = made.and_then(|made| match look {
        Look::Preview | Look::Picture | Look::Large => Ok(Shown::Picture),
        Look::Requests => parsed::<Requests>(&made).map(requests),
        Look::Recording => parsed(&made).map(|recording| Shown::Recording(Box::new(recording))),
        Look::Code | Look::Codeblock => parsed(&made).map(Shown::Code),
    });
    Ok(shown.unwrap_or_else(|why| Shown::Nothing(nothing(look, &why))))
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

/// An answer that a page of ours shows, and nobody else's.
fn inline(kind: &'static str, tag: &str, content: Bytes) -> Response {
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
    response
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

/// A place in a recording for people: `1:05`.
fn clock(ms: &u64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
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
