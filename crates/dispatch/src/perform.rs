//! Programs that rules name: an argument list, no shell, a deadline, little output, a process group of their own.
//!
//! At most once: that it starts is committed before it starts, that it ended after. What was interrupted between the two
//! is `unknown`, is shown, and runs again only if its declaration says that this does no harm.

use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::time::Duration;

use domain::rule::{Action, Match, MatchState};
use store::command::{Answer, Command, PerformEnd};
use store::row::RowsExt;
use store::{StoreError, search};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Shared;

/// A program that the configuration file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program's absolute path and its arguments.
    pub command: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
    /// Whether running it twice does no harm.
    pub idempotent: bool,
}

/// What came of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Performed {
    /// Whether it ended well.
    pub ok: bool,
    /// What came of it, in words, with the beginning of its output.
    pub text: String,
}

/// A program under way.
pub type Performing<'a> = Pin<Box<dyn Future<Output = Performed> + Send + 'a>>;

/// What runs programs.
pub trait Performer: Send + Sync {
    /// Runs a program with this on its standard input.
    fn perform<'a>(&'a self, program: &'a Program, input: String) -> Performing<'a>;
}

/// Runs programs of this machine.
pub struct Programs;

/// Kept of a program's output.
const OUTPUT_BYTES_MAX: u64 = 4096;
/// How many of the latest matches are looked at for interrupted programs.
const LOOKED_BACK: usize = 1_000;
/// Programs under way at once.
const AT_ONCE: usize = 4;

impl Performer for Programs {
    fn perform<'a>(&'a self, program: &'a Program, input: String) -> Performing<'a> {
        Box::pin(run_program(program, input))
    }
}

async fn run_program(program: &Program, input: String) -> Performed {
    let failed = |text: String| Performed { ok: false, text };
    let Some((path, arguments)) = program.command.split_first() else {
        return failed("its declaration names no program".to_owned());
    };
    if !Path::new(path).is_absolute() {
        return failed(format!("expected an absolute path, found {path:?}"));
    }
    let child = tokio::process::Command::new(path)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(why) => return failed(format!("it does not start: {why}")),
    };
    let group = child.id();
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A program that does not read its input is free not to.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let work = async { tokio::join!(feed, head(stdout), head(stderr), child.wait()) };
    let ended = tokio::time::timeout(program.timeout, work).await;
    let Ok(((), out, err, status)) = ended else {
        kill_group(group);
        return failed(format!("it was stopped after {}", domain::time::show_span(program.timeout)));
    };
    // Whatever it left running ends with it.
    kill_group(group);
    let output = [out, err].concat();
    let output = String::from_utf8_lossy(&output);
    match status {
        Ok(status) if status.success() => Performed { ok: true, text: format!("it ended well: {}", output.trim()) },
        Ok(status) => failed(format!("it ended with {status}: {}", output.trim())),
        Err(why) => failed(format!("it cannot be waited for: {why}")),
    }
}

/// The beginning of an output; the rest is read and dropped, so that the program does not hang on a full pipe.
async fn head(output: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut output) = output {
        let _ = (&mut output).take(OUTPUT_BYTES_MAX).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut output, &mut tokio::io::sink()).await;
    }
    kept
}

fn kill_group(group: Option<u32>) {
    let group = group.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

impl Shared {
    /// Runs every program that is planned.
    pub async fn perform(&self) -> Result<(), StoreError> {
        loop {
            let planned = self.store.read(|rows| search::planned(rows, AT_ONCE)).await?;
            if planned.is_empty() {
                return Ok(());
            }
            for found in planned {
                self.perform_one(&found).await?;
            }
        }
    }

    /// Plans again what was interrupted, where its declaration says that running it twice does no harm.
    pub async fn perform_again(&self) -> Result<(), StoreError> {
        let latest = self.store.read(|rows| rows.page::<Match>(None, LOOKED_BACK)).await?;
        for found in latest.iter().filter(|found| found.state == MatchState::Unknown) {
            let Action::Exec(name) = &found.action else { continue };
            if self.settings.programs.get(name).is_some_and(|program| program.idempotent) {
                self.store.submit(Command::PerformAgain(found.key)).await?;
            }
        }
        Ok(())
    }

    async fn perform_one(&self, found: &Match) -> Result<(), StoreError> {
        if !matches!(self.store.submit(Command::PerformStart(found.key)).await?, Answer::Done) {
            return Ok(());
        }
        let performed = match &found.action {
            Action::Exec(name) => match self.settings.programs.get(name) {
                Some(program) => self.performer.perform(program, self.input(found)).await,
                None => Performed { ok: false, text: format!("no program {name:?} is declared in the configuration") },
            },
            other => Performed { ok: false, text: format!("{} runs no program", other.word()) },
        };
        let end = PerformEnd { of: found.key, ok: performed.ok, text: performed.text };
        self.store.submit(end).await?;
        Ok(())
    }

    /// What a program is told, as one line of JSON: ids, with which it can ask for more.
    fn input(&self, found: &Match) -> String {
        let salt = self.store.salt();
        let input = serde_json::json!({
            "match": salt.show(found.key),
            "rule": found.name,
            "result": salt.show(found.result),
            "subject": found.subject.map(|key| salt.show(key)),
        });
        format!("{input}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(command: &[&str], timeout: Duration) -> Program {
        let command = command.iter().map(|each| (*each).to_owned()).collect();
        Program { command, timeout, idempotent: false }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_program_gets_its_input_and_arguments_and_no_environment() {
        let echo = program(&["/bin/sh", "-c", "cat; echo \"$1:${HOME:-none}\"", "x", "a b"], LONG);
        let performed = run_program(&echo, "input ".to_owned()).await;
        assert_eq!(performed, Performed { ok: true, text: "it ended well: input a b:none".to_owned() });
    }

    #[tokio::test]
    async fn failure_and_absence_are_said() {
        assert!(!run_program(&program(&["/bin/false"], LONG), String::new()).await.ok);
        let absent = run_program(&program(&["/nowhere/at/all"], LONG), String::new()).await;
        assert!(!absent.ok && absent.text.contains("does not start"), "{}", absent.text);
        let relative = run_program(&program(&["true"], LONG), String::new()).await;
        assert!(relative.text.contains("absolute path"), "{}", relative.text);
    }

    #[tokio::test]
    async fn a_program_that_takes_too_long_is_stopped_with_all_it_started() {
        let slow = program(&["/bin/sh", "-c", "exec tail -f /dev/null"], Duration::from_millis(50));
        let performed = run_program(&slow, String::new()).await;
        assert!(!performed.ok && performed.text.contains("stopped after 50ms"), "{}", performed.text);
    }

    #[tokio::test]
    async fn a_flood_of_output_is_read_and_cut() {
        let loud = program(&["/bin/sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x"], LONG);
        let performed = run_program(&loud, String::new()).await;
        assert!(performed.ok && performed.text.len() < 5_000);
    }
}
