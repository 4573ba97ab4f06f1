//! The signatures on what we send, and the receiving side of the scanner protocol.

use core::fmt;

use ed25519_dalek::Signer;

use crate::mac::{self, Mac};
use crate::provider::KeyForm;
use crate::secret::{self, SecretFault};
use crate::{base64, compare, hex};

/// The scheme of the scanner protocol, as its header spells it.
pub const SCANNER_SCHEME: &str = "HMAC-SHA256";

/// A key that we sign with, prepared once. Shows nothing of itself.
#[derive(Clone)]
pub struct SigningKey(Kind);

#[derive(Clone)]
enum Kind {
    Token(Mac),
    Private(ed25519_dalek::SigningKey),
}

impl SigningKey {
    /// Reads a configured key: a signing token (`whsec_`, shared with the receiver) or a private key (`whsk_`, whose
    /// public half the receiver has).
    ///
    /// # Errors
    ///
    /// [`SecretFault`] where the text is neither.
    pub fn read(text: &str) -> Result<SigningKey, SecretFault> {
        if text.starts_with(secret::PRIVATE_KEY_PREFIX) {
            let seed = secret::private_key(text)?;
            return Ok(SigningKey(Kind::Private(ed25519_dalek::SigningKey::from_bytes(&seed))));
        }
        let key = secret::key_bytes(KeyForm::Whsec, text)?;
        Ok(SigningKey(Kind::Token(Mac::new(&key))))
    }

    /// The public key that receivers verify with, for a private key.
    #[must_use]
    pub fn public_key(&self) -> Option<String> {
        match &self.0 {
            Kind::Token(_) => None,
            Kind::Private(key) => {
                let public = base64::encode(key.verifying_key().as_bytes());
                Some(format!("{}{public}", secret::PUBLIC_KEY_PREFIX))
            }
        }
    }

    fn sign(&self, parts: &[&[u8]]) -> String {
        match &self.0 {
            Kind::Token(mac) => {
                let mut mac = mac.clone();
                parts.iter().for_each(|part| mac.update(part));
                format!("v1,{}", base64::encode(&mac.tag()))
            }
            Kind::Private(key) => {
                format!("v1a,{}", base64::encode(&key.sign(&parts.concat()).to_bytes()))
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(..)")
    }
}

/// The value of `webhook-signature`: one signature for each key, so that receivers keep up while keys change.
#[must_use]
pub fn standard(id: &str, timestamp_s: i64, body: &[u8], keys: &[SigningKey]) -> String {
    let time = timestamp_s.to_string();
    let message = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let signatures: Vec<_> = keys.iter().map(|key| key.sign(&message)).collect();
    signatures.join(" ")
}

/// The value of `X-Hub-Signature-256`, as GitHub signs.
#[must_use]
pub fn github(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(&mac::tag(secret.as_bytes(), &[body])))
}

/// The value of `Authorization` on a call to a scanner.
#[must_use]
pub fn scanner(key: &str, body: &[u8]) -> String {
    format!("{SCANNER_SCHEME} {}", hex::encode(&mac::tag(key.as_bytes(), &[body])))
}

/// Judges the `Authorization` of a call that was signed with [`scanner`]. An empty key proves nothing.
///
/// # Errors
///
/// [`ScannerRefusal`] says why the call must not be served.
pub fn scanner_authorization(header: Option<&str>, key: &str, body: &[u8]) -> Result<(), ScannerRefusal> {
    let Some(header) = header.filter(|header| !header.is_empty()) else {
        return Err(ScannerRefusal::MissingAuthorization);
    };
    match header.split_once(' ') {
        Some((SCANNER_SCHEME, digest)) if !digest.is_empty() => {}
        _ => return Err(ScannerRefusal::UnsupportedScheme),
    }
    let right = compare::equal(scanner(key, body).as_bytes(), header.as_bytes());
    if right && !key.is_empty() { Ok(()) } else { Err(ScannerRefusal::SignatureMismatch) }
}

/// Why a call to a scanner is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScannerRefusal {
    /// No `Authorization`.
    MissingAuthorization,
    /// Another scheme than [`SCANNER_SCHEME`], or no digest after it.
    UnsupportedScheme,
    /// Not the signature of this body under this key.
    SignatureMismatch,
}

impl ScannerRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ScannerRefusal::MissingAuthorization => "missing_authorization",
            ScannerRefusal::UnsupportedScheme => "unsupported_scheme",
            ScannerRefusal::SignatureMismatch => "signature_mismatch",
        }
    }
}

impl fmt::Display for ScannerRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ScannerRefusal::MissingAuthorization => "expected the header Authorization, found none",
            ScannerRefusal::UnsupportedScheme => {
                "expected `HMAC-SHA256` and a digest in the header Authorization, found another form"
            }
            ScannerRefusal::SignatureMismatch => "the signature does not belong to this body under the configured key",
        })
    }
}

impl core::error::Error for ScannerRefusal {}

#[cfg(test)]
mod tests {
    use super::{SigningKey, github, scanner, scanner_authorization, standard};
    use crate::secret;

    #[test]
    fn the_published_example_is_signed_alike() {
        let key = SigningKey::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");

        let signature = standard("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#, &[key]);

        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_key_adds_a_signature_of_its_kind() {
        let token = SigningKey::read(&secret::whsec(&[1; 32])).expect("a key");
        let private = SigningKey::read(&secret::whsk(&[2; 32])).expect("a key");

        let signatures = standard("msg_1", 1000, b"{}", &[token, private]);

        let versions: Vec<_> = signatures.split(' ').map(|item| item.split(',').next()).collect();
        assert_eq!(versions, [Some("v1"), Some("v1a")]);
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        for text in ["", "whsk_AAAA", "whsec_AAAA", "whsec_*"] {
            assert!(SigningKey::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn github_s_documented_example_is_signed_alike() {
        assert_eq!(
            github("It's a Secret to Everybody", b"Hello, World!"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }

    #[test]
    fn an_empty_scanner_key_proves_nothing() {
        let header = scanner("", b"{}");

        assert!(scanner_authorization(Some(&header), "", b"{}").is_err());
        assert!(scanner_authorization(Some(&scanner("k", b"{}")), "k", b"{}").is_ok());
    }
}
