//! What can go wrong with a blob.

use std::io::{self, ErrorKind};

use crate::digest::Digest;

/// What can go wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The disk, or our share of it, is full. Nothing was stored.
    #[error("no space is left for blobs")]
    NoSpace(#[source] io::Error),
    /// There is no blob of this name.
    #[error("there is no blob {0}")]
    Missing(Digest),
    /// The stored bytes are not those of the name.
    #[error("the blob {name} has the bytes of {found}")]
    Corrupt {
        /// The blob's name.
        name: Digest,
        /// The digest of what is stored.
        found: Digest,
    },
    /// Anything else the file system says.
    #[error("the blob folder cannot be used")]
    Io(#[source] io::Error),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace(error),
            _ => Self::Io(error),
        }
    }
}

impl BlobError {
    /// An error about one blob, where "not found" has a meaning of its own.
    pub(crate) fn about(digest: Digest, error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing(digest),
            _ => Self::from(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_full_quota_are_told_apart_from_other_failures() {
        const ENOSPC: i32 = 28;
        const EDQUOT: i32 = 122;
        const EIO: i32 = 5;
        let told = |code| BlobError::from(io::Error::from_raw_os_error(code));

        assert!(matches!(told(ENOSPC), BlobError::NoSpace(_)));
        assert!(matches!(told(EDQUOT), BlobError::NoSpace(_)));
        assert!(matches!(told(EIO), BlobError::Io(_)));
    }
}
