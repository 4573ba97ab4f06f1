//! `quarantine`: refused requests that were kept.

use crate::cli::Common;
use crate::command::page::{self, Page};
use crate::exit::Done;
use crate::output::Column;

/// What can be asked about refused requests.
#[derive(clap::Subcommand)]
pub enum Quarantine {
    /// List refused requests, the newest first.
    List(Page),
    /// Show one.
    Show {
        /// Its id: `qua_...`.
        id: String,
    },
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("REASON", "reason"),
    Column("PATH", "path"),
    Column("IN WORDS", "text"),
    Column("AT", "at"),
];

impl Quarantine {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Quarantine::List(page) => page.print(common, "quarantine", COLUMNS).await,
            Quarantine::Show { id } => page::show(common, "quarantine", &id).await,
        }
    }
}
