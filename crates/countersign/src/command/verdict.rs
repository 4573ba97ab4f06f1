//! `verdict`: release, wait or blocked, and why.

use serde_json::Value;

use crate::cli::Common;
use crate::command::subject::Name;
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

/// Which verdict, and how long to wait for it.
#[derive(clap::Args)]
pub struct Verdict {
    #[command(flatten)]
    name: Name,
    /// Wait so long for it to be more than pending: `30s`, at most `60s`.
    #[arg(long, value_name = "TIME", value_parser = span)]
    wait: Option<String>,
}

const REASONS: &[Column] = &[
    Column("REASON", "code"),
    Column("SERVICE", "service"),
    Column("RULE", "rule"),
    Column("UNTIL", "until"),
    Column("IN WORDS", "text"),
];

const WAITING: &[Column] = &[Column("WAITED FOR", "text")];

const COVERAGE: &[Column] =
    &[Column("SERVICE", "service"), Column("EVENT", "event"), Column("STATE", "state"), Column("COVERAGE", "coverage")];

impl Verdict {
    /// Asks and prints.
    pub async fn run(self, common: &Common) -> Done {
        let wait = self.wait.map(|wait| format!("?wait={wait}")).unwrap_or_default();
        let reply = common.client()?.get(&format!("{}/verdict{wait}", self.name.path())).await?;
        match common.form() {
            Form::Json => output::json(&reply.body),
            Form::Human => print(&reply.body),
        }
        Ok(exit_of(reply.body["verdict"].as_str()))
    }
}

/// What a verdict means as an exit code.
pub fn exit_of(verdict: Option<&str>) -> Exit {
    match verdict {
        Some("clear") => Exit::Yes,
        Some("held" | "blocked") => Exit::Negative,
        _ => Exit::Pending,
    }
}

/// A length of time as the API takes it.
pub fn span(text: &str) -> Result<String, String> {
    domain::time::parse_span(text).map(|_| text.to_owned())
}

fn print(verdict: &Value) {
    output::line(verdict["verdict"].as_str().unwrap_or("pending"));
    let tables = [(REASONS, "reasons"), (WAITING, "waiting"), (COVERAGE, "coverage")];
    for (columns, rows) in tables.map(|(columns, name)| (columns, &verdict[name])) {
        if let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) {
            output::line("");
            output::table(columns, rows);
        }
    }
}
