//! The data directory: one process at a time, its key, the administrator's token.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use store::seal::SealKey;
use zeroize::Zeroizing;

use crate::clock::random;
use crate::exit::{Exit, Failure};

/// The administrator's token, where the command line finds it.
const TOKEN_FILE: &str = "admin-token";

/// The store while a backup is brought back: without its name, no gateway starts here.
pub const RESTORING: &str = "store.db.restoring";

/// What holds the lock.
const LOCK_FILE: &str = "lock";

/// The data directory, ours until dropped.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the directory, and makes it if it is not there.
    ///
    /// # Errors
    /// When it cannot be made, another process has it, or it is half restored.
    pub fn take(path: &Path) -> Result<Self, Failure> {
        let make = DirBuilder::new().recursive(true).mode(0o700).create(path);
        make.map_err(|why| cannot("made", path, &why))?;
        let lock_file = path.join(LOCK_FILE);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock_file);
        let lock = opened.map_err(|why| cannot("opened", &lock_file, &why))?;
        match lock.try_lock() {
            Ok(()) if path.join(RESTORING).exists() => {
                let what = format!("a restore into the data directory {} broke off", path.display());
                let mend = "remove what is in it, but its key, and restore the backup again";
                Err(Failure::new(Exit::Conflict, what).mend(mend))
            }
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let what = format!("another countersign works in the data directory {}", path.display());
                Err(Failure::new(Exit::Conflict, what).mend("stop it first, or give this one another data_dir"))
            }
            Err(TryLockError::Error(why)) => Err(cannot("locked", &lock_file, &why)),
        }
    }

    /// The store's file, which only its owner can read; what the engine writes beside it is made alike.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn store(&self) -> Result<PathBuf, Failure> {
        let file = self.path.join("store.db");
        let made = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&file);
        made.map_err(|why| cannot("opened", &file, &why))?;
        Ok(file)
    }

    /// Whether nothing was stored here yet.
    pub fn is_new(&self) -> bool {
        fs::metadata(self.path.join("store.db")).map_or(true, |there| there.len() == 0)
    }

    /// The folder of blobs.
    pub fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// What is kept about licenses: the highest time seen, the newest revocation list.
    pub fn license_state(&self) -> PathBuf {
        self.path.join("license-state.json")
    }

    /// Where the administrator's token stands.
    pub fn token_file(&self) -> PathBuf {
        token_file(&self.path)
    }

    /// Writes a new administrator's token.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_token(&self, token: &str) -> Result<(), Failure> {
        let path = self.token_file();
        write_private(&path, format!("{token}\n").as_bytes()).map_err(|why| cannot("written", &path, &why))
    }
}

/// Where the administrator's token of a data directory stands.
pub fn token_file(data_dir: &Path) -> PathBuf {
    data_dir.join(TOKEN_FILE)
}

/// Reads the installation's key, and makes it if it is not there and the installation is new.
///
/// # Errors
/// When others could read it, it is no key, or it is missing where secrets were sealed under it.
pub fn seal_key(path: &Path, is_new: bool) -> Result<SealKey, Failure> {
    let bytes = match fs::metadata(path) {
        Ok(there) => {
            let mode = there.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let what =
                    format!("expected the key file {} to be its owner's alone, found mode {mode:04o}", path.display());
                return Err(Failure::new(Exit::Config, what).mend(format!("chmod 600 {}", path.display())));
            }
            Zeroizing::new(fs::read(path).map_err(|why| cannot("read", path, &why))?)
        }
        Err(why) if why.kind() == ErrorKind::NotFound && !is_new => {
            let what = format!("the key file {} is not there, but the data directory is in use", path.display());
            let mend =
                "put the file back, or name it under [secrets]; under another key the stored secrets do not open";
            return Err(Failure::new(Exit::Config, what).mend(mend));
        }
        Err(why) if why.kind() == ErrorKind::NotFound => {
            let fresh = Zeroizing::new(random::<32>());
            write_private(path, &*fresh).map_err(|why| cannot("written", path, &why))?;
            Zeroizing::new(fresh.to_vec())
        }
        Err(why) => return Err(cannot("read", path, &why)),
    };
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
        let what = format!("expected 32 bytes in the key file {}, found {}", path.display(), bytes.len());
        Failure::new(Exit::Config, what).mend("put the right file back; without it the stored secrets do not open")
    })?;
    Ok(SealKey::new(key))
}

/// Writes a file that only its owner can read, whole or not at all.
///
/// # Errors
/// When the file system refuses.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    match fs::remove_file(&fresh) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn cannot(done: &str, path: &Path, why: &io::Error) -> Failure {
    Failure::new(Exit::Config, format!("{} cannot be {done}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");

        let missing = seal_key(&path, false).expect_err("secrets were sealed under another");
        assert!(missing.what.contains("is not there"), "{}", missing.what);
        let made = seal_key(&path, true).expect("a key");
        let again = seal_key(&path, false).expect("the same key");
        assert_eq!(made.derive("x"), again.derive("x"));
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("wider");
        let refused = seal_key(&path, true).expect_err("too wide");
        assert!(refused.what.contains("0640"), "{refused}");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        write_private(&path, b"short").expect("written");
        assert!(seal_key(&path, true).expect_err("no key").what.contains("found 5"));
    }

    #[test]
    fn a_directory_has_one_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = DataDir::take(folder.path()).expect("free");
        assert_eq!(DataDir::take(folder.path()).err().expect("taken").exit, Exit::Conflict);
        drop(first);
        assert!(DataDir::take(folder.path()).is_ok());
    }
}
