//! The variables and files of license tokens (license-tokens, sections 7.1, 7.2, 8 and 9).

use core::time::Duration;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use license::{KeySet, Leeway, Names, RevocationList, Revocations, Settings, Validator};

use crate::fault::Fault;
use crate::state::State;

/// The license itself.
const LICENSE: &str = "COUNTERSIGN_LICENSE_KEY";
/// A file with it.
const LICENSE_FILE: &str = "COUNTERSIGN_LICENSE_FILE";
/// The license, as it was called before.
const LICENSE_BEFORE: &str = "SAKULI_LICENSE_KEY";
const KEYSET: &str = "COUNTERSIGN_LICENSE_KEYSET";
const REVOCATIONS: &str = "COUNTERSIGN_LICENSE_REVOCATIONS";
const CONTAINER: &str = "COUNTERSIGN_CONTAINER_TOKEN";
const CONTAINER_FILE: &str = "COUNTERSIGN_CONTAINER_TOKEN_FILE";
const CONTAINER_FILE_DEFAULT: &str = "/etc/countersign/container.jwt";
const IMAGE: &str = "IMG";

/// The most that is read of a file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// How to check, beside what the environment says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file of the key set, or of one public key in PEM, whose name is the file's without its extension.
    pub keys: Option<PathBuf>,
    /// The product whose names the tokens have, instead of the usual ones.
    pub product: Option<String>,
    /// By how many seconds two clocks may differ.
    pub leeway_s: u64,
    /// The customer that the license must be for.
    pub customer: Option<String>,
    /// The file of the revocation list.
    pub revocations: Option<PathBuf>,
    /// Whether there must be a revocation list.
    pub mode: RevocationMode,
    /// The file that keeps the highest time seen and the last good revocation list.
    pub state: Option<PathBuf>,
    /// Whether the check is as of another time than the present one: then the state file is left as it is.
    pub is_trial: bool,
    /// Whether a plugin without a token is refused.
    pub require_token: bool,
}

/// Whether there must be a revocation list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationMode {
    /// None is looked at.
    Off,
    /// None is fine.
    #[default]
    Optional,
    /// Without one, or past its end, every check fails.
    Required,
}

impl RevocationMode {
    /// The mode of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<RevocationMode> {
        match name {
            "off" => Some(RevocationMode::Off),
            "optional" => Some(RevocationMode::Optional),
            "required" => Some(RevocationMode::Required),
            _ => None,
        }
    }
}

/// A validator, and what should be told beside its verdict.
pub struct Prepared {
    /// The validator.
    pub validator: Validator,
    /// What went wrong without being a reason to refuse anything.
    pub warnings: Vec<String>,
}

/// The environment.
pub struct Surroundings<'a> {
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

impl<'a> Surroundings<'a> {
    /// An environment of these variables.
    #[must_use]
    pub fn new(variable: &'a dyn Fn(&str) -> Option<OsString>) -> Surroundings<'a> {
        Surroundings { variable }
    }

    /// A variable without white space around it; an empty one counts as not set. What is not UTF-8 is no token and no
    /// name, and is refused as such.
    fn text(&self, name: &str) -> Option<String> {
        let value = (self.variable)(name)?;
        Some(value.to_string_lossy().trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// The license; empty where none is set.
    ///
    /// # Errors
    ///
    /// [`Fault`] where it is set and cannot be read.
    pub fn license(&self) -> Result<String, Fault> {
        if let Some(token) = self.text(LICENSE) {
            return Ok(token);
        }
        match self.path(LICENSE_FILE) {
            Some(path) => read_token(&path),
            None => Ok(self.text(LICENSE_BEFORE).unwrap_or_default()),
        }
    }

    /// The container's token.
    ///
    /// # Errors
    ///
    /// [`Fault`] where there is none or it cannot be read.
    pub fn container_token(&self) -> Result<String, Fault> {
        if let Some(token) = self.text(CONTAINER) {
            return Ok(token);
        }
        let path = self.path(CONTAINER_FILE).unwrap_or_else(|| PathBuf::from(CONTAINER_FILE_DEFAULT));
        let token = read_token(&path).map_err(|fault| {
            Fault::new(format!("no container token: set {CONTAINER}, or {CONTAINER_FILE} to a file with it ({fault})"))
        })?;
        if token.is_empty() {
            Err(Fault::new(format!("no container token: {} is empty", path.display())))
        } else {
            Ok(token)
        }
    }

    /// The name of the image that this container is made of.
    #[must_use]
    pub fn image(&self) -> Option<String> {
        self.text(IMAGE)
    }

    /// Whether a key set is named.
    #[must_use]
    pub fn names_keys(&self) -> bool {
        self.path(KEYSET).is_some()
    }

    /// The keys: of the file that is given, else of the one that the environment names, else those built in.
    ///
    /// # Errors
    ///
    /// [`Fault`] where there are none or they cannot be used.
    pub fn keys(&self, file: Option<&Path>) -> Result<KeySet, Fault> {
        let Some(path) = file.map(Path::to_owned).or_else(|| self.path(KEYSET)) else {
            let keys = KeySet::built_in().map_err(|fault| Fault::new(format!("the built-in keys: {fault}")))?;
            return if keys.is_empty() {
                Err(Fault::new(format!("no keys: none are built in, so give --keys FILE or set {KEYSET}")))
            } else {
                Ok(keys)
            };
        };
        let name = path.file_stem().and_then(|stem| stem.to_str());
        KeySet::read(&read(&path)?, name).map_err(|fault| Fault::new(format!("{}: {fault}", path.display())))
    }

    /// The validator for a check at `now`. The state file is brought up to date, where there
    /// is one.
    ///
    /// # Errors
    ///
    /// [`Fault`] where the options or a file cannot be used.
    pub fn prepared(&self, options: &Options, now: Duration) -> Result<Prepared, Fault> {
        let keys = self.keys(options.keys.as_deref())?;
        let names = options.product.as_deref().map(Names::of_product).unwrap_or_default();
        let leeway = Leeway::of_seconds(options.leeway_s).ok_or_else(|| {
            Fault::new(format!(
                "expected a leeway of 0 to {} seconds, found {}",
                license::LEEWAY_S_MAX,
                options.leeway_s
            ))
        })?;
        let state = options.state.as_deref().map(State::read).transpose()?;
        let mut warnings = Vec::new();
        let list = match options.mode {
            RevocationMode::Off => None,
            _ => self.list(options, &keys, &names, state.as_ref(), &mut warnings)?,
        };
        let latest_seen = state.as_ref().map(|state| state.latest_seen);
        if let (Some(path), Some(state), false) = (&options.state, state, options.is_trial) {
            state.kept(now, list.as_ref().map(|(token, _)| token)).write(path)?;
        }
        let list = list.map(|(_, list)| list);
        let revocations = match options.mode {
            RevocationMode::Off => Revocations::Off,
            RevocationMode::Optional => Revocations::Optional(list),
            RevocationMode::Required => Revocations::Required(list),
        };
        let settings = Settings {
            names,
            leeway,
            expected_customer: options.customer.clone(),
            require_token: options.require_token,
            refuse_clock_before_issue: options.state.is_some(),
            latest_seen,
        };
        let validator = Validator::new(keys).with_settings(settings).with_revocations(revocations);
        Ok(Prepared { validator, warnings })
    }

    /// The revocation list in force, as it was signed and as it was read: the given one, else the last good one.
    fn list(
        &self,
        options: &Options,
        keys: &KeySet,
        names: &Names,
        state: Option<&State>,
        warnings: &mut Vec<String>,
    ) -> Result<Option<(String, RevocationList)>, Fault> {
        let last =
            state.and_then(|state| state.revocations.as_ref()).and_then(|token| {
                match RevocationList::read_again(token, keys, names) {
                    Ok(list) => Some((token.clone(), list)),
                    Err(fault) => {
                        warnings.push(format!("the list that was remembered is in force no more: {fault}"));
                        None
                    }
                }
            });
        let Some(path) = options.revocations.clone().or_else(|| self.path(REVOCATIONS)) else { return Ok(last) };
        let token = read(&path)?.trim().to_owned();
        match RevocationList::read(&token, keys, names, last.as_ref().map(|(_, list)| list.number())) {
            Ok(list) => Ok(Some((token, list))),
            Err(fault) => {
                let kept = if last.is_some() { "; the last good one stays in force" } else { "; none is in force" };
                warnings.push(format!("{}: {fault}{kept}", path.display()));
                Ok(last)
            }
        }
    }
}

/// A token in a file, without white space around it. Of a file that is too long for one the beginning is too long as
/// well, and what is not UTF-8 is no token either: that is for the validator to say.
fn read_token(path: &Path) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|why| Fault::new(format!("{} cannot be read: {why}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// The text of a file that is not too long.
pub(crate) fn read(path: &Path) -> Result<String, Fault> {
    let mut text = String::new();
    let length = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text));
    match length {
        Ok(bytes) if bytes as u64 > FILE_BYTES_MAX => {
            Err(Fault::new(format!("{} is larger than {FILE_BYTES_MAX} bytes", path.display())))
        }
        Ok(_) => Ok(text),
        Err(why) => Err(Fault::new(format!("{} cannot be read: {why}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Surroundings;

    fn license(variables: &[(&str, &str)]) -> String {
        let variable =
            |name: &str| variables.iter().find(|(each, _)| *each == name).map(|(_, value)| OsString::from(value));
        Surroundings::new(&variable).license().expect("readable")
    }

    #[test]
    fn the_license_is_the_first_that_is_set() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), " in.a.file\n").expect("written");
        let path = file.path().to_str().expect("UTF-8");
        let (key, in_file, before) = (
            ("COUNTERSIGN_LICENSE_KEY", " k.e.y\n"),
            ("COUNTERSIGN_LICENSE_FILE", path),
            ("SAKULI_LICENSE_KEY", "be.fo.re"),
        );

        assert_eq!(license(&[key, in_file, before]), "k.e.y");
        assert_eq!(license(&[in_file, before]), "in.a.file");
        assert_eq!(license(&[before]), "be.fo.re");
        assert_eq!(license(&[("COUNTERSIGN_LICENSE_KEY", " "), before]), "be.fo.re");
        assert_eq!(license(&[]), "");
    }
}
