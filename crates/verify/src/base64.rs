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
    PADDED.decode(text).ok()
}

/// Like [`decode`], into room for so many bytes: how many there are. `None` also if there are more.
#[must_use]
pub fn decode_into(text: &[u8], bytes: &mut [u8]) -> Option<usize> {
    PADDED.decode_slice(text, bytes).ok()
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
    use super::{decode, decode_any, decode_into, decode_padding_optional, decode_url, encode, encode_url};

    #[test]
    fn the_one_right_text_decodes() {
        assert_eq!(encode(&[0xfb, 0xff]), "+/8=");
        assert_eq!(decode(b"+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decode_padding_optional(b"+/8"), Some(vec![0xfb, 0xff]));
        assert_eq!((encode_url(&[0xfb, 0xff]).as_str(), decode_url(b"-_8")), ("-_8", Some(vec![0xfb, 0xff])));
    }

    #[test]
    fn what_has_room_is_decoded_into_it() {
        for length in 0..=72 {
            let whole = vec![7; length];
            let mut bytes = [0; 72];

            assert_eq!(decode_into(encode(&whole).as_bytes(), &mut bytes[..length]), Some(length), "{length}");
            assert_eq!(bytes[..length], whole);
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
