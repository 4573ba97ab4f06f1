//! The file's text with flags and environment laid over it, each value still knowing where it comes from.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::complaint::{Complaint, Origin};
use super::form::Form;
use super::overlay::Laid;
use super::reference::resolve_all;

/// The sections that hold what is applied to the store, and the only ones where secrets stand elsewhere.
const RESOURCES: [&str; 3] = ["source", "service", "rule"];

/// A parsed file under its overlay.
pub struct Document<'a> {
    path: &'a Path,
    text: &'a str,
    laid: &'a [Laid],
    table: DeTable<'a>,
}

impl<'a> Document<'a> {
    /// Parses a file's text and lays the rest over it. Of two values for one key the later wins.
    ///
    /// # Errors
    /// When the text is no TOML, or the overlay contradicts its form.
    pub fn parse(path: &'a Path, text: &'a str, laid: &'a [Laid]) -> Result<Self, Complaint> {
        let place = |span: Range<usize>| Origin::in_file(path, text, span.start);
        let table = DeTable::parse(text).map_err(|error| Complaint::parsed(&error, place))?.into_inner();
        let mut document = Self { path, text, laid, table };
        for (nth, each) in laid.iter().enumerate() {
            document.lay(nth, each)?;
        }
        Ok(document)
    }

    /// The table, for those who look at it without reading it into a form.
    pub fn table(&self) -> &DeTable<'a> {
        &self.table
    }

    /// Leaves out what is applied to the store: a client needs none of its secrets.
    pub fn drop_resources(&mut self) {
        for section in RESOURCES {
            self.table.remove(section);
        }
    }

    /// Puts secrets that stand elsewhere in their place.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn resolve(&mut self, folder: &Path) -> Result<(), Complaint> {
        let mut resources = Vec::new();
        for (key, value) in &mut self.table {
            if RESOURCES.contains(&key.get_ref().as_ref()) {
                resources.push(value);
            }
        }
        let failed = resources.into_iter().find_map(|value| resolve_all(value, folder).err());
        match failed {
            Some((span, why)) => Err(Complaint::at(self.origin(span), why)),
            None => Ok(()),
        }
    }

    /// Reads it into its form.
    ///
    /// # Errors
    /// The first key that is not known, or value that is not what belongs there.
    pub fn read(self) -> Result<Form, Complaint> {
        let Self { path, text, laid, table } = self;
        let whole = Spanned::new(0..text.len(), table);
        Form::deserialize(Deserializer::from(whole))
            .map_err(|error| Complaint::parsed(&error, |span| origin(path, text, laid, span)))
    }

    /// Where a value with this span comes from.
    pub fn origin(&self, span: Range<usize>) -> Origin {
        origin(self.path, self.text, self.laid, span)
    }

    fn lay(&mut self, nth: usize, each: &'a Laid) -> Result<(), Complaint> {
        // Laid values have their spans behind the end of the text, so that an error about one finds its origin.
        let at = self.text.len() + 1 + nth;
        let span = at..at;
        let value = Spanned::new(span.clone(), value_of(each)?);
        let mut table = &mut self.table;
        let [sections @ .., last] = each.key.as_slice() else { return Ok(()) };
        for section in sections {
            let key = Spanned::new(span.clone(), section.as_str().into());
            let fresh = || Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
            let below = table.entry(key).or_insert_with(fresh);
            let DeValue::Table(inside) = below.get_mut() else {
                let what = format!("expected `{section}` to be a table in the file, found a value");
                return Err(Complaint::at(each.origin.clone(), what));
            };
            table = inside;
        }
        let key = Spanned::new(span, last.as_str().into());
        table.remove(&key);
        table.insert(key, value);
        Ok(())
    }
}

fn origin(path: &Path, text: &str, laid: &[Laid], span: Range<usize>) -> Origin {
    match span.start.checked_sub(text.len() + 1).and_then(|nth| laid.get(nth)) {
        Some(each) => each.origin.clone(),
        None => Origin::in_file(path, text, span.start),
    }
}

/// Text, or a list of texts written as in the file.
fn value_of(each: &Laid) -> Result<DeValue<'_>, Complaint> {
    if !each.value.starts_with('[') {
        return Ok(DeValue::String(each.value.as_str().into()));
    }
    let list = DeValue::parse(&each.value).map_err(|error| {
        let what = format!("expected a list such as [\"10.0.0.7\"]: {}", error.message());
        Complaint::at(each.origin.clone(), what)
    })?;
    Ok(list.into_inner())
}
