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
    let (pairs, []) = text.as_chunks::<2>() else {
        return None;
    };
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn both_cases_decode_and_lower_case_is_written() {
        assert_eq!(decode(b"00aBFf"), Some(vec![0x00, 0xab, 0xff]));
        assert_eq!(encode(&[0x00, 0xab, 0xff]), "00abff");
        assert_eq!(decode(b""), Some(vec![]));
    }

    #[test]
    fn anything_else_is_not_hex() {
        for text in ["0", "0g", " 00", "00 ", "0x00", "é"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
