//! Countersign: the binary. Configuration, clock, wiring, and one file per command; it decides nothing about events.
//!
//! [`cli`] says what can be asked; `command/` does it. [`config`] becomes choices, [`data_dir`] holds the lock and the
//! keys, [`resources`] brings the file's entries into the store, [`gateway`] wires the parts together and lets them go.

mod administrator;
mod backup;
mod cli;
mod client;
mod clock;
mod command;
mod config;
mod data_dir;
mod demo;
mod exit;
mod gateway;
mod licensing;
mod log;
mod open_files;
mod output;
mod resources;
mod signal;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use exit::{Exit, Failure};

/// A tenth of the gateway's time under load went into the system's allocator, and its arenas never shrank.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let as_json = cli.common.json;
    run(cli).unwrap_or_else(|failure| told(&failure, as_json)).into()
}

fn run(cli: Cli) -> exit::Done {
    // It may have no thread beside its own.
    if let cli::Command::PreviewFile(file) = &cli.command {
        return file.run();
    }
    // Only this process chooses the provider, so nobody can have been first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(worker_threads()).enable_all().build();
    runtime.map_err(Failure::internal)?.block_on(cli.run())
}

/// One core is left to the store's writer: on few cores more workers than that only wake and wait for each other.
fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

fn told(failure: &Failure, as_json: bool) -> Exit {
    if as_json {
        let error = serde_json::json!({ "error": failure.what, "mend": failure.mend, "exit": failure.exit as u8 });
        output::remark(error);
    } else {
        output::remark(format_args!("countersign: {failure}"));
    }
    failure.exit
}
