//! `conformance`: published vectors, run.

use std::path::PathBuf;

use domain::conformance;
use serde_json::json;

use crate::exit::{Done, Exit, Failure};
use crate::output;

/// Which files.
#[derive(clap::Args)]
pub struct Conformance {
    /// Files of vectors; their kind is known by their content.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Conformance {
    /// Prints one line of JSON for each vector, and the sum.
    pub fn run(&self) -> Done {
        let (mut passed, mut failed) = (0_u64, 0_u64);
        for path in &self.files {
            let text = std::fs::read_to_string(path)
                .map_err(|why| Failure::usage(format!("{} cannot be read: {why}", path.display())))?;
            let rows = conformance::run(&text, &server::read_unverified_certificate)
                .map_err(|why| Failure::usage(format!("{}: {why}", path.display())))?;
            for row in rows {
                *if row.pass { &mut passed } else { &mut failed } += 1;
                output::line(json!({
                    "id": row.id, "pass": row.pass, "expected": row.expected, "got": row.got,
                }));
            }
        }
        output::line(format_args!("{passed} passed, {failed} failed"));
        Ok(if failed == 0 { Exit::Yes } else { Exit::Negative })
    }
}
