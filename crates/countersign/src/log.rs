//! Where log lines go: standard error, as text or JSON, filtered by `RUST_LOG`.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Begins to log; `usual` is what is logged when `RUST_LOG` says nothing.
pub fn begin(form: LogForm, usual: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    // A log that cannot be written, as on a full disk, must not end what is logged: saying so would panic.
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_writer(std::io::stderr);
    // A second call is refused, and the first one's lines go on.
    let _ = match form {
        LogForm::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogForm::Json => lines.json().flatten_event(true).try_init(),
    };
}
