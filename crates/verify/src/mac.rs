//! HMAC-SHA256 tags, and digests of tokens.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Digest, Sha256};

use crate::compare;

/// A tag in the making: a key, and the message as it comes in.
///
/// Cloning one that has not been fed is how a key is prepared once and used often.
#[derive(Clone)]
pub struct Mac(Hmac<Sha256>);

impl Mac {
    /// Starts a tag under this key. A key longer than 64 bytes is hashed first, as HMAC itself says.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// Takes in the next part of the message.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// The tag of what has been taken in.
    #[must_use]
    pub fn tag(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }

    /// Whether this is the tag of what has been taken in, in constant time.
    #[must_use]
    pub fn matches(self, tag: &[u8]) -> bool {
        compare::equal(&self.tag(), tag)
    }
}

impl core::fmt::Debug for Mac {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str("Mac(..)")
    }
}

/// The tag of the parts, one after the other with nothing between.
///
/// Where parts vary in length the caller separates them, so that no two messages read the same.
#[must_use]
pub fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    fed(key, parts).tag()
}

/// Whether `tag` is the tag of the parts, in constant time.
#[must_use]
pub fn matches(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    fed(key, parts).matches(tag)
}

/// What stands for a token where tokens are compared: equal exactly when they are, and always 32 bytes long, so that
/// not even the length of the right one shows.
#[must_use]
pub fn token_digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn fed(key: &[u8], parts: &[&[u8]]) -> Mac {
    let mut mac = Mac::new(key);
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::{Mac, matches, tag};
    use crate::hex;

    // RFC 4231, test case 2.
    const KEY: &[u8] = b"Jefe";
    const TAG: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn a_published_tag_is_recomputed() {
        assert_eq!(hex::encode(&tag(KEY, &[b"what do ya want for nothing?"])), TAG);
    }

    #[test]
    fn a_tag_may_be_fed_in_parts_and_is_only_its_own() {
        let mut mac = Mac::new(KEY);
        mac.update(b"what do ya want ");
        mac.update(b"for nothing?");
        let right = mac.clone().tag();

        assert!(mac.clone().matches(&right));
        assert!(!mac.matches(&right[..31]));
        assert!(!matches(b"jefe", &[b"what do ya want for nothing?"], &right));
    }
}
