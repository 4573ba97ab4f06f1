//! `event`: believed facts.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::command::verdict;
use crate::exit::{Done, Exit, Failure};
use crate::output::Column;

/// What can be done about events.
#[derive(clap::Subcommand)]
pub enum Event {
    /// List events, the newest first.
    List(Page),
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
            Event::List(page) => page.print(common, "events", COLUMNS).await,
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
