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
    /// Hold everything in a collection, or what is on one track of it.
    Add {
        /// The collection's name.
        collection: String,
        /// The kind of its subjects; needed where several collections have the name.
        #[arg(long)]
        kind: Option<String>,
        /// Hold this track alone.
        #[arg(long)]
        track: Option<String>,
        /// Until then, as 2026-01-01T00:00:00Z; without it, until somebody lifts it.
        #[arg(long, value_name = "INSTANT")]
        until: Option<String>,
        /// Why, for the record.
        #[arg(long)]
        reason: String,
    },
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
    Column("TRACK", "track"),
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
            Hold::Add { collection, kind, track, until, reason } => {
                let mut body = json!({ "collection": collection, "reason": reason });
                for (member, value) in [("kind", kind), ("track", track), ("until", until)] {
                    if let Some(value) = value {
                        body[member] = value.into();
                    }
                }
                let reply = common.client()?.post("/api/v1/holds", &body).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
            Hold::Release { id, reason } => {
                let path = format!("/api/v1/holds/{}/release", segment(&id));
                let reply = common.client()?.post(&path, &json!({ "reason": reason })).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
        }
    }
}
