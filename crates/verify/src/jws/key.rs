//! Keys of tokens: each has one algorithm.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::{Signer, Verifier};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::{compare, ed25519};

/// The algorithms there are (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// HMAC with SHA-512: whoever can check can sign.
    Hs512,
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 3] = [Algorithm::Hs512, Algorithm::EdDsa, Algorithm::Es256];

    /// The algorithm of this name, to the letter. Ed25519 has two: RFC 9864 gave it one of its own.
    #[must_use]
    pub fn named(name: &str) -> Option<Algorithm> {
        match name {
            "HS512" => Some(Algorithm::Hs512),
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
            "ES256" => Some(Algorithm::Es256),
            _ => None,
        }
    }

    /// Its name, the one that most verifiers know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Hs512 => "HS512",
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
        }
    }
}

/// Why bytes are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// Not what such keys consist of.
    Undecodable,
    /// A public key with which anybody could sign.
    Weak,
}

/// A key that signatures are held against.
#[derive(Clone)]
pub struct VerifyingKey(Verifying);

#[derive(Clone)]
enum Verifying {
    Hs512(Box<Hmac<Sha512>>),
    EdDsa(Box<ed25519_dalek::VerifyingKey>),
    Es256(Box<p256::ecdsa::VerifyingKey>),
}

impl VerifyingKey {
    /// A shared secret. How long it must be is the caller's rule.
    #[must_use]
    pub fn hs512(secret: &[u8]) -> VerifyingKey {
        VerifyingKey(Verifying::Hs512(Box::new(keyed(secret))))
    }

    /// The 32 bytes of an Ed25519 public key.
    ///
    /// # Errors
    ///
    /// [`KeyFault`] where they are none, or one of small order.
    pub fn ed25519(bytes: &[u8]) -> Result<VerifyingKey, KeyFault> {
        ed25519::public_key(bytes).map(|key| VerifyingKey(Verifying::EdDsa(Box::new(key))))
    }

    /// A point on P-256, uncompressed: a 4, then the 32 bytes of either coordinate.
    ///
    /// # Errors
    ///
    /// [`KeyFault`] where it is none.
    pub fn es256(point: &[u8]) -> Result<VerifyingKey, KeyFault> {
        let uncompressed = point.len() == 65 && point[0] == 4;
        let key = uncompressed.then(|| p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()).flatten();
        key.map(|key| VerifyingKey(Verifying::Es256(Box::new(key)))).ok_or(KeyFault::Undecodable)
    }

    /// The one algorithm of this key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Verifying::Hs512(_) => Algorithm::Hs512,
            Verifying::EdDsa(_) => Algorithm::EdDsa,
            Verifying::Es256(_) => Algorithm::Es256,
        }
    }

    /// What a public key consists of, as [`VerifyingKey::ed25519`] and [`VerifyingKey::es256`] take it; of a shared
    /// secret there is nothing public.
    #[must_use]
    pub fn public_bytes(&self) -> Option<Vec<u8>> {
        match &self.0 {
            Verifying::Hs512(_) => None,
            Verifying::EdDsa(key) => Some(key.as_bytes().to_vec()),
            Verifying::Es256(key) => Some(key.to_sec1_point(false).as_bytes().to_vec()),
        }
    }

    /// Whether this signature proves that the holder of the key made the message. Signatures have one length and one
    /// form: of Ed25519 with S below the order, of ECDSA r and then s, either in range (a high s is valid).
    #[must_use]
    pub fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Verifying::Hs512(mac) => compare::equal(&tag(mac, message), signature),
            Verifying::EdDsa(key) => ed25519::signed(key, message, signature),
            Verifying::Es256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VerifyingKey({})", self.algorithm().name())
    }
}

/// A key that signs. Shows nothing of itself; wiped when it is dropped.
pub struct SigningKey(Signing);

enum Signing {
    Hs512(Zeroizing<Vec<u8>>),
    EdDsa(Box<ed25519_dalek::SigningKey>),
    Es256(Box<p256::ecdsa::SigningKey>),
}

impl SigningKey {
    /// Reads the private bytes of a key of this algorithm: a secret of any length, the seed of an Ed25519 key, or the
    /// number of a key on P-256, 32 bytes each.
    ///
    /// # Errors
    ///
    /// [`KeyFault`] where they are none.
    pub fn of(algorithm: Algorithm, private: &[u8]) -> Result<SigningKey, KeyFault> {
        Ok(SigningKey(match algorithm {
            Algorithm::Hs512 => Signing::Hs512(Zeroizing::new(private.to_vec())),
            Algorithm::EdDsa => {
                let seed = Zeroizing::new(<[u8; 32]>::try_from(private).map_err(|_| KeyFault::Undecodable)?);
                Signing::EdDsa(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))
            }
            Algorithm::Es256 => {
                let number = Some(private).filter(|private| private.len() == 32);
                let key = number.and_then(|number| p256::ecdsa::SigningKey::from_slice(number).ok());
                Signing::Es256(Box::new(key.ok_or(KeyFault::Undecodable)?))
            }
        }))
    }

    /// The one algorithm of this key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Signing::Hs512(_) => Algorithm::Hs512,
            Signing::EdDsa(_) => Algorithm::EdDsa,
            Signing::Es256(_) => Algorithm::Es256,
        }
    }

    /// The key that its signatures hold against.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(match &self.0 {
            Signing::Hs512(secret) => Verifying::Hs512(Box::new(keyed(secret))),
            Signing::EdDsa(key) => Verifying::EdDsa(Box::new(key.verifying_key())),
            Signing::Es256(key) => Verifying::Es256(Box::new(*key.verifying_key())),
        })
    }

    /// The signature over a message; the same each time.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Signing::Hs512(secret) => tag(&keyed(secret), message),
            Signing::EdDsa(key) => key.sign(message).to_bytes().to_vec(),
            Signing::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.algorithm().name())
    }
}

fn keyed(secret: &[u8]) -> Hmac<Sha512> {
    Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")
}

fn tag(mac: &Hmac<Sha512>, message: &[u8]) -> Vec<u8> {
    mac.clone().chain_update(message).finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, KeyFault, SigningKey, VerifyingKey};
    use crate::hex;

    // RFC 4231, test case 2.
    const MESSAGE: &[u8] = b"what do ya want for nothing?";
    const TAG: &str = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                       9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";

    fn signing(algorithm: Algorithm) -> SigningKey {
        SigningKey::of(algorithm, &[7; 32]).expect("a key")
    }

    #[test]
    fn a_published_tag_is_recomputed() {
        let tag = hex::decode(TAG.as_bytes()).expect("hex");

        assert!(VerifyingKey::hs512(b"Jefe").holds(MESSAGE, &tag));
        assert!(!VerifyingKey::hs512(b"jefe").holds(MESSAGE, &tag));
    }

    #[test]
    fn a_signature_is_the_key_s_and_the_message_s_alone() {
        for algorithm in Algorithm::ALL {
            let key = signing(algorithm);
            let signature = key.sign(MESSAGE);

            let held = |message: &[u8], signature: &[u8]| key.verifying_key().holds(message, signature);
            assert_eq!(signature.len(), 64);
            assert!(held(MESSAGE, &signature), "{algorithm:?}");
            assert!(!held(b"another", &signature));
            for wrong in [&[][..], &signature[..63], &[&signature[..], &[0]].concat(), &[0; 64]] {
                assert!(!held(MESSAGE, wrong), "{algorithm:?} {wrong:?}");
            }
            for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                assert!(!signing(other).verifying_key().holds(MESSAGE, &signature), "{other:?}");
            }
        }
    }

    #[test]
    fn a_high_s_is_valid() {
        let key = signing(Algorithm::Es256);
        let signature = p256::ecdsa::Signature::from_slice(&key.sign(MESSAGE)).expect("a signature");
        let (r, s) = signature.split_scalars();
        let other = p256::ecdsa::Signature::from_scalars(r, -s).expect("a signature");

        assert_ne!(signature, other);
        assert!(key.verifying_key().holds(MESSAGE, &other.to_bytes()));
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(VerifyingKey::ed25519(&identity).err(), Some(KeyFault::Weak));
        assert_eq!(VerifyingKey::ed25519(&[7; 31]).err(), Some(KeyFault::Undecodable));
        let point = signing(Algorithm::Es256).verifying_key().public_bytes().expect("public");
        assert!(VerifyingKey::es256(&point).is_ok());
        let mut off = point.clone();
        off[64] ^= 1;
        for wrong in [&point[1..], &off, &[0], &[]] {
            assert!(VerifyingKey::es256(wrong).is_err());
        }
        for (algorithm, private) in [(Algorithm::EdDsa, &[7; 33][..]), (Algorithm::Es256, &[0; 32])] {
            assert_eq!(SigningKey::of(algorithm, private).err(), Some(KeyFault::Undecodable));
        }
    }

    #[test]
    fn names_are_exact() {
        assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDsa));
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
        }
        for name in ["", "none", "None", "hs512", "HS256", "Ed448", "ES256K", "RS256", "EdDSA "] {
            assert_eq!(Algorithm::named(name), None, "{name}");
        }
    }
}
