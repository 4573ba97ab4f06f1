//! `service run`: a scanner whose every call is one run of a program.
//!
//! The program is started without a shell, in a process group of its own. It reads the verified body on standard input
//! and prints its answer, or in one word that there is none; what it does otherwise is a failure, which is never a pass. When it has ended, or its time is
//! over, its group is killed.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use scanner_kit::{Answer, Call, Failure as Failed};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::cli::Common;
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit, Failure};
use crate::log::{self, LogForm};
use crate::output::{self, Form};
use crate::signal::Signals;

/// The longest output: as much as a call.
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// How many runs there are at once; more calls wait, within their own time.
const RUNS_MAX: usize = 16;

/// How long the output may stay open after the program's end, where something that left its group holds it.
const REST_WITHIN: Duration = Duration::from_secs(1);

/// What to serve.
#[derive(clap::Args)]
pub struct Run {
    /// Where the gateway calls.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:20000")]
    listen: SocketAddr,
    #[command(flatten)]
    secret: SecretFrom,
    /// How long one run may take; the gateway waits 60 s unless the service says otherwise.
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = domain::time::parse_span)]
    within: Duration,
    /// The program and its arguments, after `--`; no shell reads them.
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    command: Vec<OsString>,
}

impl Run {
    /// Serves until a signal.
    pub async fn run(self, common: &Common) -> Done {
        log::begin(LogForm::Text, "info");
        let mut signals = Signals::listen()?;
        let key = self.secret.required()?;
        let listener = TcpListener::bind(self.listen).await.map_err(|why| {
            let what = format!("{} cannot be listened on: {why}", self.listen);
            Failure::new(Exit::Config, what).mend("give another --listen")
        })?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let program = Arc::new(Program {
            command: self.command,
            hidden: self.secret.variable().map(str::to_owned),
            within: self.within,
            places: Semaphore::new(RUNS_MAX),
        });
        match common.form() {
            Form::Json => output::line(json!({ "listen": address.to_string() })),
            Form::Human => output::line(format_args!("listening on {address}")),
        }
        let serving = scanner_kit::serve_on(listener, key.as_str(), move |call| Arc::clone(&program).answer(call));
        tokio::select! {
            served = serving => served.map(|()| Exit::Yes).map_err(Failure::internal),
            () = signals.next() => Ok(Exit::Yes),
        }
    }
}

/// What is run for each call.
struct Program {
    command: Vec<OsString>,
    /// The variable that holds the key, which is not the program's to know.
    hidden: Option<String>,
    within: Duration,
    places: Semaphore,
}

/// A program under way. At its end, or when it is dropped before, its group is killed: it and all that it started, but
/// for what left the group.
struct Started(Child);

impl Program {
    async fn answer(self: Arc<Self>, call: Call) -> Result<Answer, Failed> {
        let within = timeout(self.within, self.run(&call)).await;
        let said = within.unwrap_or_else(|_| {
            Err(Failed::new(format!("the program took longer than {:?}", self.within)).with_status(504))
        });
        if let Err(why) = &said {
            tracing::warn!(%why, "a call was not answered");
        }
        said
    }

    async fn run(&self, call: &Call) -> Result<Answer, Failed> {
        let _place = self.places.acquire().await?;
        let mut started = self.start()?;
        let (stdin, stdout) = (started.0.stdin.take(), started.0.stdout.take());
        let mut output = Vec::new();
        let status = {
            let mut talk = pin!(talk(stdin, stdout, call.body(), &mut output));
            tokio::select! {
                talked = &mut talk => {
                    talked?;
                    started.end().await?
                }
                status = started.end() => {
                    // What it printed is in the pipe by now: without an end it is all the same whole.
                    timeout(REST_WITHIN, talk).await.unwrap_or(Ok(()))?;
                    status?
                }
            }
        };
        if !status.success() {
            return Err(Failed::new(format!("the program ended with {status}")));
        }
        read(&output)
    }

    fn start(&self) -> Result<Started, Failed> {
        let (program, arguments) = self.command.split_first().ok_or_else(|| Failed::new("there is no program"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).kill_on_drop(true);
        if let Some(name) = &self.hidden {
            command.env_remove(name);
        }
        let started = command
            .spawn()
            .map_err(|why| Failed::new(format!("{} cannot be started: {why}", program.to_string_lossy())))?;
        Ok(Started(started))
    }
}

impl Started {
    /// Waits for its end, then kills what it left behind in its group.
    async fn end(&mut self) -> Result<ExitStatus, Failed> {
        let mut children = signal(SignalKind::child())?;
        while let Some(group) = self.group() {
            // Until it is waited for in earnest, the number is its group's and cannot be another's.
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
            if waitid(WaitId::Pid(group), ended)?.is_some() {
                self.kill();
                break;
            }
            children.recv().await;
        }
        Ok(self.0.wait().await?)
    }

    /// The number of the program and its group; none once it has been waited for.
    fn group(&self) -> Option<Pid> {
        self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }

    fn kill(&self) {
        if let Some(group) = self.group() {
            // What is gone already needs no killing.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Writes the call and reads what is printed.
async fn talk(
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    call: &[u8],
    output: &mut Vec<u8>,
) -> Result<(), Failed> {
    let writing = async {
        if let Some(mut stdin) = stdin {
            // A program need not read all of it, or any.
            let _ = stdin.write_all(call).await;
        }
        Ok(())
    };
    let reading = async {
        if let Some(stdout) = stdout {
            stdout.take(OUTPUT_BYTES_MAX as u64 + 1).read_to_end(output).await?;
        }
        if output.len() > OUTPUT_BYTES_MAX {
            return Err(Failed::new(format!("the program printed more than {OUTPUT_BYTES_MAX} bytes")));
        }
        Ok(())
    };
    tokio::try_join!(writing, reading).map(|_| ())
}

/// What the output says: an object with a version, or in one word that there is nothing to scan or that a result follows.
fn read(output: &[u8]) -> Result<Answer, Failed> {
    let expected = "expected a JSON object with a version, \"skip\" or \"defer\" on standard output";
    match output.trim_ascii() {
        b"" => return Err(Failed::new(format!("{expected}, found nothing"))),
        b"skip" => return Ok(Answer::Skipped),
        b"defer" => return Ok(Answer::Deferred),
        _ => {}
    }
    let members: Map<String, Value> =
        serde_json::from_slice(output).map_err(|why| Failed::new(format!("{expected}: {why}")))?;
    if !members.get("version").is_some_and(Value::is_string) {
        return Err(Failed::new(format!("{expected}, found an object without one")));
    }
    Ok(Answer::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_with_a_version_is_an_answer() {
        assert!(matches!(read(b" {\"version\":\"1\",\"x\":[]}\n"), Ok(Answer::Object(members)) if members.len() == 2));
        for output in ["", "\n", "{}", "[]", "1", "\"version\"", r#"{"version":1}"#, r#"{"version":"1"} x"#] {
            assert!(read(output.as_bytes()).is_err(), "{output:?}");
        }
    }

    #[test]
    fn so_are_two_words_exactly_as_they_are() {
        assert_eq!(read(b"skip\n").ok(), Some(Answer::Skipped));
        assert_eq!(read(b" defer ").ok(), Some(Answer::Deferred));
        for output in ["Skip", "skip defer", "\"skip\"", "skipped", "skip\0"] {
            assert!(read(output.as_bytes()).is_err(), "{output:?}");
        }
    }
}
