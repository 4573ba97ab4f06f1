//! From the text that a person configures to the bytes of a key.

use core::fmt;

use zeroize::Zeroizing;

use crate::base64;
use crate::provider::KeyForm;

/// What symmetric signing tokens begin with.
pub const TOKEN_PREFIX: &str = "whsec_";

/// What public keys begin with.
pub const PUBLIC_KEY_PREFIX: &str = "whpk_";

/// What private keys begin with.
pub const PRIVATE_KEY_PREFIX: &str = "whsk_";

/// The shortest key of a signing token, in bytes (Standard Webhooks specification).
pub const TOKEN_BYTES_MIN: usize = 24;

/// The longest key of a signing token, in bytes (Standard Webhooks specification).
pub const TOKEN_BYTES_MAX: usize = 64;

/// Why a configured text is no key. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretFault {
    /// There is nothing.
    Empty,
    /// The text is not written as keys of this kind are.
    Undecodable {
        /// How they are written.
        expected: &'static str,
    },
    /// Shorter or longer than keys of this kind may be.
    Length {
        /// What was found.
        found: usize,
        /// The least.
        min: usize,
        /// The most.
        max: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// A plain secret where a signing token belongs; another provider takes plain secrets.
    PlainSecret {
        /// That other provider's name.
        provider: &'static str,
    },
    /// A public key with which anybody could sign.
    WeakKey,
}

impl fmt::Display for SecretFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretFault::Empty => out.write_str("is empty"),
            SecretFault::Undecodable { expected } => {
                write!(out, "cannot be decoded: expected {expected}")
            }
            SecretFault::Length { found, min, max, unit } => {
                write!(out, "has {found} {unit}, but must have {min} to {max}")
            }
            SecretFault::PlainSecret { provider } => write!(
                out,
                "is not a signing token: those begin with `{TOKEN_PREFIX}`; \
                 for a plain secret token choose the provider `{provider}`"
            ),
            SecretFault::WeakKey => out.write_str("is a public key of small order, which proves nothing"),
        }
    }
}

impl core::error::Error for SecretFault {}

/// A new signing token over random bytes, as [`KeyForm::Whsec`] reads it.
///
/// The bytes are the caller's: this crate has no randomness.
#[must_use]
pub fn whsec(random: &[u8; 32]) -> String {
    format!("{TOKEN_PREFIX}{}", base64::encode(random))
}

/// A new secret over random bytes that is a key of this form; `None` where the form is that of keys which others make.
#[must_use]
pub fn made(form: KeyForm, random: &[u8; 32]) -> Option<String> {
    match form {
        KeyForm::Text | KeyForm::TextOf { .. } | KeyForm::Hex => Some(crate::hex::encode(random)),
        KeyForm::Whsec | KeyForm::WhsecOnly { .. } => Some(whsec(random)),
        KeyForm::UserPassword => Some(format!("countersign:{}", crate::hex::encode(random))),
        KeyForm::Whpk | KeyForm::Ed25519Hex | KeyForm::Spki | KeyForm::Named | KeyForm::Identifier { .. } => None,
    }
}

/// A new private key over random bytes, as [`crate::sign::SigningKey::read`] takes it.
#[must_use]
pub fn whsk(random: &[u8; 32]) -> String {
    format!("{PRIVATE_KEY_PREFIX}{}", base64::encode(random))
}

/// The public half of [`whsk`], as receivers configure it.
#[must_use]
pub fn whpk(random: &[u8; 32]) -> String {
    let key = ed25519_dalek::SigningKey::from_bytes(random).verifying_key();
    format!("{PUBLIC_KEY_PREFIX}{}", base64::encode(key.as_bytes()))
}

/// The key bytes that a configured text stands for.
pub(crate) fn key_bytes(form: KeyForm, text: &str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    if text.is_empty() {
        return Err(SecretFault::Empty);
    }
    match form {
        KeyForm::Text => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        KeyForm::TextOf { characters_min: min, characters_max: max } => {
            within(text.chars().count(), min, max, "characters")?;
            Ok(Zeroizing::new(text.as_bytes().to_vec()))
        }
        KeyForm::Whsec => signing_token(text.strip_prefix(TOKEN_PREFIX).unwrap_or(text)),
        KeyForm::WhsecOnly { plain } => match text.strip_prefix(TOKEN_PREFIX) {
            Some(token) => signing_token(token),
            None => Err(SecretFault::PlainSecret { provider: plain }),
        },
        KeyForm::Ed25519Hex => exactly_32(hexed(text, "64 hex digits")?),
        KeyForm::Hex => hexed(text, "hex digits"),
        KeyForm::Spki => decoded(text, "base64 of a public key's DER"),
        KeyForm::Named | KeyForm::UserPassword => {
            let expected = match form {
                KeyForm::Named => "the key's name, a colon, and the secret",
                _ => "the user, a colon, and the password",
            };
            let (_, secret) = text.split_once(':').ok_or(SecretFault::Undecodable { expected })?;
            let whole = if form == KeyForm::Named { secret } else { text };
            if secret.is_empty() { Err(SecretFault::Empty) } else { Ok(Zeroizing::new(whole.as_bytes().to_vec())) }
        }
        KeyForm::Identifier { prefix, expected } => match text.strip_prefix(prefix) {
            Some(rest) if !rest.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Zeroizing::new(text.as_bytes().to_vec()))
            }
            _ => Err(SecretFault::Undecodable { expected }),
        },
        KeyForm::Whpk => {
            let key = decoded(text.strip_prefix(PUBLIC_KEY_PREFIX).unwrap_or(text), "`whpk_` and base64")?;
            within(key.len(), 32, 32, "bytes")?;
            Ok(key)
        }
    }
}

/// The name of a key that has one.
pub(crate) fn key_name(form: KeyForm, text: &str) -> Option<String> {
    let (name, _) = text.split_once(':').filter(|_| form == KeyForm::Named)?;
    Some(name.to_owned())
}

fn hexed(text: &str, expected: &'static str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    crate::hex::decode(text.as_bytes())
        .filter(|bytes| !bytes.is_empty())
        .map(Zeroizing::new)
        .ok_or(SecretFault::Undecodable { expected })
}

fn exactly_32(key: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    within(key.len(), 32, 32, "bytes").map(|()| key)
}

/// The seed of a configured private key: `whsk_` and base64 of 32 bytes.
pub(crate) fn private_key(text: &str) -> Result<Zeroizing<[u8; 32]>, SecretFault> {
    let expected = "`whsk_` and base64 of 32 bytes";
    let bytes = decoded(text.strip_prefix(PRIVATE_KEY_PREFIX).unwrap_or(text), expected)?;
    let seed = bytes.as_slice().try_into().map_err(|_| SecretFault::Undecodable { expected })?;
    Ok(Zeroizing::new(seed))
}

fn signing_token(text: &str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    let key = decoded(text, "`whsec_` and base64")?;
    within(key.len(), TOKEN_BYTES_MIN, TOKEN_BYTES_MAX, "bytes")?;
    Ok(key)
}

fn decoded(text: &str, expected: &'static str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
    base64::decode_padding_optional(text.as_bytes()).map(Zeroizing::new).ok_or(SecretFault::Undecodable { expected })
}

fn within(found: usize, min: usize, max: usize, unit: &'static str) -> Result<(), SecretFault> {
    if (min..=max).contains(&found) { Ok(()) } else { Err(SecretFault::Length { found, min, max, unit }) }
}

#[cfg(test)]
mod tests {
    use super::{SecretFault, key_bytes, whsec};
    use crate::provider::KeyForm;

    #[test]
    fn a_new_signing_token_is_read_back() {
        let token = whsec(&[7; 32]);

        let key = key_bytes(KeyForm::WhsecOnly { plain: "other" }, &token).expect("a token");

        assert_eq!(key.as_slice(), [7; 32]);
        assert!(token.starts_with("whsec_"));
    }

    #[test]
    fn the_prefix_and_the_padding_of_a_token_may_be_missing() {
        let token = whsec(&[7; 32]);
        let bare = token.trim_start_matches("whsec_").trim_end_matches('=');

        assert_eq!(key_bytes(KeyForm::Whsec, bare).expect("a token").as_slice(), [7; 32]);
    }

    #[test]
    fn what_is_no_key_is_named_and_not_shown() {
        let fault = |form, text| key_bytes(form, text).expect_err("no key").to_string();

        assert_eq!(fault(KeyForm::Text, ""), "is empty");
        assert_eq!(fault(KeyForm::Whsec, "whsec_c2hvcnQ="), "has 5 bytes, but must have 24 to 64");
        assert!(fault(KeyForm::Whsec, "not base64!").starts_with("cannot be decoded"));
        assert!(!fault(KeyForm::Whsec, "hunter2!").contains("hunter2"));
        assert_eq!(
            key_bytes(KeyForm::WhsecOnly { plain: "gitlab-token" }, "glt-5sQ3").expect_err("plain"),
            SecretFault::PlainSecret { provider: "gitlab-token" }
        );
    }

    #[test]
    fn a_code_has_its_length_in_characters() {
        let form = KeyForm::TextOf { characters_min: 32, characters_max: 128 };

        assert!(key_bytes(form, &"ä".repeat(32)).is_ok());
        assert!(key_bytes(form, &"a".repeat(128)).is_ok());
        assert!(key_bytes(form, &"a".repeat(31)).is_err());
        assert!(key_bytes(form, &"a".repeat(129)).is_err());
    }
}
