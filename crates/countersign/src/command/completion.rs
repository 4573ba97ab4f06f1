//! `completion`: scripts for shells.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::{Done, Exit, Failure};

/// For which shell.
#[derive(clap::Args)]
pub struct Completion {
    /// The shell.
    shell: Shell,
}

impl Completion {
    /// Prints the script.
    pub fn run(&self) -> Done {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "countersign", &mut script);
        std::io::stdout().write_all(&script).map_err(Failure::internal)?;
        Ok(Exit::Yes)
    }
}
