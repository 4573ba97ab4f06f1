//! What is known of a request before its body is read.

use crate::refusal::{Reason, Refusal};

use super::form;

/// The head of a request.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Scheme, host, path and query, as the gateway sees them.
    pub url: &'a str,
    /// Names and values in the order of arrival; a name may come twice. Names compare without case.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> Head<'a> {
    /// The value of a header that may occur once, without blanks and tabs around it.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
        let mut found = None;
        for (key, value) in self.headers {
            if same_name(key, name) && found.replace(*value).is_some() {
                return Err(self.repeated(name));
            }
        }
        Ok(found.map(trimmed))
    }

    fn repeated(&self, name: &str) -> Refusal {
        let detail = format!("expected the header {name} once, found it {} times", self.values(name).count());
        Refusal::new(Reason::RepeatedHeader, detail)
    }

    /// The value of a header that must occur once.
    pub(crate) fn required_header(&self, name: &str, missing: Reason) -> Result<&'a [u8], Refusal> {
        self.header(name)?.ok_or_else(|| Refusal::new(missing, format!("expected the header {name}, found none")))
    }

    /// The text of a header that may occur once; an empty one says nothing.
    pub(crate) fn header_text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.header(name)?.map(str::from_utf8) {
            None | Some(Ok("")) => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => {
                let detail = format!("expected text in the header {name}, found bytes that are not UTF-8");
                Err(Refusal::new(Reason::MalformedHeader, detail))
            }
        }
    }

    /// Every value of a query parameter, decoded; parameter names compare without case.
    pub(crate) fn query_values(&self, name: &str) -> Vec<Vec<u8>> {
        let url = self.url.split('#').next().unwrap_or_default();
        let query = url.split_once('?').map_or("", |(_, query)| query);
        form::pairs(query.as_bytes())
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// Whether the body is a URL-encoded form.
    pub(crate) fn announces_form(&self) -> bool {
        self.values("content-type").next().is_some_and(|value| {
            let media_type = value.split(|byte| *byte == b';').next().unwrap_or_default();
            trimmed(media_type).eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        })
    }

    /// Every value of a header, without blanks and tabs around it.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(key, _)| same_name(key, name)).map(|(_, value)| trimmed(value))
    }
}

/// The bit in which the two cases of a letter differ.
const CASE: u8 = 0x20;

/// Whether two names are the same but for case. Those that are not mostly differ in length, or else in how they end.
fn same_name(left: &str, right: &str) -> bool {
    let end = |name: &str| name.as_bytes().last().map(|byte| byte | CASE);
    left.len() == right.len() && end(left) == end(right) && (left == right || left.eq_ignore_ascii_case(right))
}

fn trimmed(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

#[cfg(test)]
mod tests {
    use super::Head;
    use crate::refusal::Reason;

    fn head<'a>(url: &'a str, headers: &'a [(&'a str, &'a [u8])]) -> Head<'a> {
        Head { method: "POST", url, headers }
    }

    #[test]
    fn a_header_is_found_in_any_case_and_trimmed() {
        let headers: [(&str, &[u8]); 1] = [("X-One", b" \tvalue ")];

        let found = head("", &headers).header("x-oNe").expect("once");

        assert_eq!(found, Some(b"value".as_slice()));
        assert_eq!(head("", &headers).header("X-Two"), Ok(None));
    }

    #[test]
    fn only_letters_have_cases() {
        let headers: [(&str, &[u8]); 1] = [("X-One^", b"value")];

        assert_eq!(head("", &headers).header("x-one^"), Ok(Some(b"value".as_slice())));
        assert_eq!(head("", &headers).header("X-One~"), Ok(None));
    }

    #[test]
    fn a_header_that_comes_twice_is_refused() {
        let headers: [(&str, &[u8]); 2] = [("X-One", b"a"), ("x-one", b"a")];

        let refusal = head("", &headers).header("X-One").expect_err("twice");

        assert_eq!(refusal.reason, Reason::RepeatedHeader);
        assert_eq!(refusal.detail, "expected the header X-One once, found it 2 times");
    }

    #[test]
    fn query_parameters_are_decoded() {
        let values = head("https://h/p?a=1&Code=x%2By+z&code#code=no", &[]).query_values("code");

        assert_eq!(values, [b"x+y z".to_vec(), b"".to_vec()]);
    }

    #[test]
    fn a_form_is_known_by_its_media_type() {
        let form: [(&str, &[u8]); 1] = [("content-type", b"Application/x-www-form-urlencoded ; charset=utf-8")];
        let json: [(&str, &[u8]); 1] = [("content-type", b"application/json")];

        assert!(head("", &form).announces_form());
        assert!(!head("", &json).announces_form());
        assert!(!head("", &[]).announces_form());
    }
}
