//! Keys as they are written: JWK (RFC 7517), one of them or a set.

use core::fmt;

use verify::base64;
use verify::jws::{Algorithm, KeyFault, Object, VerifyingKey};
use zeroize::Zeroizing;

/// The fewest bytes of a shared secret.
pub const SECRET_BYTES_MIN: usize = 32;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It signs and verifies.
    #[default]
    Active,
    /// It verifies what it signed before.
    Retired,
    /// It does neither: what it signed is refused.
    Revoked,
}

impl Status {
    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Retired => "retired",
            Status::Revoked => "revoked",
        }
    }

    fn named(name: &str) -> Option<Status> {
        [Status::Active, Status::Retired, Status::Revoked].into_iter().find(|status| status.name() == name)
    }
}

/// Why a JWK is no key. Never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwkFault {
    /// Not a JSON object, or one with a name twice.
    NotAnObject,
    /// A member is missing or holds something else.
    Member {
        /// Its name.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// A private key where public ones belong.
    Private,
    /// A public key with which anybody could sign.
    Weak,
    /// A shared secret that is too short.
    ShortSecret {
        /// Its bytes.
        bytes: usize,
    },
}

impl fmt::Display for JwkFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JwkFault::NotAnObject => out.write_str("is no JSON object, or one with a name twice"),
            JwkFault::Member { name, expected } => write!(out, "must have {expected} in `{name}`"),
            JwkFault::Private => {
                out.write_str("holds a private key (`d`), which no verifier needs: keep that, and use its public half")
            }
            JwkFault::Weak => out.write_str("is a public key of small order, which proves nothing"),
            JwkFault::ShortSecret { bytes } => {
                write!(out, "is a secret of {bytes} bytes, but must have {SECRET_BYTES_MIN} at least")
            }
        }
    }
}

impl core::error::Error for JwkFault {}

const fn member(name: &'static str, expected: &'static str) -> JwkFault {
    JwkFault::Member { name, expected }
}

/// A JWK, read and not yet used.
pub struct Jwk<'a> {
    object: Object<'a>,
    pub id: Option<String>,
    pub algorithm: Algorithm,
    pub status: Status,
}

impl<'a> Jwk<'a> {
    pub fn read(json: &'a str) -> Result<Jwk<'a>, JwkFault> {
        let object = Object::read(json.as_bytes()).ok_or(JwkFault::NotAnObject)?;
        let optional = |name, expected| match object.member(name) {
            None => Ok(None),
            Some(_) => object.text(name).map(Some).ok_or(member(name, expected)),
        };
        let algorithm = match (object.text("kty").as_deref(), object.text("crv").as_deref()) {
            (Some("oct"), _) => Algorithm::Hs512,
            (Some("OKP"), Some("Ed25519")) => Algorithm::EdDsa,
            (Some("EC"), Some("P-256")) => Algorithm::Es256,
            (Some("OKP"), _) => return Err(member("crv", "`Ed25519`")),
            (Some("EC"), _) => return Err(member("crv", "`P-256`")),
            _ => return Err(member("kty", "`OKP`, `EC` or `oct`")),
        };
        if let Some(name) = optional("alg", algorithm.name())?
            && Algorithm::named(&name) != Some(algorithm)
        {
            return Err(member("alg", algorithm.name()));
        }
        if optional("use", "`sig`")?.is_some_and(|purpose| purpose != "sig") {
            return Err(member("use", "`sig`"));
        }
        let id = optional("kid", "a name")?;
        if id.as_deref() == Some("") {
            return Err(member("kid", "a name"));
        }
        let status = optional("status", "`active`, `retired` or `revoked`")?;
        let status = match status {
            None => Status::default(),
            Some(name) => Status::named(&name).ok_or(member("status", "`active`, `retired` or `revoked`"))?,
        };
        let id = id.map(String::from);
        Ok(Jwk { id, algorithm, status, object })
    }

    /// Whether it holds what must not leave whoever signs. Of a shared secret there is no public half.
    pub fn is_private(&self) -> bool {
        self.algorithm != Algorithm::Hs512 && self.object.member("d").is_some()
    }

    /// The bytes to sign with.
    pub fn private_bytes(&self) -> Result<Zeroizing<Vec<u8>>, JwkFault> {
        match self.algorithm {
            Algorithm::Hs512 => self.secret(),
            Algorithm::EdDsa | Algorithm::Es256 => self.coordinate("d"),
        }
    }

    /// The key to verify with.
    pub fn verifying_key(&self) -> Result<VerifyingKey, JwkFault> {
        let key = match self.algorithm {
            Algorithm::Hs512 => return self.secret().map(|secret| VerifyingKey::hs512(&secret)),
            Algorithm::EdDsa => VerifyingKey::ed25519(&self.coordinate("x")?),
            Algorithm::Es256 => {
                let point = [&[4], &self.coordinate("x")?[..], &self.coordinate("y")?[..]].concat();
                VerifyingKey::es256(&point)
            }
        };
        key.map_err(|fault| match fault {
            KeyFault::Weak => JwkFault::Weak,
            KeyFault::Undecodable => member("x", "a public key of this kind"),
        })
    }

    fn secret(&self) -> Result<Zeroizing<Vec<u8>>, JwkFault> {
        let secret = self.bytes("k").ok_or(member("k", "a secret in base64 for URLs"))?;
        match secret.len() {
            bytes @ ..SECRET_BYTES_MIN => Err(JwkFault::ShortSecret { bytes }),
            _ => Ok(secret),
        }
    }

    fn coordinate(&self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, JwkFault> {
        let bytes = self.bytes(name).filter(|bytes| bytes.len() == 32);
        bytes.ok_or(member(name, "32 bytes in base64 for URLs"))
    }

    fn bytes(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        base64::decode_url(self.object.text(name)?.as_bytes()).map(Zeroizing::new)
    }
}
