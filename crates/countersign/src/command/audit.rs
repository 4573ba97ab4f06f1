//! `audit`: who changed what, and whether that is still what was written.

use std::path::{Path, PathBuf};

use serde_json::Value;
use server::api::audit::{read_root, shown, shown_root};
use store::chain;
use store_sqlite::Still;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{Page, Times};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, Form};

/// What can be asked about the audit.
#[derive(clap::Subcommand)]
pub enum Audit {
    /// List its entries, the newest first.
    List(List),
    /// Look at all of it: exit 1 if an entry was removed, changed or moved, and which.
    Verify(Verify),
    /// Print its root, which stands for all entries until now: kept elsewhere, it shows whether any was cut off.
    Root {
        #[command(flatten)]
        of: Of,
    },
}

/// Which entries.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Page,
    /// By this account.
    #[arg(long, value_name = "ACCOUNT")]
    who: Option<String>,
    /// With this word in it.
    #[arg(long, value_name = "WORD")]
    word: Option<String>,
    #[command(flatten)]
    times: Times,
}

/// Whose audit.
#[derive(clap::Args)]
pub struct Of {
    /// Of the store in this file, instead of asking the server.
    #[arg(long, value_name = "STORE.DB")]
    file: Option<PathBuf>,
}

/// What the audit is held against.
#[derive(clap::Args)]
pub struct Verify {
    /// A root that was printed earlier and kept elsewhere.
    #[arg(long, value_name = "HEX")]
    root: Option<String>,
    #[command(flatten)]
    of: Of,
}

const COLUMNS: &[Column] = &[Column("NTH", "nth"), Column("AT", "at"), Column("WHO", "who"), Column("WHAT", "what")];

impl Audit {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Audit::List(list) => {
                let filters = [
                    ("who", list.who.as_deref()),
                    ("q", list.word.as_deref()),
                    ("from", list.times.from.as_deref()),
                    ("until", list.times.until.as_deref()),
                ];
                list.page.narrowed(common, "audit", &filters, COLUMNS).await
            }
            Audit::Verify(verify) => verify.run(common).await,
            Audit::Root { of } => root(common, &of).await,
        }
    }
}

impl Verify {
    async fn run(&self, common: &Common) -> Done {
        let kept = self.root.as_deref().map(read_root).transpose();
        let kept = kept.map_err(|why| Failure::usage(format!("--root: {why}")))?;
        let found = match &self.of.file {
            Some(file) => shown(&read(file, |rows| chain::look(rows, kept))?),
            None => {
                let root = self.root.as_deref().map(|root| format!("?root={}", segment(root))).unwrap_or_default();
                common.client()?.get(&format!("/api/v1/audit/check{root}")).await?.body
            }
        };
        match common.form() {
            Form::Json => output::json(&found),
            Form::Human => print(&found),
        }
        Ok(if found["sound"] == true { Exit::Yes } else { Exit::Negative })
    }
}

fn print(found: &Value) {
    output::sentence(&found["text"]);
    for fault in found["faults"].as_array().into_iter().flatten() {
        output::sentence(&fault["text"]);
    }
}

async fn root(common: &Common, of: &Of) -> Done {
    let root = match &of.file {
        Some(file) => shown_root(read(file, chain::root)?),
        None => common.client()?.get("/api/v1/audit/root").await?.body,
    };
    match (common.form(), &root["root"]) {
        (Form::Json, _) => output::json(&root),
        (Form::Human, Value::Null) => output::remark("the audit has no entry yet"),
        (Form::Human, text) => output::sentence(text),
    }
    Ok(Exit::Yes)
}

fn read<T>(
    file: &Path,
    ask: impl FnOnce(&mut dyn store::table::Rows) -> Result<T, store::StoreError>,
) -> Result<T, Failure> {
    let named = |why: &dyn std::fmt::Display| Failure::new(Exit::Config, format!("{}: {why}", file.display()));
    Still::open(file).map_err(|why| named(&why))?.read(ask).map_err(|why| named(&why))
}
