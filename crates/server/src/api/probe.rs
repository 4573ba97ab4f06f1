//! Testing a service: one signed message of its profile, and what its answer says.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use domain::catalogue::{Header, Service};
use domain::envelope::{Envelope, seal, with_configured};
use domain::event::{Event, Provenance};
use domain::outcome::{Outcome, Response};
use domain::profile::worker::{self, Live};
use domain::profile::{self, Ask, ProfileKind, Told};
use domain::{EventKey, RunKey, Timestamp, limits};
use egress::{AllowedNetwork, Outgoing, Policy, Sent};
use http::{Method, header};
use serde_json::{Value, json};
use verify::sign::SigningKey;
use zeroize::Zeroizing;

use super::extract::Segments;
use super::services::{find_any, opened};
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use store::seal::of;

/// The type of the message; services need not know it.
const TYPE: &str = "countersign.test";

pub async fn test(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let Live { live, message } = ask(&server, &id).await?;
    Ok(Json(json!({ "live": live, "message": message })))
}

/// Sends a service a test message, and answers what became of it.
///
/// # Errors
/// When there is no such service, or its secrets cannot be used.
pub(crate) async fn ask(server: &Shared, id: &str) -> Result<Live, Problem> {
    let catalogue = server.parts.store.catalogue();
    let service = find_any(server, &catalogue, id)?;
    let outgoing = message(server, service)?;
    let outcome = outcome(server.parts.egress.send(outgoing).await, service);
    if service.profile == ProfileKind::Worker {
        return Ok(worker::test_read(&outcome));
    }
    let answer = profile::read(service, &outcome, server.now());
    let said = answer.text().map(|text| format!(": {text}")).unwrap_or_default();
    Ok(Live { live: answer.healthy(), message: format!("{}{said}", answer.word()) })
}

fn message(server: &Shared, service: &Service) -> Result<Outgoing, Problem> {
    let now = server.now();
    let secret = opened(server, service)?;
    let told = told(now);
    let ask = Ask {
        service,
        secret: secret.as_deref(),
        told: &told,
        event_id: &server.show(told.event.key),
        artifacts: &[],
        others: &[],
        event_form: None,
        variables: &[],
        call_id: call_id(server),
        public_url: &server.parts.settings.public_url,
        scanner_result_url: &server.parts.settings.public_url,
        result_url: &server.parts.settings.public_url,
        body_url: &server.parts.settings.public_url,
        deadline: now.after(limits::ATTEMPT),
    };
    let request = match service.profile {
        ProfileKind::Worker => worker::test_message(),
        kind @ (ProfileKind::Scanner | ProfileKind::Standard) => (profile::of(kind).request)(&ask),
    };
    let keys = signing_keys(server, service)?;
    let envelope = Envelope {
        webhook_id: &server.show(RunKey(told.event.key.0)),
        attempt: 1,
        deadline: ask.deadline,
        keys: &keys,
        user_agent: &server.parts.settings.user_agent,
        trace: server.nonce(),
        now,
    };
    let (headers, body) = seal(&envelope, request);
    let configured = configured_headers(server, service)?;
    Ok(Outgoing {
        method: Method::POST,
        url: service.url.clone(),
        headers: with_configured(headers, &configured),
        body: Bytes::from(body),
        policy: Arc::new(policy(server, service)?),
        connect_within: service.attempt,
        answer_within: service.attempt,
        answer_bytes_max: limits::ANSWER_BYTES_MAX,
    })
}

fn call_id(server: &Shared) -> [u8; 16] {
    let mut id = [0; 16];
    server.parts.random.fill(&mut id);
    id
}

/// The event of the message. It is sent and never recorded.
fn told(now: Timestamp) -> Told {
    let event = Event {
        key: EventKey(now.milliseconds() << 12),
        receipt: None,
        kind: TYPE.to_owned(),
        subject: None,
        artifact: None,
        provenance: Provenance::Internal,
        hops: 0,
        cause: None,
        delivery: None,
        data: None,
        snapshot: None,
        at: now,
    };
    Told { event, subject: None, artifacts: Vec::new(), others: Vec::new(), body: None, has_body: false }
}

fn signing_keys(server: &Shared, service: &Service) -> Result<Vec<SigningKey>, Problem> {
    let of = of::service_signing(&service.name);
    let unusable = || Problem::new(&problem::CONFLICT, "a signing secret of the service cannot be used");
    let key = |sealed| {
        let text = server.parts.seal.open(sealed, &of).map_err(|_| unusable())?;
        SigningKey::read(&text).map_err(|_| unusable())
    };
    service.signing.iter().map(key).collect()
}

fn configured_headers(server: &Shared, service: &Service) -> Result<Vec<(String, Zeroizing<String>)>, Problem> {
    let open = |header: &Header| {
        let opened = server.parts.seal.open(&header.value, &of::service_header(&service.name, &header.name));
        let unusable = |_| Problem::new(&problem::CONFLICT, "a header of the service cannot be used; give it anew");
        Ok((header.name.clone(), opened.map_err(unusable)?))
    };
    service.headers.iter().map(open).collect()
}

fn policy(server: &Shared, service: &Service) -> Result<Policy, Problem> {
    let networks = service.allow_networks.iter().map(|text| text.parse::<AllowedNetwork>());
    let networks: Vec<_> = networks.collect::<Result<_, _>>().map_err(|why| Problem::invalid(why.to_string()))?;
    Ok(Policy::new(networks, &server.parts.settings.own_listeners))
}

fn outcome(sent: Sent, service: &Service) -> Outcome {
    match sent {
        Sent::Answered { status, headers, body, connected } => {
            let retry_after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = retry_after.map(str::to_owned);
            Outcome::Answered(Response { status, retry_after, connected: Some(connected), body: body.to_vec() })
        }
        Sent::TooLarge { status } => Outcome::TooLarge { status },
        Sent::Refused(why) => Outcome::Refused(why.to_string()),
        Sent::Unreachable(why) => Outcome::Unreachable(why),
        Sent::TimedOut => Outcome::TimedOut(service.attempt),
    }
}
