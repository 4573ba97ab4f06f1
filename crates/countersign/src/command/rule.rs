//! `rule`: when this is found, do that.

use serde_json::{Value, json};

use crate::cli::Common;
use crate::client::Client;
use crate::command::page::{self, Page};
use crate::command::verdict::span;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be done about rules.
#[derive(clap::Subcommand)]
pub enum Rule {
    /// List rules.
    List(Page),
    /// Add one.
    Add {
        /// The exact name that the service reports.
        name: String,
        /// Only reports of this service count.
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
        /// What it does: `flag`, `hold=24h`, `hold=forever`, `release`, `block`, `restrict=submission`,
        /// `restrict=approval`, `notify`, `exec=NAME`, `none`.
        #[arg(long, value_parser = action)]
        action: Value,
        /// What its hold is on: `subject`, or the subject's whole `collection`.
        #[arg(long, value_name = "WHAT", value_parser = ["subject", "collection"], default_value = "subject")]
        scope: String,
        /// Of the collection, hold this track alone.
        #[arg(long)]
        track: Option<String>,
        /// Record it, switched off.
        #[arg(long)]
        inactive: bool,
    },
    /// List the stored results that one would have matched, before it is added. Nothing is written.
    Test {
        /// The exact name that the service reports.
        name: String,
        /// Only reports of this service count.
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
        /// What it would do, spelled as for `add`.
        #[arg(long, value_parser = action, default_value = "flag")]
        action: Value,
        /// How far back to look.
        #[arg(long, value_name = "TIME", value_parser = span, default_value = "30d")]
        since: String,
    },
    /// Remove one.
    Remove {
        /// Its id, `rul_...`, or its name.
        rule: String,
    },
}

const COLUMNS: &[Column] = &[
    Column("ID", "id"),
    Column("NAME", "name"),
    Column("SERVICE", "service"),
    Column("ACTION", "action"),
    Column("SCOPE", "scope"),
    Column("ACTIVE", "active"),
    Column("SEVERITY", "severity"),
];

const TESTED: &[Column] = &[
    Column("AT", "at"),
    Column("KIND", "subject.kind"),
    Column("COLLECTION", "subject.collection"),
    Column("SUBJECT", "subject.subject"),
    Column("SERVICE", "service"),
    Column("VERDICT NOW", "verdict"),
    Column("THE RULE", "text"),
    Column("RESULT", "result"),
];

impl Rule {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Rule::List(page) => page.print(common, "rules", COLUMNS).await,
            Rule::Add { name, service, action, scope, track, inactive } => {
                let mut body = json!({ "name": name, "action": action, "scope": scope, "active": !inactive });
                if let Some(track) = track {
                    body["track"] = track.into();
                }
                if let Some(service) = service {
                    body["service"] = service.into();
                }
                let reply = common.client()?.post("/api/v1/rules", &body).await?;
                page::print(common, &reply.body);
                Ok(Exit::Yes)
            }
            Rule::Test { name, service, action, since } => {
                let mut body = json!({ "name": name, "action": action, "since": since });
                if let Some(service) = service {
                    body["service"] = service.into();
                }
                let tested = common.client()?.post("/api/v1/rules/test", &body).await?.body;
                match common.form() {
                    Form::Json => output::json(&tested),
                    Form::Human => print_tested(&tested),
                }
                Ok(Exit::Yes)
            }
            Rule::Remove { rule } => {
                let client = common.client()?;
                let id = id_of(&client, &rule).await?;
                client.delete(&format!("/api/v1/rules/{id}")).await?;
                if common.form() == Form::Human {
                    output::line(format_args!("removed {rule}"));
                }
                Ok(Exit::Yes)
            }
        }
    }
}

fn print_tested(tested: &Value) {
    output::sentence(&tested["text"]);
    if let Some(rows) = tested["data"].as_array().filter(|rows| !rows.is_empty()) {
        output::line("");
        output::table(TESTED, rows);
    }
}

/// The id of the rule that a person names by its id or its name.
async fn id_of(client: &Client, named: &str) -> Result<String, Failure> {
    if named.starts_with("rul_") {
        return Ok(named.to_owned());
    }
    let all = client.get("/api/v1/rules").await?.body;
    let rows = all["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut fitting = rows.iter().filter(|row| row["name"] == named).filter_map(|row| row["id"].as_str());
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only.to_owned()),
        (Some(_), Some(_)) => {
            let what = format!("several rules are named {named:?}, for different services");
            Err(Failure::new(Exit::Conflict, what).mend("name the one by its id; `countersign rule list` shows it"))
        }
        (None, _) => {
            let what = format!("no rule is named {named:?}");
            Err(Failure::new(Exit::NotFound, what).mend("`countersign rule list` shows their names"))
        }
    }
}

/// An action as the command line spells it: a word, or a word and its value.
fn action(text: &str) -> Result<Value, String> {
    let expected = || format!("expected an action such as \"flag\", \"hold=24h\" or \"exec=build\", found {text:?}");
    let spelled = match text.split_once('=') {
        None => json!(text),
        Some((word, value)) => json!({ word: value }),
    };
    serde_json::from_value::<domain::rule::Action>(spelled.clone()).map_err(|_| expected())?;
    Ok(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_spelled_as_a_word_and_its_value() {
        assert_eq!(action("flag"), Ok(json!("flag")));
        assert_eq!(action("hold=24h"), Ok(json!({ "hold": "24h" })));
        assert_eq!(action("hold=forever"), Ok(json!({ "hold": "forever" })));
        assert_eq!(action("restrict=approval"), Ok(json!({ "restrict": "approval" })));
        assert_eq!(action("exec=build"), Ok(json!({ "exec": "build" })));
        for wrong in ["", "hold", "hold=long", "explode", "restrict=all", "flag=1"] {
            assert!(action(wrong).is_err(), "{wrong:?} was read");
        }
    }
}
