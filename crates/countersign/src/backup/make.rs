//! Making a backup.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use artifacts::Digest;
use domain::Clock;
use store::{chain, search};
use store_sqlite::{SCHEMA, Still};

use super::files::{cannot, copy, digest, folder, make as make_file, sync};
use super::manifest::{FORM, Kept, MANIFEST, Manifest, Root, blob};
use super::{LICENSE_STATE, STORE};
use crate::exit::{Exit, Failure};

/// How often the store is copied at most, should a blob that a copy names be gone: an upload that nothing lists any more
/// may be let go at any moment.
const COPIES_MAX: usize = 5;

/// Makes a backup of a data directory, whether or not a gateway works in it.
///
/// # Errors
/// When there is something under its name, or a file cannot be read, written, or is not what it was stored as.
pub fn make(data: &Path, to: &Path, clock: &dyn Clock) -> Result<Manifest, Failure> {
    let partial = Partial::begin(to)?;
    let begun = clock.now().rfc3339();
    let mut making = Making { data, to: &partial.path, kept: BTreeMap::new() };
    let audit = making.store_and_blobs(clock)?;
    let mut files = vec![making.store_file()?];
    files.extend(making.license_state()?);
    files.extend(making.kept.into_values());
    let manifest = Manifest {
        form: FORM,
        countersign: env!("CARGO_PKG_VERSION").to_owned(),
        schema: SCHEMA,
        begun,
        ended: clock.now().rfc3339(),
        audit,
        files,
    };
    partial.finish(&manifest)?;
    Ok(manifest)
}

struct Making<'a> {
    data: &'a Path,
    to: &'a Path,
    /// The blobs that were copied.
    kept: BTreeMap<Digest, Kept>,
}

impl Making<'_> {
    /// Copies the store, then what the copy names.
    fn store_and_blobs(&mut self, clock: &dyn Clock) -> Result<Root, Failure> {
        let from = self.data.join(STORE);
        let store = Still::open(&from).map_err(|why| {
            Failure::new(Exit::Config, format!("{}: {why}", from.display())).mend("name the data directory: --data-dir")
        })?;
        let copied = self.to.join(STORE);
        let damaged = |why: &dyn std::fmt::Display| {
            let what = format!("the store {} cannot be backed up: {why}", from.display());
            Failure::new(Exit::Internal, what)
                .mend("keep the backups that you have; `countersign restore` brings the newest whole one back")
        };
        let mut missing = None;
        for _ in 0..COPIES_MAX {
            make_file(&copied).map_err(cannot("written", &copied))?;
            store.copy_to(&copied).map_err(|why| damaged(&why))?;
            let copy = Still::open(&copied).map_err(|why| damaged(&why))?;
            if let Some(fault) = copy.faults(true).map_err(|why| damaged(&why))?.first() {
                return Err(damaged(fault));
            }
            let named = copy.read(search::named_blobs).map_err(|why| damaged(&why))?;
            missing = None;
            for (sha256, until) in named {
                if !self.blob(Digest(sha256))? && until > clock.now() {
                    missing = Some(Digest(sha256));
                }
            }
            if missing.is_none() {
                let root = copy.read(chain::root).map_err(|why| damaged(&why))?;
                let hex = |digest: [u8; 32]| verify::hex::encode(&digest);
                return Ok(Root { entries: root.map_or(0, |root| root.nth), root: root.map(|root| hex(root.digest)) });
            }
            std::fs::remove_file(&copied).map_err(cannot("removed", &copied))?;
        }
        let what = missing.map(|digest| format!("the store names the blob {digest}, which is not there"));
        Err(Failure::new(Exit::Internal, what.unwrap_or_default()).mend("bring its file back from an older backup"))
    }

    /// Copies a blob; whether it is there.
    fn blob(&mut self, named: Digest) -> Result<bool, Failure> {
        if self.kept.contains_key(&named) {
            return Ok(true);
        }
        let path = blob(named);
        let (from, to) = (self.data.join(&path), self.to.join(&path));
        match std::fs::metadata(&from) {
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(false),
            _ => {}
        }
        let shelf = to.parent().unwrap_or(self.to);
        folder(shelf).map_err(cannot("made", shelf))?;
        let found = match copy(&from, &to) {
            // It was let go just now.
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(false),
            copied => copied.map_err(cannot("copied", &from))?,
        };
        if found.1 != named {
            let what = format!("the blob {} has changed on the disk: its SHA-256 is {}", from.display(), found.1);
            return Err(Failure::new(Exit::Internal, what).mend("bring its file back from an older backup"));
        }
        self.kept.insert(named, Kept::new(&path, found));
        Ok(true)
    }

    fn store_file(&self) -> Result<Kept, Failure> {
        let copied = self.to.join(STORE);
        sync(&copied).map_err(cannot("written", &copied))?;
        Ok(Kept::new(Path::new(STORE), digest(&copied).map_err(cannot("read", &copied))?))
    }

    fn license_state(&self) -> Result<Option<Kept>, Failure> {
        let from = self.data.join(LICENSE_STATE);
        match copy(&from, &self.to.join(LICENSE_STATE)) {
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
            copied => Ok(Some(Kept::new(Path::new(LICENSE_STATE), copied.map_err(cannot("copied", &from))?))),
        }
    }
}

/// A backup that is not whole yet, under a name that says so; gone again unless it is finished.
struct Partial<'a> {
    path: PathBuf,
    to: &'a Path,
    is_finished: bool,
}

impl<'a> Partial<'a> {
    fn begin(to: &'a Path) -> Result<Self, Failure> {
        let taken = |path: &Path, mend: &str| {
            Failure::new(Exit::Conflict, format!("{} is there already", path.display())).mend(mend)
        };
        if to.symlink_metadata().is_ok() {
            return Err(taken(to, "give the backup another name: none is ever overwritten"));
        }
        let mut name: OsString = to.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let path = to.with_file_name(name);
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(why) if why.kind() == ErrorKind::AlreadyExists => {
                Err(taken(&path, "another backup is being made, or broke off; then remove the folder"))
            }
            made => made.map_err(cannot("made", &path)).map(|()| Self { path, to, is_finished: false }),
        }
    }

    /// Writes the manifest, and gives the backup its name once all of it is on disk.
    fn finish(mut self, manifest: &Manifest) -> Result<(), Failure> {
        let path = self.path.join(MANIFEST);
        let text = serde_json::to_vec_pretty(manifest).map_err(Failure::internal)?;
        let written = make_file(&path).and_then(|mut file| {
            std::io::Write::write_all(&mut file, &text)?;
            file.sync_all()
        });
        written.map_err(cannot("written", &path))?;
        for kept in &manifest.files {
            let shelf = self.path.join(&kept.path);
            let shelf = shelf.parent().unwrap_or(&self.path);
            sync(shelf).map_err(cannot("written", shelf))?;
        }
        sync(&self.path).map_err(cannot("written", &self.path))?;
        std::fs::rename(&self.path, self.to).map_err(cannot("made", self.to))?;
        self.is_finished = true;
        let above = self.to.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync(above).map_err(cannot("written", above))
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            // Its name says that it is not whole, should this fail too.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
