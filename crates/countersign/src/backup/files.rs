//! Files: copied under their digest, readable by their owner alone, on disk when it is said so.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use artifacts::Digest;
use sha2::{Digest as _, Sha256};

use crate::exit::{Exit, Failure};

/// Copies a file into a new one, and answers its size and its digest.
pub fn copy(from: &Path, to: &Path) -> io::Result<(u64, Digest)> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new().create_new(true).write(true).mode(0o600).open(to)?;
    let found = through(&mut source, |bytes| target.write_all(bytes))?;
    target.sync_all()?;
    Ok(found)
}

/// A file's size and its digest.
pub fn digest(path: &Path) -> io::Result<(u64, Digest)> {
    through(&mut File::open(path)?, |_| Ok(()))
}

fn through(source: &mut File, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<(u64, Digest)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok((bytes, Digest(hash.finalize().into()))),
            Ok(count) => {
                hash.update(&buffer[..count]);
                each(&buffer[..count])?;
                bytes += count as u64;
            }
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
}

/// Makes a new file that only its owner can read.
pub fn make(path: &Path) -> io::Result<File> {
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)
}

/// Makes a folder that only its owner can read, and those above it.
pub fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Puts a file's or a folder's content on disk.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// What a file system refused, in words.
pub fn cannot(done: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let what = format!("{} cannot be {done}", path.display());
    move |why| Failure::new(Exit::Config, format!("{what}: {why}"))
}
