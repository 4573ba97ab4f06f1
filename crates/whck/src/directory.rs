//! The secrets directory: where it is, and whether it may be trusted.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::io::Errno;

use crate::failure::Failure;
use crate::rights::Rights;

/// The bits of a mode that let anyone but the owner write.
pub const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Below which directories the homes of people lie.
const HOMES: [&str; 2] = ["/home", "/Users"];

/// The secrets directory, open and found fit for use.
pub struct Directory {
    descriptor: OwnedFd,
    owner: u32,
}

impl Directory {
    /// Opens the directory and checks that nobody but its owner can put secrets there, and that the owner is the
    /// effective user, or someone else whom a caller with rights of their own trusts anyway: root, or whoever owns this
    /// program.
    pub fn open(path: &Path, rights: &Rights) -> Result<Self, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = open(path, flags, Mode::empty()).map_err(|fault| match fault {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG => Failure::NoDirectory,
            _ => Failure::Directory("cannot be read"),
        })?;
        let status = fstat(&descriptor).map_err(|_| Failure::Directory("cannot be read"))?;
        if status.st_mode & WRITABLE_BY_OTHERS != 0 {
            return Err(Failure::Directory("is writable by others: run `chmod go-w` on it"));
        }
        let owner = status.st_uid;
        let is_trusted = || !rights.are_raised() && (owner == 0 || program_owner() == Some(owner));
        if owner != rights.effective_user() && !is_trusted() {
            return Err(Failure::Directory("belongs to another user"));
        }
        Ok(Self { descriptor, owner })
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    pub fn owner(&self) -> u32 {
        self.owner
    }
}

/// Where the secrets directory is: the first place that is set decides, whether it is there or not.
pub fn locate(variable: impl Fn(&str) -> Option<OsString>, program: Option<&Path>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(directory) = set("WHCK_DIR") {
        return Some(directory);
    }
    let below = |base: PathBuf, rest| base.is_absolute().then(|| base.join(rest));
    if let Some(configuration) = set("XDG_CONFIG_HOME") {
        return below(configuration, "whck");
    }
    if let Some(home) = set("HOME") {
        return below(home, ".config/whck");
    }
    below(home_around(program?)?, ".config/whck")
}

/// Where it is for a program that lends its owner's rights: no variable counts.
pub fn locate_lent(home: Option<PathBuf>, program: Option<&Path>) -> Option<PathBuf> {
    Some(home.or_else(|| home_around(program?))?.join(".config/whck"))
}

/// Where this program lies, links resolved.
pub fn program() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?;
    Some(path.canonicalize().unwrap_or(path))
}

fn program_owner() -> Option<u32> {
    program()?.metadata().ok().map(|metadata| metadata.uid())
}

/// The home directory that a path lies in.
fn home_around(path: &Path) -> Option<PathBuf> {
    HOMES.iter().find_map(|homes| {
        let mut inside = path.strip_prefix(homes).ok()?.components();
        match (inside.next(), inside.next()) {
            (Some(Component::Normal(name)), Some(_)) => Some(Path::new(homes).join(name)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{locate, locate_lent};

    fn located(set: &[(&str, &str)], program: &str) -> Option<PathBuf> {
        let variable = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        locate(variable, Some(Path::new(program)))
    }

    #[test]
    fn the_first_place_that_is_set_decides() {
        let all = [("WHCK_DIR", "w"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")];

        assert_eq!(located(&all, "/p"), Some("w".into()));
        assert_eq!(located(&all[1..], "/p"), Some("/x/whck".into()));
        assert_eq!(located(&all[2..], "/p"), Some("/h/.config/whck".into()));
        assert_eq!(located(&[("WHCK_DIR", ""), ("HOME", "/h")], "/p"), Some("/h/.config/whck".into()));
    }

    #[test]
    fn a_relative_place_is_refused_and_not_passed_over() {
        assert_eq!(located(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")], "/p"), None);
        assert_eq!(located(&[("HOME", "h")], "/home/alice/bin/whck"), None);
    }

    #[test]
    fn with_nothing_set_the_program_s_home_decides() {
        assert_eq!(located(&[], "/home/alice/bin/whck"), Some("/home/alice/.config/whck".into()));
        assert_eq!(located(&[], "/Users/alice/whck"), Some("/Users/alice/.config/whck".into()));
        for program in ["/home/whck", "/usr/bin/whck", "/srv/home/alice/whck", "/homes/alice/whck"] {
            assert_eq!(located(&[], program), None, "{program}");
        }
    }

    #[test]
    fn with_rights_that_are_lent_the_account_decides_and_then_the_program_s_home() {
        let program = Some(Path::new("/home/alice/bin/whck"));

        assert_eq!(locate_lent(Some("/srv/a".into()), program), Some("/srv/a/.config/whck".into()));
        assert_eq!(locate_lent(None, program), Some("/home/alice/.config/whck".into()));
        assert_eq!(locate_lent(None, Some(Path::new("/usr/bin/whck"))), None);
    }
}
