//! A refused request, and what would have been had something been otherwise.

use std::borrow::Cow;
use std::cell::Cell;
use std::slice;

use crate::provider::{Credential, KeyForm, Provider, Signature, netlify, twilio};
use crate::receive::{Content, Head, Presented, known_url, prepared};
use crate::refusal::Reason;

/// How many bytes all trials together may hash. What is asked for beyond is not tried.
const HASHED_BYTES_MAX: usize = 256 << 20;

/// What one trial costs beside its body, in bytes.
const TRIAL_BYTES: usize = 1024;

/// The most secrets that are tried, own ones and those of each other kind.
const SECRETS_MAX: usize = 64;

/// A refused request, and everything it was and could have been judged by. Without `Debug`: it holds secrets.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// Who is said to have sent it.
    pub provider: &'a Provider,
    /// The source's secrets that were in force, each with its id.
    pub secrets: &'a [(String, String)],
    /// The source's secrets that were not, each with its id.
    pub idle: &'a [(String, String)],
    /// The secrets of other sources, each with its source's name.
    pub others: &'a [(String, String)],
    /// How far a signed time may lie from `now_s`, instead of the provider's own figure.
    pub window_s: Option<u64>,
    /// The address that the sender is said to know.
    pub public_url: Option<&'a str>,
    /// The request's head, its URL as the gateway saw it.
    pub head: Head<'a>,
    /// The request's body.
    pub body: &'a [u8],
    /// When it arrived.
    pub now_s: i64,
}

/// What a trial is made with.
#[derive(Clone, Copy)]
pub(super) struct Trial<'t> {
    pub provider: &'t Provider,
    pub secrets: &'t [&'t str],
    pub head: Head<'t>,
    pub url: &'t str,
    pub body: &'t [u8],
}

/// A trial's success: the signature fits. Its time may still be refused.
pub(super) struct Fits {
    pub signed_at_s: Option<i64>,
}

/// A case, and what its trials may still cost.
pub(super) struct Trials<'a> {
    pub case: Case<'a>,
    pub url: Cow<'a, str>,
    /// What it was refused for.
    pub reason: Reason,
    secrets: Vec<&'a str>,
    left: Cell<usize>,
}

impl<'a> Trials<'a> {
    pub fn new(case: &Case<'a>, reason: Reason) -> Self {
        let secrets = case.secrets.iter().take(SECRETS_MAX).map(|(_, text)| text.as_str()).collect();
        let url = known_url(case.public_url, case.head.url);
        Self { case: *case, url, reason, secrets, left: Cell::new(HASHED_BYTES_MAX) }
    }

    /// The source's own secrets.
    pub fn secrets(&self) -> &[&'a str] {
        &self.secrets
    }

    /// Secrets of one kind, as many as are tried.
    pub fn few(secrets: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
        secrets.iter().take(SECRETS_MAX).map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The definition of the signature, where a definition is all there is to it.
    pub fn signature(&self) -> Option<&'a Signature> {
        match &self.case.provider.credential {
            Credential::Signature(signature) => Some(signature),
            _ => None,
        }
    }

    /// Whether trials went untried for want of room.
    pub fn gave_up(&self) -> bool {
        self.left.get() == 0
    }

    /// The request as it was judged.
    pub fn as_it_was(&self) -> Trial<'_> {
        let Case { provider, head, body, .. } = self.case;
        Trial { provider, secrets: &self.secrets, head, url: &self.url, body }
    }

    /// Whether the signature would fit another body.
    pub fn fits_body(&self, body: &[u8]) -> bool {
        self.fits(&Trial { body, ..self.as_it_was() }).is_some()
    }

    /// Whether it would fit another address.
    pub fn fits_url(&self, url: &str) -> bool {
        self.fits(&Trial { url, ..self.as_it_was() }).is_some()
    }

    /// Whether it would fit another secret, read in this form.
    pub fn fits_secret(&self, text: &str, key: KeyForm) -> bool {
        let provider = Provider { key, ..*self.case.provider };
        self.fits(&Trial { provider: &provider, secrets: &[text], ..self.as_it_was() }).is_some()
    }

    /// Makes a trial.
    pub fn fits(&self, trial: &Trial<'_>) -> Option<Fits> {
        let Trial { provider, secrets, head, url, body } = trial;
        self.charge(secrets.len().saturating_mul(body.len() + TRIAL_BYTES))?;
        let keys: Vec<_> = secrets.iter().filter_map(|text| prepared(provider, text).ok()).collect();
        let content = Content::new(provider, head, body);
        let signed = |is_signed: bool| is_signed.then_some(Fits { signed_at_s: None });
        match &provider.credential {
            Credential::Signature(signature) => {
                let mut presented = Presented::of_head(signature, head).ok()?;
                presented.read_content(&content, url).ok()?;
                let fits = keys.iter().any(|key| presented.holds_under(key));
                fits.then(|| Fits { signed_at_s: presented.signed_at_s() })
            }
            Credential::Twilio => {
                let candidates = twilio::candidates(head).ok()?;
                let messages = twilio::messages(url, head, &content).ok()?;
                let mut keys = keys.iter();
                signed(keys.any(|key| messages.iter().any(|message| key.explains(&[message], &candidates))))
            }
            Credential::Netlify => {
                let presented = netlify::presented(head).ok()?;
                let tag = slice::from_ref(&presented.tag);
                signed(keys.iter().any(|key| key.explains(&[presented.signed], tag)))
                    .filter(|_| presented.is_about(body).is_ok())
            }
            _ => None,
        }
    }

    /// The time that the head claims to be signed, whatever the signature is.
    pub fn claimed_at_s(&self, signature: &Signature) -> Option<i64> {
        let mut presented = Presented::of_head(signature, &self.case.head).ok()?;
        let content = Content::new(self.case.provider, &self.case.head, self.case.body);
        presented.read_content(&content, &self.url).ok()?;
        presented.signed_at_s()
    }

    fn charge(&self, bytes: usize) -> Option<()> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => {
                self.left.set(0);
                return None;
            }
        }
        Some(())
    }
}
