//! The body of a call: an event's template filled, or the general form of any other event, written as the pipeline
//! writes JSON (scanner-pipeline, sections 4 and 5.1).

use std::io;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};
use serde_json::value::RawValue;

use crate::event_type::EventForm;
use crate::profile::template::{Filled, Rendered, Template, Values};
use crate::profile::{Ask, PayloadForm, TellArtifact};
use crate::subject::SubjectName;

/// The objects `addon` and `version` of the current generation (sections 4.5 and 4.6).
static ADDON: LazyLock<Template> = LazyLock::new(|| read(include_str!("events/addon.json")));
static VERSION: LazyLock<Template> = LazyLock::new(|| read(include_str!("events/version.json")));

fn read(text: &str) -> Template {
    serde_json::from_str(text).unwrap_or(Template::Value(Value::Null))
}

/// The body of a call, written once.
pub fn write(ask: &Ask<'_>) -> Vec<u8> {
    match ask.event_form {
        Some(form) => filled(ask, form),
        None => general(ask),
    }
}

fn filled(ask: &Ask<'_>, form: &EventForm) -> Vec<u8> {
    let values = Filling::new(ask);
    match ask.service.form {
        PayloadForm::Basic => ascii(&Rendered { template: &form.basic, values: &values }),
        PayloadForm::Full => {
            let mut members = match &form.full {
                Template::Object(members) => members.clone(),
                _ => Vec::new(),
            };
            for (name, value) in
                [("event", ask.told.event.kind.as_str()), ("scanner_result_url", ask.scanner_result_url)]
            {
                members.retain(|(known, _)| known != name);
                members.push((name.to_owned(), Template::Value(value.into())));
            }
            ascii(&Rendered { template: &Template::Object(members), values: &values })
        }
    }
}

#[derive(Serialize)]
struct General<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scanner_result_url: Option<&'a str>,
    subject: Option<&'a SubjectName>,
    artifacts: &'a [TellArtifact],
    body: Option<&'a RawValue>,
    body_url: Option<&'a str>,
}

fn general(ask: &Ask<'_>) -> Vec<u8> {
    let body = ask.told.json().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    ascii(&General {
        event: &ask.told.event.kind,
        scanner_result_url: (ask.service.form == PayloadForm::Full).then_some(ask.scanner_result_url),
        subject: ask.told.subject.as_ref(),
        artifacts: ask.artifacts,
        body,
        body_url: (body.is_none() && ask.told.has_body).then_some(ask.body_url),
    })
}

/// What fills an event's template.
struct Filling<'a> {
    ask: &'a Ask<'a>,
    data: Value,
    snapshot: Value,
    body: Value,
}

/// Every path that there is; `*` stands for any name, and `..` for any further ones.
pub const PATHS: &[&str] = &[
    "event.id",
    "event.type",
    "event.needs_human_review_reasons",
    "event.data..",
    "subject.id",
    "subject.number",
    "subject.kind",
    "subject.attributes..",
    "subject.download_source_url",
    "subject.download_file_url",
    "collection.id",
    "collection.number",
    "collection.attributes..",
    "artifact.*.id",
    "artifact.*.filename",
    "artifact.*.content_type",
    "artifact.*.size",
    "artifact.*.sha256",
    "artifact.*.hash",
    "artifact.*.created",
    "artifact.*.download_url",
    "body..",
    "addon",
    "version",
];

/// Whether something can stand at a path.
#[must_use]
pub fn is_path(path: &[String]) -> bool {
    PATHS.iter().any(|known| match known.strip_suffix("..") {
        Some(start) => fits(start, &path[..path.len().min(start.split('.').count())]),
        None => fits(known, path),
    })
}

fn fits(known: &str, path: &[String]) -> bool {
    let names: Vec<&str> = known.split('.').collect();
    names.len() == path.len() && names.iter().zip(path).all(|(name, found)| *name == "*" || name == found)
}

impl<'a> Filling<'a> {
    fn new(ask: &'a Ask<'a>) -> Self {
        let parsed = |text: Option<&str>| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        let event = &ask.told.event;
        Self {
            ask,
            data: parsed(event.data.as_deref()),
            snapshot: parsed(event.snapshot.as_deref()),
            body: parsed(ask.told.json()),
        }
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        let Ask { told, event_id, .. } = self.ask;
        let name = told.subject.as_ref();
        match path {
            ["event", "id"] => Some((*event_id).into()),
            ["event", "type"] => Some(told.event.kind.as_str().into()),
            ["event", "needs_human_review_reasons"] => Some(self.reasons()),
            ["event", "data", rest @ ..] => inside(&self.data, rest),
            ["subject", "id"] => name.map(|name| name.id.as_str().into()),
            ["subject", "kind"] => name.map(|name| name.kind.as_str().into()),
            ["subject", "number"] => name.map(|name| number(&name.id)),
            ["subject", "download_source_url"] => {
                self.artifact("source")?;
                Some(format!("{}/downloads/source/{}", self.ask.public_url, self.version()?).into())
            }
            ["subject", "download_file_url"] => {
                self.artifact("upload")?;
                Some(format!("{}/downloads/file/{}/", self.ask.public_url, self.version()?).into())
            }
            ["collection", "id"] => name.map(|name| name.collection.as_str().into()),
            ["collection", "number"] => name.map(|name| number(&name.collection)),
            [thing @ ("subject" | "collection"), "attributes", rest @ ..] => inside(self.snapshot.get(*thing)?, rest),
            ["artifact", role, member] => member_of(self.artifact(role)?, member),
            ["body", rest @ ..] => inside(&self.body, rest),
            _ => None,
        }
    }

    /// The event's own artifact in this role, else the one that its subject listed last.
    fn artifact(&self, role: &str) -> Option<&TellArtifact> {
        let last = |artifacts: &'a [TellArtifact]| artifacts.iter().rfind(|each| each.role == role);
        last(self.ask.artifacts).or_else(|| last(self.ask.others))
    }

    /// The id of the version that it is about, as a part of an address.
    fn version(&self) -> Option<String> {
        let name = self.ask.told.subject.as_ref().filter(|name| name.kind == "version")?;
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        Some(name.id.bytes().fold(String::new(), |mut text, byte| {
            if is_plain(&byte) {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
            text
        }))
    }

    /// Sorted, each once (section 4.4).
    fn reasons(&self) -> Value {
        let listed = self.data.get("needs_human_review_reasons").and_then(Value::as_array);
        let names: std::collections::BTreeSet<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
        names.into_iter().collect()
    }
}

impl Values for Filling<'_> {
    fn at(&self, path: &[String]) -> Filled<'_> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["addon"] => Filled::Template(&ADDON),
            ["version"] => Filled::Template(&VERSION),
            path => Filled::Value(self.value(path).unwrap_or(Value::Null)),
        }
    }
}

fn inside(value: &Value, path: &[&str]) -> Option<Value> {
    path.iter().try_fold(value, |value, name| value.get(name)).cloned()
}

/// Ids of ours may be any text; the pipeline's are integers.
fn number(id: &str) -> Value {
    match id.parse::<u64>() {
        Ok(number) if number.to_string() == id => number.into(),
        _ => id.into(),
    }
}

fn member_of(artifact: &TellArtifact, member: &str) -> Option<Value> {
    Some(match member {
        "id" => artifact.id.as_str().into(),
        "filename" => artifact.filename.as_str().into(),
        "content_type" => artifact.content_type.as_str().into(),
        "size" => artifact.size.into(),
        "sha256" => artifact.sha256.as_str().into(),
        "hash" => format!("sha256:{}", artifact.sha256).into(),
        "created" => artifact.created.as_str().into(),
        "download_url" => artifact.download_url.as_str().into(),
        _ => return None,
    })
}

/// JSON as the pipeline writes it: `", "` and `": "` between, and nothing but ASCII.
fn ascii(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    match value.serialize(&mut Serializer::with_formatter(&mut out, Ascii)) {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

struct Ascii;

impl Formatter for Ascii {
    fn begin_array_value<W: io::Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    /// JSON that is sent along as it came: what is not ASCII stands in its texts alone, where an escape means the same.
    fn write_raw_fragment<W: io::Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        self.write_string_fragment(out, fragment)
    }

    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if character.is_ascii() {
                out.write_all(&[character as u8])?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_the_pipeline_writes_it() {
        let value = serde_json::json!({"a": ["é", "😀\n\u{1}", 1.5], "b": null});
        let expected = "{\"a\": [\"\\u00e9\", \"\\ud83d\\ude00\\n\\u0001\", 1.5], \"b\": null}";
        assert_eq!(String::from_utf8(ascii(&value)).expect("text"), expected);
    }

    #[test]
    fn json_that_is_sent_along_is_ascii_too() {
        let raw: &RawValue = serde_json::from_str("{\"n\":  \"é\"}").expect("JSON");
        assert_eq!(ascii(&raw), b"{\"n\":  \"\\u00e9\"}");
    }

    #[test]
    fn only_decimal_ids_become_numbers() {
        assert_eq!(number("42"), 42);
        for text in ["042", "4.2", "", "-1", "99999999999999999999999", "x"] {
            assert_eq!(number(text), text);
        }
    }

    #[test]
    fn the_common_objects_have_the_members_that_the_protocol_lists() {
        let count = |template: &Template| match template {
            Template::Object(members) => members.len(),
            _ => 0,
        };
        assert_eq!((count(&ADDON), count(&VERSION)), (33, 11));
        let Template::Object(members) = &*VERSION else { panic!("an object") };
        let file = members.iter().find(|(name, _)| name == "file").map(|(_, file)| count(file));
        assert_eq!(file, Some(15));
    }
}
