//! URL-encoded forms and queries (WHATWG URL, section 5.1: what is no escape stands for itself).

use std::borrow::Cow;

/// A name and a value.
pub(crate) type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The pairs of a form, decoded, in their order.
pub(crate) fn pairs(form: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let value = pair.get(end + 1..).unwrap_or_default();
        (decoded(&pair[..end]), decoded(value))
    })
}

fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    unescaped(text, b' ')
}

/// The text with its escapes undone, and with this for every plus sign.
pub(crate) fn unescaped(text: &[u8], plus: u8) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        (rest, _) = match (first, escape(tail)) {
            (b'%', Some(byte)) => (&tail[2..], bytes.push(byte)),
            (b'+', _) => (tail, bytes.push(plus)),
            _ => (tail, bytes.push(*first)),
        };
    }
    Cow::Owned(bytes)
}

fn escape(after_percent: &[u8]) -> Option<u8> {
    let digits = after_percent.first_chunk::<2>()?;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? << 4 | digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::pairs;

    fn text(form: &str) -> Vec<(String, String)> {
        pairs(form.as_bytes())
            .map(|(key, value)| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                (text(&key), text(&value))
            })
            .collect()
    }

    #[test]
    fn escapes_and_blanks_are_decoded() {
        assert_eq!(text("a=%7b%22%7D+1&b"), [("a".into(), "{\"} 1".into()), ("b".into(), "".into())]);
    }

    #[test]
    fn what_is_no_escape_stands_for_itself() {
        assert_eq!(text("&a=%zz%4&&%"), [("a".into(), "%zz%4".into()), ("%".into(), "".into())]);
    }

    #[test]
    fn only_the_first_equals_sign_divides() {
        assert_eq!(text("a=b=c"), [("a".into(), "b=c".into())]);
    }
}
