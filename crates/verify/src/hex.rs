//! Hexadecimal, strictly: an even number of digits in either case, and nothing else.

/// The bytes in lower-case hex.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// The bytes that a hex text stands for; `None` if it is not hex.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    decode_into(text, &mut bytes)?;
    Some(bytes)
}

/// Like [`decode`], into room for so many bytes: how many there are. `None` also if there are more.
#[must_use]
pub fn decode_into(text: &[u8], bytes: &mut [u8]) -> Option<usize> {
    let (pairs, []) = text.as_chunks::<2>() else {
        return None;
    };
    let bytes = bytes.get_mut(..pairs.len())?;
    let mut all = 0;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let pair = VALUES[usize::from(*high)] << 4 | VALUES[usize::from(*low)];
        *byte = pair as u8;
        all |= pair;
    }
    (all < NO_DIGIT).then_some(pairs.len())
}

/// What stands for a byte that is no digit: more than two digits are worth together.
const NO_DIGIT: u16 = 256;

/// What each byte is worth as a digit.
const VALUES: [u16; 256] = values();

const fn values() -> [u16; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_into, encode};

    #[test]
    fn both_cases_decode_and_lower_case_is_written() {
        assert_eq!(decode(b"00aBFf"), Some(vec![0x00, 0xab, 0xff]));
        assert_eq!(encode(&[0x00, 0xab, 0xff]), "00abff");
        assert_eq!(decode(b""), Some(vec![]));
    }

    #[test]
    fn what_has_room_is_decoded_into_it() {
        let mut bytes = [1; 3];

        assert_eq!(decode_into(b"00aB", &mut bytes), Some(2));
        assert_eq!(bytes, [0x00, 0xab, 1]);
        assert_eq!(decode_into(b"00aBFf", &mut bytes), Some(3));
        assert_eq!(decode_into(b"00aBFf00", &mut bytes), None);
        assert_eq!(decode_into(b"", &mut bytes), Some(0));
    }

    #[test]
    fn anything_else_is_not_hex() {
        for text in ["0", "0g", "g0", " 00", "00 ", "0x00", "é"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
            assert_eq!(decode_into(text.as_bytes(), &mut [0; 8]), None, "{text}");
        }
    }
}
