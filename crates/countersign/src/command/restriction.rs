//! `restriction`: whose later submissions or releases are refused.

use serde_json::json;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::exit::{Done, Exit};
use crate::output::Column;

/// What can be done about restrictions.
#[derive(clap::Subcommand)]
pub enum Restriction {
    /// List restrictions, the newest first.
    List(Page),
    /// Lift one. What it held back is judged again.
    Lift {
        /// Its id: `rst_...`.
        id: String,
        /// Why, for the record.
        #[arg(long)]
        reason: String,
    },
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("KIND", "kind"),
    Column("ACTOR", "actor.kind"),
    Column("NAME", "actor.value"),
    Column("WHY", "text"),
    Column("ENDED", "ended"),
];

impl Restriction {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Restriction::List(page) => page.print(common, "restrictions", COLUMNS).await,
            Restriction::Lift { id, reason } => {
                let path = format!("/api/v1/restrictions/{}/lift", segment(&id));
                let reply = common.client()?.post(&path, &json!({ "reason": reason })).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
        }
    }
}
