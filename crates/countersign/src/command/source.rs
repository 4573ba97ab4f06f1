//! `source`: who sends to us.

use serde_json::json;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

/// What can be done about sources.
#[derive(clap::Subcommand)]
pub enum Source {
    /// List sources.
    List(Page),
    /// Show one.
    Show {
        /// Its id, `src_...`, or its provider and name: `github/website`.
        source: String,
    },
    /// Add one.
    Add {
        /// The provider's name: `github`.
        #[arg(long)]
        provider: String,
        /// Its id in the URL: `website`.
        #[arg(long)]
        id: String,
        #[command(flatten)]
        secret: SecretFrom,
    },
    /// Remove one.
    Remove {
        /// Its id, `src_...`, or its provider and name: `github/website`.
        source: String,
    },
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("PROVIDER", "provider"),
    Column("NAME", "name"),
    Column("ACTIVE", "active"),
    Column("OWNER", "owner"),
    Column("URL", "url"),
];

impl Source {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Source::List(page) => page.print(common, "sources", COLUMNS).await,
            Source::Show { source } => page::show(common, "sources", &source).await,
            Source::Add { provider, id, secret } => {
                let secret = secret.required()?;
                let body = json!({ "provider": provider, "id": id, "secrets": [secret.as_str()] });
                let reply = common.client()?.post("/api/v1/sources", &body).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
            Source::Remove { source } => {
                common.client()?.delete(&format!("/api/v1/sources/{}", segment(&source))).await?;
                if common.form() == Form::Human {
                    output::line(format_args!("removed {source}"));
                }
                Ok(Exit::Yes)
            }
        }
    }
}
