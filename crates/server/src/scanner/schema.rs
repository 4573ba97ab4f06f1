//! What a result must be (scanner-pipeline, section 9.3), and the sentences in which that is told: those of the
//! validator that the protocol's clients know, with values written as its language writes them.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::limits;
use serde_json::{Map, Value};

/// A result that is one.
#[derive(Debug)]
pub struct Results {
    /// The names of the rules that it matched, each once.
    pub matched: Vec<String>,
    /// It as it was sent.
    pub raw: Bytes,
}

/// The names of the rules that a result matched, each once.
///
/// # Errors
/// The first thing that is wrong with it, in one sentence.
pub fn check(results: &Value) -> Result<Vec<String>, String> {
    let members = object(results)?;
    for name in ["version", "matchedRules"] {
        if !members.contains_key(name) {
            return Err(format!("'{name}' is a required property"));
        }
    }
    text(&members["version"])?;
    let mut matched = Vec::new();
    let mut names = BTreeSet::new();
    for rule in list(&members["matchedRules"])? {
        let name = text(rule)?;
        if names.insert(name) {
            matched.push(name.to_owned());
        }
    }
    if matched.len() > limits::MATCHED_NAMES_MAX {
        return Err(format!("'matchedRules' has more than {} names", limits::MATCHED_NAMES_MAX));
    }
    if let Some(annotations) = members.get("annotations") {
        let annotations = object(annotations)?;
        for each in annotations.values() {
            list(each)?.iter().try_for_each(|entry| object(entry).map(|_| ()))?;
        }
        let strays: BTreeSet<&str> =
            annotations.keys().map(String::as_str).filter(|name| !names.contains(name)).collect();
        if !strays.is_empty() {
            let strays: Vec<Value> = strays.into_iter().map(Value::from).collect();
            return Err(format!("Annotation keys not in matchedRules: {}", shown(&Value::Array(strays))));
        }
    }
    Ok(matched)
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| another(value, "object"))
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| another(value, "array"))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| another(value, "string"))
}

fn another(value: &Value, kind: &str) -> String {
    format!("{} is not of type '{kind}'", shown(value))
}

/// The most of a value that is shown.
const SHOWN_CHARS_MAX: usize = 200;

/// A value as Python writes it, cut where it is long.
fn shown(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    match out.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &out[..end]),
        None => out,
    }
}

fn write(value: &Value, out: &mut String) {
    // What is cut off need not be written.
    if out.len() > SHOWN_CHARS_MAX * 4 {
        return;
    }
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (nth, item) in items.iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { ", " });
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (nth, (name, member)) in members.iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { ", " });
                write_text(name, out);
                out.push_str(": ");
                write(member, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for letter in text.chars().take(SHOWN_CHARS_MAX) {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter == quote => out.extend(['\\', letter]),
            letter if letter.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push(quote);
}

/// What Python calls a value of this kind.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{check, shown};

    #[test]
    fn a_result_names_its_rules_each_once_and_may_say_more() {
        let results = json!({
            "version": "1", "matchedRules": ["B", "A", "B"], "annotations": {"A": [{"message": "x"}], "B": []}, "more": 1,
        });
        assert_eq!(check(&results), Ok(vec!["B".to_owned(), "A".to_owned()]));
        assert_eq!(check(&json!({"version": "", "matchedRules": []})), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_told_in_one_sentence() {
        for (results, sentence) in [
            (json!([]), "[] is not of type 'object'"),
            (json!("no"), "'no' is not of type 'object'"),
            (json!({}), "'version' is a required property"),
            (json!({"version": "1"}), "'matchedRules' is a required property"),
            (json!({"version": 1.5, "matchedRules": []}), "1.5 is not of type 'string'"),
            (json!({"version": null, "matchedRules": []}), "None is not of type 'string'"),
            (json!({"version": "1", "matchedRules": "A"}), "'A' is not of type 'array'"),
            (json!({"version": "1", "matchedRules": [{"a": true}]}), "{'a': True} is not of type 'string'"),
            (json!({"version": "1", "matchedRules": [], "annotations": []}), "[] is not of type 'object'"),
            (json!({"version": "1", "matchedRules": ["A"], "annotations": {"A": {}}}), "{} is not of type 'array'"),
            (
                json!({"version": "1", "matchedRules": ["A"], "annotations": {"A": ["x"]}}),
                "'x' is not of type 'object'",
            ),
            (
                json!({"version": "1", "matchedRules": ["A"], "annotations": {"Z": [], "A": [], "B": []}}),
                "Annotation keys not in matchedRules: ['B', 'Z']",
            ),
        ] {
            assert_eq!(check(&results), Err(sentence.to_owned()));
        }
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(shown(&json!("it's\n")), "\"it's\\n\"");
        assert_eq!(shown(&Value::from("x".repeat(1000))).len(), 203);
        assert_eq!(shown(&json!(vec![1; 10_000])).len(), 203);
    }
}
