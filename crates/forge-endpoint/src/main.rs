//! `forge-endpoint PORT`: takes webhooks of Gitea, Forgejo, GitHub and GitLab, and has each checked by `whck`.
//!
//! It never holds a secret. It finds in a request whose it claims to be (`source`), which repository it speaks of
//! (`repository`), and asks the validator (`validator`), whose word alone counts. After a valid request it runs
//! `forgehook-notify` (`notify`), which never holds the answer. It remembers no delivery and hands on nothing else.

mod answer;
mod body;
mod child;
mod endpoint;
mod failures;
mod notify;
mod repository;
mod serve;
mod settings;
mod source;
mod validator;

use std::io::Write;
use std::process::ExitCode;

use settings::{Asked, Settings};

const VERSION: &str = concat!("forge-endpoint ", env!("CARGO_PKG_VERSION"), "\n");

const HELP: &str = "\
Takes webhooks of Gitea, Forgejo, GitHub and GitLab on localhost, and has each checked by whck.

Usage: forge-endpoint PORT        (or the port in $FORGEHOOKPORT, which goes first; 0 for any free one)

The validator is $WHCK, else ./bin/whck, else whck from $PATH. It is called as `whck KIND IDENTIFIER CLAIM`, with the
body on standard input; only its exit code 0 makes a request valid. After that `forgehook-notify SOURCE IDENTIFIER
EVENT` runs with the body on standard input, if $PATH has it.

Exit codes: 0 ended by a signal, 1 the port cannot be listened on, 2 usage, 5 no validator
";

fn main() -> ExitCode {
    let settings = match settings::read(std::env::args_os().skip(1), |name| std::env::var_os(name)) {
        Ok(Asked::Help) => return print(HELP),
        Ok(Asked::Version) => return print(VERSION),
        Ok(Asked::Serve(settings)) => settings,
        Err(fault) => {
            tell(&fault.to_string());
            return ExitCode::from(fault.code());
        }
    };
    match run(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            tell(&why);
            ExitCode::from(1)
        }
    }
}

/// One thread: starting a child hands it a descriptor, and no other child may be started meanwhile.
fn run(settings: Settings) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|why| format!("the runtime cannot be started: {why}"))?.block_on(serve::run(settings))
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}

/// A line on standard error. That nobody may be there to read it is no failure.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "forge-endpoint: {line}");
}
