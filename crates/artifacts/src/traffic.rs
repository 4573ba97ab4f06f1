//! Which blobs are being stored or removed at the moment, so that none is removed from under who stores it again.
//!
//! Who stores bytes relies on the blob from the moment it is whole until a row says that it is needed, and holds it for
//! so long ([`Held`]). Who wants to remove one announces that first ([`Leaving`]), then looks whether a row needs it,
//! and removes it only if nobody has begun to hold it in the meantime. So whoever stores the same bytes is seen: before
//! the announcement by its hold or its row, after it by the hold that takes the announcement back.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::blobs::Blobs;
use crate::digest::Digest;
use crate::error::BlobError;
use crate::writer::Blob;

/// What is going on with blobs now.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    blobs: HashMap<Digest, Use>,
    announced: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// So many rely on it.
    Held(usize),
    /// The announcement of this number wants to remove it.
    Leaving(u64),
}

impl Traffic {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stored blob that is not removed while this lives.
#[derive(Debug)]
#[must_use = "the blob may be removed as soon as nobody holds it"]
pub struct Held {
    blobs: Blobs,
    blob: Blob,
}

impl Held {
    /// Holds a blob that is about to be stored; takes back any announcement of its removal.
    pub(crate) fn new(blobs: Blobs, blob: Blob) -> Self {
        let held = |known: Option<&Use>| if let Some(Use::Held(count)) = known { count + 1 } else { 1 };
        let mut now = blobs.traffic().now();
        let count = held(now.blobs.get(&Digest(blob.sha256)));
        now.blobs.insert(Digest(blob.sha256), Use::Held(count));
        drop(now);
        Self { blobs, blob }
    }
}

impl Deref for Held {
    type Target = Blob;

    fn deref(&self) -> &Blob {
        &self.blob
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let digest = Digest(self.blob.sha256);
        let mut now = self.blobs.traffic().now();
        match now.blobs.get(&digest) {
            Some(Use::Held(count)) if *count > 1 => {
                let left = Use::Held(count - 1);
                now.blobs.insert(digest, left);
            }
            _ => {
                now.blobs.remove(&digest);
            }
        }
    }
}

/// The announcement that a blob is to be removed, unless somebody holds it until then. Dropped, it is taken back.
#[derive(Debug)]
pub struct Leaving {
    blobs: Blobs,
    digest: Digest,
    number: u64,
}

impl Leaving {
    /// Announces it; none: it is held, or somebody else has announced it.
    pub(crate) fn announce(blobs: Blobs, digest: Digest) -> Option<Self> {
        let mut now = blobs.traffic().now();
        if now.blobs.contains_key(&digest) {
            return None;
        }
        now.announced += 1;
        let number = now.announced;
        now.blobs.insert(digest, Use::Leaving(number));
        drop(now);
        Some(Self { blobs, digest, number })
    }

    /// Removes the blob, unless somebody has begun to hold it; whether it is gone.
    ///
    /// # Errors
    /// When the file system says so.
    pub fn remove(self) -> Result<bool, BlobError> {
        // Nobody can begin to hold it while the lock is held.
        let now = self.blobs.traffic().now();
        if !self.stands(&now) {
            return Ok(false);
        }
        self.blobs.unlink(self.digest)?;
        Ok(true)
    }

    fn stands(&self, now: &Now) -> bool {
        now.blobs.get(&self.digest) == Some(&Use::Leaving(self.number))
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut now = self.blobs.traffic().now();
        if self.stands(&now) {
            now.blobs.remove(&self.digest);
        }
    }
}
