//! A configured endpoint: its keys prepared once, its requests judged one by one.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::certificate::{Certificate, CertificateAddress, Certified};
use crate::key::Key;
use crate::provider::{
    Algorithm, Answer, Credential, Place, Provider, Signature, Unit, aws_sns, netlify, paypal, twilio,
};
use crate::refusal::{Reason, Refusal};
use crate::{base64, secret};

use super::content::Content;
use super::credential::{Presented, milliseconds, near};
use super::event::Told;
use super::handshake::Asked;
use super::head::Head;
use super::outcome::{Accepted, Outcome, Proof, Reply};
use super::settings::{EndpointSettings, HandshakeSettings, Misconfigured, SubjectPaths};

/// A configured endpoint. Its keys are wiped when it is dropped, and never shown.
pub struct Endpoint {
    provider: &'static Provider,
    keys: Vec<Held>,
    window_s: Option<u64>,
    public_url: Option<String>,
    handshake: HandshakeSettings,
    subject: Option<SubjectPaths>,
    /// Whether another program knows the secret.
    pub(super) is_vouched: bool,
}

/// A configured key.
struct Held {
    id: Arc<str>,
    /// Its name at the sender, where keys have names.
    name: Option<String>,
    key: Key,
}

impl Held {
    fn identifier(&self) -> &[u8] {
        self.key.identifier().unwrap_or_default()
    }
}

/// What a request presents with a certificate, and the message for each key that it can be meant for.
type Meant<'e> = (Certified, Vec<(&'e Held, Vec<u8>)>);

/// A believed request: the key that explained it, and what tells it from others.
pub(crate) struct Believed<'e, 'r> {
    scheme: &'static str,
    held: &'e Held,
    signed_at_s: Option<i64>,
    /// What is signed and tells this transmission from others: its time, or its id.
    mark: Option<Cow<'r, [u8]>>,
}

impl Believed<'_, '_> {
    fn proof(&self) -> Proof {
        Proof::new(self.scheme, Arc::clone(&self.held.id), self.signed_at_s)
    }
}

impl Endpoint {
    /// Prepares the keys.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`] says which of the settings cannot be, and why. The configured texts are wiped either way.
    pub fn new(settings: EndpointSettings) -> Result<Endpoint, Misconfigured> {
        Endpoint::of(settings, false)
    }

    pub(super) fn of(settings: EndpointSettings, is_vouched: bool) -> Result<Endpoint, Misconfigured> {
        let EndpointSettings { provider, secrets, window_s, public_url, handshake, subject } = settings;
        let secrets: Vec<_> = secrets.into_iter().map(|(id, text)| (id, Zeroizing::new(text))).collect();
        if secrets.is_empty() && !is_vouched && !(handshake.awaited && provider.brings_its_secret()) {
            return Err(Misconfigured::NoSecret { provider: provider.name });
        }
        let keys = secrets
            .into_iter()
            .map(|(id, text)| match prepared(provider, &text) {
                Ok(key) => Ok(Held { id: id.into(), name: secret::key_name(provider.key, &text), key }),
                Err(fault) => Err(Misconfigured::Secret { id, fault }),
            })
            .collect::<Result<_, _>>()?;
        let time = signature_of(provider).and_then(|signature| signature.time);
        if window_s.is_some() && time.is_none() && provider.credential != Credential::PayPal {
            return Err(Misconfigured::NoTime { provider: provider.name });
        }
        let window_s = window_s.or(time.and_then(|time| time.window_s));
        let subject =
            subject.or_else(|| provider.subject.map(SubjectPaths::from)).map(SubjectPaths::checked).transpose()?;
        Ok(Endpoint { provider, keys, window_s, public_url, handshake, subject, is_vouched })
    }

    /// Who sends here.
    #[must_use]
    pub fn provider(&self) -> &'static Provider {
        self.provider
    }

    /// The largest body to read.
    #[must_use]
    pub fn body_bytes_max(&self) -> usize {
        self.provider.body_bytes_max
    }

    /// The same for a request that was recorded at another time: a signed time may be of any age.
    #[must_use]
    pub fn at_any_time(self) -> Endpoint {
        Endpoint { window_s: None, ..self }
    }

    /// How far a signed time may lie from our own, where there is a limit.
    #[must_use]
    pub fn window_s(&self) -> Option<u64> {
        self.window_s
    }

    /// Looks at the head alone, before the body is read.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where no body could mend it. Passing proves nothing: only [`Endpoint::receive`] does.
    pub fn look(&self, head: &Head<'_>, now_s: i64) -> Result<(), Refusal> {
        self.is_plain(head)?;
        if self.asked(head).may_be_open() {
            return Ok(());
        }
        if let Credential::Code { parameter } = &self.provider.credential {
            self.code(parameter, head)?;
        }
        self.method(head)?;
        if self.is_vouched {
            return self.look_at_claim(head);
        }
        match &self.provider.credential {
            Credential::Token { place: Place::Header(_) | Place::Query(_), .. } | Credential::Basic => {
                self.presented_secret(head)?;
            }
            Credential::Token { .. } | Credential::Code { .. } | Credential::AwsSns => {}
            Credential::Signature(signature) => Presented::of_head(signature, head)?.within(self.window_s, now_s)?,
            Credential::Twilio => drop(twilio::candidates(head)?),
            Credential::Netlify => drop(netlify::presented(head)?),
            Credential::PayPal => drop(paypal::presented(head)?),
        }
        for place in self.provider.event.places().iter().chain(self.provider.delivery_id.places()) {
            if let Place::Header(name) = place {
                head.header_text(name)?;
            }
        }
        Ok(())
    }

    /// The certificate that this request says to be signed with, where its sender signs with one. It is needed to judge
    /// the request ([`Endpoint::receive_with`]); that it is named proves nothing.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where no certificate could make up for what the request lacks: then none is to be fetched.
    pub fn unverified_certificate(&self, head: &Head<'_>, body: &[u8]) -> Result<Option<CertificateAddress>, Refusal> {
        let content = Content::new(self.provider, head, body);
        Ok(self.certified(head, &content)?.map(|(certified, _)| certified.address))
    }

    /// Judges the whole request. One that needs a certificate is refused.
    #[must_use]
    pub fn receive(&self, head: &Head<'_>, body: &[u8], now_s: i64) -> Outcome {
        self.receive_with(head, body, now_s, None)
    }

    /// Judges the whole request, with the certificate that [`Endpoint::unverified_certificate`] named for it.
    #[must_use]
    pub fn receive_with(
        &self,
        head: &Head<'_>,
        body: &[u8],
        now_s: i64,
        certificate: Option<&dyn Certificate>,
    ) -> Outcome {
        let content = Content::new(self.provider, head, body);
        self.judge(head, &content, now_s, certificate).unwrap_or_else(Outcome::Refuse)
    }

    /// The verification step alone: the id of the secret that proves who sent this, whatever it says. No handshake is
    /// answered, and no event is read.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where nothing proves it.
    pub fn proven_by(&self, head: &Head<'_>, body: &[u8], now_s: i64) -> Result<&str, Refusal> {
        let content = Content::new(self.provider, head, body);
        self.prove(head, &content, now_s, None).map(|believed| &*believed.held.id)
    }

    fn judge(
        &self,
        head: &Head<'_>,
        content: &Content<'_>,
        now_s: i64,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Outcome, Refusal> {
        self.is_plain(head)?;
        let asked = self.asked(head);
        if let Some(answer) = asked.answer(false, content, self.keys.first().map(|held| &held.key))? {
            return Ok(answer);
        }
        let believed = self.prove(head, content, now_s, certificate)?;
        if let Some(answer) = asked.answer(true, content, Some(&believed.held.key))? {
            return Ok(answer);
        }
        self.read(&believed, head, content)
    }

    /// The verification step alone: who sent this, whatever it says.
    pub(crate) fn prove<'e, 'r>(
        &'e self,
        head: &Head<'r>,
        content: &'r Content<'_>,
        now_s: i64,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Believed<'e, 'r>, Refusal> {
        if let Credential::Code { parameter } = &self.provider.credential {
            let held = self.code(parameter, head)?;
            self.method(head)?;
            return Ok(self.believed(held));
        }
        self.method(head)?;
        match &self.provider.credential {
            Credential::Signature(signature) => {
                let url = self.url(head);
                let mut presented = Presented::new(signature, head);
                presented.read_head()?;
                presented.read_content(content, &url)?;
                let held = self.signed(&presented)?;
                presented.within(self.window_s, now_s)?;
                let (signed_at_s, mark) = (presented.signed_at_s(), presented.time_text());
                Ok(Believed { scheme: signature.algorithm.name(), held, signed_at_s, mark })
            }
            Credential::Token { .. } | Credential::Basic | Credential::Code { .. } => {
                Ok(self.believed(self.presented_secret(head)?))
            }
            Credential::Twilio => {
                let candidates = twilio::candidates(head)?;
                let messages = twilio::messages(&self.url(head), head, content)?;
                let explained =
                    |held: &&Held| messages.iter().any(|message| held.key.explains(&[message], &candidates));
                let held = self.keys.iter().find(explained).ok_or_else(|| self.mismatch())?;
                Ok(self.believed(held))
            }
            Credential::Netlify => {
                let presented = netlify::presented(head)?;
                let explained =
                    |held: &&Held| held.key.explains(&[presented.signed], std::slice::from_ref(&presented.tag));
                let held = self.keys.iter().find(explained).ok_or_else(|| self.mismatch())?;
                presented.is_about(content.body)?;
                Ok(self.believed(held))
            }
            Credential::AwsSns | Credential::PayPal => self.prove_certified(head, content, now_s, certificate),
        }
    }

    #[inline]
    fn believed<'e>(&self, held: &'e Held) -> Believed<'e, 'static> {
        Believed { scheme: self.provider.credential.scheme(), held, signed_at_s: None, mark: None }
    }

    /// What a request presents that is signed with a certificate's key, and what may have been signed: the message for
    /// each of our identifiers that it can be meant for.
    fn certified(&self, head: &Head<'_>, content: &Content<'_>) -> Result<Option<Meant<'_>>, Refusal> {
        match self.provider.credential {
            Credential::AwsSns => {
                let (certified, lines) = aws_sns::presented(content)?;
                let ours = self.keys.iter().find(|held| held.identifier() == lines.topic.as_bytes());
                let ours = ours.ok_or_else(|| {
                    let detail = "the message is of another topic than the configured ones";
                    Refusal::new(Reason::TokenMismatch, detail)
                })?;
                Ok(Some((certified, vec![(ours, lines.signed)])))
            }
            Credential::PayPal => {
                let message = |held| -> Result<_, Refusal> {
                    let webhook = Held::identifier(held);
                    Ok((held, paypal::signed(head, webhook, content.body)?))
                };
                let messages = self.keys.iter().map(message).collect::<Result<_, _>>()?;
                Ok(Some((paypal::presented(head)?, messages)))
            }
            _ => Ok(None),
        }
    }

    fn prove_certified<'e, 'r>(
        &'e self,
        head: &Head<'r>,
        content: &Content<'_>,
        now_s: i64,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Believed<'e, 'r>, Refusal> {
        let (certified, messages) = self.certified(head, content)?.ok_or_else(|| self.mismatch())?;
        let certificate = certificate.ok_or_else(|| {
            Refusal::new(Reason::UntrustedCertificate, "the certificate that the request names is not at hand")
        })?;
        let explained = |message: &[u8]| certificate.explains(certified.digest, message, &certified.signature);
        let (held, _) = messages.iter().find(|(_, message)| explained(message)).ok_or_else(|| {
            let detail = "the signature does not belong to this request under its certificate and what is configured";
            Refusal::new(Reason::SignatureMismatch, detail)
        })?;
        let scheme = certified.digest.scheme();
        if self.provider.credential == Credential::AwsSns {
            return Ok(Believed { scheme, held, signed_at_s: None, mark: None });
        }
        let at_ms = milliseconds(Unit::Rfc3339, paypal::time(head)?.as_bytes())?;
        if let Some(window_s) = self.window_s {
            near(at_ms, window_s, now_s)?;
        }
        let mark = Some(Cow::Borrowed(paypal::transmission(head)?.as_bytes()));
        Ok(Believed { scheme, held, signed_at_s: Some(at_ms.div_euclid(1000)), mark })
    }

    /// What a believed request says.
    fn read(&self, believed: &Believed<'_, '_>, head: &Head<'_>, content: &Content<'_>) -> Result<Outcome, Refusal> {
        self.tell(believed.proof(), believed.mark.as_deref(), head, content)
    }

    pub(super) fn tell(
        &self,
        proof: Proof,
        mark: Option<&[u8]>,
        head: &Head<'_>,
        content: &Content<'_>,
    ) -> Result<Outcome, Refusal> {
        if content.body.is_empty() && matches!(head.method, "POST" | "PUT" | "PATCH") {
            let detail = "expected the event as the request's body, found no body";
            return Err(Refusal::new(Reason::EmptyBody, detail));
        }
        if self.provider.only_objects && !content.is_object() {
            let detail = format!(
                "expected a JSON object, as everything that {} sends, found something else",
                self.provider.name
            );
            return Err(Refusal::new(Reason::MalformedBody, detail));
        }
        let told = Told::read(self.provider, self.subject.as_ref(), head, content)?;
        if self.provider.ping.is_some_and(|ping| told.names == [ping]) {
            return Ok(Outcome::Reply { reply: Reply::from(Answer::OK), effect: None });
        }
        let arrivals = told.into_arrivals(self.provider, mark, content.body);
        let reply = Reply::from(self.provider.success);
        Ok(Outcome::Accept(Accepted { proof, arrivals, reply }))
    }

    fn asked<'a>(&'a self, head: &'a Head<'a>) -> Asked<'a> {
        Asked { provider: self.provider, settings: &self.handshake, head }
    }

    /// The address that the sender knows.
    fn url<'a>(&'a self, head: &Head<'a>) -> Cow<'a, str> {
        known_url(self.public_url.as_deref(), head.url)
    }

    /// Refuses a compressed body: no sender signs one, and what is signed is the body as it arrives.
    fn is_plain(&self, head: &Head<'_>) -> Result<(), Refusal> {
        let compressed = |value: &&[u8]| !value.is_empty() && !value.eq_ignore_ascii_case(b"identity");
        if head.values("content-encoding").any(|value| compressed(&value)) {
            let detail = "expected a body without Content-Encoding, as every sender sends it, found a compressed one";
            return Err(Refusal::new(Reason::BadContentType, detail));
        }
        Ok(())
    }

    fn method(&self, head: &Head<'_>) -> Result<(), Refusal> {
        if self.provider.methods.contains(&head.method) {
            return Ok(());
        }
        let expected = self.provider.methods.join(" or ");
        let detail = format!("expected the method {expected}, found {}", head.method.escape_debug());
        Err(Refusal::new(Reason::BadMethod, detail))
    }

    /// The key under which every claim holds.
    fn signed(&self, presented: &Presented<'_>) -> Result<&Held, Refusal> {
        let name = presented.key_name()?;
        let named =
            |held: &&Held| name.is_none_or(|name| held.name.as_deref().is_some_and(|own| own.as_bytes() == name));
        if !self.keys.iter().any(|held| named(&held)) {
            return Err(Refusal::new(Reason::UnknownKey, "the request names a key that is not configured"));
        }
        self.keys.iter().filter(named).find(|held| presented.holds_under(&held.key)).ok_or_else(|| self.mismatch())
    }

    fn mismatch(&self) -> Refusal {
        let detail = format!("the signature does not belong to this request under {}", self.tried());
        Refusal::new(Reason::SignatureMismatch, detail)
    }

    /// The secret that the request presents as it stands.
    fn presented_secret(&self, head: &Head<'_>) -> Result<&Held, Refusal> {
        let (place, secret) = match &self.provider.credential {
            Credential::Token { place: Place::Query(name), .. } => {
                let mut values = head.query_values(name);
                if values.iter().all(Vec::is_empty) {
                    let detail = format!("expected the query parameter {name} in the URL, found none");
                    return Err(Refusal::new(Reason::MissingToken, detail));
                }
                let only = if values.len() == 1 { values.pop() } else { None };
                (format!("the query parameter {name}"), Cow::Owned(only.unwrap_or_default()))
            }
            Credential::Token { place: Place::Header(name), prefix } => {
                let value = head.required_header(name, Reason::MissingToken)?;
                let Some(token) = value.strip_prefix(prefix.as_bytes()) else {
                    let detail = format!("expected a value that begins with {prefix} in the header {name}");
                    return Err(Refusal::new(Reason::MalformedHeader, detail));
                };
                (format!("the token in the header {name}"), Cow::Borrowed(token))
            }
            _ => ("the user and password".to_owned(), Cow::Owned(basic(head)?)),
        };
        self.keys
            .iter()
            .find(|held| held.key.is_token(&secret))
            .ok_or_else(|| Refusal::new(Reason::TokenMismatch, format!("{place} is not {}", self.tried())))
    }

    fn code(&self, parameter: &str, head: &Head<'_>) -> Result<&Held, Refusal> {
        let codes = head.query_values(parameter);
        if codes.iter().all(Vec::is_empty) {
            let detail = format!("expected the query parameter {parameter} in the URL, found none");
            return Err(Refusal::new(Reason::MissingCode, detail));
        }
        let [code] = codes.as_slice() else {
            let found = codes.len();
            let detail = format!("expected the query parameter {parameter} once, found it {found} times");
            return Err(Refusal::new(Reason::CodeMismatch, detail));
        };
        self.keys.iter().find(|held| held.key.is_token(code)).ok_or_else(|| {
            let detail = format!("the query parameter {parameter} is not {}", self.tried());
            Refusal::new(Reason::CodeMismatch, detail)
        })
    }

    fn tried(&self) -> String {
        match self.keys.len() {
            1 => "the configured secret".to_owned(),
            several => format!("any of the {several} configured secrets"),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret_ids: Vec<_> = self.keys.iter().map(|held| &held.id).collect();
        out.debug_struct("Endpoint")
            .field("provider", &self.provider.name)
            .field("secret_ids", &secret_ids)
            .field("window_s", &self.window_s)
            .field("subject", &self.subject)
            .finish()
    }
}

/// The address that the sender knows: the configured one with the query that arrived, else the one that was called.
pub(crate) fn known_url<'a>(public: Option<&'a str>, called: &'a str) -> Cow<'a, str> {
    let Some(public) = public else { return Cow::Borrowed(called) };
    match called.split_once('?') {
        Some((_, query)) if !public.contains('?') => Cow::Owned(format!("{public}?{query}")),
        _ => Cow::Borrowed(public),
    }
}

/// The key that a configured text gives for this sender.
pub(crate) fn prepared(provider: &Provider, text: &str) -> Result<Key, secret::SecretFault> {
    let bytes = secret::key_bytes(provider.key, text)?;
    match &provider.credential {
        Credential::Signature(signature) => Key::for_signatures(signature.algorithm, &bytes),
        Credential::Twilio => Key::for_signatures(Algorithm::HmacSha1, &bytes),
        Credential::Netlify => Key::for_signatures(Algorithm::HmacSha256, &bytes),
        Credential::Token { .. } | Credential::Code { .. } | Credential::Basic => Ok(Key::for_tokens(&bytes)),
        Credential::AwsSns | Credential::PayPal => Ok(Key::Identifier(bytes.to_vec())),
    }
}

fn signature_of(provider: &Provider) -> Option<&Signature> {
    match &provider.credential {
        Credential::Signature(signature) => Some(signature),
        _ => None,
    }
}

/// User, colon and password of HTTP basic authentication (RFC 7617).
fn basic(head: &Head<'_>) -> Result<Vec<u8>, Refusal> {
    let value = head.required_header("Authorization", Reason::MissingToken)?;
    let (scheme, rest) = value.split_at(value.iter().position(|byte| *byte == b' ').unwrap_or(value.len()));
    let encoded = rest.trim_ascii_start();
    if !scheme.eq_ignore_ascii_case(b"basic") {
        let detail = "expected the scheme Basic in the header Authorization, found another one";
        return Err(Refusal::new(Reason::MalformedHeader, detail));
    }
    base64::decode(encoded).ok_or_else(|| {
        Refusal::new(
            Reason::MalformedHeader,
            "expected base64 after Basic in the header Authorization, found something else",
        )
    })
}
