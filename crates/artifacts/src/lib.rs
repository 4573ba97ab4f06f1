//! Blobs: bytes stored once, by their SHA-256.
//!
//! A blob appears under its name only when it is whole and on disk: it is written to a temporary file in the same
//! folder while it is hashed, synced, renamed to `ab/cdef...`, and the folder is synced. A writer that is dropped, or
//! a process that dies, leaves at most a temporary file, which the next [`Blobs::open`] sweeps away. A name is made
//! from a [`Digest`] alone, so no text from outside ever becomes a path.
//!
//! Everything here blocks; async callers use a blocking thread.

mod blobs;
mod digest;
mod error;
mod spool;
mod traffic;
mod writer;

pub use blobs::Blobs;
pub use digest::{Digest, DigestError};
pub use error::BlobError;
pub use spool::{Content, MEMORY_BYTES_MAX, Spool, Spooled};
pub use traffic::{Held, Leaving};
pub use writer::{Blob, Writer};
