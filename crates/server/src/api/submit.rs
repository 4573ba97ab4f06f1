//! What a platform submits: artifacts, collections, subjects.

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use domain::subject::{Actor, SubjectName};
use domain::{ArtifactKey, Timestamp, limits};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::command::{Answer, PutCollection};
use store::judged::{self, Described};
use store::row::RowsExt;
use store::search;
use store::tables::Artifact;

use super::auth::Caller;
use super::extract::{Params, Segments, Strict};
use super::show::{Show, View, until};
use crate::noted::Noted;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

/// What services are shown of one thing is at most so large, as ASCII JSON: three such parts fit into one payload.
pub(super) const SHOWN_BYTES_MAX: usize = 256 * 1024;
/// An artifact is at most so large.
const ARTIFACT_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// So much of an upload is gathered before it is handed to a thread that may wait for the disk.
const CHUNK_BYTES: usize = 1024 * 1024;

pub async fn upload(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    params.only(&["filename", "retention"])?;
    let retention = params.span("retention")?;
    let name = params.one("filename").unwrap_or("artifact").to_owned();
    check("filename", &name)?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = kind.unwrap_or("application/octet-stream").to_owned();
    let blob = write(&server, body).await?;
    let artifact = Noted { name, content_type, owner: caller.key, retention }.note(&server, blob).await?;
    let shown = json!({
        "id": server.show(artifact.key),
        "sha256": verify::hex::encode(&artifact.sha256),
        "size": artifact.size,
        "content_type": artifact.content_type,
        "filename": artifact.name,
        "expires": until(artifact.expires),
    });
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Streams the body into the blobs; what is interrupted leaves nothing.
async fn write(server: &Shared, mut body: Body) -> Result<artifacts::Held, Problem> {
    let interrupted = |_| Problem::new(&problem::INTERNAL, "writing the artifact was interrupted");
    let blobs = server.parts.blobs.clone();
    let mut writer = tokio::task::spawn_blocking(move || blobs.begin()).await.map_err(interrupted)??;
    let mut size = 0_u64;
    let mut chunk = bytes::BytesMut::new();
    loop {
        let frame = body.frame().await.transpose();
        let frame = frame.map_err(|_| Problem::new(&problem::BROKEN, "the connection broke off in the body"))?;
        let ended = frame.is_none();
        let data = frame.and_then(|frame| frame.into_data().ok()).unwrap_or_default();
        size += data.len() as u64;
        if size > ARTIFACT_BYTES_MAX {
            let detail = format!("expected an artifact of at most {ARTIFACT_BYTES_MAX} bytes, found more");
            return Err(Problem::new(&problem::TOO_LARGE, detail));
        }
        chunk.extend_from_slice(&data);
        if chunk.len() < CHUNK_BYTES && !ended {
            continue;
        }
        let full = chunk.split().freeze();
        let write = move || writer.write(&full).map(|()| writer);
        writer = tokio::task::spawn_blocking(write).await.map_err(interrupted)??;
        if ended {
            return Ok(tokio::task::spawn_blocking(move || writer.finish()).await.map_err(interrupted)??);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectionSpec {
    #[serde(default = "addon")]
    kind: String,
    #[serde(default)]
    attributes: Map<String, Value>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    variables: Map<String, Value>,
}

fn addon() -> String {
    "addon".to_owned()
}

pub async fn put_collection(
    State(server): State<Server>,
    Segments(name): Segments<String>,
    Strict(spec): Strict<CollectionSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    check("the collection's name", &name)?;
    check("kind", &spec.kind)?;
    let mut attributes = spec.attributes;
    if !spec.tags.is_empty() {
        attributes.insert("tags".to_owned(), json!(spec.tags));
    }
    if !spec.variables.is_empty() {
        attributes.insert("variables".to_owned(), json!(spec.variables));
    }
    let look = |kind: String, name: String| {
        server.parts.store.read(move |rows| search::collection_by_name(rows, &kind, &name))
    };
    let known = look(spec.kind.clone(), name.clone()).await?.is_some();
    let attributes = bounded("attributes", Value::Object(attributes).to_string())?;
    let put = PutCollection { kind: spec.kind.clone(), name: name.clone(), attributes, new: false, now: server.now() };
    server.parts.store.submit(put).await?;
    let view = View::of(&server);
    let shown = server.parts.store.read(move |rows| {
        let collection = search::collection_by_name(rows, &spec.kind, &name)?;
        collection.map(|collection| collection.show(&view, rows)).transpose()
    });
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(shown.await?.unwrap_or_default())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectSpec {
    kind: String,
    collection: String,
    subject: String,
    #[serde(default)]
    attributes: Map<String, Value>,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    users: Option<i64>,
    #[serde(default)]
    track: Option<String>,
    #[serde(default)]
    review_deadline: Option<String>,
    #[serde(default)]
    actors: Vec<Actor>,
    #[serde(default)]
    artifacts: Vec<ListedArtifact>,
}

/// An artifact under a subject: its id alone, or with the role that it has there.
#[derive(Deserialize)]
#[serde(untagged)]
enum ListedArtifact {
    Id(String),
    WithRole { id: String, role: String },
}

pub async fn put_subject(
    State(server): State<Server>,
    Strict(spec): Strict<SubjectSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    for (what, text) in [("kind", &spec.kind), ("collection", &spec.collection), ("subject", &spec.subject)] {
        check(what, text)?;
    }
    if let Some(track) = &spec.track {
        check("track", track)?;
    }
    if spec.users.is_some_and(|users| users < 0) {
        return Err(Problem::invalid("users: expected a number of users from 0 on, found less"));
    }
    let mut artifacts = Vec::with_capacity(spec.artifacts.len());
    for listed in &spec.artifacts {
        let (id, role) = match listed {
            ListedArtifact::Id(id) => (id, "upload"),
            ListedArtifact::WithRole { id, role } => (id, role.as_str()),
        };
        check("role", role)?;
        artifacts.push((artifact(&server, id).await?.key, role.to_owned()));
    }
    let name = SubjectName { kind: spec.kind, collection: spec.collection, id: spec.subject };
    let attributes = bounded("attributes", Value::Object(spec.attributes).to_string())?;
    let described = Described {
        name: name.clone(),
        attributes,
        protected: spec.protected,
        users: spec.users,
        track: spec.track,
        review_deadline: spec.review_deadline.as_deref().map(|text| instant("review_deadline", text)).transpose()?,
        actors: spec.actors,
        artifacts,
    };
    let asked = name.clone();
    let known = server.parts.store.read(move |rows| search::subject_by_name(rows, &asked)).await?.is_some();
    if let Answer::Restricted = judged::put_subject(&server.parts.store, &described, server.now()).await? {
        return Err(Problem::new(&problem::SUBMISSION_REFUSED, "one of the actors is restricted from submitting"));
    }
    let view = View::of(&server);
    let shown = server.parts.store.read(move |rows| {
        let subject = search::subject_by_name(rows, &name)?;
        subject.map(|subject| subject.show(&view, rows)).transpose()
    });
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(shown.await?.unwrap_or_default())))
}

/// An instant as people write it.
pub fn instant(what: &str, text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse(text).ok_or_else(|| {
        Problem::invalid(format!("{what}: expected an instant as \"2026-01-01T00:00:00Z\", found {text:?}"))
    })
}

/// The artifact that an id names, whose bytes can still be had.
pub async fn kept_artifact(server: &Shared, id: &str) -> Result<ArtifactKey, Problem> {
    let artifact = artifact(server, id).await?;
    let (key, now) = (artifact.key, server.now());
    if server.parts.store.read(move |rows| search::is_kept(rows, &artifact, now)).await? {
        return Ok(key);
    }
    Err(Problem::invalid(format!("the artifact {id:?} has expired")))
}

/// The artifact that an id names, if it is there.
async fn artifact(server: &Shared, id: &str) -> Result<Artifact, Problem> {
    let key: ArtifactKey = server.parse(id).map_err(|why| Problem::invalid(why.detail))?;
    let found = server.parts.store.read(move |rows| rows.load::<Artifact>(key.0)).await?;
    found.ok_or_else(|| Problem::invalid(format!("there is no artifact {id:?}")))
}

/// A short text that names something.
pub fn check(what: &str, text: &str) -> Result<(), Problem> {
    let found = text.chars().count();
    if (1..=limits::NAME_CHARS_MAX).contains(&found) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let max = limits::NAME_CHARS_MAX;
    Err(Problem::invalid(format!("{what}: expected 1 to {max} characters, none of them a control character")))
}

/// JSON that a service may be shown, if it is small enough that what is sent stays within every protocol's limit.
pub(super) fn bounded(what: &str, json: String) -> Result<String, Problem> {
    let escaped = |c: char| if c.is_ascii() { 1 } else { 6 * c.len_utf16() };
    let bytes: usize = json.chars().map(escaped).sum();
    if bytes > SHOWN_BYTES_MAX {
        let detail = format!("{what}: expected at most {SHOWN_BYTES_MAX} bytes of ASCII JSON, found {bytes}");
        return Err(Problem::new(&problem::TOO_LARGE, detail));
    }
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_counted_as_it_is_escaped() {
        let refused = |json: String| bounded("data", json).is_err();
        assert!(!refused("a".repeat(SHOWN_BYTES_MAX)));
        assert!(refused("a".repeat(SHOWN_BYTES_MAX + 1)));
        assert!(!refused("\u{e9}".repeat(SHOWN_BYTES_MAX / 6)));
        assert!(refused("\u{e9}".repeat(SHOWN_BYTES_MAX / 6 + 1)));
        assert!(refused("\u{1f600}".repeat(SHOWN_BYTES_MAX / 12 + 1)));
    }
}
