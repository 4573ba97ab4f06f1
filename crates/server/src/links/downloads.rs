//! Downloads: exact bytes, as attachments that no browser runs.

use std::io::{Seek as _, SeekFrom};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use domain::event::Receipt;
use domain::expectation::Expectation;
use domain::link::{Link, LinkKind};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use store::row::RowsExt;
use store::search;
use store::tables::Artifact;
use tokio_util::io::ReaderStream;

use super::link;
use crate::api::Segments;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

pub async fn body(State(server): State<Server>, Segments(token): Segments<String>) -> Result<Response, Problem> {
    let link = link(&server, &token, LinkKind::Body)?;
    still_wanted(&server, link).await?;
    let receipt = server.parts.store.read(move |rows| rows.load::<Receipt>(link.thing)).await?;
    let receipt = receipt.ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the receipt is not kept any more"))?;
    receipt_body(&server, receipt).await
}

pub async fn artifact(
    State(server): State<Server>,
    Segments(token): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let link = link(&server, &token, LinkKind::Artifact)?;
    still_wanted(&server, link).await?;
    let artifact = server.parts.store.read(move |rows| rows.load::<Artifact>(link.thing)).await?;
    let artifact = artifact.ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the artifact is not kept any more"))?;
    if artifact.removed.is_some() {
        return Err(Problem::new(&problem::LINK_VOID, "the artifact has expired"));
    }
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    blob(&server, artifact.sha256, &artifact.content_type, &artifact.name, range).await
}

/// The exact bytes of a receipt, from its row or from the blobs.
pub(crate) async fn receipt_body(server: &Shared, receipt: Receipt) -> Result<Response, Problem> {
    let name = format!("{}.bin", server.show(receipt.key));
    match receipt.body {
        Some(body) => {
            let length = body.len() as u64;
            Ok(attachment(Body::from(body), length, "application/octet-stream", &name))
        }
        None => blob(server, receipt.digest, "application/octet-stream", &name, None).await,
    }
}

/// A link is void when what it was given for has ended: its expectation is over and no run of it is open.
pub(crate) async fn still_wanted(server: &Shared, link: Link) -> Result<(), Problem> {
    let wanted = server.parts.store.read(move |rows| {
        let expectation = rows.load::<Expectation>(link.expectation.0)?;
        expectation.map_or(Ok(false), |expectation| search::is_awaited(rows, &expectation))
    });
    if wanted.await? {
        return Ok(());
    }
    Err(Problem::new(&problem::LINK_VOID, "the answer that the link was given for is not awaited any more"))
}

/// A stored file, or the part of it that is asked for.
pub(crate) async fn blob(
    server: &Shared,
    digest: [u8; 32],
    kind: &str,
    name: &str,
    range: Option<&str>,
) -> Result<Response, Problem> {
    let blobs = server.parts.blobs.clone();
    let range = range.map(str::to_owned);
    let open = move || -> Result<_, artifacts::BlobError> {
        let size = blobs.len(digest)?;
        let mut file = blobs.file(digest)?;
        let part = range.as_deref().and_then(|text| part(text, size));
        if let Some((from, _)) = part {
            file.seek(SeekFrom::Start(from))?;
        }
        Ok((file, size, part))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    let (file, size, part) = opened.map_err(|_| Problem::new(&problem::INTERNAL, "reading was interrupted"))??;
    let length = part.map_or(size, |(from, to)| to - from + 1);
    let file = tokio::io::AsyncReadExt::take(tokio::fs::File::from_std(file), length);
    let mut response = attachment(Body::from_stream(ReaderStream::with_capacity(file, 64 * 1024)), length, kind, name);
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some((from, to)) = part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let value = HeaderValue::try_from(format!("bytes {from}-{to}/{size}"));
        response.headers_mut().extend(value.ok().map(|value| (header::CONTENT_RANGE, value)));
    }
    Ok(response)
}

/// The first and last byte of a single range; any other form is answered with the whole (RFC 9110, section 14.2).
fn part(range: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = size.checked_sub(1)?;
    let (from, to) = match (from, to) {
        ("", suffix) => (size.saturating_sub(suffix.parse().ok()?), last),
        (from, "") => (from.parse().ok()?, last),
        (from, to) => (from.parse().ok()?, to.parse::<u64>().ok()?.min(last)),
    };
    (from <= to).then_some((from, to))
}

/// No page of another origin may load it, not even as something that it only shows.
const OWN_PAGES_ALONE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// An answer that is saved and never shown: whatever it holds, no browser runs it under our name.
pub(crate) fn attachment(body: Body, length: u64, kind: &str, name: &str) -> Response {
    let mut response = Response::new(body);
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !r#""\/"#.contains(c) { c } else { '_' }).take(150).collect();
    let headers = response.headers_mut();
    let kind = HeaderValue::try_from(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let disposition = format!("attachment; filename=\"{plain}\"");
    headers.extend(HeaderValue::try_from(disposition).ok().map(|value| (header::CONTENT_DISPOSITION, value)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(OWN_PAGES_ALONE, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_single_range_is_cut_to_what_there_is_and_others_are_ignored() {
        assert_eq!(part("bytes=0-3", 10), Some((0, 3)));
        assert_eq!(part("bytes=4-", 10), Some((4, 9)));
        assert_eq!(part("bytes=-4", 10), Some((6, 9)));
        assert_eq!(part("bytes=8-99", 10), Some((8, 9)));
        for other in ["bytes=5-2", "bytes=0-1,3-4", "bytes=x-", "lines=0-1", "bytes=99-"] {
            assert_eq!(part(other, 10), None, "{other}");
        }
        assert_eq!(part("bytes=0-", 0), None);
    }
}
