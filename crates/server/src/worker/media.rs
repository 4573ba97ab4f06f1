//! An evidence's file, and a small picture of it.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::content::ContentType;
use domain::subject::Subject;
use http::{HeaderMap, header};
use store::row::RowsExt as _;
use store::table::{Find, Value as Cell};
use store::tables::{Artifact, LISTING_SUBJECT, Listing};

use super::error::Refused;
use super::evidence::{MEDIA, Said};
use super::rights::{self, Needs};
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
    Path((slug, uuid)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Read).await?;
    let file = file(&server, &found.subject).await?;
    send(&server, &file, &signed.headers).await
}

/// `GET /api/operations/{slug}/evidence/{uuid}/preview`
pub async fn preview(
    State(server): State<Server>,
    Path((slug, uuid)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Read).await?;
    let file = file(&server, &found.subject).await?;
    if Said::of(&found.subject).content_type != ContentType::Image.word() {
        return send(&server, &file, &signed.headers).await;
    }
    let (blobs, digest) = (server.parts.blobs.clone(), file.sha256);
    let image = tokio::task::spawn_blocking(move || blobs.file(digest)).await??;
    match server.previewer().preview(image).await {
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

/// The newest file of an evidence.
async fn file(server: &Shared, subject: &Subject) -> Result<Artifact, Refused> {
    let find = Find::equal(&LISTING_SUBJECT, vec![Cell::Int(subject.key.0)]);
    let found = server.parts.store.read(move |rows| {
        let listed: Vec<Listing> = rows.all(&find)?;
        let newest = listed.into_iter().rfind(|each| each.role == MEDIA);
        newest.map_or(Ok(None), |listing| rows.load::<Artifact>(listing.artifact.0))
    });
    found.await?.ok_or(Refused::NotFound)
}
