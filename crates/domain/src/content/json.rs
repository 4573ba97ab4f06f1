//! Forms of JSON files, as data, and one walk that holds a file against a form without building a tree.

use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{ContentError, unmarked};

/// What a JSON value should be.
pub enum Form {
    /// A text.
    Text,
    /// This text.
    Exactly(&'static str),
    /// A number.
    Number,
    /// A number; another one than this is noted.
    Version(u64),
    /// A list whose items have this form.
    List(&'static Form),
    /// A list that begins with items of these forms.
    Row(&'static [Form]),
    /// An object with these members, and any others.
    Object(&'static [Member]),
}

/// A member of an object.
pub struct Member {
    name: &'static str,
    form: Form,
    /// Whether a file without it, or with another form of it, is refused; else it is noted.
    needed: bool,
}

/// A member without which a file is refused.
pub const fn needed(name: &'static str, form: Form) -> Member {
    Member { name, form, needed: true }
}

/// A member whose absence is noted.
pub const fn usual(name: &'static str, form: Form) -> Member {
    Member { name, form, needed: false }
}

/// A code block. Its `contentType` and `metadata` are left out by most writers.
pub static CODEBLOCK: Form = Form::Object(&[needed("content", Form::Text), usual("contentSubtype", Form::Text)]);

/// A HAR file, version 1.2: the members that a viewer needs.
pub static HAR: Form = Form::Object(&[needed("log", Form::Object(LOG))]);

static LOG: &[Member] = &[
    needed("entries", Form::List(&Form::Object(ENTRY))),
    usual("version", Form::Exactly("1.2")),
    usual("creator", Form::Object(&[usual("name", Form::Text), usual("version", Form::Text)])),
];

static ENTRY: &[Member] = &[
    usual("time", Form::Number),
    usual(
        "request",
        Form::Object(&[
            usual("method", Form::Text),
            usual("url", Form::Text),
            usual("httpVersion", Form::Text),
            usual("headers", Form::List(&HEADER)),
        ]),
    ),
    usual(
        "response",
        Form::Object(&[
            usual("status", Form::Number),
            usual("headers", Form::List(&HEADER)),
            usual("content", Form::Object(&[])),
        ]),
    ),
];

static HEADER: Form = Form::Object(&[usual("name", Form::Text), usual("value", Form::Text)]);

/// Holds a file of one JSON value against a form.
///
/// # Errors
/// When it is not JSON, lacks what is needed, or cannot be read.
pub fn check(form: &Form, expected: &'static str, file: impl BufRead) -> Result<Option<String>, ContentError> {
    let mut reader = serde_json::Deserializer::from_reader(unmarked(file)?);
    let noted = walk(form, &mut reader, expected)?;
    reader.end().map_err(|why| unfit(why, expected))?;
    Ok(noted)
}

/// Holds the reader's next value against a form.
///
/// # Errors
/// As [`check`].
pub fn walk<R: serde_json::de::Read<'static>>(
    form: &Form,
    reader: &mut serde_json::Deserializer<R>,
    expected: &'static str,
) -> Result<Option<String>, ContentError> {
    let mut noted = None;
    let walk = Walk { form, needed: true, place: Place::Top, noted: &mut noted };
    walk.deserialize(reader).map_err(|why| unfit(why, expected))?;
    Ok(noted)
}

/// The error for a file that does not read as what is expected.
pub fn unfit(why: serde_json::Error, expected: &'static str) -> ContentError {
    if why.is_io() {
        return ContentError::Unread(why.into());
    }
    ContentError::Other { expected, found: why.to_string() }
}

/// Where a walk is, for words alone.
#[derive(Clone, Copy)]
enum Place<'a> {
    Top,
    Member(&'a Place<'a>, &'static str),
    Item(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Member(Self::Top, name) => f.write_str(name),
            Self::Member(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}

struct Walk<'a> {
    form: &'a Form,
    needed: bool,
    place: Place<'a>,
    /// The first thing to note.
    noted: &'a mut Option<String>,
}

impl Walk<'_> {
    /// Something else than the form asks for.
    fn other<E: serde::de::Error>(self, found: &str) -> Result<(), E> {
        let text = match self.place {
            Place::Top => format!("{found} instead of {}", self.form),
            place => format!("{found} instead of {} as `{place}`", self.form),
        };
        if self.needed {
            return Err(E::custom(text));
        }
        self.noted.get_or_insert(text);
        Ok(())
    }

    fn number<E: serde::de::Error>(self, value: Option<u64>) -> Result<(), E> {
        match self.form {
            Form::Number => Ok(()),
            Form::Version(version) if value == Some(*version) => Ok(()),
            Form::Version(_) => Walk { needed: false, ..self }.other("another number"),
            _ => self.other("a number"),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Exactly(text) => write!(f, "{text:?}"),
            Self::Number => f.write_str("a number"),
            Self::Version(version) => write!(f, "the number {version}"),
            Self::List(_) | Self::Row(_) => f.write_str("a list"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.form)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        match self.form {
            Form::Text => Ok(()),
            Form::Exactly(wanted) if text == *wanted => Ok(()),
            _ => self.other("another text"),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.number(Some(value))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.number(None)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.number(None)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.other("true or false")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.other("null")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let form_of = |index: usize| match self.form {
            Form::List(form) => Some(*form),
            Form::Row(forms) => forms.get(index),
            _ => None,
        };
        let mut count = 0;
        while let Some(form) = form_of(count) {
            let place = Place::Item(&self.place, count);
            if items.next_element_seed(Walk { form, needed: false, place, noted: self.noted })?.is_none() {
                break;
            }
            count += 1;
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        match self.form {
            Form::List(_) => Ok(()),
            Form::Row(forms) if count == forms.len() => Ok(()),
            Form::Row(_) => self.other(&format!("{count} items")),
            _ => self.other("a list"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Form::Object(wanted) = self.form else {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return self.other("an object");
        };
        let mut seen = 0_u32;
        while let Some(known) = members.next_key_seed(Name(wanted))? {
            let Some(index) = known else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            seen |= 1 << index;
            let Member { name, form, needed } = &wanted[index];
            let place = Place::Member(&self.place, name);
            members.next_value_seed(Walk { form, needed: *needed, place, noted: self.noted })?;
        }
        for (index, Member { name, form, needed }) in wanted.iter().enumerate() {
            if seen & (1 << index) == 0 {
                let place = Place::Member(&self.place, name);
                Walk { form, needed: *needed, place, noted: self.noted }.other::<A::Error>("nothing")?;
            }
        }
        Ok(())
    }
}

/// The place of a member's name among those that are looked for.
struct Name(&'static [Member]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|member| member.name == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(file: &str) -> Result<Option<String>, String> {
        check(&CODEBLOCK, "a code block", file.as_bytes()).map_err(|why| why.to_string())
    }

    fn har(file: &str) -> Result<Option<String>, String> {
        check(&HAR, "a HAR file", file.as_bytes()).map_err(|why| why.to_string())
    }

    #[test]
    fn a_code_block_needs_its_content_alone() {
        let full = r#"{"contentType":"codeblock","contentSubtype":"python","metadata":{"source":"x"},"content":"y"}"#;
        assert_eq!(code(full), Ok(None));
        assert_eq!(code(r#"{"contentSubtype":"","content":""}"#), Ok(None));
        assert_eq!(code(r#"{"content":"y"}"#), Ok(Some("nothing instead of a text as `contentSubtype`".to_owned())));
    }

    #[test]
    fn what_is_no_code_block_is_refused_with_the_reason() {
        for (file, found) in [
            ("", "EOF while parsing a value"),
            ("print(1)", "expected value"),
            ("[]", "a list instead of an object"),
            (r#"{"contentSubtype":"sh"}"#, "nothing instead of a text as `content`"),
            (r#"{"content":["x"]}"#, "a list instead of a text as `content`"),
            (r#"{"content":"x"} {}"#, "trailing characters"),
            (r#"{"content":"x""#, "EOF while parsing an object"),
        ] {
            let why = code(file).expect_err(file);
            assert!(why.starts_with("expected a code block, found ") && why.contains(found), "{why}");
        }
    }

    #[test]
    fn a_har_file_needs_its_entries_and_what_a_viewer_needs_more_is_noted() {
        let entry = r#"{"time":1.5,"request":{"method":"GET","url":"/","httpVersion":"h2","headers":[]},
            "response":{"status":200,"headers":[{"name":"a","value":"b"}],"content":{}}}"#;
        let log = |entry: &str| {
            format!(r#"{{"log":{{"version":"1.2","creator":{{"name":"x","version":"1"}},"entries":[{entry}]}}}}"#)
        };
        assert_eq!(har(&log(entry)), Ok(None));
        assert_eq!(har(&log("")), Ok(None));
        for (from, to, note) in [
            ("1.2", "1.1", r#"another text instead of "1.2" as `log.version`"#),
            (r#""url":"/","#, "", "nothing instead of a text as `log.entries[0].request.url`"),
            (r#""GET""#, "null", "null instead of a text as `log.entries[0].request.method`"),
            ("[]", "{}", "an object instead of a list as `log.entries[0].request.headers`"),
            ("200", "[[0],{}]", "a list instead of a number as `log.entries[0].response.status`"),
            (r#""b""#, "true", "true or false instead of a text as `log.entries[0].response.headers[0].value`"),
        ] {
            assert_eq!(har(&log(entry).replacen(from, to, 1)), Ok(Some(note.to_owned())));
        }
        assert!(har(r#"{"log":{}}"#).is_err_and(|why| why.contains("`log.entries`")));
        assert!(har(r#"{"log":{"entries":{}}}"#).is_err_and(|why| why.contains("`log.entries`")));
        assert!(har(r#"{"entries":[]}"#).is_err_and(|why| why.contains("`log`")));
    }
}
