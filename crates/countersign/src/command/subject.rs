//! `subject`: what is judged.

use serde_json::json;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page, Times};
use crate::exit::{Done, Exit};
use crate::output::Column;

/// What can be done about subjects.
#[derive(clap::Subcommand)]
pub enum Subject {
    /// List subjects, the newest first.
    List(List),
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

/// Which subjects.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Page,
    /// Judged so: `pending`, `clear`, `held` or `blocked`.
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<String>,
    /// Of this kind: `version`, `evidence`, `commit`.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Of this collection: its name or `col_...`.
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// Only those that have an open flag.
    #[arg(long)]
    flagged: bool,
    /// Only those on which a hold is active.
    #[arg(long)]
    held: bool,
    /// The beginning of its id or of its collection's name.
    #[arg(long, value_name = "WORD")]
    word: Option<String>,
    #[command(flatten)]
    times: Times,
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

impl List {
    async fn print(&self, common: &Common) -> Done {
        let filters = [
            ("verdict", self.verdict.as_deref()),
            ("kind", self.kind.as_deref()),
            ("collection", self.collection.as_deref()),
            ("flagged", self.flagged.then_some("true")),
            ("held", self.held.then_some("true")),
            ("q", self.word.as_deref()),
            ("from", self.times.from.as_deref()),
            ("until", self.times.until.as_deref()),
        ];
        self.page.narrowed(common, "subjects", &filters, COLUMNS).await
    }
}

impl Subject {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        let reply = match self {
            Subject::List(list) => return list.print(common).await,
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
