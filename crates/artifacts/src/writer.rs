//! A blob in the making.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use crate::blobs::Blobs;
use crate::digest::Digest;
use crate::error::BlobError;
use crate::traffic::Held;

/// A stored blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The SHA-256 of its bytes, which is its name.
    pub sha256: [u8; 32],
    /// How many bytes it has.
    pub size: u64,
}

/// A blob in the making. Dropped before [`Writer::finish`], it leaves nothing.
#[derive(Debug)]
pub struct Writer {
    blobs: Blobs,
    file: File,
    temporary: Temporary,
    hasher: Sha256,
    size: u64,
}

/// A file that disappears with its owner.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Gone already when the blob was adopted; else the next sweep tries again.
        let _ = fs::remove_file(&self.0);
    }
}

/// A path for a temporary file, unique within the process that owns the folder; the sweep at open removed all others.
pub(crate) fn temporary_path(blobs: &Blobs) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    blobs.temporaries().join(name)
}

impl Writer {
    pub(crate) fn begin(blobs: Blobs) -> Result<Self, BlobError> {
        let path = temporary_path(&blobs);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Self { blobs, file, temporary: Temporary(path), hasher: Sha256::new(), size: 0 })
    }

    /// Adds bytes. After an error the blob can only be given up.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// How many bytes were written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the blob durable under its name. The same bytes are kept once, however often they are written.
    /// It is held before it is looked for: a blob that is there already may be about to be removed.
    pub fn finish(self) -> Result<Held, BlobError> {
        let sha256 = self.hasher.finalize().into();
        self.file.sync_all()?;
        let held = Held::new(self.blobs.clone(), Blob { sha256, size: self.size });
        self.blobs.adopt(&self.temporary.0, Digest(sha256))?;
        Ok(held)
    }
}
