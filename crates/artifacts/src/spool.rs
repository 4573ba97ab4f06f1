//! Bytes that are kept until somebody has judged them: a few in memory, many in a file without a name.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, Write as _};

use sha2::{Digest as _, Sha256};

use crate::blobs::Blobs;
use crate::error::BlobError;
use crate::writer::temporary_path;

/// So many bytes stay in memory; with more, all of them go to a file.
pub const MEMORY_BYTES_MAX: usize = 256 * 1024;

/// Bytes on their way in, hashed as they come. However it ends, nothing is left in the folder.
#[derive(Debug)]
pub struct Spool {
    blobs: Blobs,
    hasher: Sha256,
    size: u64,
    content: Content,
}

/// What was spooled: the bytes, or a file that stands at its beginning.
#[derive(Debug)]
pub enum Content {
    /// At most [`MEMORY_BYTES_MAX`] bytes.
    Memory(Vec<u8>),
    /// More than those.
    File(File),
}

/// Bytes that came whole.
#[derive(Debug)]
pub struct Spooled {
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// How many they are.
    pub size: u64,
    /// They themselves.
    pub content: Content,
}

impl Spool {
    pub(crate) fn begin(blobs: Blobs) -> Self {
        Self { blobs, hasher: Sha256::new(), size: 0, content: Content::Memory(Vec::new()) }
    }

    /// Adds bytes. After an error it can only be given up.
    ///
    /// # Errors
    /// When the disk refuses them.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        match &mut self.content {
            Content::Memory(memory) if memory.len() + bytes.len() <= MEMORY_BYTES_MAX => {
                memory.extend_from_slice(bytes)
            }
            Content::Memory(memory) => {
                let mut file = self.blobs.nameless()?;
                file.write_all(memory)?;
                file.write_all(bytes)?;
                self.content = Content::File(file);
            }
            Content::File(file) => file.write_all(bytes)?,
        }
        Ok(())
    }

    /// How many bytes have come so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// All of them.
    ///
    /// # Errors
    /// When the file cannot be read again.
    pub fn finish(mut self) -> Result<Spooled, BlobError> {
        if let Content::File(file) = &mut self.content {
            file.rewind()?;
        }
        Ok(Spooled { sha256: self.hasher.finalize().into(), size: self.size, content: self.content })
    }
}

impl Blobs {
    /// Begins to keep bytes until they are judged; they become no blob.
    #[must_use]
    pub fn spool(&self) -> Spool {
        Spool::begin(self.clone())
    }

    /// A file that goes away with whoever holds it, also when the process dies.
    fn nameless(&self) -> Result<File, BlobError> {
        let path = temporary_path(self);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        fs::remove_file(&path)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn few_bytes_stay_in_memory_and_many_leave_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("blobs");
        for size in [0, MEMORY_BYTES_MAX, MEMORY_BYTES_MAX + 1, 3 * MEMORY_BYTES_MAX] {
            let bytes: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
            let mut spool = blobs.spool();
            for chunk in bytes.chunks(100_000) {
                spool.write(chunk).expect("room");
            }
            let spooled = spool.finish().expect("it reads");

            let expected: [u8; 32] = Sha256::digest(&bytes).into();
            assert_eq!((spooled.sha256, spooled.size), (expected, size as u64));
            let read = match spooled.content {
                Content::Memory(memory) if size <= MEMORY_BYTES_MAX => memory,
                Content::File(mut file) if MEMORY_BYTES_MAX < size => {
                    let mut read = Vec::new();
                    file.read_to_end(&mut read).expect("it reads");
                    read
                }
                other => panic!("{size} bytes are {other:?}"),
            };
            assert!(read == bytes);
            assert_eq!(blobs.sweep_temporaries().expect("a folder"), 0);
        }
    }
}
