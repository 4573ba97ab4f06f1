//! Requests of many providers, and what must become of each.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aspnet::{self, CodeLength, Configuration, Receivers};
use crate::provider::{self, Provider};
use crate::receive::{Accepted, Content, Effect, Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, Reply};
use crate::refusal::{Reason, Refusal};

use super::{ConformanceError, ReadCertificate, Row, parsed};

#[derive(Deserialize)]
struct Vector {
    id: String,
    provider: String,
    profile: String,
    scope: String,
    clock: i64,
    secrets: Vec<String>,
    config: Value,
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
    webhook_id: Option<String>,
    #[serde(default)]
    certificates: BTreeMap<String, String>,
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
pub(super) fn run(at: usize, vector: &Value, read: ReadCertificate) -> Result<Row, ConformanceError> {
    let vector: Vector = parsed(at, vector)?;
    let judged = match vector.profile.as_str() {
        "modern" => match provider::find(&vector.provider) {
            Some(provider) => vector.outcome(provider, read)?,
            None => return Ok(Row::new(&vector.id, vector.expect.words(), "unsupported provider".to_owned())),
        },
        "aspnet" => vector.aspnet_outcome()?,
        profile => return Ok(Row::new(&vector.id, vector.expect.words(), format!("unsupported profile {profile}"))),
    };
    Ok(Row::new(&vector.id, vector.expect.words(), judged.words(&vector.expect)))
}

impl Vector {
    /// What the receivers make of it, from configuration that nobody has checked.
    fn aspnet_outcome(&self) -> Result<Judged, ConformanceError> {
        let mut configuration = Configuration::default();
        let entries: BTreeMap<String, String> = self.config()?;
        entries.iter().for_each(|(path, value)| configuration.add(path, value));
        let receivers = Receivers::new(configuration, CodeLength::default());
        let headers = self.headers();
        let body = self.body()?;
        Ok(match receivers.receive(&self.head(&headers), &body) {
            aspnet::Outcome::Accept(accepted) => {
                let events = accepted.events.clone();
                Judged::Accepted { events, reply: Accepted::from(accepted).reply }
            }
            aspnet::Outcome::Answer(reply) => Judged::Answered { reply, effect: None },
            aspnet::Outcome::Refuse { refusal, reply } => Judged::Refused { reason: refusal.reason, reply },
        })
    }

    fn outcome(&self, provider: &'static Provider, read: ReadCertificate) -> Result<Judged, ConformanceError> {
        let config: Config = self.config()?;
        let named = config.keys.iter().map(|(name, secret)| format!("{name}:{secret}"));
        let identifiers = config.topic_arn.iter().chain(&config.webhook_id).cloned();
        let secrets = self.secrets.iter().cloned().chain(named).chain(identifiers).enumerate();
        let settings = EndpointSettings {
            provider,
            secrets: secrets.map(|(at, text)| (at.to_string(), text)).collect(),
            window_s: config.tolerance_seconds,
            public_url: config.public_url.clone(),
            handshake: HandshakeSettings {
                verify_token: config.verify_token.clone(),
                allowed_origins: config.allowed_origins.clone(),
                allowed_rate: config.allowed_rate,
                awaited: config.awaiting_handshake,
            },
            subject: None,
        };
        let endpoint = match Endpoint::new(settings) {
            Ok(endpoint) => endpoint,
            Err(fault) => {
                let refusal = Refusal::new(Reason::Misconfigured, fault.to_string());
                return Ok(Judged::refused(provider, &refusal));
            }
        };
        let headers = self.headers();
        let head = self.head(&headers);
        let body = self.body()?;
        let needed = endpoint.unverified_certificate(&head, &body).ok().flatten();
        let certificate = needed.and_then(|needed| read(config.certificates.get(&needed.url)?));
        let certificate = certificate.as_deref();
        if self.scope == "request" {
            return Ok(Judged::whole(provider, endpoint.receive_with(&head, &body, self.clock, certificate)));
        }
        let content = Content::new(provider, &head, &body);
        let proven = endpoint.prove(&head, &content, self.clock, certificate);
        Ok(proven.map_or_else(|refusal| Judged::refused(provider, &refusal), |_| Judged::Proven))
    }

    fn config<T: DeserializeOwned>(&self) -> Result<T, ConformanceError> {
        let malformed =
            |fault: serde_json::Error| ConformanceError::Malformed { id: self.id.clone(), fault: fault.to_string() };
        T::deserialize(&self.config).map_err(malformed)
    }

    fn headers(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    fn head<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> Head<'a> {
        Head { method: &self.method, url: &self.url, headers }
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
    Proven,
    Accepted { events: Vec<String>, reply: Reply },
    Answered { reply: Reply, effect: Option<Effect> },
    Refused { reason: Reason, reply: Reply },
}

impl Expect {
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
    fn whole(provider: &Provider, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accept(accepted) => Self::Accepted { events: names(provider, &accepted), reply: accepted.reply },
            Outcome::Reply { reply, effect } => Self::Answered { reply, effect },
            Outcome::Refuse(refusal) => Self::refused(provider, &refusal),
        }
    }

    fn refused(provider: &Provider, refusal: &Refusal) -> Self {
        let reply = Reply::of(provider.status(refusal.reason), None, Vec::new());
        Self::Refused { reason: refusal.reason, reply }
    }

    /// What came out, in the words of what is expected.
    fn words(self, expect: &Expect) -> String {
        let (words, events, reply, effect) = match self {
            // A step that passes is all that an accepted vector of that scope asserts.
            Judged::Proven if expect.verdict == "accept" => return expect.words(),
            Judged::Proven => return "accept".to_owned(),
            Judged::Accepted { events, reply } => ("accept".to_owned(), Some(events), reply, None),
            Judged::Answered { reply, effect } => ("answer".to_owned(), None, reply, effect),
            Judged::Refused { reason, reply } => (format!("refuse, {reason}"), None, reply, None),
        };
        let mut words = vec![words];
        if expect.events.is_some() {
            words.extend(events.map(|events| format!("events {events:?}")));
        }
        words.extend(expect.status.map(|_| format!("status {}", reply.status)));
        words.extend(expect.body().map(|expected| format!("body {:?}", same_json(expected, &reply.body))));
        let kind = reply.content_type.and_then(|kind| kind.split(';').next()).unwrap_or("none");
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
