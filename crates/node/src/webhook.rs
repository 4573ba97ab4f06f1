//! Requests against the secrets of an endpoint.

use std::collections::HashMap;

use napi::bindgen_prelude::{Buffer, Uint8ArraySlice};
use napi_derive::napi;
use verify::hex;
use verify::provider::{self, Credential, Provider};
use verify::receive::{Accepted, Arrival, Effect, Endpoint, EndpointSettings, HandshakeSettings, Head, Outcome, Reply};
use verify::refusal::Refusal;

use crate::validator::unusable;

/// What an endpoint is made of.
#[napi(object, object_to_js = false)]
pub struct WebhookSettings {
    pub provider: String,
    pub secrets: Vec<Secret>,
    /// How far a signed time may lie from now, in seconds.
    pub window: Option<u32>,
    pub public_url: Option<String>,
    pub verify_token: Option<String>,
    pub allowed_origins: Option<Vec<String>>,
    pub allowed_rate: Option<u32>,
    pub awaited: Option<bool>,
}

/// A secret by its id.
#[napi(object, object_to_js = false)]
pub struct Secret {
    pub id: String,
    pub text: String,
}

/// A request's head. Header values are as Node has them: each character is one byte.
#[napi(object, object_to_js = false)]
pub struct RequestHead {
    pub method: String,
    pub url: String,
    pub headers: Vec<Header>,
}

#[napi(object, object_to_js = false)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// What becomes of a request; which members are there depends on the outcome.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Judged {
    /// `accepted`, `reply` or `refused`.
    pub outcome: &'static str,
    pub scheme: Option<&'static str>,
    pub secret_id: Option<String>,
    pub signed_at: Option<f64>,
    pub events: Option<Vec<Event>>,
    pub reply: Option<Answer>,
    pub effect: Option<Consequence>,
    pub reason: Option<&'static str>,
    pub status: Option<u16>,
    pub detail: Option<String>,
    pub mend: Option<&'static str>,
}

#[napi(object, object_from_js = false)]
pub struct Event {
    #[napi(js_name = "type")]
    pub event_type: String,
    pub delivery_id: Option<String>,
    pub subject: Option<Subject>,
    /// The same again is the same delivery, repeated.
    pub replay_key: Option<String>,
}

#[napi(object, object_from_js = false)]
pub struct Subject {
    pub kind: String,
    pub collection: String,
    pub id: String,
}

#[napi(object, object_from_js = false)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<&'static str, String>,
    pub body: Buffer,
}

/// What follows from a handshake besides its answer.
#[napi(object, object_from_js = false)]
pub struct Consequence {
    pub kind: &'static str,
    pub value: String,
}

/// A configured endpoint.
#[napi(js_name = "Endpoint")]
pub struct NodeEndpoint(Endpoint);

#[napi]
impl NodeEndpoint {
    #[napi(constructor, catch_unwind)]
    pub fn new(settings: WebhookSettings) -> napi::Result<NodeEndpoint> {
        let provider = provider::find(&settings.provider).filter(is_known).ok_or_else(|| {
            unusable(format!("provider: none has the name {:?}; `providers` lists them", settings.provider))
        })?;
        let settings = EndpointSettings {
            provider,
            secrets: settings.secrets.into_iter().map(|secret| (secret.id, secret.text)).collect(),
            window_s: settings.window.map(u64::from),
            public_url: settings.public_url,
            handshake: HandshakeSettings {
                verify_token: settings.verify_token,
                allowed_origins: settings.allowed_origins.unwrap_or_default(),
                allowed_rate: settings.allowed_rate,
                awaited: settings.awaited.unwrap_or_default(),
            },
            subject: None,
        };
        Endpoint::new(settings).map(NodeEndpoint).map_err(|fault| unusable(fault.to_string()))
    }

    /// The largest body to read, in bytes.
    #[napi(getter, catch_unwind)]
    pub fn body_bytes_max(&self) -> f64 {
        self.0.body_bytes_max() as f64
    }

    /// Judges a whole request, at `now` in whole seconds since 1970.
    #[napi(catch_unwind)]
    pub fn receive(&self, head: RequestHead, body: Uint8ArraySlice<'_>, now: i64) -> napi::Result<Judged> {
        let headers = head.headers.iter().map(|header| Ok((header.name.as_str(), bytes(header)?)));
        let headers = headers.collect::<napi::Result<Vec<_>>>()?;
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let head = Head { method: &head.method, url: &head.url, headers: &headers };
        Ok(match self.0.receive(&head, &body, now) {
            Outcome::Accept(accepted) => Judged::from(accepted),
            Outcome::Reply { reply, effect } => Judged {
                outcome: "reply",
                reply: Some(Answer::from(reply)),
                effect: effect.map(Consequence::from),
                ..Judged::default()
            },
            Outcome::Refuse(refusal) => Judged::refused(self.0.provider(), refusal),
        })
    }
}

/// The names of the senders that are known.
#[napi(catch_unwind)]
pub fn providers() -> Vec<&'static str> {
    provider::ALL.iter().copied().filter(is_known).map(|provider| provider.name).collect()
}

/// Whether this sender's requests can be judged here: of those that sign with a certificate, somebody must fetch it.
fn is_known(provider: &&'static Provider) -> bool {
    !matches!(provider.credential, Credential::AwsSns | Credential::PayPal)
}

/// A header's value as it arrived.
fn bytes(header: &Header) -> napi::Result<Vec<u8>> {
    let bytes = header.value.chars().map(|each| u8::try_from(u32::from(each)).ok()).collect::<Option<_>>();
    bytes.ok_or_else(|| unusable(format!("headers: {:?} holds a character that is no byte", header.name)))
}

impl Judged {
    fn refused(provider: &Provider, refusal: Refusal) -> Self {
        Judged {
            outcome: "refused",
            reason: Some(refusal.reason.code()),
            status: Some(provider.status(refusal.reason)),
            detail: Some(refusal.detail),
            mend: Some(refusal.reason.mend()),
            ..Judged::default()
        }
    }
}

impl From<Accepted> for Judged {
    fn from(accepted: Accepted) -> Self {
        let Accepted { proof, arrivals, reply } = accepted;
        Judged {
            outcome: "accepted",
            scheme: Some(proof.scheme()),
            secret_id: Some(proof.secret_id().to_owned()),
            signed_at: proof.signed_at_s().map(|seconds| seconds as f64),
            events: Some(arrivals.into_iter().map(Event::from).collect()),
            reply: Some(Answer::from(reply)),
            ..Judged::default()
        }
    }
}

impl From<Arrival> for Event {
    fn from(arrival: Arrival) -> Self {
        Event {
            event_type: arrival.event_type,
            delivery_id: arrival.delivery_id,
            subject: arrival.subject.map(|subject| Subject {
                kind: subject.kind,
                collection: subject.collection,
                id: subject.id,
            }),
            replay_key: arrival.replay_key.map(|key| hex::encode(&key)),
        }
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let kind = reply.content_type.map(|kind| ("content-type", kind.to_owned()));
        let headers = reply.headers.into_iter().chain(kind).collect();
        Answer { status: reply.status, headers, body: reply.body.into() }
    }
}

impl From<Effect> for Consequence {
    fn from(effect: Effect) -> Self {
        let kind = effect.name();
        match effect {
            Effect::StoreSecret(value) | Effect::Visit(value) => Consequence { kind, value },
        }
    }
}
