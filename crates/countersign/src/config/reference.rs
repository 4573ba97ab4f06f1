//! Secrets that stand elsewhere: `{ env = ".." }`, `{ file = ".." }`, `{ command = [..] }`.

use std::path::Path;
use std::process::Command;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a secret really stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// In a variable of the environment.
    Variable(String),
    /// In a file, without the line break at its end.
    File(String),
    /// In what a program prints, without the line break at its end.
    Command(Vec<String>),
}

impl Reference {
    /// The reference that a table is, if it is one.
    pub fn read(table: &DeTable<'_>) -> Option<Self> {
        let mut members = table.iter();
        let (key, value) = members.next()?;
        if members.next().is_some() {
            return None;
        }
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("env", DeValue::String(name)) => Some(Self::Variable(name.clone().into_owned())),
            ("file", DeValue::String(path)) => Some(Self::File(path.clone().into_owned())),
            ("command", DeValue::Array(words)) => {
                let words = words.iter().map(|word| word.get_ref().as_str().map(str::to_owned));
                words.collect::<Option<Vec<_>>>().filter(|words| !words.is_empty()).map(Self::Command)
            }
            _ => None,
        }
    }

    /// What stands there. Relative paths begin in `folder`.
    ///
    /// # Errors
    /// A sentence on what is not there.
    pub fn resolve(&self, folder: &Path) -> Result<String, String> {
        let text = match self {
            Self::Variable(name) => std::env::var(name)
                .map_err(|_| format!("expected a secret in the variable {name}, which is not set, or not text"))?,
            Self::File(name) => {
                let path = folder.join(name);
                std::fs::read_to_string(&path)
                    .map_err(|why| format!("expected a secret in the file {}: {why}", path.display()))?
            }
            Self::Command(words) => printed(words)?,
        };
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        if secret.is_empty() {
            return Err(format!("expected a secret in {self}, found nothing"));
        }
        Ok(secret.to_owned())
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(out, "the variable {name}"),
            Self::File(path) => write!(out, "the file {path}"),
            Self::Command(words) => write!(out, "the output of {}", words.join(" ")),
        }
    }
}

/// Replaces every reference below a value by what it stands for.
///
/// # Errors
/// The span of the first that cannot be resolved, and why.
pub fn resolve_all(value: &mut Spanned<DeValue<'_>>, folder: &Path) -> Result<(), (std::ops::Range<usize>, String)> {
    let span = value.span();
    let resolved = match value.get_mut() {
        DeValue::Array(items) => return items.iter_mut().try_for_each(|item| resolve_all(item, folder)),
        DeValue::Table(table) => match Reference::read(table) {
            Some(reference) => reference.resolve(folder).map_err(|why| (span, why))?,
            None => return table.iter_mut().try_for_each(|(_, item)| resolve_all(item, folder)),
        },
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            return Ok(());
        }
    };
    *value.get_mut() = DeValue::String(resolved.into());
    Ok(())
}

fn printed(words: &[String]) -> Result<String, String> {
    let [program, arguments @ ..] = words else { return Err("expected a program, found none".to_owned()) };
    let run = Command::new(program).args(arguments).stdin(std::process::Stdio::null()).output();
    let output = run.map_err(|why| format!("expected a secret from the program {program}: {why}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("expected a secret from {program}, which failed ({}): {}", output.status, said.trim()));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("expected text from {program}, found other bytes"))
}
