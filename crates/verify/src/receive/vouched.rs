//! An endpoint whose secret we do not have: another program knows it, and vouches for a request.
//!
//! We read what the request presents, as for any other; that program alone says whether it is right; then we read what
//! the request tells, as of any other.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::hex;
use crate::provider::{Credential, Place};
use crate::refusal::{Reason, Refusal};

use super::content::Content;
use super::credential::Presented;
use super::endpoint::Endpoint;
use super::head::Head;
use super::outcome::{Outcome, Proof};
use super::settings::{EndpointSettings, Misconfigured};

/// The forges whose secrets another program can know, and where their events name the repository.
const FORGES: [(&str, &str); 5] = [
    ("forgejo", "repository.html_url"),
    ("gitea", "repository.html_url"),
    ("github", "repository.html_url"),
    ("gitlab-token", "project.git_http_url"),
    ("gogs", "repository.html_url"),
];

/// What proofs of such requests name instead of a secret's id.
const VOUCHER: &str = "verifier";

/// The longest address of a repository.
const REPOSITORY_BYTES_MAX: usize = 2048;

/// What is to be vouched for. Nothing of it is believed yet. Without `Debug`: a claim may be a secret.
pub struct UnverifiedClaim {
    /// `hmac-sha256`: the claim is the signature of the message in hex. `token`: the claim is the secret.
    pub kind: &'static str,
    /// The address of the repository that the request says to speak of.
    pub repository: String,
    /// What is presented.
    pub claim: Vec<u8>,
    /// What is signed.
    pub message: Vec<u8>,
}

impl Endpoint {
    /// An endpoint whose requests another program vouches for.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`], if this sender's cannot be, or there is a secret beside it.
    pub fn vouched(settings: EndpointSettings) -> Result<Endpoint, Misconfigured> {
        let name = settings.provider.name;
        if !FORGES.iter().any(|(forge, _)| *forge == name) {
            return Err(Misconfigured::NoVoucher { provider: name });
        }
        if !settings.secrets.is_empty() {
            return Err(Misconfigured::SecretAndVoucher { provider: name });
        }
        Endpoint::of(settings, true)
    }

    /// What the program that knows the secret must be asked about this request; `None` if we know it ourselves.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where it need not be asked.
    pub fn unverified_claim(&self, head: &Head<'_>, body: &[u8]) -> Result<Option<UnverifiedClaim>, Refusal> {
        if !self.is_vouched {
            return Ok(None);
        }
        let content = Content::new(self.provider(), head, body);
        let (kind, claim, message) = match &self.provider().credential {
            Credential::Signature(signature) => {
                let mut presented = Presented::of_head(signature, head)?;
                presented.read_content(&content, head.url)?;
                let (message, signature) = presented.only_claim().ok_or_else(|| self.unvouched())?;
                ("hmac-sha256", hex::encode(signature).into_bytes(), message.whole())
            }
            _ => ("token", self.token_in(head)?, body.to_vec()),
        };
        let repository = self.repository(&content)?;
        Ok(Some(UnverifiedClaim { kind, repository, claim, message }))
    }

    /// What a request tells that the program vouched for. Only to be called when it did.
    #[must_use]
    pub fn receive_vouched(&self, head: &Head<'_>, body: &[u8]) -> Outcome {
        let content = Content::new(self.provider(), head, body);
        let proof = Proof::new(self.provider().credential.scheme(), VOUCHER.into(), None);
        self.tell(proof, None, head, &content).unwrap_or_else(Outcome::Refuse)
    }

    /// Why a request is refused that the program did not vouch for.
    #[must_use]
    pub fn unvouched(&self) -> Refusal {
        match self.provider().credential {
            Credential::Signature(_) => {
                let detail = "the signature does not belong to this request under the secret that the verifier knows";
                Refusal::new(Reason::SignatureMismatch, detail)
            }
            _ => Refusal::new(Reason::TokenMismatch, "the token is not the secret that the verifier knows"),
        }
    }

    /// What can be said by the head alone.
    pub(super) fn look_at_claim(&self, head: &Head<'_>) -> Result<(), Refusal> {
        match &self.provider().credential {
            Credential::Signature(signature) => Presented::of_head(signature, head).map(drop),
            _ => self.token_in(head).map(drop),
        }
    }

    fn token_in(&self, head: &Head<'_>) -> Result<Vec<u8>, Refusal> {
        let Credential::Token { place: Place::Header(name), prefix } = &self.provider().credential else {
            return Err(self.unvouched());
        };
        let token = head.required_header(name, Reason::MissingToken)?.strip_prefix(prefix.as_bytes());
        token.filter(|token| !token.is_empty()).map(<[u8]>::to_vec).ok_or_else(|| self.unvouched())
    }

    /// The repository, named once: of two, another reader of the body may take the other.
    fn repository(&self, content: &Content<'_>) -> Result<String, Refusal> {
        let place = FORGES.iter().find(|(forge, _)| *forge == self.provider().name).map_or("", |(_, place)| *place);
        let missing = || {
            let detail = format!("expected the repository at {place} in the body once, found it otherwise");
            Refusal::new(Reason::MissingValue, detail)
        };
        content.read(&[])?;
        let text = str::from_utf8(content.payload()?).unwrap_or_default();
        let value = place.split('.').try_fold(text, |object, name| only_member(object, name));
        let repository: Option<String> = value.and_then(|value| serde_json::from_str(value).ok());
        repository.filter(|repository| (1..=REPOSITORY_BYTES_MAX).contains(&repository.len())).ok_or_else(missing)
    }
}

/// The member of this name, if the text is an object that has it once.
fn only_member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let Members(members) = serde_json::from_str(object).ok()?;
    let mut named = members.into_iter().filter(|(other, _)| other == name);
    match (named.next(), named.next()) {
        (Some((_, value)), None) => Some(value.get()),
        _ => None,
    }
}

/// An object's members as they stand there.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{self, GITHUB, GITLAB_TOKEN, Provider};
    use crate::receive::HandshakeSettings;

    const BODY: &[u8] = br#"{"repository":{"html_url":"https:\/\/h/r"},"project":{"git_http_url":"p"}}"#;

    fn settings(provider: &'static Provider) -> EndpointSettings {
        let handshake = HandshakeSettings::default();
        EndpointSettings { provider, secrets: Vec::new(), window_s: None, public_url: None, handshake, subject: None }
    }

    fn claim(provider: &'static Provider, header: (&str, &[u8]), body: &[u8]) -> Result<UnverifiedClaim, Reason> {
        let endpoint = Endpoint::vouched(settings(provider)).expect("an endpoint");
        let headers = [header];
        let head = Head { method: "POST", url: "https://h/", headers: &headers };
        endpoint.look(&head, 0).map_err(|refusal| refusal.reason)?;
        let claim = endpoint.unverified_claim(&head, body).map_err(|refusal| refusal.reason)?;
        Ok(claim.expect("a claim"))
    }

    #[test]
    fn a_claim_is_what_the_request_presents() {
        let signature = format!("sha256={}", "AB".repeat(32));
        let signed = claim(&GITHUB, ("X-Hub-Signature-256", signature.as_bytes()), BODY).expect("a claim");
        assert_eq!((signed.kind, signed.repository.as_str()), ("hmac-sha256", "https://h/r"));
        assert_eq!((signed.claim, signed.message.as_slice()), ("ab".repeat(32).into_bytes(), BODY));

        let token = claim(&GITLAB_TOKEN, ("X-Gitlab-Token", b"t"), BODY).expect("a claim");
        assert_eq!((token.kind, token.repository.as_str(), token.claim.as_slice()), ("token", "p", &b"t"[..]));
    }

    #[test]
    fn nobody_is_asked_about_what_no_secret_could_mend() {
        let twice = br#"{"repository":{"html_url":"a"},"repository":{"html_url":"b"}}"#;
        let signature = format!("sha256={}", "ab".repeat(32));
        let reason = |value: &[u8], body| claim(&GITHUB, ("X-Hub-Signature-256", value), body).err();

        assert_eq!(reason(signature.as_bytes(), twice), Some(Reason::MissingValue));
        assert_eq!(reason(signature.as_bytes(), b"{}"), Some(Reason::MissingValue));
        let long = format!(r#"{{"repository":{{"html_url":"{}"}}}}"#, "x".repeat(2049));
        assert_eq!(reason(signature.as_bytes(), long.as_bytes()), Some(Reason::MissingValue));
        assert_eq!(reason(signature.as_bytes(), b"text"), Some(Reason::MalformedBody));
        assert!(reason(b"sha256=", BODY).is_some() && reason(b"", BODY).is_some());
        assert!(claim(&GITLAB_TOKEN, ("X-Gitlab-Token", b""), BODY).is_err());
    }

    #[test]
    fn only_forges_have_a_voucher_and_no_secret_stands_beside_it() {
        for (forge, _) in FORGES {
            assert!(Endpoint::vouched(settings(provider::find(forge).expect("known"))).is_ok(), "{forge}");
        }
        let stripe = provider::find("stripe").expect("known");
        assert!(matches!(Endpoint::vouched(settings(stripe)), Err(Misconfigured::NoVoucher { .. })));
        let both = EndpointSettings { secrets: vec![("id".into(), "secret".into())], ..settings(&GITHUB) };
        assert!(matches!(Endpoint::vouched(both), Err(Misconfigured::SecretAndVoucher { .. })));
    }
}
