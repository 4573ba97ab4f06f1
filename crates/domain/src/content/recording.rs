//! Terminal recordings: asciicast, version 2. A header, then one list per event.

use std::io::BufRead;

use super::json::{self, Form, needed, usual};
use super::{ContentError, unmarked};

const EXPECTED: &str = "an asciicast: a JSON object with a number `version`, then lists";

static HEADER: Form =
    Form::Object(&[needed("version", Form::Version(2)), usual("width", Form::Number), usual("height", Form::Number)]);

static EVENT: Form = Form::Row(&[Form::Number, Form::Text, Form::Text]);

/// Holds a file against the form of a recording. What follows the header may break off at any place, as it does when a
/// terminal is closed: it is noted and kept.
///
/// # Errors
/// When there is no header, or the file cannot be read.
pub fn check(file: impl BufRead) -> Result<Option<String>, ContentError> {
    let mut reader = serde_json::Deserializer::from_reader(unmarked(file)?);
    let mut noted = json::walk(&HEADER, &mut reader, EXPECTED)?;
    while let Err(why) = reader.end() {
        if why.is_io() {
            return Err(ContentError::Unread(why.into()));
        }
        match json::walk(&EVENT, &mut reader, EXPECTED) {
            Ok(event) => noted = noted.or(event),
            Err(ContentError::Other { found, .. }) => return Ok(noted.or(Some(found))),
            Err(unread) => return Err(unread),
        }
    }
    Ok(noted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(file: &str) -> Option<String> {
        check(file.as_bytes()).expect("a recording")
    }

    const HEADER: &str = r#"{"version": 2, "width": 80, "height": 24, "timestamp": 1504467315, "env": {"TERM": "x"}}"#;

    #[test]
    fn a_recording_is_a_header_and_events() {
        assert_eq!(noted(HEADER), None);
        assert_eq!(noted(&format!("{HEADER}\r\n[0.25, \"o\", \"a\"]\n[1, \"b\", \"\"]\n")), None);
    }

    #[test]
    fn other_versions_and_broken_ends_are_kept_and_noted() {
        let third = r#"{"version": 3, "term": {"cols": 80, "rows": 24}}"#;
        let first = r#"{"version": 1, "width": 80, "height": 24, "stdout": []}"#;
        assert!(noted(third).is_some() && noted(first).is_some());
        for end in ["[0.25, \"o\", \"br", "[0.25, \"o\"]", "[\"o\", 1, \"x\"]", "{}", "plain text"] {
            assert!(noted(&format!("{HEADER}\n[0.1, \"o\", \"x\"]\n{end}")).is_some(), "{end}");
        }
    }

    #[test]
    fn what_has_no_header_is_refused() {
        for file in ["", "$ ls", "[0.25, \"o\", \"a\"]", "{}", r#"{"version": "2"}"#, "{\"version\": 2"] {
            assert!(matches!(check(file.as_bytes()), Err(ContentError::Other { .. })), "{file}");
        }
    }
}
