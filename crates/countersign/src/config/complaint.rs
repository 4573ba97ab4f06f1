//! What is wrong with a configuration: where it stands, what was expected and found, and how to mend it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::nearest::nearest;

/// Where a value of the configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(String),
    /// A place in the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// The place of a byte in a file's text.
    pub fn in_file(path: &Path, text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Origin::File { path: path.to_owned(), line, column }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(out, "the flag --{name}"),
            Origin::Variable(name) => write!(out, "the variable {name}"),
            Origin::File { path, line, column } => write!(out, "{}:{line}:{column}", path.display()),
            Origin::Default => out.write_str("the default"),
        }
    }
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Where.
    pub origin: Option<Origin>,
    /// What was expected and what was found.
    pub what: String,
    /// How to mend it.
    pub mend: Option<String>,
}

impl Complaint {
    /// A complaint about a place.
    pub fn at(origin: Origin, what: impl Into<String>) -> Self {
        Self { origin: Some(origin), what: what.into(), mend: None }
    }

    /// A complaint about the whole.
    pub fn whole(what: impl Into<String>) -> Self {
        Self { origin: None, what: what.into(), mend: None }
    }

    /// The same, with how to mend it.
    #[must_use]
    pub fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }

    /// The parser's error in our words; `place` turns a span into an origin.
    pub fn parsed(error: &toml::de::Error, place: impl FnOnce(Range<usize>) -> Origin) -> Self {
        let origin = error.span().map(place);
        let message = error.message().trim_end();
        match unknown_key(message) {
            Some((key, known)) => {
                let mend = match nearest(&key, &known) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None if known.is_empty() => "no keys are known here".to_owned(),
                    None => format!("known here: {}", known.join(", ")),
                };
                Self { origin, what: format!("unknown key `{key}`"), mend: Some(mend) }
            }
            None => Self { origin, what: message.replace('\n', ", "), mend: None },
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(out, "{origin}: ")?;
        }
        out.write_str(&self.what)?;
        if let Some(mend) = &self.mend {
            write!(out, ": {mend}")?;
        }
        Ok(())
    }
}

/// The key and the known names in serde's sentence on an unknown field.
fn unknown_key(message: &str) -> Option<(String, Vec<String>)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2).map(str::to_owned);
    let key = quoted.next()?;
    Some((key, quoted.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_names_itself_and_what_is_known() {
        let found = unknown_key("unknown field `lisen`, expected one of `listen`, `public_url`");
        assert_eq!(found, Some(("lisen".to_owned(), vec!["listen".to_owned(), "public_url".to_owned()])));
        assert_eq!(unknown_key("missing field `id`"), None);
    }

    #[test]
    fn places_count_from_one() {
        let origin = Origin::in_file(Path::new("c.toml"), "a = 1\nbä = 2\n", 9);
        assert_eq!(origin.to_string(), "c.toml:2:3");
    }
}
