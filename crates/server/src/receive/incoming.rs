//! One request to a source, from its head to its answer.

use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::Timestamp;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use verify::receive::{Endpoint, Head, Outcome, Reason, Refusal, Reply};

use super::believed::{self, Believed, Kept};
use super::endpoints::Ready;
use super::handshake;
use super::quarantine::{self, Refused};
use crate::problem::Problem;
use crate::server::{Server, Shared};

/// The id of the receipt, in the answer.
const RECEIPT: &str = "countersign-receipt";
/// The id of the first event, in the answer.
const EVENT: &str = "countersign-event";

/// Answers every request that no other route takes: those to sources, and those to nothing.
pub async fn incoming(State(server): State<Server>, request: Request<Body>) -> Response {
    let begun = Instant::now();
    let now = server.now();
    let (head, body) = request.into_parts();
    let prepared = server.endpoints.of(&server.parts.store.catalogue(), &server.parts.seal);
    match prepared.find(head.uri.path()) {
        None => Problem::no_such("path", head.uri.path()).into_response(),
        Some(Err(reason)) => {
            let detail = "the path names no source of this gateway".to_owned();
            refuse(&server, None, &Refusal { reason, detail }, &head, None, now).await
        }
        Some(Ok(Ready { key, endpoint: None })) => {
            let detail = "the source has no usable secret".to_owned();
            let refusal = Refusal { reason: Reason::Misconfigured, detail };
            tracing::error!(source = key.0, "a request was refused: the source has no usable secret");
            refuse(&server, None, &refusal, &head, None, now).await
        }
        Some(Ok(Ready { key, endpoint: Some(endpoint) })) => {
            let arrived = Arrived { source: *key, endpoint, head: &head, now };
            let response = arrived.judge(&server, body).await;
            if response.status().is_success() {
                server.metrics.accepted_within(begun.elapsed());
            }
            response
        }
    }
}

/// A request whose source is known.
struct Arrived<'a> {
    source: domain::SourceKey,
    endpoint: &'a Endpoint,
    head: &'a Parts,
    now: Timestamp,
}

impl Arrived<'_> {
    async fn judge(&self, server: &Shared, body: Body) -> Response {
        let Parts { method, uri, headers, .. } = self.head;
        let url = format!("{}{uri}", server.parts.settings.public_url);
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let head = Head { method: method.as_str(), url: &url, headers: &headers };
        let now_s = self.now.seconds();
        if let Err(refusal) = self.endpoint.look(&head, now_s) {
            return self.refuse(server, &refusal, None).await;
        }
        let body = match super::read_body(body, self.endpoint.body_bytes_max()).await {
            Ok(body) => body,
            Err(problem) => return problem.into_response(),
        };
        let accepted = match self.endpoint.receive(&head, &body, now_s) {
            Outcome::Accept(accepted) => accepted,
            Outcome::Reply { reply, effect } => {
                server.metrics.replied.inc();
                return match handshake::follow(server, self.source, effect, self.now).await {
                    Ok(()) => answer(reply),
                    Err(problem) => problem.into_response(),
                };
            }
            Outcome::Refuse(refusal) => return self.refuse(server, &refusal, Some(&body)).await,
        };
        let reply = accepted.reply.clone();
        let believed = Believed {
            source: self.source,
            credential: &self.endpoint.provider().credential,
            window_s: self.endpoint.window_s(),
            headers: &self.head.headers,
            now: self.now,
        };
        match believed::keep(server, &believed, accepted, body).await {
            Ok(kept) => receipted(answer(reply), server, kept),
            Err(problem) => {
                server.metrics.failed.inc();
                problem.into_response()
            }
        }
    }

    async fn refuse(&self, server: &Shared, refusal: &Refusal, body: Option<&Bytes>) -> Response {
        let provider = self.endpoint.provider();
        let source = Some((self.source, &provider.credential));
        let mut response = refuse(server, source, refusal, self.head, body, self.now).await;
        if let Ok(status) = StatusCode::from_u16(provider.status(refusal.reason)) {
            *response.status_mut() = status;
        }
        response
    }
}

async fn refuse(
    server: &Shared,
    source: Option<(domain::SourceKey, &verify::provider::Credential)>,
    refusal: &Refusal,
    head: &Parts,
    body: Option<&Bytes>,
    now: Timestamp,
) -> Response {
    server.metrics.refused(refusal.reason.code());
    tracing::debug!(path = head.uri.path(), reason = refusal.reason.code(), detail = %refusal.detail, "refused");
    quarantine::keep(server, &Refused { source, refusal, head, body, now }).await;
    Problem::from(refusal).into_response()
}

fn answer(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    if let Some(kind) = reply.content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in reply.headers {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => drop(response.headers_mut().insert(name, value)),
            _ => tracing::warn!(name, "a handshake's header cannot be sent back"),
        }
    }
    response
}

fn receipted(mut response: Response, server: &Shared, kept: Kept) -> Response {
    let headers = response.headers_mut();
    let receipt = kept.receipt.map(|key| server.show(key));
    let event = kept.event.map(|key| server.show(key));
    for (name, id) in [(RECEIPT, receipt), (EVENT, event)] {
        if let Some(value) = id.and_then(|id| HeaderValue::try_from(id).ok()) {
            headers.insert(name, value);
        }
    }
    response
}
