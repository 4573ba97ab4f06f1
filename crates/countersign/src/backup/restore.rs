//! Bringing a backup back.

use std::fs;
use std::path::Path;

use super::STORE;
use super::files::{cannot, copy, folder, sync};
use super::manifest::{Kept, Manifest};
use crate::data_dir::{DataDir, RESTORING};
use crate::exit::{Exit, Failure};

/// What may be in a data directory that a backup is restored into: its key is put there by hand.
const MAY_BE_THERE: [&str; 2] = ["key", "lock"];

/// Brings a backup's files into a data directory that nothing was stored in. The store gets its name last: until then no
/// gateway starts there.
///
/// # Errors
/// When something is there, somebody works there, or a file cannot be copied as it was written.
pub fn restore(backup: &Path, manifest: &Manifest, data: &Path) -> Result<(), Failure> {
    let taken = empty(data)?;
    let marked = data.join(RESTORING);
    let is_store = |file: &&Kept| file.path == STORE;
    let stores = manifest.files.iter().filter(is_store).map(|file| (file, marked.clone()));
    let others = manifest.files.iter().filter(|file| !is_store(file)).map(|file| (file, data.join(&file.path)));
    for (file, to) in stores.chain(others) {
        bring(backup, file, &to)?;
    }
    let store = data.join(STORE);
    fs::rename(&marked, &store).map_err(cannot("made", &store))?;
    sync(data).map_err(cannot("written", data))?;
    drop(taken);
    Ok(())
}

/// Takes a directory that holds nothing.
fn empty(data: &Path) -> Result<DataDir, Failure> {
    let there = match fs::read_dir(data) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect(),
        Err(_) => Vec::new(),
    };
    let stray = there.iter().find(|name| !MAY_BE_THERE.iter().any(|known| *name == known));
    if let Some(stray) = stray {
        // Whoever works there is told of first.
        if there.iter().any(|name| name == "lock") {
            DataDir::take(data)?;
        }
        let what = format!(
            "expected the data directory {} to be empty but for its key, found {}",
            data.display(),
            stray.to_string_lossy()
        );
        return Err(Failure::new(Exit::Conflict, what).mend("move what is there away, or name another --data-dir"));
    }
    DataDir::take(data)
}

fn bring(backup: &Path, file: &Kept, to: &Path) -> Result<(), Failure> {
    let from = backup.join(&file.path);
    let shelf = to.parent().unwrap_or(to);
    folder(shelf).map_err(cannot("made", shelf))?;
    let (bytes, digest) = copy(&from, to).map_err(cannot("copied", &from))?;
    if bytes != file.bytes || digest.to_string() != file.sha256 {
        let what = format!("{} changed while it was restored", from.display());
        return Err(Failure::new(Exit::Negative, what).mend("use another backup, and another data directory"));
    }
    sync(shelf).map_err(cannot("written", shelf))
}
