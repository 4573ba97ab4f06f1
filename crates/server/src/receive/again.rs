//! Refused requests looked at again: explained, and tried again with today's secrets.
//!
//! Both judge the request as of the moment when it arrived: a time that was too old then stays too old. What is tried
//! again and believed goes the way of every believed request, and leaves the quarantine in the same commit.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::catalogue::{Catalogue, Source, SourceMode};
use domain::event::Provenance;
use domain::{Timestamp, limits};
use http::request::Parts;
use store::command::Released;
use store::seal::of;
use store::tables::Quarantine;
use verify::aspnet::{self, Verification};
use verify::certificate::Certificate;
use verify::explain::{Case, Diagnosis, explain, like_receiver};
use verify::provider::{Credential, Provider, Providers};
use verify::receive::{Endpoint, Head, Outcome, Reason, Refusal};

use super::believed::{self, Believed, Kept};
use super::certificates::NotFound;
use super::endpoints::{opened, settings};
use super::incoming::{self, pairs, url};
use super::quarantine::SealedHead;
use crate::problem::{self, Problem};
use crate::server::Shared;
use crate::timings::Took;

/// How long after its arrival a request may be tried again. What is received is remembered for longer than that, by as
/// much as the request may be later than its first delivery: so a repetition is known for what it is.
const WITHIN: Duration = limits::REPLAY_MEMORY;

/// A refused request as it arrived.
pub struct Held {
    row: Quarantine,
    head: Parts,
}

/// What can be said of a refused request.
pub enum Explained {
    /// Today it would be believed.
    Believed,
    /// Today it would be believed, and only answered.
    Answered,
    /// It would be refused today as well, for this reason.
    Refused(Reason, Diagnosis),
}

impl Explained {
    /// What is wrong, or that nothing is, in a sentence.
    pub fn text(&self) -> &str {
        match self {
            Self::Believed => "by the source's present secrets and settings this request is believed",
            Self::Answered => {
                "by the source's present secrets and settings this request is believed; it asks only for an answer"
            }
            Self::Refused(_, diagnosis) => &diagnosis.text,
        }
    }

    /// What to do.
    pub fn mend(&self) -> &str {
        match self {
            Self::Believed => "Try it again.",
            Self::Answered => "Let the sender ask or confirm again: it does not wait for this answer any more.",
            Self::Refused(_, diagnosis) => &diagnosis.mend,
        }
    }
}

/// What became of a request that was tried again.
pub enum Tried {
    /// It is believed, and recorded.
    Recorded(Kept),
    /// It is refused again.
    Refused(Refusal),
}

impl Held {
    /// The request in this row.
    ///
    /// # Errors
    /// When its head does not open.
    pub fn of(row: Quarantine, server: &Shared) -> Result<Self, Problem> {
        let sealed = row.credential.clone().map(domain::catalogue::Sealed);
        let text = sealed.and_then(|sealed| server.parts.seal.open(&sealed, of::QUARANTINE).ok());
        let head = text.and_then(|text| serde_json::from_str::<SealedHead>(&text).ok()?.restored());
        match head {
            Some(head) => Ok(Self { row, head }),
            None => Err(Problem::new(&problem::CONFLICT, "the request's sealed head does not open")),
        }
    }

    /// Says what is wrong with it. This may take a while: not for the threads that answer requests.
    pub fn explain(&self, server: &Shared) -> Explained {
        let now = server.now();
        let providers = &server.parts.settings.providers;
        let catalogue = server.parts.store.catalogue();
        let Some(source) = self.row.source.and_then(|key| catalogue.sources.get(&key)) else {
            return plainly(&self.as_refused());
        };
        let body = self.row.body.clone().unwrap_or_default();
        let url = url(server, &self.head);
        let headers = pairs(&self.head);
        let head = Head { method: self.head.method.as_str(), url: &url, headers: &headers };
        if signs_with_certificate(source, providers) {
            // Without fetching its certificate nothing can be tried.
            return plainly(&self.as_refused());
        }
        let refusal = match self.judged(server, source, &head, &body, now, None).0 {
            Outcome::Refuse(refusal) => refusal,
            Outcome::Accept(_) => return Explained::Believed,
            Outcome::Reply { .. } => return Explained::Answered,
        };
        if self.is_cut() {
            return plainly(&refusal);
        }
        let seal = &server.parts.seal;
        let secrets = opened(source, seal, |secret| secret.is_in_force(now));
        let idle = opened(source, seal, |secret| !secret.is_in_force(now));
        let others: Vec<_> = catalogue
            .sources
            .values()
            .filter(|other| other.key != source.key && other.active)
            .flat_map(|other| opened(other, seal, |_| true).into_iter().map(move |(_, text)| (other, text)))
            .map(|(other, text)| (format!("{}/{}", other.provider, other.name), text))
            .collect();
        let Some(provider) = provider_of(source, providers) else { return plainly(&refusal) };
        let case = Case {
            provider: &provider,
            secrets: &secrets,
            idle: &idle,
            others: &others,
            window_s: source.window_s,
            public_url: source.public_url.as_deref(),
            head,
            body: &body,
            now_s: self.row.at.seconds(),
        };
        Explained::Refused(refusal.reason, explain(&case, &refusal))
    }

    /// Judges it with today's secrets, and records it if it is believed.
    ///
    /// # Errors
    /// When it cannot be tried again, with a sentence that says why; when the store fails.
    pub async fn try_again(&self, server: &Shared, who: &str) -> Result<Tried, Problem> {
        let now = server.now();
        let providers = &server.parts.settings.providers;
        let catalogue = server.parts.store.catalogue();
        let (source, body) = self.may_be_tried(&catalogue, providers, now)?;
        let url = url(server, &self.head);
        let headers = pairs(&self.head);
        let head = Head { method: self.head.method.as_str(), url: &url, headers: &headers };
        let certificate = self.certificate(server, source, &head, &body, now).await?;
        let (outcome, window_s) = self.judged(server, source, &head, &body, now, certificate.as_deref());
        let accepted = match outcome {
            Outcome::Accept(accepted) => accepted,
            Outcome::Reply { .. } => {
                return Err(cannot(
                    "it is believed, but asks only for an answer, for which its sender does not wait any more. Let the \
                     sender ask or confirm again",
                ));
            }
            Outcome::Refuse(refusal) => return Ok(Tried::Refused(refusal)),
        };
        let believed = Believed {
            source: source.key,
            provenance: Provenance::Signed(source.key),
            credential_headers: &credential_headers(source, providers),
            window_s,
            headers: &self.head.headers,
            now,
            took: Took::default(),
            released: Some(Released { id: server.show(self.row.key), refused: self.row.key, who: who.to_owned() }),
        };
        believed::keep(server, &believed, accepted, body).await.map(Tried::Recorded)
    }

    /// Why it cannot be tried again, where it cannot.
    pub fn why_not(&self, server: &Shared) -> Option<Problem> {
        let catalogue = server.parts.store.catalogue();
        self.may_be_tried(&catalogue, &server.parts.settings.providers, server.now()).err()
    }

    /// Its source and its body, if it may be tried again.
    fn may_be_tried<'c>(
        &self,
        catalogue: &'c Catalogue,
        providers: &Providers,
        now: Timestamp,
    ) -> Result<(&'c Source, Bytes), Problem> {
        let source = self.row.source.and_then(|key| catalogue.sources.get(&key)).filter(|source| source.active);
        let source = source.ok_or_else(|| cannot("it was sent to no source that there is now"))?;
        if is_secret_itself(source, providers) {
            return Err(cannot(
                "this provider's credential is the secret itself, and not a signature: whoever sent another secret is \
                 not believed afterwards. Let the sender deliver it again",
            ));
        }
        if WITHIN <= now.since(self.row.at) {
            let hours = WITHIN.as_secs() / 3600;
            return Err(cannot(&format!(
                "it arrived more than {hours} hours ago, and deliveries that its sender has repeated since are not \
                 remembered for longer. Let the sender deliver it again"
            )));
        }
        let body = match &self.row.body {
            Some(body) if !self.is_cut() => body.clone(),
            Some(_) => return Err(cannot("only the beginning of its body was kept. Let the sender deliver it again")),
            None => {
                return Err(cannot("its head was refused before its body was read. Let the sender deliver it again"));
            }
        };
        Ok((source, body))
    }

    /// The certificate that it is judged by, if its sender signs with one.
    async fn certificate(
        &self,
        server: &Shared,
        source: &Source,
        head: &Head<'_>,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<Option<Arc<dyn Certificate>>, Problem> {
        let providers = &server.parts.settings.providers;
        if !signs_with_certificate(source, providers) {
            return Ok(None);
        }
        let settings = settings(source, &server.parts.seal, providers, now);
        let Some(endpoint) = settings.and_then(|settings| Endpoint::new(settings).ok()) else { return Ok(None) };
        match incoming::certificate(server, &endpoint, head, body, now).await {
            Ok(certificate) => Ok(certificate),
            Err(NotFound::Untrusted(_)) => Ok(None),
            Err(NotFound::Unreachable(why)) => {
                let detail = format!("the certificate that the request names could not be fetched: {why}");
                Err(Problem::new(&problem::SENDER_UNREACHABLE, detail))
            }
        }
    }

    /// As it would have been judged on its arrival by the secrets that count now, and the window of its time.
    fn judged(
        &self,
        server: &Shared,
        source: &Source,
        head: &Head<'_>,
        body: &Bytes,
        now: Timestamp,
        certificate: Option<&dyn Certificate>,
    ) -> (Outcome, Option<u64>) {
        if source.mode == SourceMode::Aspnet {
            let prepared = server.prepared(now);
            let receivers = &prepared.aspnet().receivers;
            let outcome = match &self.row.body {
                Some(_) => Some(receivers.receive(head, body)),
                None => receivers.look(head),
            };
            return (outcome.map_or_else(|| Outcome::Refuse(self.as_refused()), Outcome::from), None);
        }
        let endpoint = settings(source, &server.parts.seal, &server.parts.settings.providers, now).map(Endpoint::new);
        match endpoint {
            Some(Ok(endpoint)) if self.row.body.is_some() => {
                let at_s = self.row.at.seconds();
                (endpoint.receive_with(head, body, at_s, certificate), endpoint.window_s())
            }
            Some(Ok(endpoint)) => {
                let refusal = endpoint.look(head, self.row.at.seconds()).err();
                (Outcome::Refuse(refusal.unwrap_or_else(|| self.as_refused())), endpoint.window_s())
            }
            _ => {
                let detail = "the source has no usable secret".to_owned();
                (Outcome::Refuse(Refusal { reason: Reason::Misconfigured, detail }), None)
            }
        }
    }

    /// Whether the body was longer than what is kept of it.
    fn is_cut(&self) -> bool {
        let kept = self.row.body.as_ref().map_or(0, Bytes::len);
        i64::try_from(kept).is_ok_and(|kept| kept < self.row.body_bytes)
    }

    /// What it was refused for when it arrived.
    fn as_refused(&self) -> Refusal {
        let reason = Reason::from_code(&self.row.reason).unwrap_or(Reason::Misconfigured);
        Refusal { reason, detail: self.row.text.clone() }
    }
}

/// The refusal itself, where nothing more can be found out.
fn plainly(refusal: &Refusal) -> Explained {
    let mend = refusal.reason.mend().to_owned();
    Explained::Refused(refusal.reason, Diagnosis { mistake: None, certain: true, text: refusal.detail.clone(), mend })
}

/// The definition that a source's requests are explained by.
fn provider_of(source: &Source, providers: &Providers) -> Option<Provider> {
    match source.mode {
        SourceMode::Aspnet => like_receiver(aspnet::find(&source.provider)?),
        SourceMode::Modern => providers.find(&source.provider).copied(),
    }
}

fn credential_headers(source: &Source, providers: &Providers) -> Vec<&'static str> {
    let headers = match source.mode {
        SourceMode::Aspnet => aspnet::find(&source.provider).map(aspnet::Receiver::credential_headers),
        SourceMode::Modern => credential(source, providers).map(Credential::headers),
    };
    headers.unwrap_or_default()
}

/// Whether a source's requests are judged by a certificate that its sender names.
fn signs_with_certificate(source: &Source, providers: &Providers) -> bool {
    matches!(credential(source, providers), Some(Credential::AwsSns | Credential::PayPal))
}

/// Whether a source's requests present the secret as it stands.
fn is_secret_itself(source: &Source, providers: &Providers) -> bool {
    if source.mode == SourceMode::Aspnet {
        let verification = aspnet::find(&source.provider).map(|receiver| &receiver.verification);
        return !matches!(verification, Some(Verification::Signature(_) | Verification::Stripe));
    }
    let credential = credential(source, providers);
    matches!(credential, Some(Credential::Token { .. } | Credential::Code { .. } | Credential::Basic))
}

/// What proves the requests of a source that judges by itself; none where its provider is not described any more.
fn credential(source: &Source, providers: &Providers) -> Option<&'static Credential> {
    let provider = (source.mode == SourceMode::Modern).then(|| providers.find(&source.provider))?;
    provider.map(|provider| &provider.credential)
}

fn cannot(why: &str) -> Problem {
    Problem::new(&problem::CONFLICT, format!("the request cannot be tried again: {why}"))
}
