//! Time-based one-time codes: HMAC-SHA1, six digits, a new one each thirty seconds (RFC 6238, RFC 4226).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::compare;

/// How long a code is shown, in seconds.
pub const STEP_S: i64 = 30;
/// How many steps a clock may be behind or ahead.
const DRIFT: i64 = 1;

/// The step of an instant in seconds since 1970.
#[must_use]
pub fn step_at(now_s: i64) -> i64 {
    now_s.div_euclid(STEP_S)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let tag: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(tag[19] & 15);
    let number = tag[offset..offset + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is: the present one, the one before or the one after. Blanks in the code are nothing.
///
/// A step must be accepted once only; remembering that is the caller's affair.
#[must_use]
pub fn matching_step(secret: &[u8], given: &str, now_s: i64) -> Option<i64> {
    let given: Vec<u8> = given.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let now = step_at(now_s);
    let mut found = None;
    // Every step is compared, so that time does not tell which one it was.
    for step in now - DRIFT..=now + DRIFT {
        if compare::equal(code(secret, step).as_bytes(), &given) {
            found = Some(step);
        }
    }
    found
}

/// The secret as authenticators take it: base32 without padding (RFC 4648, section 6).
#[must_use]
pub fn base32(secret: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = secret.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect::<Vec<u8>>();
    bits.chunks(5)
        .map(|five| {
            let number = five.iter().fold(0, |number, bit| number << 1 | usize::from(*bit)) << (5 - five.len());
            char::from(LETTERS[number])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 6238, appendix B, the last six of the eight digits.
    const SECRET: &[u8] = b"12345678901234567890";
    const CODES: &[(i64, &str)] = &[
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (now_s, expected) in CODES {
            assert_eq!(code(SECRET, step_at(*now_s)), *expected, "{now_s}");
            assert_eq!(matching_step(SECRET, expected, *now_s), Some(step_at(*now_s)));
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_late_and_no_more() {
        let (now_s, step) = (1_111_111_111, step_at(1_111_111_111));
        let counts = |step| matching_step(SECRET, &code(SECRET, step), now_s);
        assert_eq!(counts(step - 1), Some(step - 1));
        assert_eq!(counts(step + 1), Some(step + 1));
        assert_eq!((counts(step - 2), counts(step + 2)), (None, None));
        assert_eq!(matching_step(SECRET, " 050 471 ", now_s), Some(step));
        for other in ["", "50471", "0050471", "O50471", "50471x"] {
            assert_eq!(matching_step(SECRET, other, now_s), None, "{other}");
        }
        assert_eq!(matching_step(b"another secret", "050471", now_s), None);
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        // RFC 4648, section 10.
        let known =
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")];
        for (plain, expected) in known {
            assert_eq!(base32(plain.as_bytes()), expected);
        }
    }
}
