//! `preview-file`: what the gateway starts for one file, and for nothing else.
//!
//! The process gives up what it does not need before it reads a byte: memory, time, files and other processes. Then a
//! file that is made to break its reader breaks this, and finds nothing.

use std::io::{Read, Write};

use clap::Args;
use domain::content::look::Look;
use preview::FILE_BYTES_MAX;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::exit::{Done, Exit, Failure};
use crate::output;

/// The name under which the gateway calls it.
pub const NAME: &str = "preview-file";

/// Address space: a file, what is made of it and a reader's own, each at its limit, and the program.
const MEMORY_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Processor time.
const SECONDS_MAX: u64 = 10;

/// Make what can be looked at of a file.
#[derive(Debug, Args)]
pub struct PreviewFile {
    /// What is made of it.
    #[arg(value_parser = look)]
    look: Look,
    /// The file's name, as far as it tells what it holds.
    #[arg(default_value = "")]
    name: String,
}

impl PreviewFile {
    /// Reads a file from standard input and writes what can be looked at to standard output; exit 1 and a reason if there
    /// is nothing.
    pub fn run(&self) -> Done {
        give_up_rights().map_err(Failure::internal)?;
        let mut file = Vec::new();
        std::io::stdin().lock().take(FILE_BYTES_MAX + 1).read_to_end(&mut file).map_err(Failure::internal)?;
        match preview::made(self.look, &self.name, &file) {
            Ok(made) => {
                std::io::stdout().lock().write_all(&made).map_err(Failure::internal)?;
                Ok(Exit::Yes)
            }
            Err(why) => {
                output::remark(why);
                Ok(Exit::Negative)
            }
        }
    }
}

fn look(word: &str) -> Result<Look, String> {
    Look::from_word(word).ok_or_else(|| {
        format!("expected one of {}", Look::ALL.iter().map(|look| look.word()).collect::<Vec<_>>().join(", "))
    })
}

fn give_up_rights() -> rustix::io::Result<()> {
    for (resource, most) in [
        (Resource::As, MEMORY_BYTES_MAX),
        (Resource::Cpu, SECONDS_MAX),
        (Resource::Nofile, 0),
        (Resource::Fsize, 0),
        (Resource::Nproc, 0),
        (Resource::Core, 0),
    ] {
        // At its limit of processor time a process is told so, by a signal that tells why it ended; a second later it is killed.
        let maximum = if resource == Resource::Cpu { most + 1 } else { most };
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(maximum) })?;
    }
    Ok(())
}
