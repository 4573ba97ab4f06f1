//! A JSON object of which no two readers can think differently.

use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep objects and lists may lie in each other.
const DEPTH_MAX: usize = 16;

/// A JSON object in UTF-8 in which no object, however deep, has a name twice. Its members are kept as they are written,
/// so that a number is neither rounded nor taken for another.
pub struct Object<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Object<'a> {
    /// Reads an object; none where the text is anything else, or deeper than tokens need.
    #[must_use]
    pub fn read(json: &'a [u8]) -> Option<Object<'a>> {
        let object = members(str::from_utf8(json).ok()?)?;
        object.0.values().all(|member| is_sound(member.get(), DEPTH_MAX - 1)).then_some(object)
    }

    /// A member as it is written.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|member| member.get())
    }

    /// A member that is a string; none where there is no such member or it is something else.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.member(name).and_then(text)
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(AsRef::as_ref)
    }
}

/// The string that a JSON text is, if it is one.
fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}

fn members(json: &str) -> Option<Object<'_>> {
    serde_json::from_str(json).ok()
}

/// Reading what is skipped does not recurse, so the depth is bounded here alone.
fn is_sound(json: &str, depth_left: usize) -> bool {
    let below = |member: &RawValue| is_sound(member.get(), depth_left - 1);
    match json.as_bytes().first() {
        Some(b'{' | b'[') if depth_left == 0 => false,
        Some(b'{') => members(json).is_some_and(|object| object.0.into_values().all(below)),
        Some(b'[') => serde_json::from_str(json).is_ok_and(|items: Vec<&RawValue>| items.into_iter().all(below)),
        Some(b'"') => text(json).is_some(),
        _ => true,
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
        let mut members = BTreeMap::new();
        while let Some((Text(name), member)) = map.next_entry()? {
            if members.insert(name, member).is_some() {
                return Err(M::Error::custom("a name twice"));
            }
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, Object};

    #[test]
    fn members_are_kept_as_they_are_written() {
        let object = Object::read(br#" {"a": 1e400, "b":"x\u0041", "c":[1, {"d":null}] } "#).expect("an object");

        assert_eq!(object.names().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!((object.member("a"), object.member("c")), (Some("1e400"), Some(r#"[1, {"d":null}]"#)));
        assert_eq!((object.text("b").as_deref(), object.text("a"), object.text("d")), (Some("xA"), None, None));
    }

    #[test]
    fn a_name_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":{"a":1,"a":2}}"#, r#"{"b":[[{"a":1,"a":2}]]}"#]
        {
            assert!(Object::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Object::read(r#"{"a":{"a":[{"a":1},{"a":1}]}}"#.as_bytes()).is_some());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "[]", "1", "null", "{", "{}}", "{} {}", "\u{feff}{}", r#"{"a":01}"#, r#"{"a":"\ud800"}"#] {
            assert!(Object::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Object::read(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(Object::read(nested(DEPTH_MAX - 1).as_bytes()).is_some());
        assert!(Object::read(nested(DEPTH_MAX).as_bytes()).is_none());
        assert!(Object::read(nested(1_000_000).as_bytes()).is_none());
    }
}
