//! The descriptors that the caller left open.

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use rustix::fs::{Mode, OFlags, RawDir, open};

use crate::failure::Failure;

/// The first descriptor that is none of the three which every program has.
const FIRST: RawFd = 3;

/// Closes every descriptor from three up but one, which is handed out; `None` if it was not open.
///
/// To be called once, before anything is opened.
pub fn take_over(wanted: Option<u32>) -> Result<Option<File>, Failure> {
    let wanted = wanted.and_then(|number| RawFd::try_from(number).ok());
    let mut found = None;
    for number in inherited()? {
        let descriptor = own(number);
        if Some(number) == wanted {
            found = Some(File::from(descriptor));
        }
    }
    Ok(found)
}

/// The open descriptors from three up.
fn inherited() -> Result<Vec<RawFd>, Failure> {
    let unknown = |_| Failure::Internal("the open descriptors cannot be listed: is /proc mounted?");
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = open("/proc/self/fd", flags, Mode::empty()).map_err(unknown)?;
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(&directory, &mut buffer);
    let mut numbers = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(unknown)?;
        let number: Option<RawFd> = entry.file_name().to_str().ok().and_then(|name| name.parse().ok());
        numbers.extend(number.filter(|number| *number >= FIRST && *number != directory.as_raw_fd()));
    }
    Ok(numbers)
}

/// Takes a descriptor for our own.
#[expect(unsafe_code, reason = "there is no safe way to own a descriptor that was inherited")]
fn own(number: RawFd) -> OwnedFd {
    // SAFETY: it is open, for it was just listed, and nobody else owns it: the caller left it to us, and nothing of
    // ours is open yet but the list itself, which is left out.
    unsafe { OwnedFd::from_raw_fd(number) }
}
