//! With whose rights the program runs, and how those of somebody else are handled.
//!
//! A set-user-id program, or one that `sudo` started, lends its caller the right to read secrets. What the caller can
//! shape is then not believed: no variable counts, no descriptor is kept, and the rights are given up as soon as the
//! secret is read, before the body, which comes from strangers.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Gid, Resource, Rlimit, Uid, chdir, getegid, geteuid, getgid, getuid, set_dumpable_behavior,
    setrlimit, umask,
};
use rustix::thread::{set_thread_res_gid, set_thread_res_uid};

use crate::failure::Failure;

/// The variables by which programs that change the user name the one who called them.
const CALLED_BY: [&str; 3] = ["SUDO_UID", "DOAS_USER", "PLEASE_USER"];

/// The mark of a notice to the log of authorisations.
const LOG_PRIORITY: &str = "<85>";

/// The rights of this process when it began.
pub struct Rights {
    user: Uid,
    group: Gid,
    effective_user: Uid,
    are_raised: bool,
}

impl Rights {
    /// Finds out whose rights they are, and keeps the process from leaking what it will read.
    ///
    /// # Errors
    /// When a caller without root's rights runs it with them: it serves a user, never root.
    pub fn take() -> Result<Self, Failure> {
        let (user, effective_user) = (getuid(), geteuid());
        let (group, effective_group) = (getgid(), getegid());
        let is_lent = user != effective_user || group != effective_group;
        let rights = Self { user, group, effective_user, are_raised: is_lent || was_changed_by_another(user) };
        rights.leave_no_dump()?;
        if rights.are_raised {
            umask(Mode::RWXG | Mode::RWXO);
            chdir("/").map_err(|_| Failure::Internal("the root directory cannot be entered"))?;
        }
        if effective_user.is_root() && !user.is_root() {
            return Err(Failure::Internal(
                "expected to run with the rights of the secrets' owner, found those of root",
            ));
        }
        Ok(rights)
    }

    /// Whether the caller has not these rights.
    pub fn are_raised(&self) -> bool {
        self.are_raised
    }

    /// The user whose files can be read, and who may own secrets.
    pub fn effective_user(&self) -> u32 {
        self.effective_user.as_raw()
    }

    /// A variable of the environment; none where the caller could have shaped it to reach the files of another.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        if self.are_raised { None } else { std::env::var_os(name) }
    }

    /// The home directory of the effective user, as the account database has it.
    pub fn home(&self) -> Option<PathBuf> {
        home_in(&fs::read("/etc/passwd").ok()?, self.effective_user.as_raw())
    }

    /// Gives up for good what the caller has not.
    ///
    /// # Errors
    /// When they are still there afterwards.
    pub fn give_up(&self) -> Result<(), Failure> {
        if !self.are_raised {
            return Ok(());
        }
        let kept = |_| Failure::Internal("the rights of the secrets' owner cannot be given up");
        let (user, group) = (self.user, self.group);
        set_thread_res_gid(group, group, group).map_err(kept)?;
        set_thread_res_uid(user, user, user).map_err(kept)?;
        let can_return = || set_thread_res_uid(None, self.effective_user, None).is_ok();
        if user != self.effective_user && !user.is_root() && can_return() {
            return Err(Failure::Internal("the rights of the secrets' owner came back"));
        }
        self.leave_no_dump()
    }

    /// Tells the owner's log of a claim that was not valid. Where there is no log, nothing is lost but that.
    pub fn log_refusal(&self, repository: &str) {
        if !self.are_raised {
            return;
        }
        let line = format!(
            "{LOG_PRIORITY}whck[{}]: user {} presented a claim that is not valid for {repository}",
            std::process::id(),
            self.user.as_raw()
        );
        let _ = UnixDatagram::unbound().and_then(|log| {
            log.set_nonblocking(true)?;
            log.send_to(line.as_bytes(), "/dev/log")
        });
    }

    fn leave_no_dump(&self) -> Result<(), Failure> {
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        let limited = setrlimit(Resource::Core, none);
        let closed = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        limited.and(closed).map_err(|_| Failure::Internal("core dumps cannot be switched off"))
    }
}

/// Whether `sudo` or one of its like started the program for somebody else. One that made the caller root is left
/// alone: root reads everything anyway.
fn was_changed_by_another(user: Uid) -> bool {
    let own = user.as_raw().to_string();
    !user.is_root() && CALLED_BY.iter().filter_map(std::env::var_os).any(|caller| caller != *own)
}

/// The home directory of a user in a file such as `/etc/passwd`.
fn home_in(accounts: &[u8], user: u32) -> Option<PathBuf> {
    let user = user.to_string();
    let home = accounts.split(|byte| *byte == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        (fields.len() == 7 && fields[2] == user.as_bytes()).then(|| fields[5])
    })?;
    let home = Path::new(std::ffi::OsStr::from_bytes(home));
    home.is_absolute().then(|| home.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::home_in;

    #[test]
    fn the_home_of_a_user_is_the_sixth_field_of_the_first_line_that_has_the_number() {
        let accounts = b"root:x:0:0:root:/root:/bin/sh\n\
            broken:x:7\n\
            alice:x:1000:1000:Alice,,,:/srv/alice:/bin/sh\n\
            again:x:1000:1000::/srv/again:/bin/sh\n\
            nowhere:x:1001:1001::relative:/bin/sh\n";

        assert_eq!(home_in(accounts, 0).as_deref(), Some(Path::new("/root")));
        assert_eq!(home_in(accounts, 1000).as_deref(), Some(Path::new("/srv/alice")));
        for unknown in [1, 7, 1001] {
            assert_eq!(home_in(accounts, unknown), None, "{unknown}");
        }
    }
}
