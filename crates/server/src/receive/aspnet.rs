//! One request to the receivers of ASP.NET Core WebHooks: they judge it together, since even an id that none of them has
//! is answered in their own way, and their answers go out to the letter.

use std::time::Instant;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::Timestamp;
use domain::event::Provenance;
use http::request::Parts;
use verify::aspnet::{Outcome, Route, find};
use verify::receive::{Accepted, Head};

use super::believed::{self, Believed};
use super::endpoints::AspnetSources;
use super::incoming::{answer, keep, pairs, receipted, url};
use super::quarantine::Refused;
use crate::problem::{self, Problem};
use crate::server::Shared;
use crate::timings::Took;

/// A request whose path names such a receiver.
pub struct Arrived<'a> {
    /// Their sources.
    pub sources: &'a AspnetSources,
    /// Its head.
    pub head: &'a Parts,
    /// When it arrived.
    pub now: Timestamp,
}

impl Arrived<'_> {
    /// Judges it, records what is believed, and answers.
    pub async fn judge(&self, server: &Shared, body: Body) -> Response {
        let url = url(server, self.head);
        let headers = pairs(self.head);
        let head = Head { method: self.head.method.as_str(), url: &url, headers: &headers };
        let began = Instant::now();
        if let Some(outcome) = self.sources.receivers.look(&head) {
            return self.follow(server, outcome, None, Took::default()).await;
        }
        let looked = began.elapsed();
        let receiver = self.route().and_then(|route| find(&route.receiver));
        let bytes_max = receiver.map_or(0, |receiver| receiver.body_bytes_max);
        match super::read_body(body, bytes_max).await {
            Ok(body) => {
                let network = began.elapsed().saturating_sub(looked);
                let outcome = self.sources.receivers.receive(&head, &body);
                let verify = Some(began.elapsed().saturating_sub(network));
                self.follow(server, outcome, Some(body), Took { network, verify, ..Took::default() }).await
            }
            Err(problem) => problem.into_response(),
        }
    }

    async fn follow(&self, server: &Shared, outcome: Outcome, body: Option<Bytes>, took: Took) -> Response {
        match outcome {
            Outcome::Accept(accepted) => {
                self.record(server, accepted, body.unwrap_or_default(), took).await.unwrap_or_else(|problem| {
                    server.metrics.failed.inc();
                    problem.into_response()
                })
            }
            Outcome::Answer(reply) => {
                server.metrics.replied.inc();
                answer(reply)
            }
            Outcome::Refuse { refusal, reply } => {
                let route = self.route();
                let receiver = route.as_ref().and_then(|route| find(&route.receiver));
                let refused = Refused {
                    source: route.and_then(|route| self.sources.key(&route.receiver, &route.id)),
                    credential_headers: &receiver.map(verify::aspnet::Receiver::credential_headers).unwrap_or_default(),
                    credential_queries: &[],
                    refusal: &refusal,
                    head: self.head,
                    body: body.as_ref(),
                    now: self.now,
                };
                keep(server, &refused).await;
                answer(reply)
            }
        }
    }

    fn route(&self) -> Option<Route> {
        Route::of(self.head.uri.path())
    }

    async fn record(
        &self,
        server: &Shared,
        accepted: verify::aspnet::Accepted,
        body: Bytes,
        took: Took,
    ) -> Result<Response, Problem> {
        let receiver = accepted.receiver;
        let source = self.sources.key(receiver.name, &accepted.id).ok_or_else(|| {
            tracing::error!(receiver = receiver.name, id = accepted.id, "a believed request belongs to no source");
            Problem::new(&problem::INTERNAL, "the request belongs to no source")
        })?;
        let believed = Believed {
            source,
            provenance: Provenance::Signed(source),
            credential_headers: &receiver.credential_headers(),
            window_s: None,
            headers: &self.head.headers,
            now: self.now,
            took,
            released: None,
        };
        let accepted = Accepted::from(accepted);
        let reply = accepted.reply.clone();
        let kept = believed::keep(server, &believed, accepted, body).await?;
        Ok(receipted(answer(reply), server, kept))
    }
}
