//! `gate`: whether verdicts wait for answers; the emergency switch.

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::segment;
use crate::exit::{Done, Exit};
use crate::output::{self, Form};

/// What can be done about the gate.
#[derive(clap::Subcommand)]
pub enum Gate {
    /// Show whether verdicts wait for answers, since when and why.
    Show,
    /// Verdicts do not wait for answers any more; what only waited is judged again at once.
    Off(Turn),
    /// Verdicts wait for answers again, from now on.
    On(Turn),
}

/// Which switch, and why.
#[derive(clap::Args)]
pub struct Turn {
    /// Of one service alone: its id or its name.
    #[arg(long)]
    service: Option<String>,
    /// Why, for the record.
    #[arg(long)]
    reason: String,
}

impl Gate {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        let client = common.client()?;
        let reply = match self {
            Gate::Show => client.get("/api/v1/gate").await?,
            Gate::Off(turn) => client.put(&turn.path(), &turn.body(false)).await?,
            Gate::On(turn) => client.put(&turn.path(), &turn.body(true)).await?,
        };
        match common.form() {
            Form::Json => output::json(&reply.body),
            Form::Human => print(&reply.body),
        }
        Ok(Exit::Yes)
    }
}

fn print(gate: &Value) {
    output::sentence(&gate["text"]);
    for service in ["services", "unlicensed"].iter().flat_map(|each| gate[each].as_array()).flatten() {
        output::sentence(&service["text"]);
    }
}

impl Turn {
    fn path(&self) -> String {
        match &self.service {
            Some(service) => format!("/api/v1/services/{}/gate", segment(service)),
            None => "/api/v1/gate".to_owned(),
        }
    }

    fn body(&self, waits: bool) -> Value {
        json!({ "waits": waits, "reason": self.reason })
    }
}
