//! `batch`: many subjects, several services, each pair once.

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::{Client, segment};
use crate::command::page::{self, Page};
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

/// What can be done about batches.
#[derive(clap::Subcommand)]
pub enum Batch {
    /// Begin one.
    Start(Start),
    /// List batches, the newest first.
    List(Page),
    /// Show one, with its progress.
    Show(Id),
    /// Make no more runs until it is resumed; those that are due go out.
    Pause(Id),
    /// Make runs again.
    Resume(Id),
    /// End it, and cancel its runs that are due.
    Abort(Id),
    /// Show its progress until it has ended: exit 0 if all were answered, 1 if some were not or it was aborted.
    Watch(Id),
}

/// Which batch.
#[derive(clap::Args)]
pub struct Id {
    /// Its id: `bat_...`.
    id: String,
}

/// A new batch.
#[derive(clap::Args)]
pub struct Start {
    /// The collection whose subjects it is about.
    collection: String,
    /// The kind of the subjects; needed where several collections have the name.
    #[arg(long)]
    kind: Option<String>,
    /// A subject; may be given again. None: all of the collection.
    #[arg(long = "subject", value_name = "ID")]
    subjects: Vec<String>,
    /// A service that is asked; may be given again. None: all, each about what it subscribed to.
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// What it is, in words.
    #[arg(long)]
    text: Option<String>,
    /// Show its progress until it has ended.
    #[arg(long)]
    watch: bool,
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("SUBJECTS", "subjects"),
    Column("TEXT", "text"),
    Column("AT", "at"),
];

impl Batch {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Batch::Start(start) => start.run(common).await,
            Batch::List(page) => page.print(common, "batches", COLUMNS).await,
            Batch::Show(Id { id }) => page::show(common, "batches", &id).await,
            Batch::Pause(Id { id }) => turn(common, &id, "pause").await,
            Batch::Resume(Id { id }) => turn(common, &id, "resume").await,
            Batch::Abort(Id { id }) => turn(common, &id, "abort").await,
            Batch::Watch(Id { id }) => watch(common, &common.client()?, &id).await,
        }
    }
}

async fn turn(common: &Common, id: &str, verb: &str) -> Done {
    let reply = common.client()?.post(&format!("/api/v1/batches/{}/{verb}", segment(id)), &json!({})).await?;
    page::print(common, &reply.body);
    Ok(Exit::Yes)
}

impl Start {
    async fn run(self, common: &Common) -> Done {
        let mut body = json!({ "collection": self.collection, "subjects": self.subjects, "services": self.services });
        if let Some(kind) = self.kind {
            body["kind"] = kind.into();
        }
        if let Some(text) = self.text {
            body["text"] = text.into();
        }
        let client = common.client()?;
        let begun = client.post("/api/v1/batches", &body).await?.body;
        if !self.watch {
            page::print(common, &begun);
            return Ok(Exit::Yes);
        }
        watch(common, &client, begun["id"].as_str().unwrap_or_default()).await
    }
}

/// Between two looks at a batch.
const LOOK_EACH: Duration = Duration::from_secs(1);

/// Shows a batch's progress until it has ended: bars that move on a terminal, else a line for each change.
async fn watch(common: &Common, client: &Client, id: &str) -> Done {
    let path = format!("/api/v1/batches/{}", segment(id));
    let moves = stdout().is_terminal();
    let mut shown: Vec<String> = Vec::new();
    loop {
        let batch = client.get(&path).await?.body;
        let ended = matches!(batch["state"].as_str(), Some("completed" | "aborted"));
        if common.form() == Form::Human {
            let lines = progress(&batch, moves);
            if moves {
                output::redraw(&lines, shown.len());
            } else {
                lines.iter().filter(|line| !shown.contains(line)).for_each(output::line);
            }
            shown = lines;
        } else if ended {
            output::json(&batch);
        }
        if ended {
            return Ok(exit_of(&batch));
        }
        tokio::time::sleep(LOOK_EACH).await;
    }
}

fn parts(batch: &Value) -> impl Iterator<Item = &Value> {
    batch["services"].as_array().into_iter().flatten()
}

/// Whether a batch that has ended brought everything.
fn exit_of(batch: &Value) -> Exit {
    let all_done = parts(batch).all(|part| part["failed"] == 0 && part["cancelled"] == 0);
    if batch["state"] == "completed" && all_done { Exit::Yes } else { Exit::Negative }
}

/// A line for each service, and one for the whole.
fn progress(batch: &Value, with_bar: bool) -> Vec<String> {
    let name = |part: &Value| part["service"].as_str().unwrap_or("a removed service").to_owned();
    let width = parts(batch).map(|part| name(part).chars().count()).max().unwrap_or(0);
    let line = |part: &Value| {
        let figure = |name: &str| part[name].as_u64().unwrap_or(0);
        let (failed, left_out) = (figure("failed"), figure("cancelled") + figure("skipped"));
        let (ended, total) = (figure("done") + failed + left_out, figure("total"));
        let bar = if with_bar { format!("{} ", bar(ended, total)) } else { String::new() };
        let mut line = format!("{:width$}  {bar}{ended}/{total}, {} open, {failed} failed", name(part), figure("open"));
        if left_out > 0 {
            line.push_str(&format!(", {left_out} left out"));
        }
        line
    };
    let state = batch["state"].as_str().unwrap_or_default();
    parts(batch).map(line).chain([format!("the batch is {state}")]).collect()
}

/// How wide a bar is, in characters.
const BAR: u64 = 30;

fn bar(ended: u64, total: u64) -> String {
    let full = ended.min(total).saturating_mul(BAR).checked_div(total).unwrap_or(BAR);
    let cells = |many: u64, cell: &str| cell.repeat(usize::try_from(many).unwrap_or(0));
    format!("[{}{}]", cells(full, "#"), cells(BAR - full, "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(state: &str, failed: u64) -> Value {
        json!({ "state": state, "services": [
            { "service": "render", "total": 20, "asked": 15, "open": 3, "done": 12 - failed, "failed": failed,
              "cancelled": 0, "skipped": 0 },
            { "service": "a", "total": 20, "asked": 0, "open": 0, "done": 0, "failed": 0, "cancelled": 0, "skipped": 5 },
        ]})
    }

    #[test]
    fn progress_is_a_line_for_each_service_with_a_bar_on_a_terminal() {
        let plain = progress(&batch("running", 2), false);
        assert_eq!(plain[0], "render  12/20, 3 open, 2 failed");
        assert_eq!(plain[1], "a       5/20, 0 open, 0 failed, 5 left out");
        assert_eq!(plain[2], "the batch is running");
        let moving = progress(&batch("running", 2), true);
        assert_eq!(moving[0], "render  [##################............] 12/20, 3 open, 2 failed");
    }

    #[test]
    fn a_bar_is_full_at_the_end_and_of_nothing() {
        let full = |ended, total| bar(ended, total).matches('#').count();
        assert_eq!([full(0, 20), full(10, 20), full(20, 20), full(21, 20), full(0, 0)], [0, 15, 30, 30, 30]);
    }

    #[test]
    fn what_was_not_answered_or_was_aborted_is_a_negative_end() {
        let codes = [("completed", 0, Exit::Yes), ("completed", 1, Exit::Negative), ("aborted", 0, Exit::Negative)];
        for (state, failed, exit) in codes {
            assert_eq!(exit_of(&batch(state, failed)), exit);
        }
    }
}
