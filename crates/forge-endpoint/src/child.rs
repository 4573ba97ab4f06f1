//! A child process: fed on standard input, ended in time, never left behind.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// The time that a process which is ended has for that.
const ENDED_WITHIN: Duration = Duration::from_secs(1);

/// Starts it, in a process group of its own, so that it is ended with all that it started.
///
/// Dropping what this returns ends it.
pub fn start(command: &mut Command) -> io::Result<Running> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).kill_on_drop(true);
    let child = command.spawn()?;
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    Ok(Running { child, group })
}

/// A process that runs.
pub struct Running {
    child: tokio::process::Child,
    /// Its group, until it has ended.
    group: Option<Pid>,
}

impl Running {
    /// Feeds it and waits for its end; `None` if it took longer than allowed, and was ended.
    ///
    /// It need not read what it is fed.
    pub async fn finish(mut self, input: &Bytes, within: Duration) -> io::Result<Option<ExitStatus>> {
        let stdin = self.child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                let _ = stdin.write_all(input).await;
            }
            std::future::pending::<()>().await;
        };
        let end = async {
            tokio::select! {
                status = self.child.wait() => status,
                () = feed => Err(io::ErrorKind::Other.into()),
            }
        };
        match timeout(within, end).await {
            Ok(status) => {
                self.group = None;
                status.map(Some)
            }
            Err(_) => {
                self.end_group();
                // What runs with another account's rights cannot be ended from here, and keeps nobody waiting.
                timeout(ENDED_WITHIN, self.child.wait()).await.map_or(Ok(None), |ended| ended.map(|_| None))
            }
        }
    }

    fn end_group(&mut self) {
        if let Some(group) = self.group.take() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end_group();
    }
}
