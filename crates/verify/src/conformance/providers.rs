//! Requests of many providers, and what must become of each.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::provider::{self, Provider};
use crate::receive::{Accepted, Content, Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, Reply};
use crate::refusal::{Reason, Refusal};

use super::{ConformanceError, Row, parsed};

#[derive(Deserialize)]
struct Vector {
    id: String,
    provider: String,
    profile: String,
    scope: String,
    clock: i64,
    secrets: Vec<String>,
    config: Config,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    body_encoding: String,
    expect: Expect,
}

#[derive(Deserialize)]
struct Config {
    public_url: Option<String>,
    tolerance_seconds: Option<u64>,
    #[serde(default)]
    keys: BTreeMap<String, String>,
    verify_token: Option<String>,
    #[serde(default)]
    allowed_origins: Vec<String>,
    allowed_rate: Option<u32>,
    #[serde(default)]
    awaiting_handshake: bool,
    topic_arn: Option<String>,
}

#[derive(Deserialize)]
struct Expect {
    verdict: String,
    reason: Option<String>,
    events: Option<Vec<String>>,
    status: Option<u16>,
    reply_body: Option<String>,
    reply_type: Option<String>,
    reply_headers: BTreeMap<String, String>,
    #[serde(default)]
    effect: Option<String>,
}

/// The vectors of a file of this kind.
pub(super) fn vectors(file: &Value) -> Option<&Vec<Value>> {
    let vectors = file.as_array()?;
    let members = ["provider", "profile", "expect"];
    let known = members.iter().all(|member| vectors.first().is_some_and(|first| !first[member].is_null()));
    known.then_some(vectors)
}

/// Runs one vector.
pub(super) fn run(at: usize, vector: &Value) -> Result<Row, ConformanceError> {
    let mut vector: Vector = parsed(at, vector)?;
    let provider = match supported(&vector) {
        Ok(provider) => provider,
        Err(unsupported) => return Ok(Row::new(&vector.id, vector.expect.words(), unsupported)),
    };
    if vector.profile == "aspnet" {
        vector.expect.leave_reply_open();
    }
    let got = vector.outcome(provider)?.words(provider, &vector.expect);
    Ok(Row::new(&vector.id, vector.expect.words(), got))
}

/// Which provider judges this vector; `Err` says what is not supported yet.
fn supported(vector: &Vector) -> Result<&'static Provider, String> {
    let known = provider::find(&vector.provider).ok_or("unsupported provider")?;
    let reason = vector.expect.reason.as_deref().and_then(Reason::from_code);
    let code_check = matches!(reason, Some(Reason::MissingCode | Reason::CodeMismatch));
    match vector.profile.as_str() {
        "modern" => Ok(known),
        "aspnet" if code_check && *known == provider::AZUREALERT => Ok(known),
        profile => Err(format!("unsupported profile {profile}")),
    }
}

impl Vector {
    fn outcome(&self, provider: &'static Provider) -> Result<Judged, ConformanceError> {
        let named = self.config.keys.iter().map(|(name, secret)| format!("{name}:{secret}"));
        let secrets = self.secrets.iter().cloned().chain(named).enumerate();
        let settings = EndpointSettings {
            provider,
            secrets: secrets.map(|(at, text)| (at.to_string(), text)).collect(),
            window_s: self.config.tolerance_seconds,
            public_url: self.config.public_url.clone(),
            handshake: HandshakeSettings {
                verify_token: self.config.verify_token.clone(),
                allowed_origins: self.config.allowed_origins.clone(),
                allowed_rate: self.config.allowed_rate,
                topic: self.config.topic_arn.clone(),
                awaited: self.config.awaiting_handshake,
            },
            subject: None,
        };
        let endpoint = match Endpoint::new(settings) {
            Ok(endpoint) => endpoint,
            Err(fault) => {
                let refusal = Refusal::new(Reason::Misconfigured, fault.to_string());
                return Ok(Judged::Whole(Outcome::Refuse(refusal)));
            }
        };
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let head = Head { method: &self.method, url: &self.url, headers: &headers };
        let body = self.body()?;
        if self.scope == "request" {
            return Ok(Judged::Whole(endpoint.receive(&head, &body, self.clock)));
        }
        let content = Content::new(provider, &head, &body);
        Ok(Judged::Step(endpoint.prove(&head, &content, self.clock).map(drop)))
    }

    fn body(&self) -> Result<Vec<u8>, ConformanceError> {
        match self.body_encoding.as_str() {
            "utf8" => Ok(self.body.clone().into_bytes()),
            encoding => crate::base64::decode(self.body.as_bytes()).filter(|_| encoding == "base64").ok_or_else(|| {
                ConformanceError::Malformed {
                    id: self.id.clone(),
                    fault: format!("the body is not in the encoding {encoding}"),
                }
            }),
        }
    }
}

/// What came out: of the whole request, or of the verification step alone.
enum Judged {
    Whole(Outcome),
    Step(Result<(), Refusal>),
}

impl Expect {
    /// Asserts verdict, reason and events alone: the statuses and texts are another profile's.
    fn leave_reply_open(&mut self) {
        (self.status, self.reply_body, self.reply_type, self.effect) = (None, None, None, None);
        self.reply_headers.clear();
    }

    /// The body that is asserted: an empty one only where we answer ourselves.
    fn body(&self) -> Option<&str> {
        self.reply_body.as_deref().filter(|body| !body.is_empty() || self.verdict == "answer")
    }

    /// What is expected, in words; what is left open is not among them.
    fn words(&self) -> String {
        let mut words = vec![self.verdict.clone()];
        words.extend(self.reason.clone());
        words.extend(self.events.as_ref().map(|events| format!("events {events:?}")));
        words.extend(self.status.map(|status| format!("status {status}")));
        words.extend(self.body().map(|body| format!("body {body:?}")));
        words.extend(self.reply_type.as_ref().map(|kind| format!("type {kind}")));
        words.extend(self.reply_headers.iter().map(|(name, value)| format!("header {name}: {value}")));
        words.extend(self.effect.clone());
        words.join(", ")
    }
}

impl Judged {
    /// What came out, in the words of what is expected.
    fn words(self, provider: &Provider, expect: &Expect) -> String {
        let (words, events, reply, effect) = match self {
            // A step that passes is all that an accepted vector of that scope asserts.
            Judged::Step(Ok(())) if expect.verdict == "accept" => return expect.words(),
            Judged::Step(Ok(())) => return "accept".to_owned(),
            Judged::Whole(Outcome::Accept(accepted)) => {
                ("accept".to_owned(), Some(names(provider, &accepted)), accepted.reply, None)
            }
            Judged::Whole(Outcome::Reply { reply, effect }) => ("answer".to_owned(), None, reply, effect),
            Judged::Whole(Outcome::Refuse(refusal)) | Judged::Step(Err(refusal)) => {
                let status = provider.status(refusal.reason);
                let reply = Reply { status, content_type: None, headers: Vec::new(), body: Vec::new() };
                (format!("refuse, {}", refusal.reason), None, reply, None)
            }
        };
        let mut words = vec![words];
        if expect.events.is_some() {
            words.extend(events.map(|events| format!("events {events:?}")));
        }
        words.extend(expect.status.map(|_| format!("status {}", reply.status)));
        words.extend(expect.body().map(|expected| format!("body {:?}", same_json(expected, &reply.body))));
        let kind = reply.content_type.unwrap_or("none");
        words.extend(expect.reply_type.as_ref().map(|_| format!("type {kind}")));
        for name in expect.reply_headers.keys() {
            let found = reply.headers.iter().find(|(found, _)| found == name).map_or("none", |(_, value)| value);
            words.push(format!("header {name}: {found}"));
        }
        words.extend(effect.as_ref().map(|effect| effect.name().to_owned()));
        words.join(", ")
    }
}

/// The body, or the expected text if both are the same JSON.
fn same_json(expected: &str, body: &[u8]) -> String {
    let (left, right) = (serde_json::from_str::<Value>(expected), serde_json::from_slice::<Value>(body));
    if left.is_ok() && left.ok() == right.ok() {
        return expected.to_owned();
    }
    String::from_utf8_lossy(body).into_owned()
}

/// The names of the events that arrived; one without a name has none.
fn names(provider: &Provider, accepted: &Accepted) -> Vec<String> {
    let types = accepted.arrivals.iter().map(|arrival| arrival.event_type.as_str());
    types
        .filter_map(|event_type| event_type.strip_prefix(provider.name)?.strip_prefix('.'))
        .filter(|name| *name != "event")
        .map(str::to_owned)
        .collect()
}
