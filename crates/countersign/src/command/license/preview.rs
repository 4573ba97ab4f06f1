//! `license preview`: before a license is put in the place of another, and before one ends.

use license::{Kind, Validator};
use serde_json::{Value, json};

use crate::cli::Common;
use crate::command::license::arguments::{How, TheLicense, shown, token};
use crate::command::license::check::of;
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

/// Which license, and what should run on it.
#[derive(clap::Args)]
pub struct Preview {
    #[command(flatten)]
    license: TheLicense,
    /// A plugin, such as `@countersign/scanner-av=@plugin.jwt`; any number of times.
    #[arg(long, value_name = "NAME=TOKEN", value_parser = named)]
    plugin: Vec<(String, String)>,
    /// A container, such as `taconsol/example=@container.jwt`; any number of times.
    #[arg(long, value_name = "IMAGE=TOKEN", value_parser = named)]
    container: Vec<(String, String)>,
    #[command(flatten)]
    how: How,
}

const COLUMNS: &[Column] = &[
    Column("KIND", "kind"),
    Column("NAME", "name"),
    Column("RUNS", "runs"),
    Column("STOPS", "stops"),
    Column("BECAUSE", "because"),
];

impl Preview {
    /// Prints a line for the license, for each plugin and for each container.
    pub fn run(&self, common: &Common) -> Done {
        let validator = self.how.validator(false)?;
        let license = self.license.read()?;
        let plugins = self.plugin.iter().map(|named| (Kind::Plugin, named));
        let containers = self.container.iter().map(|named| (Kind::Container, named));
        let mut rows = vec![self.of_license(&validator, &license)];
        for (kind, (name, given)) in plugins.chain(containers) {
            rows.push(self.of_companion(&validator, kind, name, &token(given)?, &license));
        }
        let all_run = rows.iter().all(|row| row["runs"] == true);
        match common.form() {
            Form::Json => output::json(&json!({ "at": shown(self.how.now()), "rows": rows })),
            Form::Human => {
                output::table(COLUMNS, &rows);
                output::line(summary(&rows));
            }
        }
        Ok(if all_run { Exit::Yes } else { Exit::Negative })
    }

    fn of_license(&self, validator: &Validator, license: &str) -> Value {
        match validator.verify(Kind::User, license, self.how.now()) {
            Ok(claims) => {
                let name = claims.audience.join(", ");
                row(Kind::User, &name, claims.expires.map(|at| (shown(at), "it ends then")))
            }
            Err(error) => refused(Kind::User, "-", &format!("{}: {error}", error.code())),
        }
    }

    fn of_companion(&self, validator: &Validator, kind: Kind, name: &str, token: &str, license: &str) -> Value {
        let now = self.how.now();
        let verdict = match kind {
            Kind::Container => validator.check_container(Some(name), token, license, now),
            Kind::User | Kind::Plugin => validator.check_plugin(Some(name), Some(token), license, now),
        };
        match verdict {
            Ok(activation) => {
                let ends = activation.ends().map(|(at, kind)| (shown(at), format!("the {} ends then", of(kind))));
                row(kind, name, ends)
            }
            Err(error) => refused(kind, name, &format!("{}: {error}", error.code())),
        }
    }
}

fn row(kind: Kind, name: &str, ends: Option<(String, impl Into<String>)>) -> Value {
    let (stops, because) = ends.map(|(stops, because)| (stops, because.into())).unzip();
    json!({ "kind": kind.name(), "name": name, "runs": true, "stops": stops, "because": because })
}

fn refused(kind: Kind, name: &str, why: &str) -> Value {
    json!({ "kind": kind.name(), "name": name, "runs": false, "stops": null, "because": why })
}

/// What would not run, or what stops first.
fn summary(rows: &[Value]) -> String {
    let stopped = rows.iter().filter(|row| row["runs"] == false).count();
    if stopped > 0 {
        return format!("{stopped} of {} would not run", rows.len());
    }
    match rows.iter().filter_map(|row| row["stops"].as_str()).min() {
        Some(first) => format!("all would run; the first stops at {first}"),
        None => "all would run, without an end".to_owned(),
    }
}

fn named(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, token)| !name.is_empty() && !token.is_empty());
    let (name, token) = parts.ok_or_else(|| format!("expected a name, `=`, and a token or @FILE, found {text:?}"))?;
    Ok((name.to_owned(), token.to_owned()))
}
