//! The one comparison of secret values.
//!
//! Everything that asks "is this the right value" asks here: signatures, tokens, codes, link tags.

use subtle::ConstantTimeEq;

/// Whether two values are the same, in a time that depends on their lengths only.
///
/// Tags and digests have public lengths. Where the length itself is a secret, compare digests: see
/// [`crate::mac::token_digest`].
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // Every difference counts before the one question is asked, whose answer alone the compiler may not foresee.
    let differences = left.iter().zip(right).fold(0, |found, (left, right)| found | (left ^ right));
    differences.ct_eq(&0).into()
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn only_the_same_bytes_are_equal() {
        assert!(equal(b"", b""));
        assert!(equal(b"same", b"same"));
        assert!(!equal(b"same", b"sane"));
        assert!(!equal(b"same", b"same "));
        assert!(!equal(b"same", b""));
    }
}
