//! `conformance`: published vectors, run.

mod forge;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use domain::conformance;
use serde_json::{Value, json};
use verify::conformance::Row;

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
            let rows = rows(&text, path.parent().unwrap_or(Path::new("")))
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

/// The rows of a file in this folder.
fn rows(text: &str, folder: &Path) -> Result<Vec<Row>, String> {
    match serde_json::from_str(text) {
        Ok(file) if license::conformance::is_ours(&file) => {
            let rows = license::conformance::run(&file)?.into_iter().map(|row| told(row.id, row.expected, row.got));
            Ok(rows.chain(starts(&file)?).collect())
        }
        Ok(file) if forge::is_ours(&file) => forge::run(&file, folder),
        _ => conformance::run(text, &server::read_unverified_certificate).map_err(|why| why.to_string()),
    }
}

fn told(id: String, expected: String, got: String) -> Row {
    Row { id, pass: expected == got, expected, got }
}

/// The rows about a container's start, each as a process.
fn starts(file: &Value) -> Result<Vec<Row>, String> {
    let program = std::env::current_exe().map_err(|why| format!("this program does not find itself: {why}"))?;
    let keys = std::env::temp_dir().join(format!("countersign-conformance-{}.json", std::process::id()));
    let starts = file["startup"].as_array().into_iter().flatten();
    let rows = starts.map(|start| {
        let id = start["id"].as_str().unwrap_or_default().to_owned();
        let failed = |what: &str| format!("the start {id} cannot be run: {what}");
        std::fs::write(&keys, file["keysets"][start["keyset"].as_str().unwrap_or_default()].to_string())
            .map_err(|why| failed(&why.to_string()))?;
        let variables = start["env"].as_object().ok_or_else(|| failed("it has no variables"))?;
        let ended = Command::new(&program)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value.as_str().unwrap_or_default())))
            .env("COUNTERSIGN_CONTAINER_TOKEN", start["container_token"].as_str().unwrap_or_default())
            .env("COUNTERSIGN_LICENSE_KEYSET", &keys)
            .args(["license", "check-container", "--at", &start["now"].to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|why| failed(&why.to_string()))?;
        let got = ended.code().map_or_else(|| "a signal".to_owned(), |code| format!("exit {code}"));
        Ok(told(id, format!("exit {}", start["expect_exit_proposal"]), got))
    });
    let rows = rows.collect();
    // Nothing is left to try.
    let _ = std::fs::remove_file(&keys);
    rows
}
