//! Base64, strictly: canonical, no white space; the standard alphabet, or the one for URLs.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const PADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new());

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes in base64, padded.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    PADDED.encode(bytes)
}

/// The bytes that a padded text stands for; `None` if it is not the one text that does.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 4 * 3];
    let length = decode_into(text, &mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

/// Like [`decode`], into room for so many bytes: how many there are. `None` also if there are more.
#[must_use]
pub fn decode_into(text: &[u8], bytes: &mut [u8]) -> Option<usize> {
    let (groups, []) = text.as_chunks::<4>() else {
        return None;
    };
    let Some((last, groups)) = groups.split_last() else {
        return Some(0);
    };
    let (last, kept) = match *last {
        [one, two, b'=', b'='] => ([one, two, ZERO, ZERO], 1),
        [one, two, three, b'='] => ([one, two, three, ZERO], 2),
        all => (all, 3),
    };
    let length = groups.len() * 3 + kept;
    let (whole, rest) = bytes.get_mut(..length)?.split_at_mut(groups.len() * 3);
    let last_bits = bits(&last);
    let mut all = last_bits;
    for (three, group) in whole.as_chunks_mut().0.iter_mut().zip(groups) {
        let bits = bits(group);
        *three = bytes_of(bits);
        all |= bits;
    }
    rest.copy_from_slice(&bytes_of(last_bits)[..kept]);
    let is_canonical = last_bits.trailing_zeros() >= 24 - 8 * kept as u32;
    (all < NO_DIGIT && is_canonical).then_some(length)
}

/// The digit that stands for no bits that are set.
const ZERO: u8 = b'A';

/// What stands for a byte that is no digit: more than the digits of three bytes are worth together, wherever it stands.
const NO_DIGIT: u64 = 1 << 24;

/// What each byte is worth as a digit.
const VALUES: [u32; 256] = values();

const fn values() -> [u32; 256] {
    let mut values = [NO_DIGIT as u32; 256];
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < digits.len() {
        values[digits[value] as usize] = value as u32;
        value += 1;
    }
    values
}

/// What four digits are worth together.
fn bits(group: &[u8; 4]) -> u64 {
    group.iter().fold(0, |bits, digit| bits << 6 | u64::from(VALUES[usize::from(*digit)]))
}

/// The three bytes that four digits stand for.
fn bytes_of(bits: u64) -> [u8; 3] {
    [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
}

/// Like [`decode`], for configured keys, which people copy with and without their padding.
#[must_use]
pub fn decode_padding_optional(text: &[u8]) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

/// Like [`decode`], in either alphabet and with or without padding, for senders who may choose.
#[must_use]
pub fn decode_any(text: &[u8]) -> Option<Vec<u8>> {
    let standard = text.iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    decode_padding_optional(&standard.collect::<Vec<_>>())
}

/// The bytes in the alphabet for URLs, without padding.
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes that a text in the alphabet for URLs stands for; `None` if it is padded or not the one text that does.
#[must_use]
pub fn decode_url(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::{PADDED, decode, decode_any, decode_into, decode_padding_optional, decode_url, encode, encode_url};

    #[test]
    fn the_one_right_text_decodes() {
        assert_eq!(encode(&[0xfb, 0xff]), "+/8=");
        assert_eq!(decode(b"+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decode_padding_optional(b"+/8"), Some(vec![0xfb, 0xff]));
        assert_eq!((encode_url(&[0xfb, 0xff]).as_str(), decode_url(b"-_8")), ("-_8", Some(vec![0xfb, 0xff])));
    }

    #[test]
    fn what_has_room_is_decoded_into_it() {
        for length in 0..=72_u8 {
            let whole: Vec<_> = (0..length).map(|at| at.wrapping_mul(length)).collect();
            let mut bytes = [0; 72];

            let room = &mut bytes[..whole.len()];
            assert_eq!(decode_into(encode(&whole).as_bytes(), room), Some(whole.len()), "{length}");
            assert_eq!(room, whole);
        }
        assert_eq!(decode_into(b"+/8=", &mut [0; 1]), None);
        assert_eq!(decode_into(b"+/9=", &mut [0; 8]), None);
    }

    #[test]
    fn either_alphabet_decodes_where_it_may() {
        for text in ["+/8=", "+/8", "-_8=", "-_8", "-/8"] {
            assert_eq!(decode_any(text.as_bytes()), Some(vec![0xfb, 0xff]), "{text}");
        }
        for text in ["+/9", "+/8==", "+/8 ", "+", "in++valid"] {
            assert_eq!(decode_any(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_byte_counts_wherever_it_stands() {
        for text in ["AAAAAAAA", "AAAAAAA=", "AAAAAA=="] {
            for (at, byte) in (0..text.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut text = text.as_bytes().to_vec();
                text[at] = byte;

                assert_eq!(decode(&text), PADDED.decode(&text).ok(), "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for text in ["+/8", "-_8=", "+/9=", "+/8==", "+/8=\n", " +/8=", "+"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
        assert_eq!(decode_padding_optional(b"+/9"), None);
        for text in ["-_8=", "+/8", "-_9", "-_8 ", "-"] {
            assert_eq!(decode_url(text.as_bytes()), None, "{text}");
        }
    }
}
