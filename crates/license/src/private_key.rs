//! A key that issues.

use core::fmt;

use verify::base64;
use verify::jws::{Algorithm, SigningKey};
use zeroize::Zeroizing;

use crate::jwk::{Jwk, JwkFault, Status};

/// A key that signs tokens. Shows nothing of itself but its name; wiped when it is dropped.
pub struct PrivateKey {
    id: Option<String>,
    key: SigningKey,
    /// As JWK writes it: what was read or generated.
    private: Zeroizing<Vec<u8>>,
}

/// Why nothing can be signed with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrivateKeyFault {
    /// It is no key.
    Jwk(JwkFault),
    /// Its private and its public half do not belong together.
    Halves,
    /// It has no name (`kid`), without which no verifier could tell it from its successor.
    Nameless,
    /// It is retired or revoked.
    Status(Status),
}

impl fmt::Display for PrivateKeyFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrivateKeyFault::Jwk(fault) => write!(out, "the key {fault}"),
            PrivateKeyFault::Halves => {
                out.write_str("the private and the public half of the key do not belong together")
            }
            PrivateKeyFault::Nameless => {
                out.write_str("the key has no `kid`: give it a name, by which verifiers tell it from its successor")
            }
            PrivateKeyFault::Status(status) => {
                write!(out, "the key is {}: sign with the active one", status.name())
            }
        }
    }
}

impl core::error::Error for PrivateKeyFault {}

impl From<JwkFault> for PrivateKeyFault {
    fn from(fault: JwkFault) -> PrivateKeyFault {
        PrivateKeyFault::Jwk(fault)
    }
}

impl PrivateKey {
    /// Reads a private JWK: of Ed25519 or P-256, with its public half, or a shared secret.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyFault`] says why nothing can be signed with it.
    pub fn read(json: &str) -> Result<PrivateKey, PrivateKeyFault> {
        let jwk = Jwk::read(json)?;
        if jwk.status != Status::Active {
            return Err(PrivateKeyFault::Status(jwk.status));
        }
        let private = jwk.private_bytes()?;
        let public = jwk.verifying_key()?;
        let key = SigningKey::of(jwk.algorithm, &private)
            .map_err(|_| JwkFault::Member { name: "d", expected: "a private key of this kind" })?;
        if key.verifying_key().public_bytes() != public.public_bytes() {
            return Err(PrivateKeyFault::Halves);
        }
        if jwk.id.is_none() && jwk.algorithm != Algorithm::Hs512 {
            return Err(PrivateKeyFault::Nameless);
        }
        Ok(PrivateKey { id: jwk.id, key, private })
    }

    /// A new key pair over random bytes, which are the caller's: this crate has no randomness. None where no key
    /// comes of these bytes (one in 2^32 under ES256) or the algorithm has no pairs.
    #[must_use]
    pub fn generate(algorithm: Algorithm, id: &str, random: &[u8; 32]) -> Option<PrivateKey> {
        if algorithm == Algorithm::Hs512 || id.is_empty() {
            return None;
        }
        let key = SigningKey::of(algorithm, random).ok()?;
        Some(PrivateKey { id: Some(id.to_owned()), key, private: Zeroizing::new(random.to_vec()) })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its one algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The JWK that [`PrivateKey::read`] reads.
    #[must_use]
    pub fn private_jwk(&self) -> Zeroizing<String> {
        let name = if self.algorithm() == Algorithm::Hs512 { "k" } else { "d" };
        let private = Zeroizing::new(base64::encode_url(&self.private));
        Zeroizing::new(self.jwk(&format!(",\"{name}\":\"{}\"", *private)))
    }

    /// The JWK for verifiers; none of a shared secret, which has no public half.
    #[must_use]
    pub fn public_jwk(&self) -> Option<String> {
        (self.algorithm() != Algorithm::Hs512).then(|| self.jwk(""))
    }

    fn jwk(&self, more: &str) -> String {
        let public = self.key.verifying_key().public_bytes().unwrap_or_default();
        let kind = match self.algorithm() {
            Algorithm::Hs512 => r#""kty":"oct""#.to_owned(),
            Algorithm::EdDsa => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, base64::encode_url(&public)),
            Algorithm::Es256 => {
                let (x, y) = public[1..].split_at(32);
                let (x, y) = (base64::encode_url(x), base64::encode_url(y));
                format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{y}""#)
            }
        };
        let id = self.id.as_ref().map(|id| format!(r#""kid":{},"#, serde_json::Value::from(id.as_str())));
        let id = id.unwrap_or_default();
        format!(r#"{{{id}"alg":"{}","use":"sig","status":"active",{kind}{more}}}"#, self.algorithm().name())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PrivateKey({:?}, {})", self.id, self.algorithm().name())
    }
}

#[cfg(test)]
mod tests {
    use super::{PrivateKey, PrivateKeyFault};
    use crate::{Algorithm, KeySet, Status};

    #[test]
    fn what_is_generated_is_read_again() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let key = PrivateKey::generate(algorithm, "a \"name\"", &[7; 32]).expect("a key");
            let again = PrivateKey::read(&key.private_jwk()).expect("a key");

            assert_eq!((again.id(), again.algorithm()), (Some("a \"name\""), algorithm));
            assert_eq!(again.private_jwk(), key.private_jwk());
            let public = key.public_jwk().expect("a public half");
            assert_eq!(KeySet::read(&public, None).expect("a key set").keys().count(), 1);
            assert!(!format!("{key:?}").contains(&"07".repeat(4)));
        }
        assert!(PrivateKey::generate(Algorithm::Hs512, "a", &[7; 32]).is_none());
        assert!(PrivateKey::generate(Algorithm::Es256, "a", &[0; 32]).is_none());
        assert!(PrivateKey::generate(Algorithm::EdDsa, "", &[7; 32]).is_none());
    }

    #[test]
    fn with_what_should_not_sign_nothing_is_signed() {
        let key = PrivateKey::generate(Algorithm::EdDsa, "a", &[7; 32]).expect("a key");
        let jwk = key.private_jwk();
        let refused = |jwk: &str| PrivateKey::read(jwk).expect_err("refused");

        assert_eq!(refused(&jwk.replace("active", "retired")), PrivateKeyFault::Status(Status::Retired));
        assert_eq!(refused(&jwk.replace(r#""kid":"a","#, "")), PrivateKeyFault::Nameless);
        assert!(matches!(refused(&key.public_jwk().expect("public")), PrivateKeyFault::Jwk(_)));
        let other = PrivateKey::generate(Algorithm::EdDsa, "a", &[8; 32]).expect("a key").private_jwk();
        let (_, other) = other.rsplit_once(",\"d\"").expect("a private half");
        let (public, _) = jwk.rsplit_once(",\"d\"").expect("a private half");
        assert_eq!(refused(&format!("{public},\"d\"{other}")), PrivateKeyFault::Halves);
    }
}
