//! An evidence's file, and a small picture of it.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use domain::content::ContentType;
use domain::content::look::Look;
use http::{HeaderMap, header};
use store::tables::Artifact;

use super::error::Refused;
use super::evidence;
use super::path::Named;
use super::rights::{self, Evidence, Needs};
use super::signed::Signed;
use crate::links;
use crate::preview::PreviewError;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

/// What is said of every file: browsers are not to guess, and programs look at the bytes.
const BYTES: &str = "application/octet-stream";

/// `GET /api/operations/{slug}/evidence/{uuid}/media`
pub async fn media(
    State(server): State<Server>,
    Named((slug, uuid)): Named<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Read).await?;
    let file = file(&server, &found).await?;
    send(&server, &file, &signed.headers).await
}

/// `GET /api/operations/{slug}/evidence/{uuid}/preview`
pub async fn preview(
    State(server): State<Server>,
    Named((slug, uuid)): Named<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Read).await?;
    let file = file(&server, &found).await?;
    if found.said.content_type != ContentType::Image {
        return send(&server, &file, &signed.headers).await;
    }
    let (blobs, digest) = (server.parts.blobs.clone(), file.sha256);
    let image = tokio::task::spawn_blocking(move || blobs.file(digest)).await??;
    match server.previewer().preview(Look::Preview, &file.name, digest, image).await {
        Ok(preview) => {
            let length = preview.len() as u64;
            Ok(links::attachment(Body::from(preview), length, "image/png", "preview.png"))
        }
        Err(why @ PreviewError::Unfit(_)) => Err(Refused::bad(why.to_string())),
        Err(PreviewError::Busy) => Err(Problem::new(&problem::UNAVAILABLE, "").into()),
        Err(why @ PreviewError::Failed(_)) => Err(Refused::internal(why)),
    }
}

async fn send(server: &Shared, file: &Artifact, headers: &HeaderMap) -> Result<Response, Refused> {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    Ok(links::blob(server, file.sha256, BYTES, &file.name, range).await?)
}

async fn file(server: &Shared, found: &Evidence) -> Result<Artifact, Refused> {
    let subject = found.subject.clone();
    let file = server.parts.store.read(move |rows| evidence::file(rows, &subject)).await?;
    file.ok_or(Refused::NotFound)
}
