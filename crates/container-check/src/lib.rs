//! License tokens on a machine: from variables and files to a [`license::Validator`] and to an exit code.
//!
//! The program `container-check` and the commands `countersign license ..` share this. The environment and the time are
//! arguments; files are read here.
#![warn(missing_docs)]

mod fault;
mod outcome;
mod replace;
mod state;
mod surroundings;

pub use fault::Fault;
pub use outcome::{Outcome, check_container};
pub use replace::replace;
pub use surroundings::{Options, Prepared, RevocationMode, Surroundings};
