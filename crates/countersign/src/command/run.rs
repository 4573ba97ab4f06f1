//! `run`: requests for judgement.

use serde_json::json;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page, Times};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be asked about runs.
#[derive(clap::Subcommand)]
pub enum Run {
    /// List runs, the newest first.
    List(List),
    /// Show one, with its attempts.
    Show {
        /// Its id: `run_...`.
        id: String,
    },
    /// Ask services about a subject once more.
    Start(Start),
}

/// Which runs.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Page,
    /// Where they stand: `waiting`, `due`, `leased`, `deferred`, `exhausted`, `cancelled` or `answered`.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Of this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// About this event: `evt_...`.
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// About this subject: `sub_...`.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Under this expectation: `exp_...`.
    #[arg(long, value_name = "ID")]
    expectation: Option<String>,
    #[command(flatten)]
    times: Times,
}

/// About what, and whom.
#[derive(clap::Args)]
pub struct Start {
    /// The subject: its kind, its collection and its id. The collection may have slashes of its own.
    #[arg(value_name = "KIND/COLLECTION/SUBJECT")]
    subject: String,
    /// A service that is asked; may be given again. None: all that subscribed to what happened to it.
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("SERVICE", "service"),
    Column("STATE", "state"),
    Column("ATTEMPTS", "attempts"),
    Column("WHY", "why"),
    Column("DUE", "at"),
];

impl Run {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Run::List(list) => list.print(common).await,
            Run::Show { id } => {
                let client = common.client()?;
                let mut run = client.get(&format!("/api/v1/runs/{}", segment(&id))).await?.body;
                let mut tries = client.get(&format!("/api/v1/attempts?run={}", segment(&id))).await?.body;
                run["tries"] = tries["data"].take();
                page::print(common, &run);
                Ok(Exit::Yes)
            }
            Run::Start(start) => start.run(common).await,
        }
    }
}

impl List {
    async fn print(&self, common: &Common) -> Done {
        let filters = [
            ("state", self.state.as_deref()),
            ("service", self.service.as_deref()),
            ("event", self.event.as_deref()),
            ("subject", self.subject.as_deref()),
            ("expectation", self.expectation.as_deref()),
            ("from", self.times.from.as_deref()),
            ("until", self.times.until.as_deref()),
        ];
        self.page.narrowed(common, "runs", &filters, COLUMNS).await
    }
}

const STARTED: &[Column] = &[Column("ID", "id"), Column("SERVICE", "service"), Column("STATE", "state")];

impl Start {
    async fn run(self, common: &Common) -> Done {
        let path = format!("{}/runs", subject_path(&self.subject)?);
        let reply = common.client()?.post(&path, &json!({ "services": self.services })).await?.body;
        if common.form() == Form::Json {
            output::json(&reply);
            return Ok(Exit::Yes);
        }
        match reply["runs"].as_array().map(Vec::as_slice) {
            None | Some([]) => output::remark("no service subscribed to what happened to it"),
            Some(runs) => output::table(STARTED, runs),
        }
        Ok(Exit::Yes)
    }
}

/// The path in the own API of a subject that is named on one line.
fn subject_path(subject: &str) -> Result<String, Failure> {
    let parts = subject.split_once('/').and_then(|(kind, rest)| Some((kind, rest.rsplit_once('/')?)));
    match parts {
        Some((kind, (collection, id))) if ![kind, collection, id].contains(&"") => {
            Ok(format!("/api/v1/subjects/{}/{}/{}", segment(kind), segment(collection), segment(id)))
        }
        _ => Err(Failure::usage(format!("expected a subject as KIND/COLLECTION/SUBJECT, found {subject:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_named_on_one_line() {
        assert_eq!(subject_path("version/85/42").expect("a path"), "/api/v1/subjects/version/85/42");
        assert_eq!(subject_path("commit/owner/repo/a1").expect("a path"), "/api/v1/subjects/commit/owner%2Frepo/a1");
        for wrong in ["", "version", "version/85", "version//42", "/85/42", "version/85/"] {
            assert_eq!(subject_path(wrong).expect_err("refused").exit, Exit::Usage, "{wrong}");
        }
    }
}
