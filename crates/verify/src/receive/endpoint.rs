//! A configured endpoint: its keys prepared once, its requests judged one by one.

use std::fmt;

use zeroize::Zeroizing;

use crate::key::Key;
use crate::provider::{Answer, Credential, Place, Provider};
use crate::refusal::{Reason, Refusal};
use crate::secret;

use super::content::Content;
use super::credential::Presented;
use super::event::Told;
use super::head::Head;
use super::outcome::{Accepted, Outcome, Proof, Reply};
use super::settings::{EndpointSettings, Misconfigured, SubjectPaths};

/// A configured endpoint. Its keys are wiped when it is dropped, and never shown.
pub struct Endpoint {
    provider: &'static Provider,
    keys: Vec<(String, Key)>,
    window_s: Option<u64>,
    subject: Option<SubjectPaths>,
}

impl Endpoint {
    /// Prepares the keys.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`] says which of the settings cannot be, and why. The configured texts are wiped either way.
    pub fn new(settings: EndpointSettings) -> Result<Endpoint, Misconfigured> {
        let EndpointSettings { provider, secrets, window_s, public_url: _, subject } = settings;
        let secrets: Vec<_> = secrets.into_iter().map(|(id, text)| (id, Zeroizing::new(text))).collect();
        if secrets.is_empty() {
            return Err(Misconfigured::NoSecret { provider: provider.name });
        }
        let keys = secrets
            .into_iter()
            .map(|(id, text)| match prepared(provider, &text) {
                Ok(key) => Ok((id, key)),
                Err(fault) => Err(Misconfigured::Secret { id, fault }),
            })
            .collect::<Result<_, _>>()?;
        let provider_window_s = window_of(provider);
        if window_s.is_some() && provider_window_s.is_none() {
            return Err(Misconfigured::NoTime { provider: provider.name });
        }
        let subject =
            subject.or_else(|| provider.subject.map(SubjectPaths::from)).map(SubjectPaths::checked).transpose()?;
        Ok(Endpoint { provider, keys, window_s: window_s.or(provider_window_s), subject })
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

    /// How far a signed time may lie from our own, where the provider signs one.
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
        match &self.provider.credential {
            Credential::Code { parameter } => {
                self.code(parameter, head)?;
                posted(head)?;
            }
            Credential::Token { header } => {
                posted(head)?;
                self.token(header, head)?;
            }
            Credential::Signature(signature) => {
                posted(head)?;
                Presented::read(signature, head)?.within(self.window_s, now_s)?;
            }
        }
        for place in [Some(self.provider.event.place()), self.provider.delivery_id] {
            if let Some(Place::Header(name)) = place {
                head.header_text(name)?;
            }
        }
        Ok(())
    }

    /// Judges the whole request.
    #[must_use]
    pub fn receive(&self, head: &Head<'_>, body: &[u8], now_s: i64) -> Outcome {
        let content = Content::new(self.provider, head, body);
        self.prove(head, &content, now_s)
            .and_then(|proof| self.read(proof, head, &content))
            .unwrap_or_else(Outcome::Refuse)
    }

    /// The verification step alone: who sent this, whatever it says.
    pub(crate) fn prove(&self, head: &Head<'_>, content: &Content<'_>, now_s: i64) -> Result<Proof, Refusal> {
        match &self.provider.credential {
            Credential::Code { parameter } => {
                let proof = self.code(parameter, head)?;
                posted(head)?;
                Ok(proof)
            }
            Credential::Token { header } => {
                posted(head)?;
                self.token(header, head)
            }
            Credential::Signature(signature) => {
                posted(head)?;
                let presented = Presented::read(signature, head)?;
                let proof = self.signature(&presented, content)?;
                presented.within(self.window_s, now_s)?;
                Ok(proof)
            }
        }
    }

    /// What a believed request says.
    fn read(&self, proof: Proof, head: &Head<'_>, content: &Content<'_>) -> Result<Outcome, Refusal> {
        if content.body.is_empty() {
            let detail = "expected the event as the request's body, found no body";
            return Err(Refusal::new(Reason::EmptyBody, detail));
        }
        let told = Told::read(self.provider, self.subject.as_ref(), head, content)?;
        if self.provider.ping.is_some() && self.provider.ping == told.name.as_deref() {
            return Ok(Outcome::Reply(Reply::from(Answer::OK)));
        }
        let arrivals = told.into_arrivals(self.provider, content.body);
        let reply = Reply::from(self.provider.success);
        Ok(Outcome::Accept(Accepted { proof, arrivals, reply }))
    }

    fn signature(&self, presented: &Presented<'_>, content: &Content<'_>) -> Result<Proof, Refusal> {
        let message = presented.message(content)?;
        self.proof(presented.signed_at_s(), |key| key.explains(&message, &presented.candidates)).ok_or_else(|| {
            let tried = self.tried();
            let detail = format!("the signature does not belong to this request under {tried}");
            Refusal::new(Reason::SignatureMismatch, detail)
        })
    }

    fn token(&self, header: &str, head: &Head<'_>) -> Result<Proof, Refusal> {
        let token = head.required_header(header, Reason::MissingToken)?;
        self.proof(None, |key| key.is_token(token)).ok_or_else(|| {
            let detail = format!("the token in the header {header} is not {}", self.tried());
            Refusal::new(Reason::TokenMismatch, detail)
        })
    }

    fn code(&self, parameter: &str, head: &Head<'_>) -> Result<Proof, Refusal> {
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
        self.proof(None, |key| key.is_token(code)).ok_or_else(|| {
            let detail = format!("the query parameter {parameter} is not {}", self.tried());
            Refusal::new(Reason::CodeMismatch, detail)
        })
    }

    fn proof(&self, signed_at_s: Option<i64>, matches: impl Fn(&Key) -> bool) -> Option<Proof> {
        let (id, _) = self.keys.iter().find(|(_, key)| matches(key))?;
        Some(Proof::new(self.provider.credential.scheme(), id, signed_at_s))
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
        let secret_ids: Vec<_> = self.keys.iter().map(|(id, _)| id).collect();
        out.debug_struct("Endpoint")
            .field("provider", &self.provider.name)
            .field("secret_ids", &secret_ids)
            .field("window_s", &self.window_s)
            .field("subject", &self.subject)
            .finish()
    }
}

fn prepared(provider: &Provider, text: &str) -> Result<Key, secret::SecretFault> {
    let bytes = secret::key_bytes(provider.key, text)?;
    match &provider.credential {
        Credential::Signature(signature) => Key::for_signatures(signature.algorithm, &bytes),
        Credential::Token { .. } | Credential::Code { .. } => Ok(Key::for_tokens(&bytes)),
    }
}

fn window_of(provider: &Provider) -> Option<u64> {
    match &provider.credential {
        Credential::Signature(signature) => signature.time.map(|time| time.window_s),
        Credential::Token { .. } | Credential::Code { .. } => None,
    }
}

fn posted(head: &Head<'_>) -> Result<(), Refusal> {
    if head.method == "POST" {
        return Ok(());
    }
    let detail = format!("expected the method POST, found {}", head.method.escape_debug());
    Err(Refusal::new(Reason::BadMethod, detail))
}
