//! `subject`: what is judged.

use serde_json::json;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::exit::{Done, Exit};
use crate::output::Column;

/// What can be done about subjects.
#[derive(clap::Subcommand)]
pub enum Subject {
    /// List subjects, the newest first.
    List(Page),
    /// Show one.
    Show {
        /// Its id: `sub_...`.
        id: String,
    },
    /// Record that a person has dealt with it: its flags are closed and its own holds lifted.
    Clear {
        #[command(flatten)]
        name: Name,
        /// Why, for the record.
        #[arg(long)]
        reason: String,
    },
}

/// Which subject.
#[derive(clap::Args)]
pub struct Name {
    /// Its kind: `version`, `evidence`, `commit`.
    kind: String,
    /// The collection that it lives in: `owner/repo`.
    collection: String,
    /// Its id there.
    subject: String,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("KIND", "kind"),
    Column("COLLECTION", "collection"),
    Column("SUBJECT", "subject"),
    Column("VERDICT", "verdict"),
    Column("REVISION", "revision"),
];

impl Name {
    /// Its path in the own API.
    pub fn path(&self) -> String {
        let Self { kind, collection, subject } = self;
        format!("/api/v1/subjects/{}/{}/{}", segment(kind), segment(collection), segment(subject))
    }
}

impl Subject {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        let reply = match self {
            Subject::List(page) => return page.print(common, "subjects", COLUMNS).await,
            Subject::Show { id } => return page::show(common, "subjects", &id).await,
            Subject::Clear { name, reason } => {
                let path = format!("{}/clearance", name.path());
                common.client()?.post(&path, &json!({ "reason": reason })).await?
            }
        };
        page::print(common, &reply.body);
        Ok(Exit::Yes)
    }
}
