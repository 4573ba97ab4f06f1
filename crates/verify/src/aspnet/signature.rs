//! HMACs in headers: what all such receivers have in common.
//!
//! The header comes first and the secret after it, so that a bad header is told even for an id that has no secret.

use crate::key::Key;
use crate::provider::Algorithm;
use crate::refusal::Reason;
use crate::{base64, hex};

use super::ended::Ended;
use super::pipeline::{Believed, Request};
use super::receiver::{Message, Signature, Written};
use super::secret::Secrets;

impl Request<'_> {
    /// Believes what the header signs.
    pub(super) fn signed(&self, signature: &Signature) -> Result<Believed, Ended> {
        self.https()?;
        let value = self.only_header(signature.header)?;
        let (place, text) = match signature.label {
            None => (signature.header, value),
            Some(label) => (label, labelled(signature.header, label, value)?),
        };
        let candidate = self.decoded(place, text, signature.written)?;
        let secrets = match signature.key_header {
            None => self.secrets()?,
            Some(header) => self.secrets_named_in(header)?,
        };
        let url = match signature.message {
            Message::Body => "",
            Message::BodyAndUrl => self.head.url,
        };
        let message = [self.body, url.as_bytes()];
        let explains = |secret: &str| explains(signature.algorithm, secret, &message, std::slice::from_ref(&candidate));
        secrets.believed(signature.algorithm.name(), explains).ok_or_else(|| self.mismatch(signature.header))
    }

    /// The value of a header that must occur exactly once.
    pub(super) fn only_header(&self, name: &str) -> Result<&[u8], Ended> {
        let mut values = self.head.values(name);
        let (first, more) = (values.next(), values.count());
        match first {
            Some(value) if more == 0 => Ok(value),
            _ => {
                let found = if first.is_none() { 0 } else { more + 1 };
                let reason = if found == 0 { Reason::MissingHeader } else { Reason::RepeatedHeader };
                let text = format!(
                    "Expecting exactly one '{name}' header field in the WebHook request but found {found}. \
                     Ensure the request contains exactly one '{name}' header field."
                );
                Err(Ended::bad(reason, text))
            }
        }
    }

    /// The bytes that a text stands for; `place` is what the answer calls the place where it stands.
    pub(super) fn decoded(&self, place: &str, text: &[u8], written: Written) -> Result<Vec<u8>, Ended> {
        let (bytes, called) = match written {
            Written::Hex => (hex::decode(text), "hex"),
            Written::Base64 => (base64::decode_any(text), "Base64"),
        };
        bytes.ok_or_else(|| {
            let receiver = self.receiver.name;
            let text = format!(
                "The '{place}' header value is invalid. \
                 The '{receiver}' WebHook receiver requires a valid {called}-encoded string."
            );
            Ended::bad(Reason::MalformedSignature, text)
        })
    }

    /// The signature is not the one that it would have to be.
    pub(super) fn mismatch(&self, header: &str) -> Ended {
        let receiver = self.receiver.name;
        let text = format!(
            "The signature provided by the '{header}' header field does not match the value expected by the \
             '{receiver}' WebHook receiver. WebHook request is invalid."
        );
        Ended::bad(Reason::SignatureMismatch, text)
    }

    /// The secrets that a header names among those of the id.
    fn secrets_named_in(&self, header: &str) -> Result<Secrets<'_>, Ended> {
        self.has_named_secrets()?;
        let name = String::from_utf8_lossy(self.only_header(header)?);
        self.secrets_named(&name).ok_or_else(|| {
            let text = format!(
                "The '{header}' header value of '{name}' is not recognized as a valid application key. \
                 Ensure the correct application key / secret key pairs have been configured."
            );
            Ended::bad(Reason::UnknownKey, text)
        })
    }
}

/// Whether this is the MAC of the message under the secret, whose bytes are the key as they stand.
pub(super) fn explains(algorithm: Algorithm, secret: &str, message: &[&[u8]], candidates: &[Vec<u8>]) -> bool {
    let key = Key::for_signatures(algorithm, secret.as_bytes());
    key.is_ok_and(|key| key.explains(message, candidates))
}

/// What stands behind the label: exactly two parts around equals signs, blanks and empty parts aside.
fn labelled<'v>(header: &str, label: &str, value: &'v [u8]) -> Result<&'v [u8], Ended> {
    let parts = value.split(|byte| *byte == b'=').map(<[u8]>::trim_ascii).filter(|part| !part.is_empty());
    match parts.collect::<Vec<_>>().as_slice() {
        [own, text] if own.eq_ignore_ascii_case(label.as_bytes()) => Ok(text),
        _ => {
            let text = format!("Invalid '{header}' header value. Expecting a value of '{label}=<value>'.");
            Err(Ended::bad(Reason::MalformedHeader, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::labelled;

    #[test]
    fn a_label_stands_before_exactly_one_value() {
        let read = |value: &'static str| labelled("X", "sha1", value.as_bytes()).ok();

        assert_eq!(read(" SHA1 = ab "), Some(b"ab".as_slice()));
        assert_eq!(read("=sha1==ab="), Some(b"ab".as_slice()));
        for value in ["", "ab", "sha1=", "sha1=a=b", "sha256=ab", "ab=sha1"] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
