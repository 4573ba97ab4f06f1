//! The `WebHooks` part of an application's configuration: a tree of texts whose names compare without case.
//!
//! It is made of layers, and of two values at one path the later layer's counts: settings files in JSON, nested or
//! flattened (`"WebHooks:github:SecretKey:default": "..."`), then environment variables
//! (`WebHooks__github__SecretKey__default`). What does not stand below `WebHooks` is none of our concern and not kept.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::receiver::Receiver;
use super::route::DEFAULT_ID;

const ROOT: &str = "WebHooks";
const SECRET_KEY: &str = "SecretKey";
const DISABLE_HTTPS_CHECK: &str = "DisableHttpsCheck";
const PASS_THROUGH_TEST_EVENTS: &str = "PassThroughTestEvents";

/// The configured values. They are wiped when it is dropped, and never shown.
#[derive(Default)]
pub struct Configuration {
    /// By the path below the root, in lower case.
    entries: BTreeMap<Vec<String>, Entry>,
}

struct Entry {
    path: Vec<String>,
    /// The value; a secret may have others beside it that are as good.
    values: Vec<Value>,
}

/// One value.
pub(super) struct Value {
    /// What a proof calls it, if not by its path.
    pub id: Option<String>,
    pub text: Zeroizing<String>,
}

/// The secrets that are configured for one id of a receiver.
#[derive(Clone)]
pub struct Configured {
    /// The receiver's name, as configured.
    pub receiver: String,
    /// The id.
    pub id: String,
    /// The secrets; `name:secret` where the request names one of several. Without `Debug`.
    pub secrets: Vec<String>,
}

impl Configuration {
    /// Adds a settings file: JSON, with comments if it likes.
    ///
    /// # Errors
    /// [`ConfigurationFault`] if it is no JSON object, or names one value twice. Nothing of it has been added then.
    pub fn add_json(&mut self, text: &str) -> Result<(), ConfigurationFault> {
        let text = without_comments(text.strip_prefix('\u{feff}').unwrap_or(text));
        let tree: Json = serde_json::from_str(&text)
            .map_err(|fault| ConfigurationFault::NotJson { line: fault.line(), column: fault.column() })?;
        if !tree.is_object() {
            return Err(ConfigurationFault::NotJson { line: 1, column: 1 });
        }
        let mut layer = Configuration::default();
        layer.flatten(String::new(), tree)?;
        self.entries.extend(layer.entries);
        Ok(())
    }

    /// Adds environment variables: names and values, as the environment has them.
    pub fn add_environment<'v>(&mut self, variables: impl IntoIterator<Item = (&'v str, &'v str)>) {
        for (name, value) in variables {
            self.add(&name.replace("__", ":"), value);
        }
    }

    /// Adds one value, its path written with colons.
    pub fn add(&mut self, path: &str, value: &str) {
        let _ = self.insert(path, value.to_owned());
    }

    /// Adds the secrets of a receiver's id, each with the id that proofs call it by. Any may match. Where the request
    /// names its secret, each is a name, a colon and the secret.
    pub fn add_secrets(&mut self, receiver: &Receiver, id: &str, secrets: impl IntoIterator<Item = (String, String)>) {
        for (secret_id, text) in secrets {
            let text = Zeroizing::new(text);
            let mut path = vec![receiver.name.to_owned(), SECRET_KEY.to_owned(), id.to_owned()];
            let text = match text.split_once(':') {
                Some((name, secret)) if receiver.names_its_secrets() => {
                    path.push(name.to_owned());
                    Zeroizing::new(secret.to_owned())
                }
                _ => text,
            };
            let entry = self.entries.entry(folded(&path)).or_insert_with(|| Entry { path, values: Vec::new() });
            entry.values.push(Value { id: Some(secret_id), text });
        }
    }

    /// Lets plain HTTP pass.
    pub fn disable_https_check(&mut self) {
        self.add(&format!("{ROOT}:{DISABLE_HTTPS_CHECK}"), "true");
    }

    /// Whether plain HTTP passes.
    #[must_use]
    pub fn https_check_is_disabled(&self) -> bool {
        self.is_true(&[DISABLE_HTTPS_CHECK])
    }

    /// Lets the test events of a receiver pass that answers them itself.
    pub fn pass_test_events(&mut self, receiver: &Receiver) {
        self.add(&format!("{ROOT}:{}:{PASS_THROUGH_TEST_EVENTS}", receiver.name), "true");
    }

    /// Whether they pass.
    #[must_use]
    pub fn test_events_pass(&self, receiver: &Receiver) -> bool {
        self.is_true(&[receiver.name, PASS_THROUGH_TEST_EVENTS])
    }

    /// What is configured for each id of each receiver.
    #[must_use]
    pub fn configured(&self) -> Vec<Configured> {
        let mut all: Vec<Configured> = Vec::new();
        for Entry { path, values } in self.entries.values() {
            let (receiver, id, name) = match path.as_slice() {
                [receiver, section, id] if section.eq_ignore_ascii_case(SECRET_KEY) => (receiver, id, None),
                [receiver, section, id, name] if section.eq_ignore_ascii_case(SECRET_KEY) => (receiver, id, Some(name)),
                _ => continue,
            };
            let secrets = values.iter().map(|value| match name {
                Some(name) => format!("{name}:{}", value.text.as_str()),
                None => value.text.to_string(),
            });
            let is_same = |other: &&mut Configured| folded(&[&other.receiver, &other.id]) == folded(&[receiver, id]);
            match all.last_mut().filter(is_same) {
                Some(last) => last.secrets.extend(secrets),
                None => {
                    let id = if id.eq_ignore_ascii_case(DEFAULT_ID) { DEFAULT_ID } else { id };
                    let secrets = secrets.collect();
                    all.push(Configured { receiver: receiver.clone(), id: id.to_owned(), secrets });
                }
            }
        }
        all
    }

    /// Whether there was none at this path.
    fn insert(&mut self, path: &str, value: String) -> bool {
        let value = Value { id: None, text: Zeroizing::new(value) };
        let mut names = path.split(':');
        if !names.next().is_some_and(|root| root.eq_ignore_ascii_case(ROOT)) {
            return true;
        }
        let path: Vec<_> = names.map(str::to_owned).collect();
        path.is_empty() || self.entries.insert(folded(&path), Entry { path, values: vec![value] }).is_none()
    }

    fn flatten(&mut self, path: String, value: Json) -> Result<(), ConfigurationFault> {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}:{name}") };
        let text = match value {
            Json::Object(members) => {
                return members.into_iter().try_for_each(|(name, value)| self.flatten(below(&name), value));
            }
            Json::Array(items) => {
                let mut items = items.into_iter().enumerate();
                return items.try_for_each(|(index, value)| self.flatten(below(&index.to_string()), value));
            }
            Json::String(text) => text,
            Json::Number(number) => number.to_string(),
            Json::Bool(is) => is.to_string(),
            Json::Null => String::new(),
        };
        if self.insert(&path, text) { Ok(()) } else { Err(ConfigurationFault::Twice { path }) }
    }

    /// The value at a path below the root, and the path as it was spelled.
    pub(super) fn entry(&self, path: &[&str]) -> Option<(&[String], &[Value])> {
        self.entries.get(&folded(path)).map(|entry| (entry.path.as_slice(), entry.values.as_slice()))
    }

    /// The values at and below a path, each with its whole path.
    pub(super) fn below(&self, path: &[&str]) -> impl Iterator<Item = (&[String], &[Value])> {
        let start = folded(path);
        self.entries
            .range(start.clone()..)
            .take_while(move |(path, _)| path.starts_with(&start))
            .map(|(_, entry)| (entry.path.as_slice(), entry.values.as_slice()))
    }

    /// Whether there is a value at or below a path.
    pub(super) fn has(&self, path: &[&str]) -> bool {
        self.below(path).next().is_some()
    }

    /// Whether the value at a path is `true`; anything else is not.
    fn is_true(&self, path: &[&str]) -> bool {
        let is = |value: &Value| value.text.trim().eq_ignore_ascii_case("true");
        self.entry(path).is_some_and(|(_, values)| values.iter().all(is))
    }

    /// The names right below the root that have something below them.
    pub(super) fn sections(&self) -> Vec<&str> {
        let deep = self.entries.values().filter(|entry| entry.path.len() > 1);
        let mut names: Vec<_> = deep.filter_map(|entry| entry.path.first()).map(String::as_str).collect();
        names.dedup_by(|left, right| left.eq_ignore_ascii_case(right));
        names
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.entries.values().map(|entry| entry.path.join(":"))).finish()
    }
}

fn folded<T: AsRef<str>>(path: &[T]) -> Vec<String> {
    path.iter().map(|name| name.as_ref().to_lowercase()).collect()
}

/// The text with a blank for every character of a comment, so that places stay what they are.
fn without_comments(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, is_comment) = match first {
            '"' => (string_end(rest), false),
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), true),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), true),
            _ => (first.len_utf8(), false),
        };
        let (piece, tail) = rest.split_at(taken);
        if is_comment {
            plain.extend(piece.chars().map(|each| if each == '\n' { '\n' } else { ' ' }));
        } else {
            plain.push_str(piece);
        }
        rest = tail;
    }
    plain
}

/// Where the string ends that the text begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Why a settings file cannot be read. Never shows a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationFault {
    /// It is no JSON object from here on.
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Two members differ in case or nesting only.
    Twice {
        /// The path of the second.
        path: String,
    },
}

impl fmt::Display for ConfigurationFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { line, column } => {
                write!(out, "expected a JSON object, but it ends being one at line {line}, column {column}")
            }
            Self::Twice { path } => {
                write!(out, "{path} has a value twice; names that differ in case only are the same, so keep one")
            }
        }
    }
}

impl std::error::Error for ConfigurationFault {}

#[cfg(test)]
mod tests {
    use super::{Configuration, ConfigurationFault};

    const PATH: [&str; 3] = ["github", "SecretKey", "default"];

    fn read(text: &str) -> Configuration {
        let mut configuration = Configuration::default();
        configuration.add_json(text).expect("a configuration");
        configuration
    }

    fn value(configuration: &Configuration) -> Option<&str> {
        configuration.entry(&PATH).map(|(_, values)| values[0].text.as_str())
    }

    #[test]
    fn nested_flattened_and_environment_name_the_same_value_in_any_case() {
        let nested = read(r#"{"Logging": {"a": [1]}, "webhooks": {"GitHub": {"SecretKey": {"Default": "x"}}}}"#);
        let flattened = read(r#"{"WebHooks:github:SecretKey:default": "x"}"#);
        let mixed = read(r#"{"WebHooks:github": {"SecretKey:default": "x"}}"#);
        let mut environment = Configuration::default();
        environment.add_environment([("HOME", "/"), ("WEBHOOKS__GITHUB__SECRETKEY__DEFAULT", "x")]);

        for configuration in [nested, flattened, mixed, environment] {
            assert_eq!(value(&configuration), Some("x"), "{configuration:?}");
            assert_eq!(configuration.sections().len(), 1);
        }
    }

    #[test]
    fn the_later_layer_counts() {
        let mut configuration = read(r#"{"WebHooks:github:SecretKey:default": "x"}"#);
        configuration.add_environment([("WebHooks__github__SecretKey__default", "y")]);

        assert_eq!(value(&configuration), Some("y"));
    }

    #[test]
    fn settings_may_have_comments_and_a_byte_order_mark() {
        let text = "\u{feff}{ // \"a\n/* } */ \"WebHooks:github:SecretKey:default\": \"//\\\"/*\" } // end";

        assert_eq!(value(&read(text)), Some("//\"/*"));
    }

    #[test]
    fn only_true_is_true() {
        let is = |text: &str| read(&format!(r#"{{"WebHooks": {{"DisableHttpsCheck": {text}}}}}"#));
        for (text, expected) in [("true", true), ("\"True\"", true), ("1", false), ("\"yes\"", false), ("null", false)]
        {
            assert_eq!(is(text).is_true(&["disablehttpscheck"]), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_settings_file_is_refused_whole() {
        let fault = |text: &str| Configuration::default().add_json(text).expect_err("refused");

        assert_eq!(fault("{\n \"a\": }"), ConfigurationFault::NotJson { line: 2, column: 7 });
        assert_eq!(fault("[]"), ConfigurationFault::NotJson { line: 1, column: 1 });
        for text in ["", "{\"a\": 1 /* ", "{\"a\": \"\\", &"[".repeat(100_000)] {
            assert!(matches!(fault(text), ConfigurationFault::NotJson { .. }));
        }
        let twice = r#"{"WebHooks": {"kudu": {"a": "hunter2"}, "Kudu:A": "hunter2"}}"#;
        assert!(matches!(fault(twice), ConfigurationFault::Twice { .. }));
        assert!(!fault(twice).to_string().contains("hunter2"));
    }

    #[test]
    fn what_is_configured_is_told_by_receiver_and_id() {
        let text = r#"{"WebHooks": {
            "kudu:SecretKey": {"default": "a", "One": "b"}, "pusher:SecretKey:x": {"app": "c", "other": "d"},
            "DisableHttpsCheck": true, "stripe:PassThroughTestEvents": true}}"#;
        let configured = read(text).configured();

        let told = configured.iter().map(|each| format!("{}/{} {}", each.receiver, each.id, each.secrets.join(" ")));
        assert_eq!(told.collect::<Vec<_>>(), ["kudu/default a", "kudu/One b", "pusher/x app:c other:d"]);
    }

    #[test]
    fn a_name_is_never_taken_for_a_path() {
        let configuration = read(r#"{"WebHooks:pusher:SecretKey:one:two": "x"}"#);

        assert!(configuration.entry(&["pusher", "SecretKey", "one:two"]).is_none());
        assert!(!configuration.has(&["pusher", "SecretKey", "on"]));
        assert!(configuration.has(&["pusher", "SecretKey", "ONE"]));
    }

    #[test]
    fn values_are_not_shown() {
        assert!(!format!("{:?}", read(r#"{"WebHooks:kudu:SecretKey:a": "hunter2"}"#)).contains("hunter2"));
    }
}
