//! `hold`: what stops a release.

use serde_json::json;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::exit::{Done, Exit};
use crate::output::Column;

/// What can be done about holds.
#[derive(clap::Subcommand)]
pub enum Hold {
    /// List holds, the newest first.
    List(Page),
    /// Lift one.
    Release {
        /// Its id: `hld_...`.
        id: String,
        /// Why, for the record.
        #[arg(long)]
        reason: String,
    },
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("KIND", "kind"),
    Column("COLLECTION", "of.collection"),
    Column("SUBJECT", "of.subject"),
    Column("RULE", "rule"),
    Column("UNTIL", "until"),
    Column("WHY", "text"),
    Column("ENDED", "ended"),
];

impl Hold {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Hold::List(page) => page.print(common, "holds", COLUMNS).await,
            Hold::Release { id, reason } => {
                let path = format!("/api/v1/holds/{}/release", segment(&id));
                let reply = common.client()?.post(&path, &json!({ "reason": reason })).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
        }
    }
}
