//! What flags and the environment say, laid over the file.

use super::complaint::{Complaint, Origin};

/// Every variable of ours begins so; only names with [`LEVEL`] in them are settings.
const PREFIX: &str = "COUNTERSIGN_";

/// What stands between the levels of a key: `COUNTERSIGN_SERVER__LISTEN` is `server.listen`.
const LEVEL: &str = "__";

/// The sections that the environment may set. What names programs and key files stands in the file only.
const SECTIONS: [&str; 2] = ["server", "store"];

/// One value over the file's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// Its key, level by level.
    pub key: Vec<String>,
    /// The value as text.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

impl Laid {
    /// A flag's value.
    pub fn flag(name: &'static str, key: &[&str], value: impl Into<String>) -> Self {
        let key = key.iter().map(|level| (*level).to_owned()).collect();
        Self { key, value: value.into(), origin: Origin::Flag(name) }
    }
}

/// The settings among the variables of an environment.
///
/// # Errors
/// When a variable sets what only the file may.
pub fn from_variables(all: impl Iterator<Item = (String, String)>) -> Result<Vec<Laid>, Complaint> {
    let mut laid = Vec::new();
    for (name, value) in all {
        let Some(path) = name.strip_prefix(PREFIX).filter(|rest| rest.contains(LEVEL)) else { continue };
        let key: Vec<String> = path.split(LEVEL).map(str::to_lowercase).collect();
        if !SECTIONS.contains(&key[0].as_str()) || key.len() != 2 {
            let what = format!("expected {PREFIX}SERVER{LEVEL}.. or {PREFIX}STORE{LEVEL}.., found {name}");
            return Err(Complaint::at(Origin::Variable(name), what).mend("write it into the configuration file"));
        }
        laid.push(Laid { key, value, origin: Origin::Variable(name) });
    }
    laid.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(laid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Result<Vec<Laid>, Complaint> {
        from_variables([(name.to_owned(), "value".to_owned())].into_iter())
    }

    #[test]
    fn a_name_with_two_underscores_sets_a_key() {
        let laid = read("COUNTERSIGN_SERVER__ADMIN_LISTEN").expect("a setting");
        assert_eq!(laid[0].key, ["server", "admin_listen"]);
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in ["COUNTERSIGN_TOKEN", "COUNTERSIGN_CONFIG", "PATH", "XCOUNTERSIGN_SERVER__LISTEN"] {
            assert_eq!(read(name), Ok(Vec::new()), "{name}");
        }
    }

    #[test]
    fn programs_and_key_files_are_refused() {
        for name in ["COUNTERSIGN_SECRETS__KEY_FILE", "COUNTERSIGN_EXEC__BUILD__COMMAND", "COUNTERSIGN_SOURCE__ID"] {
            assert!(read(name).is_err(), "{name}");
        }
    }
}
