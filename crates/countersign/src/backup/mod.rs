//! Backups: a folder that holds what one moment's store needs, and a manifest that says so.
//!
//! The store is copied first, as it is at one moment, while the gateway goes on; then the blobs that this copy names.
//! Bytes that are stored are never changed, only let go when their time has come, so what the copy names is still there.
//! Every file is read back under its digest. A backup under its own name is whole: it is written under another and
//! renamed.
//!
//! A backup holds neither the installation's key nor the administrator's token. Its secrets are sealed.

mod check;
mod files;
mod make;
mod manifest;
mod restore;

pub use check::{Found, check};
pub use make::make;
pub use restore::restore;

/// The store, in the data directory and in a backup.
pub const STORE: &str = "store.db";
/// The folder of blobs, likewise.
const BLOBS: &str = "blobs";
/// What is kept about licenses, likewise.
const LICENSE_STATE: &str = "license-state.json";
