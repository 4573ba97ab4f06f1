//! The stored secrets of one repository: up to two, so that one can follow the other without a gap.

use std::fs::File;
use std::io::Read;

use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::directory::{Directory, WRITABLE_BY_OTHERS};
use crate::identifier::Identifier;

/// What the name of a second secret ends in.
pub const NEXT: &str = ".next";

/// The longest secret, in octets.
pub const SECRET_BYTES_MAX: usize = 4096;

/// What is read where no secret is there.
const NOTHING: &str = "/dev/zero";

/// The bit of a mode that lets everybody read.
const READABLE_BY_ALL: u32 = 0o004;

/// What is stored for a repository: the secret and the next one, each there, unusable or absent.
#[derive(Debug)]
pub struct Stored([Entry; 2]);

/// What one file gives.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Absent,
    Unusable(&'static str),
    Secret { secret: Zeroizing<Vec<u8>>, readable_by_all: bool },
}

impl Stored {
    /// Looks under every name of the repository. The first name that is there counts.
    pub fn find(directory: &Directory, identifier: &Identifier) -> Self {
        let entries =
            |name: &String| Stored([name.clone(), format!("{name}{NEXT}")].map(|name| Entry::read(directory, &name)));
        let all: Vec<_> = identifier.names().iter().map(entries).collect();
        let there = |stored: &Stored| stored.0.iter().any(|entry| *entry != Entry::Absent);
        all.into_iter().find(there).unwrap_or_else(|| {
            // As long as a secret would have taken: how long the answer takes must not tell which there are.
            let _ = File::open(NOTHING).map(content);
            Stored([Entry::Absent, Entry::Absent])
        })
    }

    /// The usable secrets.
    pub fn secrets(&self) -> [Option<&[u8]>; 2] {
        self.0.each_ref().map(|entry| match entry {
            Entry::Secret { secret, .. } => Some(secret.as_slice()),
            Entry::Absent | Entry::Unusable(_) => None,
        })
    }

    /// Why a file that is there is of no use.
    pub fn fault(&self) -> Option<&'static str> {
        self.0.iter().find_map(|entry| match entry {
            Entry::Unusable(fault) => Some(*fault),
            Entry::Absent | Entry::Secret { .. } => None,
        })
    }

    /// Whether everybody on this machine could read one of the secrets.
    pub fn is_readable_by_all(&self) -> bool {
        let open = |entry: &Entry| matches!(entry, Entry::Secret { readable_by_all: true, .. });
        self.0.iter().any(open)
    }
}

impl Entry {
    /// Reads a file of the directory itself: no link, no device, nothing that others could have put there. The name has
    /// no slash, so that it cannot lead out of the directory.
    fn read(directory: &Directory, name: &str) -> Entry {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat(directory.descriptor(), name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Entry::Absent,
            Err(Errno::LOOP) => return Entry::Unusable("the stored secret is a symbolic link"),
            Err(_) => return Entry::Unusable("the stored secret cannot be read"),
        };
        let Ok(status) = fstat(&file) else {
            return Entry::Unusable("the stored secret cannot be read");
        };
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Entry::Unusable("the stored secret is not a regular file");
        }
        if status.st_uid != directory.owner() {
            return Entry::Unusable("the stored secret does not belong to the directory's owner");
        }
        if status.st_mode & WRITABLE_BY_OTHERS != 0 {
            return Entry::Unusable("the stored secret is writable by others");
        }
        let readable_by_all = status.st_mode & READABLE_BY_ALL != 0;
        match content(File::from(file)) {
            Ok(secret) => Entry::Secret { secret, readable_by_all },
            Err(fault) => Entry::Unusable(fault),
        }
    }
}

/// The secret in a file: its octets without one newline at the end.
fn content(file: File) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let limit = SECRET_BYTES_MAX + b"\r\n".len() + 1;
    let mut secret = Zeroizing::new(Vec::with_capacity(limit));
    file.take(limit as u64).read_to_end(&mut secret).map_err(|_| "the stored secret cannot be read")?;
    if secret.ends_with(b"\n") {
        secret.pop();
        if secret.ends_with(b"\r") {
            secret.pop();
        }
    }
    match secret.len() {
        0 => Err("the stored secret is empty"),
        1..=SECRET_BYTES_MAX if secret.contains(&0) => Err("the stored secret holds a NUL octet"),
        1..=SECRET_BYTES_MAX => Ok(secret),
        _ => Err("the stored secret is longer than 4096 octets"),
    }
}
