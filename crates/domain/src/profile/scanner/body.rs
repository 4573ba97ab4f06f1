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
}

/// The first names of all paths that there are.
pub const ROOTS: &[&str] = &["event", "subject", "collection", "artifact", "body", "addon", "version"];

impl<'a> Filling<'a> {
    fn new(ask: &'a Ask<'a>) -> Self {
        let parsed = |text: Option<&str>| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        let event = &ask.told.event;
        Self { ask, data: parsed(event.data.as_deref()), snapshot: parsed(event.snapshot.as_deref()) }
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
                name.map(|name| format!("{}/downloads/source/{}", self.ask.public_url, name.id).into())
            }
            ["subject", "download_file_url"] => {
                self.artifact("upload")?;
                name.map(|name| format!("{}/downloads/file/{}/", self.ask.public_url, name.id).into())
            }
            ["collection", "id"] => name.map(|name| name.collection.as_str().into()),
            ["collection", "number"] => name.map(|name| number(&name.collection)),
            [thing @ ("subject" | "collection"), "attributes", rest @ ..] => inside(self.snapshot.get(*thing)?, rest),
            ["artifact", role, member] => member_of(self.artifact(role)?, member),
            ["body", rest @ ..] => inside(&serde_json::from_str(told.json()?).ok()?, rest),
            _ => None,
        }
    }

    fn artifact(&self, role: &str) -> Option<&TellArtifact> {
        self.ask.artifacts.iter().chain(self.ask.others).find(|each| each.role == role)
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
