//! One request to a source, from its head to its answer.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::Timestamp;
use domain::event::Provenance;
use domain::time::show_span;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use verify::certificate::Certificate;
use verify::provider::Provider;
use verify::receive::{Endpoint, Head, Outcome, Reason, Refusal, Reply};

use super::aspnet;
use super::believed::{self, Believed, Kept};
use super::caller::Caller;
use super::certificates::NotFound;
use super::endpoints::{Found, Limits, Ready, provider_named};
use super::handshake;
use super::quarantine::{self, Refused};
use super::rates;
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::timings::Took;

/// The id of the receipt, in the answer.
const RECEIPT: &str = "countersign-receipt";
/// The id of the first event, in the answer.
const EVENT: &str = "countersign-event";

/// Answers every request that no other route takes: those to sources, and those to nothing.
pub async fn incoming(State(server): State<Server>, request: Request<Body>) -> Response {
    let begun = Instant::now();
    let now = server.now();
    let (head, body) = request.into_parts();
    let prepared = server.prepared(now);
    match prepared.find(head.uri.path()) {
        None => Problem::no_such("path", head.uri.path()).into_response(),
        Some(Err(reason)) => {
            let detail = "the path names no source of this gateway".to_owned();
            refuse(&server, &Refusal { reason, detail }, &head, now).await
        }
        Some(Ok(Found::Source(Ready { key, endpoint: None, .. }))) => {
            let detail = "the source has no usable secret".to_owned();
            tracing::error!(source = key.0, "a request was refused: the source has no usable secret");
            refuse(&server, &Refusal { reason: Reason::Misconfigured, detail }, &head, now).await
        }
        Some(Ok(Found::Source(Ready { key, endpoint: Some(endpoint), verifier, limits }))) => {
            let arrived = Arrived { source: *key, endpoint, verifier: verifier.as_deref(), head: &head, now };
            if let Some(refused) = arrived.limited(&server, limits).await {
                return refused;
            }
            timed(&server, begun, arrived.judge(&server, body).await)
        }
        Some(Ok(Found::Aspnet(sources))) => {
            let arrived = aspnet::Arrived { sources, head: &head, now };
            timed(&server, begun, arrived.judge(&server, body).await)
        }
    }
}

fn timed(server: &Shared, begun: Instant, response: Response) -> Response {
    if response.status().is_success() {
        server.metrics.accepted_within(begun.elapsed());
    }
    response
}

/// A request whose source is known.
struct Arrived<'a> {
    source: domain::SourceKey,
    endpoint: &'a Endpoint,
    verifier: Option<&'a Path>,
    head: &'a Parts,
    now: Timestamp,
}

impl Arrived<'_> {
    /// The answer, if the source does not even look at the request: too many, or over plain HTTP.
    async fn limited(&self, server: &Shared, limits: &Limits) -> Option<Response> {
        let caller = Caller::of(self.head, &server.parts.settings.trusted_proxies);
        if let Some(rate) = limits.rate
            && !server.rates.admits(self.source, rate, caller.address, self.now)
        {
            server.metrics.refused(problem::TOO_MANY_REQUESTS.code);
            let (requests, span) = (rate.requests, show_span(Duration::from_secs(rate.per_s)));
            let detail = format!("the source takes {requests} requests in {span} from one address");
            let mut response = Problem::new(&problem::TOO_MANY_REQUESTS, detail).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(rates::wait_s(rate)));
            return Some(response);
        }
        if limits.require_https && !caller.is_https {
            let detail = "expected a request over https, as the source wants it, found one over plain HTTP".to_owned();
            return Some(self.refuse(server, &Refusal { reason: Reason::NotHttps, detail }, None).await);
        }
        None
    }

    async fn judge(&self, server: &Shared, body: Body) -> Response {
        let url = url(server, self.head);
        let headers = pairs(self.head);
        let head = Head { method: self.head.method.as_str(), url: &url, headers: &headers };
        let now_s = self.now.seconds();
        let began = Instant::now();
        if let Err(refusal) = self.endpoint.look(&head, now_s) {
            return self.refuse(server, &refusal, None).await;
        }
        let looked = began.elapsed();
        let body = match super::read_body(body, self.endpoint.body_bytes_max()).await {
            Ok(body) => body,
            Err(problem) => return problem.into_response(),
        };
        let network = began.elapsed().saturating_sub(looked);
        let certificate = match certificate(server, self.endpoint, &head, &body, self.now).await {
            Ok(certificate) => certificate,
            Err(NotFound::Untrusted(detail)) => {
                let refusal = Refusal { reason: Reason::UntrustedCertificate, detail };
                return self.refuse(server, &refusal, Some(&body)).await;
            }
            Err(NotFound::Unreachable(why)) => {
                server.metrics.failed.inc();
                let detail = format!("the certificate that the request names could not be fetched: {why}");
                return Problem::new(&problem::SENDER_UNREACHABLE, detail).into_response();
            }
        };
        let outcome = match self.verifier {
            None => self.endpoint.receive_with(&head, &body, now_s, certificate.as_deref()),
            Some(verifier) => match self.vouched(server, verifier, &head, &body).await {
                Ok(outcome) => outcome,
                Err(problem) => {
                    server.metrics.failed.inc();
                    return problem.into_response();
                }
            },
        };
        let accepted = match outcome {
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
        let verify = Some(began.elapsed().saturating_sub(network));
        let believed = Believed {
            source: self.source,
            provenance: self.verifier.map_or(Provenance::Signed(self.source), |_| Provenance::External),
            credential_headers: &self.endpoint.provider().credential.headers(),
            window_s: self.endpoint.window_s(),
            headers: &self.head.headers,
            now: self.now,
            took: Took { network, verify, ..Took::default() },
            released: None,
        };
        match believed::keep(server, &believed, accepted, body).await {
            Ok(kept) => receipted(answer(reply), server, kept),
            Err(problem) => {
                server.metrics.failed.inc();
                problem.into_response()
            }
        }
    }

    /// What becomes of the request by the word of the program that knows the secret.
    async fn vouched(
        &self,
        server: &Shared,
        verifier: &Path,
        head: &Head<'_>,
        body: &[u8],
    ) -> Result<Outcome, Problem> {
        let claim = match self.endpoint.unverified_claim(head, body) {
            Ok(Some(claim)) => claim,
            Ok(None) => return Ok(Outcome::Refuse(self.endpoint.unvouched())),
            Err(refusal) => return Ok(Outcome::Refuse(refusal)),
        };
        Ok(if server.verifiers.ask(verifier, &claim).await? {
            self.endpoint.receive_vouched(head, body)
        } else {
            Outcome::Refuse(self.endpoint.unvouched())
        })
    }

    async fn refuse(&self, server: &Shared, refusal: &Refusal, body: Option<&Bytes>) -> Response {
        let provider = self.endpoint.provider();
        let refused = Refused {
            source: Some(self.source),
            credential_headers: &provider.credential.headers(),
            credential_queries: &provider.credential_queries(),
            refusal,
            head: self.head,
            body,
            now: self.now,
        };
        keep(server, &refused).await;
        let mut response = Problem::from(refusal).into_response();
        if let Ok(status) = StatusCode::from_u16(provider.status(refusal.reason)) {
            *response.status_mut() = status;
        }
        response
    }
}

/// The certificate that a request is judged by, if it needs one. A request that no certificate helps has none.
pub(super) async fn certificate(
    server: &Shared,
    endpoint: &Endpoint,
    head: &Head<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<Option<Arc<dyn Certificate>>, NotFound> {
    match endpoint.unverified_certificate(head, body) {
        Ok(Some(address)) => server.certificates.find(server, &address, now).await.map(Some),
        Ok(None) | Err(_) => Ok(None),
    }
}

/// Refuses what no source could judge.
async fn refuse(server: &Shared, refusal: &Refusal, head: &Parts, now: Timestamp) -> Response {
    // A credential may stand in it all the same: a mistyped id is still that of a known provider.
    let provider = provider_named(head.uri.path(), &server.parts.settings.providers);
    let refused = Refused {
        source: None,
        credential_headers: &provider.map(|provider| provider.credential.headers()).unwrap_or_default(),
        credential_queries: &provider.map(Provider::credential_queries).unwrap_or_default(),
        refusal,
        head,
        body: None,
        now,
    };
    keep(server, &refused).await;
    Problem::from(refusal).into_response()
}

/// The URL as senders know it. HTTP/2 and proxies name a host of their own, which does not count.
pub(super) fn url(server: &Shared, head: &Parts) -> String {
    let path = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    format!("{}{path}", server.parts.settings.public_url)
}

/// Counts a refused request and keeps it, within bounds.
pub(super) async fn keep(server: &Shared, refused: &Refused<'_>) {
    let Refused { refusal, head, .. } = refused;
    server.metrics.refused(refusal.reason.code());
    tracing::debug!(path = head.uri.path(), reason = refusal.reason.code(), detail = %refusal.detail, "refused");
    quarantine::keep(server, refused).await;
}

/// The names and values of the headers.
pub(super) fn pairs(head: &Parts) -> Vec<(&str, &[u8])> {
    head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// An answer as HTTP has it.
pub(super) fn answer(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    match reply.content_type.map(HeaderValue::try_from) {
        Some(Ok(kind)) => drop(response.headers_mut().insert(header::CONTENT_TYPE, kind)),
        Some(Err(_)) => tracing::warn!("an answer's content type cannot be sent"),
        None => {}
    }
    for (name, value) in reply.headers {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => drop(response.headers_mut().insert(name, value)),
            _ => tracing::warn!(name, "a handshake's header cannot be sent back"),
        }
    }
    response
}

/// Names what was recorded in the answer.
pub(super) fn receipted(mut response: Response, server: &Shared, kept: Kept) -> Response {
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
