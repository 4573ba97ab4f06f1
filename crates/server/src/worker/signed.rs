//! Who calls: the account whose key signed the whole request (event-workers, section 9).

use artifacts::{Content, Spool, Spooled};
use axum::body::Body;
use axum::extract::FromRequest;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::CredentialKey;
use domain::catalogue::Account;
use http::request::Parts;
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use store::seal::of;
use tokio::time::{Instant, timeout_at};
use tokio_util::io::ReaderStream;
use verify::account::{PresentedRequest, RequestKey, RequestRefusal};

use super::error::Refused;
use crate::problem::{self, Problem};
use crate::receive::patience;
use crate::server::{Server, Shared};

/// So much of a body is gathered before it is handed to a thread that may wait for the disk.
const CHUNK_BYTES: usize = 256 * 1024;
/// A JSON document is at most so large.
const JSON_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A believed request.
pub struct Signed {
    /// Whose key signed it.
    pub account: Account,
    /// Its head.
    pub headers: HeaderMap,
    body: Spooled,
}

impl FromRequest<Server> for Signed {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, server: &Server) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        judge(server, head, body).await.map_err(IntoResponse::into_response)
    }
}

impl Signed {
    /// The body as bytes, where it is a document.
    pub async fn document(self) -> Result<Vec<u8>, Refused> {
        if JSON_BYTES_MAX < self.body.size {
            return Err(too_large(JSON_BYTES_MAX));
        }
        match self.body.content {
            Content::Memory(memory) => Ok(memory),
            Content::File(mut file) => {
                let read = move || {
                    let mut bytes = Vec::new();
                    std::io::Read::read_to_end(&mut file, &mut bytes).map(|_| bytes)
                };
                tokio::task::spawn_blocking(read).await?.map_err(Refused::internal)
            }
        }
    }

    /// The account, and the body: the bytes that were signed.
    pub fn into_body(self) -> (Account, HeaderMap, Body) {
        let body = match self.body.content {
            Content::Memory(memory) => Body::from(memory),
            Content::File(file) => {
                Body::from_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES))
            }
        };
        (self.account, self.headers, body)
    }
}

/// Judges a request. Every refusal is told alike; the log has the reason.
async fn judge(server: &Shared, head: Parts, body: Body) -> Result<Signed, Refused> {
    let refused = |why: RequestRefusal| {
        tracing::info!(path = head.uri.path(), reason = %why, "a signed request was refused");
        Refused::Unauthorized
    };
    let value = |name| head.headers.get(name).map(http::HeaderValue::as_bytes);
    let now_s = server.now().seconds();
    let presented =
        PresentedRequest::read(value(header::DATE), value(header::AUTHORIZATION), now_s).map_err(refused)?;
    let known = key(server, presented.unverified_access_key());
    // Whoever has no key in force gets no room on our disk.
    let in_force = known.as_ref().filter(|(account, _)| account.active);
    let room = in_force.map(|(account, _)| server.rooms.take(account.key).ok_or_else(too_many)).transpose()?;
    let body = read(server, body, room.is_some()).await?;
    let target = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let (account, key) = known.unzip();
    let (key, by) = key.unzip();
    presented.verify(head.method.as_str(), target, &body.sha256, key.as_ref()).map_err(refused)?;
    match account {
        Some(account) if account.active => {
            server.logged_in(account.key, by).await;
            Ok(Signed { account, headers: head.headers, body })
        }
        _ => Err(refused(RequestRefusal::Disabled)),
    }
}

/// The account that an access key belongs to, its secret and its own key.
fn key(server: &Shared, name: &str) -> Option<(Account, (RequestKey, CredentialKey))> {
    let catalogue = server.parts.store.catalogue();
    let (account, key) = catalogue.access_key(name)?;
    let opened = server.parts.seal.open(&key.secret, &of::account_access(account.number));
    let opened = opened.map_err(|why| why.to_string());
    match opened.and_then(|secret| RequestKey::read(&secret).map_err(|why| why.to_string())) {
        Ok(secret) => Some((account.clone(), (secret, key.key))),
        Err(why) => {
            tracing::error!(account = account.name, key = key.name, %why, "a signed request cannot be judged");
            None
        }
    }
}

/// Reads the whole body and hashes it; keeps it or not.
async fn read(server: &Shared, mut body: Body, keep: bool) -> Result<Spooled, Refused> {
    let bytes_max = server.parts.settings.upload_bytes_max();
    let begun = Instant::now();
    let mut intake = if keep { Intake::Kept(server.parts.blobs.spool()) } else { Intake::Hashed(Default::default()) };
    let mut received = 0_u64;
    let mut chunk = bytes::BytesMut::new();
    loop {
        let frame = timeout_at(begun + patience(received), body.frame()).await;
        let frame = frame.map_err(|_| Problem::new(&problem::TOO_SLOW, "the body came too slowly"))?.transpose();
        let frame = frame.map_err(|_| Problem::new(&problem::BROKEN, "the connection broke off in the body"))?;
        let ended = frame.is_none();
        let data = frame.and_then(|frame| frame.into_data().ok()).unwrap_or_default();
        received += data.len() as u64;
        if bytes_max < received {
            return Err(too_large(bytes_max));
        }
        chunk.extend_from_slice(&data);
        if chunk.len() < CHUNK_BYTES && !ended {
            continue;
        }
        let full = chunk.split().freeze();
        intake = intake.taking(full).await?;
        if ended {
            return intake.finish(received);
        }
    }
}

fn too_many() -> Refused {
    Problem::new(&problem::UNAVAILABLE, "too many requests of this account arrive at once").into()
}

fn too_large(bytes_max: u64) -> Refused {
    Problem::new(&problem::TOO_LARGE, format!("expected a body of at most {bytes_max} bytes, found more")).into()
}

/// Where a body goes.
enum Intake {
    Kept(Spool),
    Hashed(sha2::Sha256),
}

impl Intake {
    async fn taking(self, bytes: Bytes) -> Result<Self, Refused> {
        match self {
            Intake::Kept(mut spool)
                if (spool.size() as usize).saturating_add(bytes.len()) <= artifacts::MEMORY_BYTES_MAX =>
            {
                spool.write(&bytes)?;
                Ok(Intake::Kept(spool))
            }
            Intake::Kept(mut spool) => {
                let write = move || spool.write(&bytes).map(|()| spool);
                Ok(Intake::Kept(tokio::task::spawn_blocking(write).await??))
            }
            Intake::Hashed(mut hasher) => {
                sha2::Digest::update(&mut hasher, &bytes);
                Ok(Intake::Hashed(hasher))
            }
        }
    }

    fn finish(self, size: u64) -> Result<Spooled, Refused> {
        match self {
            Intake::Kept(spool) => Ok(spool.finish()?),
            Intake::Hashed(hasher) => {
                let sha256 = sha2::Digest::finalize(hasher).into();
                Ok(Spooled { sha256, size, content: Content::Memory(Vec::new()) })
            }
        }
    }
}
