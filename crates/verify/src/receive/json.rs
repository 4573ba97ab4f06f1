//! Values out of a JSON text, without a tree of it.
//!
//! One pass: what no path leads to is checked and skipped. The depth of recursion is that of the paths, never that of
//! the text; the skipping itself does not recurse.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most values that paths may lead to together.
const VALUES_MAX: usize = 10_000;

/// The scalars at these paths, in the order of the text; none where there is none.
///
/// A path is made of names with a full stop between, of numbers for items, and of `[*]` for every item. Strings are
/// given as they are and whole numbers in decimal; anything else is no scalar here. Of members with the same name the
/// last counts. The whole text must be JSON, in UTF-8.
pub(crate) fn read(text: &[u8], paths: &[&str]) -> Result<Vec<Vec<String>>, NotJson> {
    let text = str::from_utf8(text).map_err(|fault| NotJson(fault.to_string()))?;
    let mut found = Found { values: vec![Vec::new(); paths.len()], left: VALUES_MAX, items: None };
    let wanted = paths.iter().enumerate().map(|(slot, path)| Wanted { slot, rest: path });
    let mut json = serde_json::Deserializer::from_str(text);
    Level { wanted: wanted.collect(), found: &mut found }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|fault| NotJson(position(&fault)))?;
    if found.left == 0 {
        return Err(NotJson(format!("it holds {VALUES_MAX} events or more")));
    }
    Ok(found.values)
}

/// How many items the array at this path has; none if there is no array.
pub(crate) fn items(text: &[u8], path: &str) -> Result<usize, NotJson> {
    let text = str::from_utf8(text).map_err(|fault| NotJson(fault.to_string()))?;
    let mut found = Found { values: vec![Vec::new()], left: VALUES_MAX, items: None };
    let mut json = serde_json::Deserializer::from_str(text);
    Level { wanted: vec![Wanted { slot: 0, rest: path }], found: &mut found }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|fault| NotJson(position(&fault)))?;
    Ok(found.items.unwrap_or_default())
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

/// The values of each path, and how many more there may be.
struct Found {
    values: Vec<Vec<String>>,
    left: usize,
    /// The length of the last array to which a path led.
    items: Option<usize>,
}

/// One path that is being followed: what is left of it, and where its value goes.
#[derive(Clone, Copy)]
struct Wanted<'p> {
    slot: usize,
    rest: &'p str,
}

impl<'p> Wanted<'p> {
    /// The rest below the member of this name.
    fn member(self, name: &str) -> Option<Wanted<'p>> {
        let rest = self.rest.strip_prefix(name)?;
        let rest = match rest.as_bytes().first() {
            None | Some(b'[') => rest,
            Some(b'.') => &rest[1..],
            Some(_) => return None,
        };
        (!name.is_empty()).then_some(Wanted { slot: self.slot, rest })
    }

    /// The rest below the item at this place.
    fn item(self, index: usize) -> Option<Wanted<'p>> {
        match self.rest.strip_prefix("[*]") {
            Some(rest) => Some(Wanted { slot: self.slot, rest: rest.strip_prefix('.').unwrap_or(rest) }),
            None => self.member(&index.to_string()),
        }
    }
}

/// One value of the text, and the paths that lead to or through it.
struct Level<'p, 'f> {
    wanted: Vec<Wanted<'p>>,
    found: &'f mut Found,
}

impl Level<'_, '_> {
    fn found(self, value: &str) {
        for wanted in self.wanted.iter().filter(|wanted| wanted.rest.is_empty()) {
            if self.found.left > 0 {
                self.found.left -= 1;
                self.found.values[wanted.slot].push(value.to_owned());
            }
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
        let before: Vec<usize> = self.wanted.iter().map(|wanted| self.found.values[wanted.slot].len()).collect();
        while let Some(Key(key)) = members.next_key()? {
            let mut below = Vec::new();
            for (wanted, before) in self.wanted.iter().zip(&before) {
                if let Some(wanted) = wanted.member(&key) {
                    self.found.values[wanted.slot].truncate(*before);
                    below.push(wanted);
                }
            }
            if below.is_empty() {
                members.next_value::<IgnoredAny>()?;
            } else {
                members.next_value_seed(Level { wanted: below, found: &mut *self.found })?;
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        for index in 0.. {
            let below: Vec<_> = self.wanted.iter().filter_map(|wanted| wanted.item(index)).collect();
            let more = if below.is_empty() {
                items.next_element::<IgnoredAny>()?.is_some()
            } else {
                items.next_element_seed(Level { wanted: below, found: &mut *self.found })?.is_some()
            };
            if !more {
                if self.wanted.iter().any(|wanted| wanted.rest.is_empty()) {
                    self.found.items = Some(index);
                }
                break;
            }
        }
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
        all(text, path).pop()
    }

    fn all(text: &str, path: &str) -> Vec<String> {
        read(text.as_bytes(), &[path]).expect("JSON").remove(0)
    }

    #[test]
    fn several_paths_are_read_in_one_pass() {
        let text = br#"{"x": [1, {"after": "no"}], "after": "3f8b", "r": {"n": "a\u002fb", "id": 7}, "m": -1}"#;

        let found = read(text, &["after", "r.n", "r.id", "r.none", "m"]).expect("JSON");

        assert_eq!(found, [vec!["3f8b"], vec!["a/b"], vec!["7"], vec![], vec!["-1"]]);
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
    fn a_path_may_lead_through_one_item_or_all_of_them() {
        let text = r#"{"e": [{"n": "a", "i": [1, 2]}, {"n": "b", "n": "c"}, {"m": "d"}, 7]}"#;

        assert_eq!(all(text, "e[*].n"), ["a", "c"]);
        assert_eq!(all(text, "e[*].i[*]"), ["1", "2"]);
        assert_eq!(all(text, "e.1.n"), ["c"]);
        assert_eq!(all(text, "e[*]"), ["7"]);
        assert_eq!(all("[{\"n\": \"a\"}, {\"n\": \"b\"}]", "[*].n"), ["a", "b"]);
        assert_eq!(all(text, "e.n"), [""; 0]);
        assert_eq!(all(r#"{"e": {"1": {"n": "a"}}}"#, "e.1.n"), ["a"]);
        assert_eq!(all(r#"{"event": "a", "e": "b"}"#, "e"), ["b"]);
    }

    #[test]
    fn there_is_a_limit_to_what_is_found() {
        let items = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert_eq!(read(items(9_999).as_bytes(), &["[*]"]).map(|found| found[0].len()), Ok(9_999));
        assert!(read(items(10_000).as_bytes(), &["[*]"]).is_err());
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
