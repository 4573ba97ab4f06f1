//! The three parts of a token.

use crate::base64;

/// A token taken apart. Nothing of it is believed.
pub struct Compact<'a> {
    /// What is signed: header and claims as they were sent.
    pub signed: &'a [u8],
    /// The header, decoded.
    pub header: Vec<u8>,
    /// The claims, decoded.
    pub claims: Vec<u8>,
    /// The signature, decoded.
    pub signature: Vec<u8>,
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompactFault {
    /// Not three parts with a full stop between, of which the first two hold something.
    Parts,
    /// A part is not base64 for URLs: canonical, unpadded, without white space.
    Base64,
}

impl<'a> Compact<'a> {
    /// Takes a token apart, in a time that grows with its length; the caller bounds that.
    ///
    /// # Errors
    ///
    /// [`CompactFault`] where it is none.
    pub fn split(token: &'a [u8]) -> Result<Compact<'a>, CompactFault> {
        let mut parts = token.split(|byte| *byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(CompactFault::Parts);
        };
        if header.is_empty() || claims.is_empty() {
            return Err(CompactFault::Parts);
        }
        let decode = |part| base64::decode_url(part).ok_or(CompactFault::Base64);
        Ok(Compact {
            signed: &token[..header.len() + 1 + claims.len()],
            header: decode(header)?,
            claims: decode(claims)?,
            signature: decode(signature)?,
        })
    }

    /// What is signed, and then the token: this header and these claims under a signature over both.
    pub fn join(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", base64::encode_url(header.as_bytes()), base64::encode_url(claims.as_bytes()));
        let signature = sign(signed.as_bytes());
        format!("{signed}.{}", base64::encode_url(&signature))
    }
}

#[cfg(test)]
mod tests {
    use super::{Compact, CompactFault};

    #[test]
    fn what_is_joined_is_taken_apart() {
        let token = Compact::join("{}", "[]", |signed| {
            assert_eq!(signed, b"e30.W10");
            vec![0xfb, 0xff]
        });
        assert_eq!(token, "e30.W10.-_8");

        let compact = Compact::split(token.as_bytes()).expect("a token");

        assert_eq!((compact.signed, &*compact.header, &*compact.claims), (&b"e30.W10"[..], &b"{}"[..], &b"[]"[..]));
        assert_eq!(compact.signature, [0xfb, 0xff]);
        assert!(Compact::split(b"e30.W10.").is_ok_and(|compact| compact.signature.is_empty()));
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in ["", "e30", "e30.W10", "..", ".W10.-_8", "e30..-_8", "e30.W10.-_8.", "e30.W10.-_8.e30.W10"] {
            assert_eq!(Compact::split(text.as_bytes()).err(), Some(CompactFault::Parts), "{text}");
        }
        for text in ["e30=.W10.-_8", "e30.W10.-_9", "e30.W10.+/8", " e30.W10.-_8", "e30.W10.-_8\n", "e30.W1\u{e4}.-_8"]
        {
            assert_eq!(Compact::split(text.as_bytes()).err(), Some(CompactFault::Base64), "{text}");
        }
    }
}
