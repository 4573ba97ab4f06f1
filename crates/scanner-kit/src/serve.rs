//! The listening side: what is checked before a scanner sees a call.
//!
//! The head first, then the size, then the signature over the raw bytes; only what is proven is parsed. Nothing is
//! told to the unproven but that they are, and none of them keeps a connection: there are so many places, and only a
//! caller that has proven itself holds one for long.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Map, Value};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use verify::sign::{ScannerRefusal, scanner_authorization};

use crate::answer::{Answer, Failure, written};
use crate::call::Call;
use crate::refusal::Refusal;

/// The largest body that is read: 1 MiB, the protocol's own limit.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How long a connection has for the head of its first request, from anybody.
const FIRST_HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long a later head may take, and how long a connection may idle: longer than the gateway keeps one, so that no
/// call meets a connection that is just being closed. Only a proven call is followed by another.
const HEAD_WITHIN: Duration = Duration::from_secs(75);

/// How long a body may take: it is read before it is proven.
const BODY_WITHIN: Duration = Duration::from_secs(20);

/// More connections than this wait in the system's queue.
const CONNECTIONS_MAX: usize = 128;

/// After an error that closing a connection may mend, such as too many open files.
const REST: Duration = Duration::from_millis(50);

/// What a proxy that takes `Authorization` for itself sends instead; it goes before.
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-authorization");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amo-request-id");

/// Serves a scanner at this address. It ends only when dropped.
///
/// # Errors
/// When the address cannot be listened on, or the key is empty and would prove nothing.
pub async fn serve<H, F, A>(address: impl ToSocketAddrs, key: impl Into<String>, scan: H) -> io::Result<()>
where
    H: Fn(Call) -> F + Send + Sync + 'static,
    F: Future<Output = Result<A, Failure>> + Send + 'static,
    A: Into<Answer>,
{
    serve_on(TcpListener::bind(address).await?, key, scan).await
}

/// The same on a listener that is already bound.
///
/// # Errors
/// When the key is empty and would prove nothing.
pub async fn serve_on<H, F, A>(listener: TcpListener, key: impl Into<String>, scan: H) -> io::Result<()>
where
    H: Fn(Call) -> F + Send + Sync + 'static,
    F: Future<Output = Result<A, Failure>> + Send + 'static,
    A: Into<Answer>,
{
    let key: String = key.into();
    if key.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected the service's key, found an empty one"));
    }
    let scanner = Arc::new((key, scan));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let scanner = Arc::clone(&scanner);
        tokio::spawn(async move {
            let (key, scan) = &*scanner;
            connection(stream, key, scan).await;
            drop(place);
        });
    }
}

async fn connection<H, F, A>(stream: TcpStream, key: &str, scan: &H)
where
    H: Fn(Call) -> F,
    F: Future<Output = Result<A, Failure>>,
    A: Into<Answer>,
{
    let begun = Notify::new();
    let service = service_fn(|request| {
        begun.notify_one();
        async { Ok::<_, Infallible>(answered(request, key, scan).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = &mut serving => return,
        begun = timeout(FIRST_HEAD_WITHIN, begun.notified()) => if begun.is_err() { return },
    }
    // A caller that goes away or breaks the protocol ends its own connection and nothing else.
    let _ = serving.await;
}

async fn answered<H, F, A>(request: Request<Incoming>, key: &str, scan: &H) -> Response<Full<Bytes>>
where
    H: Fn(Call) -> F,
    F: Future<Output = Result<A, Failure>>,
    A: Into<Answer>,
{
    match received(request, key).await {
        Ok(call) => written(scan(call).await.map(Into::into)),
        Err(refusal) => refusal.written(),
    }
}

async fn received(request: Request<Incoming>, key: &str) -> Result<Call, Refusal> {
    let (head, body) = request.into_parts();
    check_head(&head.headers, body.size_hint().lower())?;
    let body = read(body).await?;
    prove(&head.headers, key, &body)?;
    accept(&head, body)
}

/// What can be refused before a byte of the body is read.
fn check_head(headers: &HeaderMap, body_bytes_min: u64) -> Result<(), Refusal> {
    if body_bytes_min > BODY_BYTES_MAX as u64 {
        return Err(Refusal::TooLarge);
    }
    match only(headers, &CONTENT_TYPE) {
        Some("application/json") => Ok(()),
        _ => Err(Refusal::ContentType),
    }
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    let reading = Limited::new(body, BODY_BYTES_MAX).collect();
    match timeout(BODY_WITHIN, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(why)) if why.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(_)) => Err(Refusal::Broken),
        Err(_) => Err(Refusal::TooSlow),
    }
}

fn prove(headers: &HeaderMap, key: &str, body: &[u8]) -> Result<(), Refusal> {
    let name = if headers.contains_key(FORWARDED) { FORWARDED } else { AUTHORIZATION };
    if headers.contains_key(&name) && only(headers, &name).is_none() {
        return Err(Refusal::Unproven(ScannerRefusal::UnsupportedScheme));
    }
    scanner_authorization(only(headers, &name), key, body).map_err(Refusal::Unproven)
}

/// What is left to check once the caller is known.
fn accept(head: &Parts, body: Bytes) -> Result<Call, Refusal> {
    if head.method != Method::POST {
        return Err(Refusal::Method);
    }
    if head.uri.path() != "/" {
        return Err(Refusal::Path);
    }
    let json = parse(&body)?;
    let is_id = |text: &&str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let request_id = only(&head.headers, &REQUEST_ID).filter(is_id).map(str::to_owned);
    Ok(Call { body, json, request_id })
}

/// What a body says. As in the protocol's other library, an empty one says nothing, and a byte order mark is passed
/// over.
fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let json: Value = serde_json::from_slice(text).map_err(|why| Refusal::NotJson(why.to_string()))?;
    if !(json.is_object() || json.is_array()) {
        return Err(Refusal::NotJson("found another JSON value".to_owned()));
    }
    Ok(json)
}

/// The header's value where it stands exactly once and is text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}
