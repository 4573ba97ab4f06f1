//! The body of a request, and the JSON in it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::provider::{Place, Provider};
use crate::refusal::{Reason, Refusal};

use super::head::Head;
use super::{form, json};

/// The body as it arrived, and what its content type says of it.
pub(crate) struct Content<'a> {
    pub body: &'a [u8],
    provider: &'a Provider,
    head: Head<'a>,
    payload: OnceCell<Result<Cow<'a, [u8]>, Refusal>>,
}

/// Values of the JSON, by their paths.
pub(crate) struct Values(BTreeMap<String, String>);

impl Values {
    /// The value at a path that was asked for.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Likewise, where it must be there.
    pub fn required(&self, path: &str) -> Result<&str, Refusal> {
        self.get(path).ok_or_else(|| {
            Refusal::new(Reason::MissingValue, format!("expected a value at {path} in the body, found none"))
        })
    }
}

impl<'a> Content<'a> {
    pub fn new(provider: &'a Provider, head: &Head<'a>, body: &'a [u8]) -> Self {
        Self { body, provider, head: *head, payload: OnceCell::new() }
    }

    /// Whether the body is a form.
    pub fn is_form(&self) -> bool {
        self.head.announces_form() && !begins_as_json(self.body)
    }

    /// Whether the body is a form that holds no JSON, of a sender who sends such: nobody else makes one of it by what the
    /// head says, which is not signed.
    pub fn is_plain_form(&self) -> bool {
        self.provider.event.places().iter().any(|place| matches!(place, Place::Form(_))) && self.is_form()
    }

    /// Whether the body is a JSON object.
    pub fn is_object(&self) -> bool {
        self.body.trim_ascii_start().first() == Some(&b'{') && self.read(&[]).is_ok()
    }

    /// The fields of the form, decoded; none if the body is no form.
    pub fn fields(&self) -> Vec<form::Pair<'a>> {
        if self.is_form() { form::pairs(self.body).collect() } else { Vec::new() }
    }

    /// The scalars at these paths of the JSON.
    pub fn read(&self, paths: &[&str]) -> Result<Vec<Vec<String>>, Refusal> {
        json::read(self.payload()?, paths)
            .map_err(|fault| Refusal::new(Reason::MalformedBody, format!("expected JSON in the body, but {fault}")))
    }

    /// One value for each of these paths, where there is one. Reads nothing if nothing is asked for.
    pub fn values(&self, paths: Vec<String>) -> Result<Values, Refusal> {
        if paths.is_empty() {
            return Ok(Values(BTreeMap::new()));
        }
        let found = self.read(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
        let values = paths.into_iter().zip(found).filter_map(|(path, mut values)| Some((path, values.pop()?)));
        Ok(Values(values.collect()))
    }

    /// How many items the array at this path has.
    pub fn items(&self, path: &str) -> Result<usize, Refusal> {
        json::items(self.payload()?, path)
            .map_err(|fault| Refusal::new(Reason::MalformedBody, format!("expected JSON in the body, but {fault}")))
    }

    /// The JSON: the body, or the decoded field of a form. Decoded once, when first asked for.
    pub fn payload(&self) -> Result<&[u8], Refusal> {
        match self.payload.get_or_init(|| self.decode()) {
            Ok(payload) => Ok(payload),
            Err(refusal) => Err(refusal.clone()),
        }
    }

    fn decode(&self) -> Result<Cow<'a, [u8]>, Refusal> {
        let Some(field) = self.provider.form_field.filter(|_| self.is_form()) else {
            return Ok(Cow::Borrowed(self.body));
        };
        let mut values = form::pairs(self.body).filter(|(key, _)| **key == *field.as_bytes());
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            (None, _) => {
                let detail = format!("expected the form field {field}, found none");
                Err(Refusal::new(Reason::MissingValue, detail))
            }
            (Some(_), Some(_)) => {
                let detail = format!("expected the form field {field} once, found it more often");
                Err(Refusal::new(Reason::MalformedBody, detail))
            }
        }
    }
}

/// Whether a body begins as JSON of several values does, and no form can: there, these characters are escaped. What the
/// head says of the body is not signed, so it does not make a form of what is none.
fn begins_as_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::Content;
    use crate::provider::{GITEA, SVIX};
    use crate::receive::Head;
    use crate::refusal::Reason;

    const FORM: [(&str, &[u8]); 1] = [("Content-Type", b"application/x-www-form-urlencoded")];

    fn head(headers: &'static [(&'static str, &'static [u8])]) -> Head<'static> {
        Head { method: "POST", url: "https://h/", headers }
    }

    #[test]
    fn a_form_holds_the_json_in_its_field() {
        let content = Content::new(&GITEA, &head(&FORM), b"x=1&payload=%7B%7D");

        assert_eq!(content.payload(), Ok(b"{}".as_slice()));
    }

    #[test]
    fn without_a_form_or_a_field_the_body_is_the_json() {
        assert_eq!(Content::new(&GITEA, &head(&[]), b"payload=1").payload(), Ok(b"payload=1".as_slice()));
        assert_eq!(Content::new(&SVIX, &head(&FORM), b"payload=1").payload(), Ok(b"payload=1".as_slice()));
    }

    #[test]
    fn json_is_no_form_whatever_the_head_says() {
        for body in [&b"{}"[..], b" \r\n[1]"] {
            let content = Content::new(&GITEA, &head(&FORM), body);

            assert!(!content.is_form());
            assert_eq!(content.payload(), Ok(body));
        }
    }

    #[test]
    fn a_field_that_is_missing_or_ambiguous_is_refused() {
        let reason = |body| {
            let content = Content::new(&GITEA, &head(&FORM), body);
            content.payload().map(<[u8]>::len).map_err(|no| no.reason)
        };

        assert_eq!(reason(b"a=b"), Err(Reason::MissingValue));
        assert_eq!(reason(b"payload=1&payload=2"), Err(Reason::MalformedBody));
    }
}
