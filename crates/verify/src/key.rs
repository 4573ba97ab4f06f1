//! Prepared keys: parsed and keyed once, used for every request.

use core::fmt;

use ed25519_dalek::VerifyingKey;
use hmac::{Hmac, KeyInit};
use p256::ecdsa::signature::Verifier;
use p256::pkcs8::DecodePublicKey;
use sha1::Sha1;
use sha2::digest;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::jws::KeyFault;
use crate::mac::token_digest;
use crate::provider::Algorithm;
use crate::secret::SecretFault;
use crate::{compare, ed25519};

/// A key that is ready to check with. Its state is wiped when it is dropped.
pub(crate) enum Key {
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    HmacSha512(Hmac<Sha512>),
    /// The secret itself, hashed in front of each message.
    SecretFirst(Zeroizing<Vec<u8>>),
    Ed25519(VerifyingKey),
    EcdsaP256(Box<p256::ecdsa::VerifyingKey>),
    /// The digest of a secret that is presented as it stands.
    Token(Zeroizing<[u8; 32]>),
    /// A name that is signed with, and no secret.
    Identifier(Vec<u8>),
}

impl Key {
    /// A key of signatures made with this algorithm.
    pub fn for_signatures(algorithm: Algorithm, bytes: &[u8]) -> Result<Key, SecretFault> {
        Ok(match algorithm {
            Algorithm::HmacSha1 => Key::HmacSha1(keyed(bytes)),
            Algorithm::HmacSha256 => Key::HmacSha256(keyed(bytes)),
            Algorithm::HmacSha512 => Key::HmacSha512(keyed(bytes)),
            Algorithm::Sha256SecretFirst => Key::SecretFirst(Zeroizing::new(bytes.to_vec())),
            Algorithm::Ed25519 => Key::Ed25519(public_key(bytes)?),
            Algorithm::EcdsaP256 => Key::EcdsaP256(Box::new(p256_key(bytes)?)),
        })
    }

    /// A secret that is presented as it stands.
    pub fn for_tokens(bytes: &[u8]) -> Key {
        Key::Token(Zeroizing::new(token_digest(bytes)))
    }

    /// Whether one of the candidates proves that the holder of this key made the message.
    pub fn explains<P, C>(&self, message: &[P], candidates: impl IntoIterator<Item = C>) -> bool
    where
        P: AsRef<[u8]>,
        C: AsRef<[u8]>,
    {
        let mut candidates = candidates.into_iter();
        match self {
            Key::HmacSha1(mac) => is_among(&tag(mac, message), candidates),
            Key::HmacSha256(mac) => is_among(&tag(mac, message), candidates),
            Key::HmacSha512(mac) => is_among(&tag(mac, message), candidates),
            Key::SecretFirst(secret) => {
                let mut hash = Sha256::new_with_prefix(secret);
                message.iter().for_each(|part| hash.update(part));
                is_among(&hash.finalize(), candidates)
            }
            Key::Ed25519(key) => {
                let message = whole(message);
                candidates.any(|candidate| ed25519::signed(key, &message, candidate.as_ref()))
            }
            Key::EcdsaP256(key) => {
                let message = whole(message);
                candidates.any(|candidate| signed_p256(key, &message, candidate.as_ref()))
            }
            Key::Token(_) | Key::Identifier(_) => false,
        }
    }

    /// The HMAC-SHA256 tag of a text, where the key makes such.
    pub fn tag(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Key::HmacSha256(mac) => Some(tag(mac, &[text]).to_vec()),
            _ => None,
        }
    }

    /// The name that is signed with, where it is one.
    pub fn identifier(&self) -> Option<&[u8]> {
        match self {
            Key::Identifier(name) => Some(name),
            _ => None,
        }
    }

    /// Whether this is the secret that was presented.
    pub fn is_token(&self, presented: &[u8]) -> bool {
        match self {
            Key::Token(digest) => compare::equal(digest.as_slice(), &token_digest(presented)),
            _ => false,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Key(..)")
    }
}

fn keyed<M: KeyInit>(bytes: &[u8]) -> M {
    M::new_from_slice(bytes).expect("HMAC takes keys of any length")
}

fn public_key(bytes: &[u8]) -> Result<VerifyingKey, SecretFault> {
    ed25519::public_key(bytes).map_err(|fault| match fault {
        KeyFault::Undecodable => SecretFault::Undecodable { expected: "the 32 bytes of an Ed25519 public key" },
        KeyFault::Weak => SecretFault::WeakKey,
    })
}

fn p256_key(bytes: &[u8]) -> Result<p256::ecdsa::VerifyingKey, SecretFault> {
    p256::ecdsa::VerifyingKey::from_public_key_der(bytes)
        .map_err(|_| SecretFault::Undecodable { expected: "base64 of the DER of a public key on P-256" })
}

fn whole<P: AsRef<[u8]>>(message: &[P]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.iter().map(|part| part.as_ref().len()).sum());
    message.iter().for_each(|part| bytes.extend_from_slice(part.as_ref()));
    bytes
}

fn signed_p256(key: &p256::ecdsa::VerifyingKey, message: &[u8], candidate: &[u8]) -> bool {
    p256::ecdsa::Signature::from_der(candidate).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

fn tag<M: digest::Update + digest::FixedOutput + Clone, P: AsRef<[u8]>>(mac: &M, message: &[P]) -> digest::Output<M> {
    let mut mac = mac.clone();
    message.iter().map(P::as_ref).filter(|part| !part.is_empty()).for_each(|part| mac.update(part));
    let mut tag = digest::Output::<M>::default();
    mac.finalize_into(&mut tag);
    tag
}

fn is_among<C: AsRef<[u8]>>(tag: &[u8], mut candidates: impl Iterator<Item = C>) -> bool {
    candidates.any(|candidate| compare::equal(tag, candidate.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::Key;
    use crate::hex;
    use crate::provider::Algorithm;
    use crate::secret::SecretFault;

    // RFC 2202 and RFC 4231, test cases 2.
    const MESSAGE: &[u8] = b"what do ya want for nothing?";
    const SHA1: &str = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
    const SHA512: &str = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                          9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";

    #[test]
    fn published_tags_are_explained_by_their_key_alone() {
        for (algorithm, tag) in [(Algorithm::HmacSha1, SHA1), (Algorithm::HmacSha512, SHA512)] {
            let tag = [vec![], hex::decode(tag.as_bytes()).expect("hex")];
            let right = Key::for_signatures(algorithm, b"Jefe").expect("a key");
            let wrong = Key::for_signatures(algorithm, b"jefe").expect("a key");

            assert!(right.explains(&[MESSAGE], &tag));
            assert!(!right.explains(&[MESSAGE, b"!"], &tag));
            assert!(!wrong.explains(&[MESSAGE], &tag));
        }
    }

    #[test]
    fn a_public_key_that_proves_nothing_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;

        let fault = Key::for_signatures(Algorithm::Ed25519, &identity).expect_err("weak");

        assert_eq!(fault, SecretFault::WeakKey);
    }

    #[test]
    fn a_token_is_itself_and_explains_no_signature() {
        let key = Key::for_tokens(b"secret");

        assert!(key.is_token(b"secret"));
        assert!(!key.is_token(b"secre"));
        assert!(!key.explains(&[b"secret"], &[b"secret".to_vec()]));
    }
}
