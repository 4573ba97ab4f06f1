//! `service run`: a scanner whose every call is one run of a program.
//!
//! The program is started without a shell, in a process group of its own. It reads the verified body on standard input
//! and prints its answer; what it does otherwise is a failure, which is never a pass.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use scanner_kit::{Answer, Call, Failure as Failed};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

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

/// A program under way. Dropped before its end, it is killed with all that it started.
struct Started(Child);

impl Program {
    async fn answer(self: Arc<Self>, call: Call) -> Result<Answer, Failed> {
        let within = tokio::time::timeout(self.within, self.run(&call)).await;
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
        let writing = async {
            if let Some(mut stdin) = stdin {
                // A program need not read all of it, or any.
                let _ = stdin.write_all(call.body()).await;
            }
        };
        let reading = async {
            let mut output = Vec::new();
            if let Some(stdout) = stdout {
                stdout.take(OUTPUT_BYTES_MAX as u64 + 1).read_to_end(&mut output).await?;
            }
            if output.len() > OUTPUT_BYTES_MAX {
                return Err(Failed::new(format!("the program printed more than {OUTPUT_BYTES_MAX} bytes")));
            }
            Ok(output)
        };
        let ended = async { Ok::<_, Failed>(started.0.wait().await?) };
        let written_and_ended = async { tokio::join!(writing, ended).1 };
        let (output, status) = tokio::try_join!(reading, written_and_ended)?;
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

impl Drop for Started {
    fn drop(&mut self) {
        // Without an id it has ended and been waited for, and the group's number may be another's.
        let group = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            // What is gone already needs no killing.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn read(output: &[u8]) -> Result<Answer, Failed> {
    let expected = "expected a JSON object with a version on standard output";
    if output.iter().all(u8::is_ascii_whitespace) {
        return Err(Failed::new(format!("{expected}, found nothing")));
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
    fn only_an_object_with_a_version_is_an_answer() {
        assert!(matches!(read(b" {\"version\":\"1\",\"x\":[]}\n"), Ok(Answer::Object(members)) if members.len() == 2));
        for output in ["", "\n", "{}", "[]", "1", "\"version\"", r#"{"version":1}"#, r#"{"version":"1"} x"#] {
            assert!(read(output.as_bytes()).is_err(), "{output:?}");
        }
    }
}
