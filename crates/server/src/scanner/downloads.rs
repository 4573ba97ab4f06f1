//! The protocol's downloads (scanner-pipeline, section 11): an uploaded file by its token or a permitted account, a
//! version's file and its source package by a permitted account alone.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::ArtifactKey;
use domain::catalogue::Permission;
use domain::link::LinkKind;
use domain::subject::SubjectName;
use store::row::RowsExt as _;
use store::search;
use store::table::{Find, Value};
use store::tables::{Artifact, LISTING_SUBJECT, Listing};

use super::auth;
use crate::api::{Params, Segments};
use crate::links;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

/// What is said of a file whose bytes are gone (section 11.1).
const GONE: &str = "upload path does not exist anymore";
/// The media type of all of them.
const BYTES: &str = "application/octet-stream";

/// `GET /uploads/file/{uuid}/?access_token={token}`
pub async fn upload(
    State(server): State<Server>,
    Segments(uuid): Segments<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = server.parts.store.salt().parse_uuid::<ArtifactKey>(&uuid);
    let artifact = match key {
        Some(key) => server.parts.store.read(move |rows| rows.load::<Artifact>(key.0)).await?,
        None => None,
    };
    let Some(artifact) = artifact else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let link = params.one("access_token").and_then(|token| links::known(&server, token, LinkKind::Artifact));
    if !may(&server, &headers, Permission::FileDownload).await {
        match link.filter(|link| link.thing == artifact.key.0) {
            Some(link) => links::still_wanted(&server, link).await?,
            None => return Ok(StatusCode::FORBIDDEN.into_response()),
        }
    }
    send(&server, &artifact, &headers).await
}

/// `GET /downloads/file/{version}/`: a version has one file, and is asked for by its own number.
pub async fn file(
    State(server): State<Server>,
    Segments(version): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    listed(&server, &version, "upload", Permission::FileDownload, &headers).await
}

/// `GET /downloads/source/{version}`
pub async fn source(
    State(server): State<Server>,
    Segments(version): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut response = listed(&server, &version, "source", Permission::SourceDownload, &headers).await?;
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

/// The artifact that a version listed last in a role. Whoever may not have it is not told whether it is there.
async fn listed(
    server: &Shared,
    version: &str,
    role: &'static str,
    needs: Permission,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    if !may(server, headers, needs).await {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let name = SubjectName { kind: "version".to_owned(), collection: String::new(), id: version.to_owned() };
    let found = server.parts.store.read(move |rows| {
        let Some(subject) = search::subject_by_name(rows, &name)? else { return Ok(None) };
        let all: Vec<Listing> = rows.all(&Find::equal(&LISTING_SUBJECT, vec![Value::Int(subject.key.0)]))?;
        // As in what the service was told: the one that was listed last.
        let newest = all.into_iter().rfind(|each| each.role == role);
        newest.map_or(Ok(None), |listing| rows.load::<Artifact>(listing.artifact.0))
    });
    match found.await? {
        Some(artifact) => send(server, &artifact, headers).await,
        None => Ok(StatusCode::NOT_FOUND.into_response()),
    }
}

async fn may(server: &Shared, headers: &HeaderMap, needs: Permission) -> bool {
    auth::account(server, headers).await.is_ok_and(|account| auth::permitted(&account, needs))
}

async fn send(server: &Shared, artifact: &Artifact, headers: &HeaderMap) -> Result<Response, Problem> {
    let (of, now) = (artifact.clone(), server.now());
    if !server.parts.store.read(move |rows| search::is_kept(rows, &of, now)).await? {
        return Ok((StatusCode::GONE, GONE).into_response());
    }
    let blobs = server.parts.blobs.clone();
    let digest = artifact.sha256;
    let is_there = tokio::task::spawn_blocking(move || blobs.len(digest)).await;
    match is_there.map_err(|_| Problem::new(&problem::INTERNAL, "reading was interrupted"))? {
        Err(artifacts::BlobError::Missing(_)) => return Ok((StatusCode::GONE, GONE).into_response()),
        other => other?,
    };
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    links::blob(server, digest, BYTES, &artifact.name, range).await
}
