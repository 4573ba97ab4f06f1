//! The keys of a verifier: each has one algorithm, and a name by which tokens may ask for it.

use core::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use verify::jws::{Algorithm, KeyFault, Object, VerifyingKey};

use crate::error::Reason;
use crate::jwk::{Jwk, JwkFault, Status};
use crate::{built_in, pem};

/// The most keys in a set.
const KEYS_MAX: usize = 1000;

/// The keys that tokens are held against. Shows nothing of them but their names.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub id: Option<String>,
    pub status: Status,
    pub key: VerifyingKey,
}

/// Why a text is no key set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySetFault {
    /// Neither a JWK set (`{"keys": [..]}`), nor a JWK, nor a public key in PEM.
    Unknown,
    /// A set without keys.
    Empty,
    /// More keys than anybody has.
    TooMany,
    /// A key that cannot be used.
    Key {
        /// Its name, or its place in the set.
        key: String,
        /// What is wrong with it.
        fault: JwkFault,
    },
    /// Two keys of the same name.
    SameName(String),
    /// PEM that is no public key of Ed25519 or P-256.
    Pem,
}

impl fmt::Display for KeySetFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySetFault::Unknown => out.write_str(
                "expected a JWK set (`{\"keys\": [..]}`), a JWK, or a public key in PEM; found none of them",
            ),
            KeySetFault::Empty => out.write_str("the set holds no key"),
            KeySetFault::TooMany => write!(out, "the set holds more than {KEYS_MAX} keys"),
            KeySetFault::Key { key, fault } => write!(out, "the key {key} {fault}"),
            KeySetFault::SameName(name) => write!(out, "two keys have the name {name:?}; each needs its own"),
            KeySetFault::Pem => {
                out.write_str("expected one `PUBLIC KEY` of Ed25519 or P-256 in PEM, found something else")
            }
        }
    }
}

impl core::error::Error for KeySetFault {}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

impl KeySet {
    /// Reads the keys of a verifier: a JWK set, a JWK, or one public key in PEM, which gets the name `pem_name`.
    /// Private keys are refused.
    ///
    /// # Errors
    ///
    /// [`KeySetFault`] says what cannot be used.
    pub fn read(text: &str, pem_name: Option<&str>) -> Result<KeySet, KeySetFault> {
        KeySet::of(text, pem_name, false)
    }

    /// Likewise, but of private keys the public half is taken: for whoever issues, and for tests.
    ///
    /// # Errors
    ///
    /// [`KeySetFault`] says what cannot be used.
    pub fn read_with_private(text: &str) -> Result<KeySet, KeySetFault> {
        KeySet::of(text, None, true)
    }

    fn of(text: &str, pem_name: Option<&str>, takes_private: bool) -> Result<KeySet, KeySetFault> {
        if pem::is_pem(text) {
            let key = pem::public_key(text).map_err(|fault| match fault {
                KeyFault::Undecodable => KeySetFault::Pem,
                KeyFault::Weak => KeySetFault::Key { key: "in PEM".to_owned(), fault: JwkFault::Weak },
            })?;
            let id = pem_name.map(str::to_owned);
            return Ok(KeySet(vec![Key { id, status: Status::Active, key }]));
        }
        let object = Object::read(text.as_bytes()).ok_or(KeySetFault::Unknown)?;
        let single = object.member("kty").map(|_| vec![text]);
        let jwks = match (object.member("keys"), single) {
            (Some(_), _) => {
                let set: Set<'_> = serde_json::from_str(text).map_err(|_| KeySetFault::Unknown)?;
                set.keys.into_iter().map(RawValue::get).collect()
            }
            (None, Some(jwk)) => jwk,
            (None, None) => return Err(KeySetFault::Unknown),
        };
        let keys = jwks.iter().enumerate().map(|(at, jwk)| read_key(at, jwk, takes_private));
        KeySet::distinct(keys.collect::<Result<_, _>>()?)
    }

    fn distinct(keys: Vec<Key>) -> Result<KeySet, KeySetFault> {
        if keys.is_empty() {
            return Err(KeySetFault::Empty);
        }
        if keys.len() > KEYS_MAX {
            return Err(KeySetFault::TooMany);
        }
        let mut names: Vec<&String> = keys.iter().filter_map(|key| key.id.as_ref()).collect();
        names.sort();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(KeySetFault::SameName(pair[0].clone())),
            None => Ok(KeySet(keys)),
        }
    }

    /// What was built in: the keys of the file that `COUNTERSIGN_BUILD_KEYSET` named, and the secret that
    /// `PAROLE_VALUE` held with the feature `parole`. Without either it is empty, and every token is refused.
    ///
    /// # Errors
    ///
    /// [`KeySetFault`] where that file held something else.
    pub fn built_in() -> Result<KeySet, KeySetFault> {
        let mut keys = match built_in::KEYSET {
            Some(text) => KeySet::read(text, None)?.0,
            None => Vec::new(),
        };
        keys.extend(built_in::secret().map(|secret| Key {
            id: None,
            status: Status::Active,
            key: VerifyingKey::hs512(&secret),
        }));
        Ok(KeySet(keys))
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each key's name, algorithm and status.
    pub fn keys(&self) -> impl Iterator<Item = (Option<&str>, Algorithm, Status)> {
        self.0.iter().map(|key| (key.id.as_deref(), key.key.algorithm(), key.status))
    }

    /// The key that a token is held against. What the token says of its algorithm must be what the key says.
    pub(crate) fn choose(&self, algorithm: Option<Algorithm>, id: Option<&str>) -> Result<&Key, Reason> {
        let algorithm = algorithm.ok_or(Reason::Algorithm)?;
        let mut able = self.0.iter().filter(|key| key.key.algorithm() == algorithm);
        let Some(first) = able.next() else { return Err(Reason::Algorithm) };
        match id {
            Some(id) => {
                let named = self.0.iter().find(|key| key.id.as_deref() == Some(id)).ok_or(Reason::Key)?;
                if named.key.algorithm() == algorithm { Ok(named) } else { Err(Reason::Algorithm) }
            }
            None if able.next().is_some() => Err(Reason::Key),
            None => Ok(first),
        }
    }
}

fn read_key(at: usize, json: &str, takes_private: bool) -> Result<Key, KeySetFault> {
    let place = || format!("number {}", at + 1);
    let jwk = Jwk::read(json).map_err(|fault| KeySetFault::Key { key: place(), fault })?;
    let named = |fault| KeySetFault::Key { key: jwk.id.clone().unwrap_or_else(place), fault };
    if jwk.is_private() && !takes_private {
        return Err(named(JwkFault::Private));
    }
    let key = jwk.verifying_key().map_err(named)?;
    Ok(Key { id: jwk.id, status: jwk.status, key })
}

#[cfg(test)]
mod tests {
    use super::{KeySet, KeySetFault};
    use crate::{Algorithm, JwkFault, Status};

    const X: &str = "GrrkGLUgpUjm7E4zSKBhrpTWHGa2SQALMVcozDuDidM";
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGrrkGLUgpUjm7E4zSKBhrpTWHGa2SQALMVcozDuDidM=\n\
                       -----END PUBLIC KEY-----\n";

    fn ed25519(more: &str) -> String {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"{more}}}"#)
    }

    fn fault(jwk: &str) -> JwkFault {
        match KeySet::read(jwk, None) {
            Err(KeySetFault::Key { fault, .. }) => fault,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_read_from_each_form() {
        let single = KeySet::read(&ed25519(r#","kid":"a","alg":"Ed25519","status":"retired""#), None).expect("a key");
        assert_eq!(single.keys().collect::<Vec<_>>(), [(Some("a"), Algorithm::EdDsa, Status::Retired)]);

        let set = format!(r#"{{"keys":[{},{}]}}"#, ed25519(r#","kid":"a""#), ed25519(r#","kid":"b""#));
        assert_eq!(KeySet::read(&set, None).expect("keys").keys().count(), 2);

        let pem = KeySet::read(PEM, Some("c")).expect("a key");
        assert_eq!(pem.keys().collect::<Vec<_>>(), [(Some("c"), Algorithm::EdDsa, Status::Active)]);
    }

    #[test]
    fn a_private_key_is_no_verifier_s() {
        let private = ed25519(r#","d":"ef7a-a359UusUA-mujusa1zAoB6CVutci_mDIATlNR4""#);

        assert_eq!(fault(&private), JwkFault::Private);
        assert!(KeySet::read_with_private(&private).is_ok());
    }

    #[test]
    fn what_is_no_key_says_why() {
        let member = |name, expected| JwkFault::Member { name, expected };
        assert_eq!(fault(&ed25519(r#","alg":"ES256""#)), member("alg", "EdDSA"));
        assert_eq!(fault(&ed25519(r#","use":"enc""#)), member("use", "`sig`"));
        assert_eq!(fault(&ed25519(r#","kid":7"#)), member("kid", "a name"));
        assert_eq!(fault(&ed25519(r#","kid":"""#)), member("kid", "a name"));
        assert_eq!(fault(r#"{"kty":"RSA","n":"AQAB"}"#), member("kty", "`OKP`, `EC` or `oct`"));
        assert_eq!(fault(r#"{"kty":"OKP","crv":"Ed448"}"#), member("crv", "`Ed25519`"));
        assert_eq!(fault(r#"{"kty":"oct","k":"c2hvcnQ"}"#), JwkFault::ShortSecret { bytes: 5 });
        assert_eq!(
            fault(r#"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#),
            JwkFault::Weak
        );
    }

    #[test]
    fn what_is_no_set_says_why() {
        let fault = |text: &str| KeySet::read(text, None).expect_err("refused");
        for text in ["", "[]", "{}", "nonsense", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert_eq!(fault(text), KeySetFault::Unknown, "{text}");
        }
        assert_eq!(fault(r#"{"keys":[]}"#), KeySetFault::Empty);
        assert_eq!(fault(&ed25519(r#","x":"""#)), KeySetFault::Unknown, "a name twice");
        let twice = format!(r#"{{"keys":[{0},{0}]}}"#, ed25519(r#","kid":"a""#));
        assert_eq!(fault(&twice), KeySetFault::SameName("a".to_owned()));
        for pem in [
            PEM.replace("MCow", "MCox"),
            PEM.replace("PUBLIC KEY", "PRIVATE KEY"),
            PEM.replace("----END", "---END"),
            format!("{PEM}{PEM}"),
        ] {
            assert_eq!(fault(&pem), KeySetFault::Pem, "{pem}");
        }
    }
}
