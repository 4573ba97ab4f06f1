//! A folder of blobs.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::error::BlobError;
use crate::traffic::{Held, Leaving, Traffic};
use crate::writer::Writer;

/// Where writers write, inside the blob folder so that a rename stays in one file system.
const TEMPORARIES: &str = "tmp";

/// A folder of blobs. Cheap to clone. One process owns the folder; its threads share it freely.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: Arc<Path>,
    traffic: Arc<Traffic>,
}

impl Blobs {
    /// Opens the folder, making it if needed, and sweeps away what interrupted writers left.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let blobs = Self { folder: folder.into().into(), traffic: Arc::default() };
        fs::create_dir_all(blobs.temporaries())?;
        blobs.sweep_temporaries()?;
        sync_folder(&blobs.folder)?;
        Ok(blobs)
    }

    /// Begins a blob of unknown length.
    pub fn begin(&self) -> Result<Writer, BlobError> {
        Writer::begin(self.clone())
    }

    /// Stores a whole blob.
    pub fn put(&self, bytes: &[u8]) -> Result<Held, BlobError> {
        let mut writer = self.begin()?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// The blob as a file open for reading.
    pub fn file(&self, digest: impl Into<Digest>) -> Result<File, BlobError> {
        let digest = digest.into();
        File::open(self.path(digest)).map_err(|error| BlobError::about(digest, error))
    }

    /// The blob's bytes.
    pub fn read(&self, digest: impl Into<Digest>) -> Result<Vec<u8>, BlobError> {
        let digest = digest.into();
        fs::read(self.path(digest)).map_err(|error| BlobError::about(digest, error))
    }

    /// How many bytes the blob has.
    pub fn len(&self, digest: impl Into<Digest>) -> Result<u64, BlobError> {
        let digest = digest.into();
        let metadata = fs::metadata(self.path(digest)).map_err(|error| BlobError::about(digest, error))?;
        Ok(metadata.len())
    }

    /// Whether there is a blob of this name.
    pub fn contains(&self, digest: impl Into<Digest>) -> Result<bool, BlobError> {
        let digest = digest.into();
        Ok(self.path(digest).try_exists()?)
    }

    /// Reads the blob through and compares it with its name.
    pub fn verify(&self, digest: impl Into<Digest>) -> Result<(), BlobError> {
        let digest = digest.into();
        let mut file = self.file(digest)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            hasher.update(&buffer[..count]);
        }
        let found = Digest(hasher.finalize().into());
        if found == digest { Ok(()) } else { Err(BlobError::Corrupt { name: digest, found }) }
    }

    /// Announces that the blob is to be removed; none: somebody relies on it. The caller then looks whether it is
    /// needed, and only then removes it.
    #[must_use]
    pub fn leave(&self, digest: impl Into<Digest>) -> Option<Leaving> {
        Leaving::announce(self.clone(), digest.into())
    }

    /// Removes the blob's file, if it is there.
    pub(crate) fn unlink(&self, digest: Digest) -> Result<(), BlobError> {
        match fs::remove_file(self.path(digest)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Removes what interrupted writers left; how many files. Call it only while nobody writes: `open` does.
    pub fn sweep_temporaries(&self) -> Result<usize, BlobError> {
        let mut swept = 0;
        for entry in fs::read_dir(self.temporaries())? {
            fs::remove_file(entry?.path())?;
            swept += 1;
        }
        Ok(swept)
    }

    pub(crate) fn temporaries(&self) -> PathBuf {
        self.folder.join(TEMPORARIES)
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.path())
    }

    /// Moves a synced temporary file to its place, unless the blob is there already; durable when this returns.
    pub(crate) fn adopt(&self, temporary: &Path, digest: Digest) -> Result<(), BlobError> {
        let path = self.path(digest);
        let shelf = path.parent().unwrap_or(&self.folder);
        if path.try_exists()? {
            fs::remove_file(temporary)?;
        } else {
            self.make_shelf(shelf)?;
            fs::rename(temporary, &path)?;
        }
        // Also when the blob was there: another writer may have renamed it and not yet synced.
        Ok(sync_folder(shelf)?)
    }

    fn make_shelf(&self, shelf: &Path) -> io::Result<()> {
        match fs::create_dir(shelf) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        sync_folder(&self.folder)
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
