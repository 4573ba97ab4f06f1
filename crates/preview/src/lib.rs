//! What can be looked at of a file: pictures of images, requests, recordings of terminals, code.
//!
//! Whatever a stranger uploads is read here and nowhere else, so only a process that was started for one file calls this:
//! it has little memory, little time and nothing else in its hands, and the gateway goes on when it dies. Limits stand
//! before work, what is shown is bounded, and what is left out is said.
#![warn(missing_docs)]

mod code;
mod picture;
mod recording;
mod requests;
mod text;

use domain::content::look::Look;
use serde::Serialize;

/// A larger file cannot be looked at.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why a file cannot be looked at; the same bytes never can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit(pub String);

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

/// What can be looked at of a file: a PNG, or JSON, as the [`Look`] says. The name tells what language code is in.
///
/// # Errors
/// When the file is something else, is too large, or does not decode.
pub fn made(look: Look, name: &str, file: &[u8]) -> Result<Vec<u8>, Unfit> {
    if file.len() as u64 > FILE_BYTES_MAX {
        return Err(Unfit(format!("expected at most {FILE_BYTES_MAX} bytes, found more")));
    }
    match look {
        Look::Preview | Look::Picture | Look::Large => picture::made(look, file),
        Look::Requests => json(&requests::made(file)?),
        Look::Recording => json(&recording::made(file)?),
        Look::Code => json(&code::of_file(name, file)?),
        Look::Codeblock => json(&code::of_block(file)?),
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Unfit> {
    serde_json::to_vec(value).map_err(|why| Unfit(format!("it cannot be written as JSON: {why}")))
}
