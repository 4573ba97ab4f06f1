//! What is in force, and who says so.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::complaint::{Complaint, Origin};
use super::document::Document;
use super::reference::Reference;
use super::{Asked, Gathered, SAMPLE, gather};

/// One value that is in force.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    /// Its key: `server.listen`, `source[0].provider`.
    pub key: String,
    /// The value; of a secret only that it is set.
    pub value: String,
    /// Who says so.
    pub from: String,
}

/// Every value that is in force.
///
/// # Errors
/// As for [`super::Config::load`]; secrets that stand elsewhere are not fetched.
pub fn settings(asked: &Asked) -> Result<Vec<Setting>, Complaint> {
    of(&gather(asked)?)
}

/// Every value that these say, or that is a default.
pub(super) fn of(gathered: &Gathered) -> Result<Vec<Setting>, Complaint> {
    let document = gathered.document()?;
    let mut found = BTreeMap::new();
    for (key, value) in document.table() {
        flatten(key.get_ref(), value, &|span| document.origin(span), &mut found);
    }
    let sample = Document::parse(gathered.path(), SAMPLE, &[])?;
    let mut defaults = BTreeMap::new();
    for (key, value) in sample.table() {
        flatten(key.get_ref(), value, &|_| Origin::Default, &mut defaults);
    }
    for (key, setting) in defaults {
        found.entry(key).or_insert(setting);
    }
    Ok(found.into_values().collect())
}

fn flatten(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    origin: &dyn Fn(std::ops::Range<usize>) -> Origin,
    found: &mut BTreeMap<String, Setting>,
) {
    let shown = match value.get_ref() {
        DeValue::Table(table) => match Reference::read(table) {
            Some(reference) => format!("set, in {reference}"),
            None => {
                for (name, below) in table {
                    flatten(&format!("{key}.{}", name.get_ref()), below, origin, found);
                }
                return;
            }
        },
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table() || is_secret(key)) => {
            for (place, item) in items.iter().enumerate() {
                flatten(&format!("{key}[{place}]"), item, origin, found);
            }
            return;
        }
        _ if is_secret(key) => "set".to_owned(),
        DeValue::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| plain(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        other => plain(other),
    };
    let from = origin(value.span()).to_string();
    found.insert(key.to_owned(), Setting { key: key.to_owned(), value: shown, from });
}

/// Whether what stands under a key must not be shown.
fn is_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    let name = last.split('[').next().unwrap_or(last);
    // A header's name is its last word, and may be any.
    matches!(name, "secret" | "secrets" | "verify_token" | "plugin_token")
        || key.split('.').any(|word| word == "headers")
}

fn plain(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => "..".to_owned(),
    }
}
