//! The validator: the one program that knows the secrets.

use std::ffi::OsStr;
use std::io::{self, PipeReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use rustix::io::{FdFlags, fcntl_setfd};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::answer::Refusal;
use crate::child;
use crate::source::Claimed;
use crate::tell;

/// The time for one check.
const WITHIN: Duration = Duration::from_secs(10);

/// The time for saying its version.
const VERSION_WITHIN: Duration = Duration::from_secs(2);

/// The longest claim that goes through a descriptor: as long as a secret of our own program, and less than any pipe
/// takes at once. What is longer matches nothing.
const CLAIM_BYTES_MAX: usize = 4096;

/// A program that checks claims.
pub struct Validator {
    program: PathBuf,
    reads_descriptor: OnceCell<bool>,
}

impl Validator {
    pub fn new(program: PathBuf) -> Self {
        Self { program, reads_descriptor: OnceCell::new() }
    }

    /// Asks it. Only its exit code 0 means yes.
    pub async fn check(&self, claimed: &Claimed<'_>, identifier: &str, body: &Bytes) -> Result<(), Refusal> {
        let through_descriptor = *self.reads_descriptor.get_or_init(|| self.find_out()).await;
        if through_descriptor && claimed.claim.len() > CLAIM_BYTES_MAX {
            return Err(Refusal::NotValid);
        }
        // To most programs an option: whoever sends one must not choose what the validator does.
        if !through_descriptor && claimed.claim.starts_with(b"-") {
            tell("a claim that begins with - is given to no validator that takes claims as arguments");
            return Err(Refusal::NotValid);
        }
        let running = self.start(claimed, identifier, through_descriptor).map_err(|why| {
            tell(&format!("the validator {} cannot be started: {why}", self.program.display()));
            Refusal::Validator("the validator cannot be started")
        })?;
        match running.finish(body, WITHIN).await {
            Ok(Some(status)) => match status.code() {
                Some(0) => Ok(()),
                Some(1 | 4) => Err(Refusal::NotValid),
                code => {
                    let code = code.map_or("a signal".to_owned(), |code| format!("the exit code {code}"));
                    tell(&format!("the validator ended with {code}"));
                    Err(Refusal::Validator("the validator failed"))
                }
            },
            Ok(None) => Err(Refusal::Validator("the validator took longer than 10 seconds")),
            Err(why) => {
                tell(&format!("the validator cannot be waited for: {why}"));
                Err(Refusal::Validator("the validator failed"))
            }
        }
    }

    fn start(&self, claimed: &Claimed<'_>, identifier: &str, through_descriptor: bool) -> io::Result<child::Running> {
        let claim = if through_descriptor { Some(inheritable(claimed.claim)?) } else { None };
        let mut command = Command::new(&self.program);
        let shown = match &claim {
            Some(claim) => {
                command.arg("--claim-fd").arg(claim.as_raw_fd().to_string());
                OsStr::new("-")
            }
            None => OsStr::from_bytes(claimed.claim),
        };
        command.arg(claimed.source.kind()).arg(identifier).arg(shown);
        child::start(&mut command)
    }

    /// Whether it is our own program, and a descriptor reaches it: then no process list shows a claim. Something
    /// between us and it, such as `sudo`, may close descriptors.
    async fn find_out(&self) -> bool {
        let is_ours = |output: Option<Vec<u8>>| output.is_some_and(|output| output.starts_with(b"whck "));
        if !is_ours(self.version(None).await) {
            return false;
        }
        let Ok(claim) = inheritable(b"") else { return false };
        is_ours(self.version(Some(&claim)).await)
    }

    /// What it says of itself, if it succeeds.
    async fn version(&self, descriptor: Option<&PipeReader>) -> Option<Vec<u8>> {
        let mut command = Command::new(&self.program);
        if let Some(descriptor) = descriptor {
            command.arg("--claim-fd").arg(descriptor.as_raw_fd().to_string());
        }
        command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = timeout(VERSION_WITHIN, command.output()).await.ok()?.ok()?;
        output.status.success().then_some(output.stdout)
    }
}

/// A pipe with these bytes in it, which the next child inherits. It must be closed here before another child is started.
fn inheritable(bytes: &[u8]) -> io::Result<PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(bytes)?;
    fcntl_setfd(&reader, FdFlags::empty())?;
    Ok(reader)
}
