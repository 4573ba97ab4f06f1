//! `preview-image`: what the gateway starts for one image, and for nothing else.
//!
//! The process gives up what it does not need before it reads a byte: memory, time, files and other processes. Then an
//! image that is made to break its decoder breaks this, and finds nothing.

use std::io::{Read, Write};

use preview::{IMAGE_BYTES_MAX, Unfit};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::exit::{Done, Exit, Failure};
use crate::output;

/// The name under which the gateway calls it.
pub const NAME: &str = "preview-image";

/// Address space: a file, its pixels and a decoder's own, each at its limit, and the program.
const MEMORY_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Processor time.
const SECONDS_MAX: u64 = 10;

/// Reads an image from standard input and writes its preview to standard output; exit 1 and a reason if it has none.
pub fn run() -> Done {
    give_up_rights().map_err(Failure::internal)?;
    let mut file = Vec::new();
    std::io::stdin().lock().take(IMAGE_BYTES_MAX + 1).read_to_end(&mut file).map_err(Failure::internal)?;
    match made(&file) {
        Ok(preview) => {
            std::io::stdout().lock().write_all(&preview).map_err(Failure::internal)?;
            Ok(Exit::Yes)
        }
        Err(why) => {
            output::remark(why);
            Ok(Exit::Negative)
        }
    }
}

fn made(file: &[u8]) -> Result<Vec<u8>, Unfit> {
    if file.len() as u64 > IMAGE_BYTES_MAX {
        return Err(Unfit(format!("expected at most {IMAGE_BYTES_MAX} bytes, found more")));
    }
    preview::preview(file)
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
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
