//! Putting a text in the place of a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How many names are tried for the file beside: others may be at it, and one that was killed may have left its own.
const NAMES_MAX: u32 = 1000;

/// Puts a text in the place of a file, in one step, so that no reader meets half of it; with this mode.
///
/// # Errors
///
/// What the system said; then the file is as it was.
pub fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let (beside, mut file) = beside(path, mode)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // Nothing is left to try.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

/// A new file beside another. Processes in containers often have the same id, so that a name of its own is one that
/// nobody has.
fn beside(path: &Path, mode: u32) -> io::Result<(PathBuf, File)> {
    for number in 0..NAMES_MAX {
        let mut name = path.to_owned().into_os_string();
        name.push(format!(".new{number}"));
        match OpenOptions::new().write(true).create_new(true).mode(mode).open(&name) {
            Err(why) if why.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (name.into(), file)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::replace;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_replaced_with_its_mode_and_nothing_stays_beside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(folder.path().join("file.new0"), "another's").expect("written");

        replace(&path, "first", 0o600).expect("written");
        replace(&path, "second", 0o600).expect("written");

        assert_eq!(fs::read_to_string(&path).expect("a text"), "second");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(folder.path().join("file.new0")).expect("a text"), "another's");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
        assert!(replace(&folder.path().join("nowhere/file"), "text", 0o600).is_err());
    }
}
