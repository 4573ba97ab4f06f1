//! `service check`: the contract, held against a scanner that runs.
//!
//! [`calls`] sends what the gateway sends and what it never would; [`grade`] says what each answer is worth.

mod calls;
mod grade;
mod slow;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::cli::Common;
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

use calls::Caller;
use grade::{Grade, Line};

/// Which scanner.
#[derive(clap::Args)]
pub struct Check {
    /// Its URL, as it would be registered: `http://127.0.0.1:20000/`.
    url: String,
    #[command(flatten)]
    secret: SecretFrom,
    /// A file with the JSON object to send, where the scanner needs one that it knows.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// How long each answer may take.
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = domain::time::parse_span)]
    within: Duration,
}

impl Check {
    /// Makes the calls and prints what each came to.
    pub async fn run(&self, common: &Common) -> Done {
        let caller = Caller::new(&self.url, self.secret.required()?, self.call()?, self.within)?;
        let report = caller.report().await?;
        let passed = report.lines.iter().all(|line| line.grade != Grade::Failed);
        match common.form() {
            Form::Json => {
                let lines: Vec<Value> = report.lines.iter().map(Line::to_json).collect();
                output::json(&json!({
                    "url": self.url, "passed": passed, "checks": lines, "not_tried": report.not_tried,
                }));
            }
            Form::Human => {
                report.lines.iter().for_each(output::line);
                report.not_tried.iter().for_each(|what| output::line(format_args!("-       {what}")));
                let count = |grade| report.lines.iter().filter(|line| line.grade == grade).count();
                let (ok, weak, failed) = (count(Grade::Ok), count(Grade::Weak), count(Grade::Failed));
                output::line(format_args!("{ok} ok, {weak} weak, {failed} failed"));
            }
        }
        Ok(if passed { Exit::Yes } else { Exit::Negative })
    }

    /// What the good call says.
    fn call(&self) -> Result<Map<String, Value>, Failure> {
        let Some(path) = &self.body else {
            let usual = json!({
                "event": "countersign.test", "subject": null, "artifacts": [], "body": null, "body_url": null,
            });
            return Ok(usual.as_object().cloned().unwrap_or_default());
        };
        let text = std::fs::read_to_string(path)
            .map_err(|why| Failure::usage(format!("{} cannot be read: {why}", path.display())))?;
        serde_json::from_str(&text)
            .map_err(|why| Failure::usage(format!("expected a JSON object in {}: {why}", path.display())))
    }
}
