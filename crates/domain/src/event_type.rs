//! Types of event that a platform sends of its own: what a scanner is told about them.
//!
//! Adding one is a file in `profile/scanner/events/` and a line in [`BUILT_IN`], or a table `[event.NAME]` in the
//! configuration. Every other type, such as a provider's, is told in one general form.

use std::sync::LazyLock;

use crate::EventTypeKey;
use crate::profile::scanner::{PATHS, is_path};
use crate::profile::template::Template;

/// What scanners are told about one type of event.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventForm {
    /// Whether verdicts wait for the scanners that subscribe to it, unless a subscription says otherwise.
    #[serde(default)]
    pub blocks: bool,
    /// The body in the form `basic`.
    #[serde(default = "empty")]
    pub basic: Template,
    /// The body in the form `full`, to which the common members are added.
    #[serde(default = "empty")]
    pub full: Template,
}

/// A type of event that the configuration describes.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EventType {
    /// Its key.
    pub key: EventTypeKey,
    /// Its name, as the platform sends it.
    pub name: String,
    /// Whether it is in force; else its events are told in the general form.
    pub active: bool,
    /// What scanners are told.
    pub form: EventForm,
}

impl EventForm {
    /// What is wrong with it, if anything: a body that is no object, or a hole that nothing ever fills.
    ///
    /// # Errors
    /// A sentence on the first of them.
    pub fn check(&self) -> Result<(), String> {
        for (form, template) in [("basic", &self.basic), ("full", &self.full)] {
            if !matches!(template, Template::Object(_)) {
                return Err(format!("{form}: expected an object"));
            }
            let strange = template.holes().into_iter().find(|path| !is_path(path));
            if let Some(path) = strange {
                let known = PATHS.join(", ");
                return Err(format!("{form}: nothing stands at {{{}}}; expected one of {known}", path.join(".")));
            }
        }
        Ok(())
    }
}

fn empty() -> Template {
    Template::Object(Vec::new())
}

/// The types of the scanner pipeline (scanner-pipeline, sections 3 and 4).
const BUILT_IN: &[(&str, &str)] = &[
    ("during_validation", include_str!("profile/scanner/events/during_validation.json")),
    ("on_source_code_uploaded", include_str!("profile/scanner/events/on_source_code_uploaded.json")),
    ("on_version_created", include_str!("profile/scanner/events/on_version_created.json")),
    ("push", include_str!("profile/scanner/events/push.json")),
    ("on_version_entered_review_queue", include_str!("profile/scanner/events/on_version_entered_review_queue.json")),
];

/// The event that never happens: whoever subscribes to it may send results of its own accord.
pub const PUSH: &str = "push";

/// The names of the built-in types, in the order of their protocol.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The built-in type of this name.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static EventForm> {
    static TYPES: LazyLock<Vec<(&str, EventForm)>> = LazyLock::new(|| {
        let read = |(name, text): &(&'static str, &str)| Some((*name, serde_json::from_str(text).ok()?));
        BUILT_IN.iter().filter_map(read).collect()
    });
    TYPES.iter().find(|(each, _)| *each == name).map(|(_, form)| form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_type_reads() {
        let blocking: Vec<&str> = BUILT_IN
            .iter()
            .map(|(name, _)| (name, built_in(name).expect("a type that reads")))
            .filter(|(_, form)| form.blocks)
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(blocking, ["during_validation", "on_version_created"]);
        assert!(built_in("github.push").is_none());
        assert!(BUILT_IN.iter().all(|(name, _)| built_in(name).is_some_and(|form| form.check().is_ok())));
    }

    #[test]
    fn a_hole_that_nothing_fills_is_told() {
        let form: EventForm = serde_json::from_str(r#"{"basic": {"id": "{subjct.number}"}}"#).expect("a form");
        assert!(form.check().is_err_and(|why| why.contains("{subjct.number}")));
        for (path, is_known) in [
            ("subject.nubmer", false),
            ("artifact.upload.sise", false),
            ("addon.id", false),
            ("event.data", true),
            ("event.data.a.b", true),
            ("artifact.media.size", true),
            ("body.x", true),
        ] {
            let text = format!(r#"{{"basic": {{"x": "{{{path}}}"}}}}"#);
            let form: EventForm = serde_json::from_str(&text).expect("a form");
            assert_eq!(form.check().is_ok(), is_known, "{path}");
        }
        let form: EventForm = serde_json::from_str(r#"{"full": "{addon}"}"#).expect("a form");
        assert!(form.check().is_err_and(|why| why.contains("an object")));
    }
}
