//! Secrets at rest: XChaCha20-Poly1305 under the installation's key, each bound to what it is the secret of.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::catalogue::Sealed;
use zeroize::Zeroizing;

/// The installation's key. It seals secrets; what else needs a key is derived from it.
#[derive(Clone)]
pub struct SealKey {
    key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// Why a secret could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored secret does not open under this key: the key file belongs to another data directory, or the row was changed"
)]
pub struct CannotOpen;

/// What each kind of secret is sealed for.
pub mod of {
    /// A source's secret.
    #[must_use]
    pub fn source(provider: &str, name: &str) -> String {
        format!("source/{provider}/{name}")
    }

    /// The profile's own key of a service.
    #[must_use]
    pub fn service_secret(name: &str) -> String {
        format!("service/{name}/secret")
    }

    /// The value of a header that a service is sent.
    #[must_use]
    pub fn service_header(name: &str, header: &str) -> String {
        format!("service/{name}/header/{header}")
    }

    /// Our signing secret for a service.
    #[must_use]
    pub fn service_signing(name: &str) -> String {
        format!("service/{name}/signing")
    }

    /// The secrets with which the account of this number signs its tokens.
    #[must_use]
    pub fn account_jwt(number: i64) -> String {
        format!("account/{number}/jwt")
    }

    /// The secrets with which the account of this number signs its requests.
    #[must_use]
    pub fn account_access(number: i64) -> String {
        format!("account/{number}/access")
    }

    /// The secret of the authenticator of the account of this number.
    #[must_use]
    pub fn account_second(number: i64) -> String {
        format!("account/{number}/second")
    }

    /// The value of a variable.
    #[must_use]
    pub fn variable(operation: Option<&str>, slug: &str) -> String {
        format!("variable/{}/{slug}", operation.unwrap_or_default())
    }

    /// The credential of a refused request.
    pub const QUARANTINE: &str = "quarantine";
}

/// The form's version, first in every sealed text.
const VERSION: &str = "1:";

impl SealKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self { key: Zeroizing::new(bytes) }
    }

    /// Seals a secret. `of` says what it is the secret of; only there will it open. `nonce` must be random.
    #[must_use]
    pub fn seal(&self, secret: &str, of: &str, nonce: [u8; 24]) -> Sealed {
        let payload = Payload { msg: secret.as_bytes(), aad: of.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Sealed(format!("{VERSION}{}", verify::hex::encode(&bytes)))
    }

    /// Opens a secret that was sealed for this.
    ///
    /// # Errors
    /// [`CannotOpen`] under another key, for something else, or when it was changed.
    pub fn open(&self, sealed: &Sealed, of: &str) -> Result<Zeroizing<String>, CannotOpen> {
        let bytes =
            sealed.0.strip_prefix(VERSION).and_then(|text| verify::hex::decode(text.as_bytes())).ok_or(CannotOpen)?;
        let (nonce, message) = bytes.split_at_checked(24).ok_or(CannotOpen)?;
        let nonce = <[u8; 24]>::try_from(nonce).map_err(|_| CannotOpen)?;
        let payload = Payload { msg: message, aad: of.as_bytes() };
        let secret = self.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| CannotOpen)?;
        String::from_utf8(secret).map(Zeroizing::new).map_err(|_| CannotOpen)
    }

    /// A key for another use, which says nothing about this one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        verify::mac::tag(&*self.key, &[b"countersign derive\0", purpose.as_bytes()])
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_under_its_key_and_for_what_it_was_sealed() {
        let key = SealKey::new([1; 32]);
        let sealed = key.seal("hunter2", "source/website", [9; 24]);
        assert_eq!(key.open(&sealed, "source/website").expect("it opens").as_str(), "hunter2");
        assert_eq!(key.open(&sealed, "source/other"), Err(CannotOpen));
        assert_eq!(SealKey::new([2; 32]).open(&sealed, "source/website"), Err(CannotOpen));
        for broken in ["", "1:", "1:00", "2:00", "plain"] {
            assert_eq!(key.open(&Sealed(broken.to_owned()), "source/website"), Err(CannotOpen));
        }
        assert!(!sealed.0.contains("hunter2"));
    }
}
