//! Where the configuration file is.

use std::env;
use std::path::{Path, PathBuf};

use super::complaint::Complaint;

/// The variable that names the file.
const VARIABLE: &str = "COUNTERSIGN_CONFIG";

/// The file that is read: the one that was asked for, or the first that exists; none: everything is at its default.
///
/// # Errors
/// When a file was asked for and is not there.
pub fn discover(asked: Option<&Path>) -> Result<Option<PathBuf>, Complaint> {
    let named = match asked {
        Some(path) => Some((path.to_owned(), "--config")),
        None => env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(|name| (name.into(), VARIABLE)),
    };
    if let Some((path, by)) = named {
        if path.is_file() {
            return Ok(Some(path));
        }
        let what = format!("{by} names the file {}, which is not there", path.display());
        return Err(Complaint::whole(what).mend("`countersign config default` prints one to begin with"));
    }
    Ok(places().into_iter().find(|path| path.is_file()))
}

/// Where a file is looked for that nobody named, in order.
fn places() -> Vec<PathBuf> {
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".config"));
    let user = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute()).or_else(home);
    let mut places = vec![PathBuf::from("countersign.toml")];
    places.extend(user.map(|folder| folder.join("countersign/countersign.toml")));
    places.push(PathBuf::from("/etc/countersign/countersign.toml"));
    places
}
