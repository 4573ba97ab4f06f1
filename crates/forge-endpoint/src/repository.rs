//! Which repository a body speaks of.
//!
//! A member that stands there twice is refused: parsers differ on which of the two counts, and whoever holds one
//! repository's secret could sign a body that speaks for another.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::answer::Refusal;
use crate::source::Source;

/// The longest address of a repository, in octets: as an identifier it has twice as many.
const URL_BYTES_MAX: usize = 2048;

/// The address of the repository, its escapes undone and nothing else.
pub fn url(source: Source, body: &[u8]) -> Result<String, Refusal> {
    let absent = Refusal::Repository("the body names no repository where this forge does");
    let [object, name] = source.repository_place();
    let body = member(body, object).map_err(|_| Refusal::NotAnObject)?.only()?.ok_or(absent)?;
    let value = member(body.get().as_bytes(), name).map_err(|_| absent)?.only()?.ok_or(absent)?;
    let url: String = serde_json::from_str(value.get()).map_err(|_| absent)?;
    match url.len() {
        0 => Err(absent),
        1..=URL_BYTES_MAX if !url.contains('\0') => Ok(url),
        _ => Err(Refusal::Repository("the repository's address is longer than 2048 octets, or holds a NUL")),
    }
}

/// The address as an identifier: base16.
pub fn identifier(url: &str) -> String {
    url.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Where one member stands in an object.
struct Found<'a> {
    value: Option<&'a RawValue>,
    is_twice: bool,
}

impl<'a> Found<'a> {
    fn only(self) -> Result<Option<&'a RawValue>, Refusal> {
        if self.is_twice { Err(Refusal::Repository("the repository stands there twice")) } else { Ok(self.value) }
    }
}

/// Finds a member of the object that this text is.
fn member<'a>(json: &'a [u8], name: &'static str) -> serde_json::Result<Found<'a>> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let found = reader.deserialize_map(Members { name })?;
    reader.end()?;
    Ok(found)
}

struct Members {
    name: &'static str,
}

impl<'de> Visitor<'de> for Members {
    type Value = Found<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Found<'de>, A::Error> {
        let mut found = Found { value: None, is_twice: false };
        while let Some(Key(key)) = members.next_key()? {
            if key == self.name {
                found.is_twice |= found.value.is_some();
                found.value = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn github(body: &str) -> Result<String, u16> {
        url(Source::GitHub, body.as_bytes()).map_err(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn the_address_is_the_text_that_the_json_stands_for() {
        for body in [
            r#"{"repository":{"html_url":"https://x.example/a"}}"#,
            r#" {"other":{"html_url":"no"},"r\u0065pository":{"id":1,"html_url":"https:\/\/x.example\/\u0061"}} "#,
        ] {
            assert_eq!(github(body).as_deref(), Ok("https://x.example/a"), "{body}");
        }
        let gitlab = br#"{"repository":{"html_url":"no"},"project":{"git_http_url":"yes"}}"#;
        assert_eq!(url(Source::GitLab, gitlab).as_deref(), Ok("yes"));
        assert_eq!(identifier("h\u{e9}/"), "68c3a92f");
    }

    #[test]
    fn everything_else_is_refused() {
        for body in [
            "",
            "hello",
            "[]",
            "\"text\"",
            "{",
            "{} {}",
            "{}",
            r#"{"repository":null}"#,
            r#"{"repository":"x"}"#,
            r#"{"repository":{}}"#,
            r#"{"repository":{"html_url":1}}"#,
            r#"{"repository":{"html_url":""}}"#,
            r#"{"repository":{"html_url":"\ud800"}}"#,
            r#"{"repository":{"html_url":"a\u0000"}}"#,
            r#"{"repository":{"html_url":"a"},"repository":{"html_url":"a"}}"#,
            r#"{"repository":{"html_url":"a","html\u005furl":"b"}}"#,
        ] {
            assert_eq!(github(body), Err(400), "{body}");
        }
        let long = |count| github(&format!(r#"{{"repository":{{"html_url":"{}"}}}}"#, "a".repeat(count)));
        assert!(long(2048).is_ok());
        assert_eq!(long(2049), Err(400));
        assert_eq!(github(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))), Err(400));
    }
}
