//! Programs that know a source's secret in our place: asked with the claim and the signed bytes, believed on exit code
//! 0 alone.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use verify::receive::UnverifiedClaim;

use crate::problem::{self, Problem};

/// Programs at once, of all sources together.
const AT_ONCE: usize = 16;

/// How long one may take, and how long a request waits for its turn.
const WITHIN: Duration = Duration::from_secs(10);

/// Which source has which program: by `provider/name` in lower case. They stand in the configuration file alone.
pub type VerifierPrograms = BTreeMap<String, PathBuf>;

/// Asks the programs.
pub struct Verifiers {
    places: Semaphore,
}

impl Default for Verifiers {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_ONCE) }
    }
}

impl Verifiers {
    /// Whether the program vouches for the claim. A caller that stops waiting ends it.
    ///
    /// # Errors
    /// `verifier-failed`, when it gives no answer: then nothing is believed, and nothing is refused for good.
    pub async fn ask(&self, program: &Path, claim: &UnverifiedClaim) -> Result<bool, Problem> {
        let place = timeout(WITHIN, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(failed("too many of its kind are under way")) };
        let running = run(program, claim);
        match timeout(WITHIN, running).await {
            Ok(Ok(Some(0))) => Ok(true),
            // No, and an identifier that it takes for none.
            Ok(Ok(Some(1 | 4))) => Ok(false),
            Ok(Ok(code)) => {
                tracing::error!(program = %program.display(), code, "a verifier failed");
                Err(failed("it ended with another exit code than it should"))
            }
            Ok(Err(why)) => {
                tracing::error!(program = %program.display(), %why, "a verifier cannot be run");
                Err(failed("it cannot be run"))
            }
            Err(_) => {
                tracing::error!(program = %program.display(), "a verifier took too long");
                Err(failed("it took longer than 10 s"))
            }
        }
    }
}

/// Its exit code; none if a signal ended it. It need not read what it is fed.
async fn run(program: &Path, claim: &UnverifiedClaim) -> std::io::Result<Option<i32>> {
    let mut command = Command::new(program);
    // It finds its secrets by the environment, and has nothing to do with ours.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(b"COUNTERSIGN_")) {
        command.env_remove(name);
    }
    let mut child = command
        .arg(claim.kind)
        .arg(verify::hex::encode(claim.repository.as_bytes()))
        .arg(OsStr::from_bytes(&claim.claim))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let _group = Group(child.id());
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(&claim.message).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        status = child.wait() => Ok(status?.code()),
        () = feed => Ok(None),
    }
}

/// A process with all that it started: a wrapper must not leave the program that it waits for behind.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let group = self.0.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn failed(why: &str) -> Problem {
    Problem::new(&problem::VERIFIER_FAILED, format!("the program that verifies this source gave no answer: {why}"))
}
