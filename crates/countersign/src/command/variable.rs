//! `variable`: values that workers are told.

use serde_json::json;

use crate::cli::Common;
use crate::client::segment;
use crate::command::page::{self, Page};
use crate::command::secret::SecretFrom;
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

/// What can be done about variables.
#[derive(clap::Subcommand)]
pub enum Variable {
    /// List variables; their values are never shown.
    List(Page),
    /// Add one.
    Add {
        /// The name that workers see.
        name: String,
        /// What names it in its operation, or among those for all; its name, unless told otherwise.
        #[arg(long)]
        slug: Option<String>,
        /// The slug of the operation about whose evidence workers are told it; without it: about every evidence.
        #[arg(long, value_name = "SLUG")]
        operation: Option<String>,
        #[command(flatten)]
        value: SecretFrom,
    },
    /// Give one another value.
    Set {
        /// Its id, `var_...`.
        variable: String,
        #[command(flatten)]
        value: SecretFrom,
    },
    /// Remove one and forget its value.
    Remove {
        /// Its id, `var_...`.
        variable: String,
    },
}

const COLUMNS: &[Column] =
    &[Column("ID", "id"), Column("OPERATION", "operation"), Column("SLUG", "slug"), Column("NAME", "name")];

impl Variable {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Variable::List(page) => return page.print(common, "variables", COLUMNS).await,
            Variable::Add { name, slug, operation, value } => {
                let slug = slug.unwrap_or_else(|| name.clone());
                let mut body = json!({ "name": name, "slug": slug, "value": value.required()?.as_str() });
                if let Some(operation) = operation {
                    body["operation"] = operation.into();
                }
                let reply = common.client()?.post("/api/v1/variables", &body).await?;
                page::print(common, &reply.body);
            }
            Variable::Set { variable, value } => {
                let body = json!({ "value": value.required()?.as_str() });
                let path = format!("/api/v1/variables/{}", segment(&variable));
                page::print(common, &common.client()?.patch(&path, &body).await?.body);
            }
            Variable::Remove { variable } => {
                common.client()?.delete(&format!("/api/v1/variables/{}", segment(&variable))).await?;
                if common.form() == Form::Human {
                    output::line(format_args!("removed {variable}"));
                }
            }
        }
        Ok(Exit::Yes)
    }
}
