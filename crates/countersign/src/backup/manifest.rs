//! What a backup says of itself.

use std::path::{Path, PathBuf};

use artifacts::Digest;
use serde::{Deserialize, Serialize};

use super::{BLOBS, LICENSE_STATE, STORE};
use crate::exit::{Exit, Failure};

/// The manifest's file in a backup.
pub const MANIFEST: &str = "manifest.json";

/// The number of this form of backups.
pub const FORM: u32 = 1;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The number of its form.
    pub form: u32,
    /// The version of the program that wrote it.
    pub countersign: String,
    /// The number of the store's schema.
    pub schema: usize,
    /// When it was begun: what was acknowledged before is in it.
    pub begun: String,
    /// When its last file was written.
    pub ended: String,
    /// The audit's root in it.
    pub audit: Root,
    /// Its files, all but this one.
    pub files: Vec<Kept>,
}

/// The audit's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// How many entries it stands for.
    pub entries: i64,
    /// The root, in hex; none before the first entry.
    pub root: Option<String>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its path in the backup.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

impl Manifest {
    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// When there is none, or it is not this program's to read.
    pub fn read(backup: &Path) -> Result<Self, Failure> {
        let path = backup.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|why| {
            let what = format!("expected a backup in {}: {} cannot be read: {why}", backup.display(), path.display());
            Failure::new(Exit::NotFound, what).mend("one whose name ends in .partial broke off and is not whole")
        })?;
        let read: Self = serde_json::from_str(&text).map_err(|why| unreadable(&path, &why.to_string()))?;
        if read.form != FORM {
            return Err(unreadable(&path, &format!("expected a backup of form {FORM}, found form {}", read.form)));
        }
        match read.files.iter().find(|file| file.place().is_none()) {
            Some(stray) => Err(unreadable(&path, &format!("{:?} is no file of a backup", stray.path))),
            None => Ok(read),
        }
    }

    /// The size of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl Kept {
    /// A file under its path.
    #[must_use]
    pub fn new(path: &Path, (bytes, digest): (u64, Digest)) -> Self {
        Self { path: path.to_string_lossy().into_owned(), bytes, sha256: digest.to_string() }
    }

    /// Its path, if it is one that a backup has: a path from elsewhere leads nowhere else.
    #[must_use]
    pub fn place(&self) -> Option<PathBuf> {
        let digest: Digest = self.sha256.parse().ok()?;
        [PathBuf::from(STORE), PathBuf::from(LICENSE_STATE), blob(digest)]
            .into_iter()
            .find(|path| path.as_os_str() == self.path.as_str())
    }
}

/// Where a blob is, in the data directory and in a backup.
#[must_use]
pub fn blob(digest: Digest) -> PathBuf {
    Path::new(BLOBS).join(digest.path())
}

fn unreadable(path: &Path, why: &str) -> Failure {
    let what = format!("the manifest {} does not read: {why}", path.display());
    Failure::new(Exit::Negative, what).mend("use another backup, or the version of countersign that wrote this one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_a_backup_has_are_taken() {
        let sha256 = "ab".repeat(32);
        let place = |path: &str| Kept { path: path.to_owned(), bytes: 1, sha256: sha256.clone() }.place();
        for path in ["store.db", "license-state.json", &format!("blobs/ab/{}", "ab".repeat(31))] {
            assert_eq!(place(path), Some(PathBuf::from(path)));
        }
        for path in ["../store.db", "/etc/passwd", "key", "admin-token", &format!("blobs/cd/{}", "ab".repeat(31)), ""] {
            assert_eq!(place(path), None, "{path}");
        }
    }
}
