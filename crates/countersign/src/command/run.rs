//! `run`: requests for judgement.

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::exit::{Done, Exit};
use crate::output::Column;

/// What can be asked about runs.
#[derive(clap::Subcommand)]
pub enum Run {
    /// List runs, the newest first.
    List(Page),
    /// Show one, with its attempts.
    Show {
        /// Its id: `run_...`.
        id: String,
    },
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("SERVICE", "service"),
    Column("STATE", "state"),
    Column("ATTEMPTS", "attempts"),
    Column("WHY", "why"),
    Column("DUE", "at"),
];

impl Run {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Run::List(page) => page.print(common, "runs", COLUMNS).await,
            Run::Show { id } => {
                let client = common.client()?;
                let mut run = client.get(&format!("/api/v1/runs/{}", segment(&id))).await?.body;
                let mut tries = client.get(&format!("/api/v1/attempts?run={}", segment(&id))).await?.body;
                run["tries"] = tries["data"].take();
                page::print(common, &run);
                Ok(Exit::Yes)
            }
        }
    }
}
