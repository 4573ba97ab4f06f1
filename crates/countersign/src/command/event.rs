//! `event`: believed facts.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page, Times};
use crate::command::verdict;
use crate::exit::{Done, Exit, Failure};
use crate::output::Column;

/// What can be done about events.
#[derive(clap::Subcommand)]
pub enum Event {
    /// List events, the newest first.
    List(List),
    /// Show one.
    Show {
        /// Its id: `evt_...`.
        id: String,
    },
    /// Send one of our own.
    Send(Send),
    /// Ask the services again about one.
    Replay {
        /// Its id: `evt_...`.
        id: String,
    },
}

/// Which events.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Page,
    /// Of this type; `github.*` for every type that begins so.
    #[arg(long = "type", value_name = "TYPE")]
    r#type: Option<String>,
    /// From this source: `github/website`, or all of a provider: `github`.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Said by this account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// About this subject: `sub_...`.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// About a subject of this collection: its name or `col_...`.
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// What was asked about it is `open`, `failed` or `done`.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// The beginning of a subject's id or of a collection's name, else a part of the type.
    #[arg(long, value_name = "WORD")]
    word: Option<String>,
    #[command(flatten)]
    times: Times,
}

/// An event of our own.
#[derive(clap::Args)]
pub struct Send {
    /// Its type: `during_validation`.
    r#type: String,
    /// What it is about: kind, collection and id.
    #[arg(long, num_args = 3, value_names = ["KIND", "COLLECTION", "SUBJECT"])]
    subject: Option<Vec<String>>,
    /// The upload that it is about: `art_...`.
    #[arg(long, value_name = "ID")]
    artifact: Option<String>,
    /// Its data, as JSON.
    #[arg(long, value_name = "JSON", conflicts_with = "data_file")]
    data: Option<String>,
    /// Its data, as a file of JSON.
    #[arg(long, value_name = "FILE")]
    data_file: Option<PathBuf>,
    /// Wait so long for the verdict: `30s`, at most `60s`.
    #[arg(long, value_name = "TIME", value_parser = verdict::span)]
    wait: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("TYPE", "type"),
    Column("COLLECTION", "subject.collection"),
    Column("SUBJECT", "subject.subject"),
    Column("PROVENANCE", "provenance"),
    Column("AT", "at"),
];

impl Event {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Event::List(list) => list.print(common).await,
            Event::Show { id } => page::show(common, "events", &id).await,
            Event::Send(send) => send.run(common).await,
            Event::Replay { id } => {
                let path = format!("/api/v1/events/{}/replay", segment(&id));
                let reply = common.client()?.post(&path, &json!({})).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
        }
    }
}

impl List {
    async fn print(&self, common: &Common) -> Done {
        let filters = [
            ("type", self.r#type.as_deref()),
            ("source", self.source.as_deref()),
            ("account", self.account.as_deref()),
            ("subject", self.subject.as_deref()),
            ("collection", self.collection.as_deref()),
            ("state", self.state.as_deref()),
            ("q", self.word.as_deref()),
            ("from", self.times.from.as_deref()),
            ("until", self.times.until.as_deref()),
        ];
        self.page.narrowed(common, "events", &filters, COLUMNS).await
    }
}

impl Send {
    async fn run(self, common: &Common) -> Done {
        let wait = self.wait.as_ref().map(|wait| format!("?wait={wait}")).unwrap_or_default();
        let reply = common.client()?.post(&format!("/api/v1/events{wait}"), &self.body()?).await?;
        page::print(common, &reply.body);
        match (&self.wait, &reply.body["verdict"]) {
            (None, _) => Ok(Exit::Yes),
            (Some(_), verdict) => Ok(verdict::exit_of(verdict["verdict"].as_str())),
        }
    }

    fn body(&self) -> Result<Value, Failure> {
        let mut body = json!({ "type": self.r#type });
        if let Some([kind, collection, subject]) = self.subject.as_deref() {
            body["subject"] = json!({ "kind": kind, "collection": collection, "subject": subject });
        }
        if let Some(artifact) = &self.artifact {
            body["artifact"] = json!(artifact);
        }
        let text = match (&self.data, &self.data_file) {
            (Some(text), _) => Some(text.clone()),
            (None, Some(path)) => Some(
                std::fs::read_to_string(path)
                    .map_err(|why| Failure::usage(format!("the file {} cannot be read: {why}", path.display())))?,
            ),
            (None, None) => None,
        };
        if let Some(text) = text {
            body["data"] = serde_json::from_str(&text)
                .map_err(|why| Failure::usage(format!("expected JSON as the event's data: {why}")))?;
        }
        Ok(body)
    }
}
