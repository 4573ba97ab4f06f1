//! Values out of a JSON text, without a tree of it.
//!
//! One pass: what no path leads to is checked and skipped. The depth of recursion is that of the paths, never that of
//! the text; the skipping itself does not recurse.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The scalars at these paths, each member's name after a full stop; `None` where there is none.
///
/// Strings are given as they are and whole numbers in decimal; anything else is no scalar here. Of members with the
/// same name the last counts. The whole text must be JSON, in UTF-8.
pub(crate) fn read(text: &[u8], paths: &[&str]) -> Result<Vec<Option<String>>, NotJson> {
    let text = str::from_utf8(text).map_err(|fault| NotJson(fault.to_string()))?;
    let mut found = vec![None; paths.len()];
    let wanted = paths.iter().enumerate().map(|(slot, path)| Wanted { slot, rest: Some(*path) });
    let mut json = serde_json::Deserializer::from_str(text);
    Level { wanted: wanted.collect(), found: &mut found }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|fault| NotJson(position(&fault)))?;
    Ok(found)
}

/// Why a text is not JSON: where it ceases to be, never what it holds there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotJson(String);

impl fmt::Display for NotJson {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn position(fault: &serde_json::Error) -> String {
    format!("it ends being JSON at line {}, column {}", fault.line(), fault.column())
}

/// One path that is being followed: what is left of it, and where its value goes.
#[derive(Clone, Copy)]
struct Wanted<'p> {
    slot: usize,
    rest: Option<&'p str>,
}

impl<'p> Wanted<'p> {
    fn below(self, key: &str) -> Option<Wanted<'p>> {
        let rest = self.rest?;
        let (first, rest) = match rest.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (rest, None),
        };
        (first == key).then_some(Wanted { slot: self.slot, rest })
    }
}

/// One value of the text, and the paths that lead to or through it.
struct Level<'p, 'f> {
    wanted: Vec<Wanted<'p>>,
    found: &'f mut Vec<Option<String>>,
}

impl Level<'_, '_> {
    fn found(self, value: &str) {
        for wanted in self.wanted.iter().filter(|wanted| wanted.rest.is_none()) {
            self.found[wanted.slot] = Some(value.to_owned());
        }
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Level<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<(), M::Error> {
        while let Some(Key(key)) = members.next_key()? {
            let below: Vec<_> = self.wanted.iter().filter_map(|wanted| wanted.below(&key)).collect();
            if below.is_empty() {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            below.iter().for_each(|wanted| self.found[wanted.slot] = None);
            members.next_value_seed(Level { wanted: below, found: &mut *self.found })?;
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.found(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.found(&value.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.found(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn one(text: &str, path: &str) -> Option<String> {
        read(text.as_bytes(), &[path]).expect("JSON").remove(0)
    }

    #[test]
    fn several_paths_are_read_in_one_pass() {
        let text = br#"{"x": [1, {"after": "no"}], "after": "3f8b", "r": {"n": "a\u002fb", "id": 7}, "m": -1}"#;

        let found = read(text, &["after", "r.n", "r.id", "r.none", "m"]).expect("JSON");

        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found, [text("3f8b"), text("a/b"), text("7"), None, text("-1")]);
    }

    #[test]
    fn what_is_no_scalar_is_nothing() {
        for value in ["null", "true", "1.5", "[\"a\"]", "{\"b\": \"a\"}", "{}"] {
            assert_eq!(one(&format!("{{\"a\": {value}}}"), "a"), None, "{value}");
        }
        for text in ["[]", "\"a\"", "1", "null"] {
            assert_eq!(one(text, "a"), None, "{text}");
        }
    }

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        assert_eq!(one(r#"{"a": {"b": "x"}, "a": {"b": "y"}}"#, "a.b"), Some("y".into()));
        assert_eq!(one(r#"{"a": {"b": "x"}, "a": null}"#, "a.b"), None);
    }

    #[test]
    fn the_whole_text_must_be_json() {
        for text in [&b"{\"a\": 1} x"[..], b"{\"a\": ", b"", b"{\"b\": \"\xff\"}", b"\xef\xbb\xbf{}"] {
            assert!(read(text, &["a"]).is_err(), "{text:?}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{{\"x\": {}{}, \"a\": \"b\"}}", "[".repeat(100_000), "]".repeat(100_000));
        let deep_there = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));

        assert_eq!(one(&deep, "a"), Some("b".into()));
        assert_eq!(one(&deep_there, "a"), None);
    }
}
