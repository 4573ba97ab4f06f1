//! `quarantine`: refused requests that were kept.

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::{Client, segment};
use crate::command::explain;
use crate::command::page::{self, Page, Times};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be asked about refused requests.
#[derive(clap::Subcommand)]
pub enum Quarantine {
    /// List refused requests, the newest first.
    List(List),
    /// Show one, and what was wrong with it.
    Show {
        /// Its id: `qua_...`.
        id: String,
    },
    /// Try one again with today's secrets, or all that were sent to a source: exit 1 if one is not believed.
    Retry(Retry),
}

/// Which refused requests.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Page,
    /// Sent to this source: `github/website`.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Refused for this reason, by its code: `signature-mismatch`.
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    #[command(flatten)]
    times: Times,
}

/// What is tried again.
#[derive(clap::Args)]
pub struct Retry {
    /// Its id: `qua_...`.
    #[arg(required_unless_present = "source")]
    id: Option<String>,
    /// Everything that was sent to this source: `github/website`.
    #[arg(long, conflicts_with = "id")]
    source: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("REASON", "reason"),
    Column("PATH", "path"),
    Column("IN WORDS", "text"),
    Column("AT", "at"),
];

const TRIED: &[Column] =
    &[Column("ID", "id"), Column("BELIEVED", "believed"), Column("RECEIPT", "receipt"), Column("IN WORDS", "text")];

impl Quarantine {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Quarantine::List(list) => {
                let filters = [
                    ("source", list.source.as_deref()),
                    ("reason", list.reason.as_deref()),
                    ("from", list.times.from.as_deref()),
                    ("until", list.times.until.as_deref()),
                ];
                list.page.narrowed(common, "quarantine", &filters, COLUMNS).await
            }
            Quarantine::Show { id } => show(common, &id).await,
            Quarantine::Retry(retry) => retry.run(common).await,
        }
    }
}

async fn show(common: &Common, id: &str) -> Done {
    let mut shown = common.client()?.get(&format!("/api/v1/quarantine/{}", segment(id))).await?.body;
    if common.form() == Form::Json {
        output::json(&shown);
        return Ok(Exit::Yes);
    }
    let explanation = shown["explanation"].take();
    if let Some(members) = shown.as_object_mut() {
        members.remove("explanation");
    }
    page::print(common, &shown);
    output::line("");
    explain::print(&explanation);
    Ok(Exit::Yes)
}

impl Retry {
    async fn run(&self, common: &Common) -> Done {
        let client = common.client()?;
        let tried = match (&self.id, &self.source) {
            (Some(id), _) => {
                let path = format!("/api/v1/quarantine/{}/retry", segment(id));
                vec![client.post(&path, &Value::Null).await?.body]
            }
            (None, source) => of_source(&client, source.as_deref().unwrap_or_default()).await?,
        };
        match common.form() {
            Form::Json => output::json(&json!({ "data": tried })),
            Form::Human if tried.is_empty() => output::remark("nothing that was sent to this source is kept"),
            Form::Human => output::table(TRIED, &tried),
        }
        let all = tried.iter().all(|each| each["believed"] == true);
        Ok(if all { Exit::Yes } else { Exit::Negative })
    }
}

/// Everything that was sent to a source, page by page.
async fn of_source(client: &Client, source: &str) -> Result<Vec<Value>, Failure> {
    let mut tried = Vec::new();
    let mut after = Value::Null;
    loop {
        let asked = json!({ "source": source, "after": after });
        let mut page = client.post("/api/v1/quarantine/retry", &asked).await?.body;
        if let Value::Array(data) = page["data"].take() {
            tried.extend(data);
        }
        after = page["next_after"].take();
        if after.is_null() {
            return Ok(tried);
        }
    }
}
