//! What `list` and `show` have in common.

use serde_json::Value;

use crate::cli::Common;
use crate::client::segment;
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

/// Which page of a list.
#[derive(clap::Args)]
pub struct Page {
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on where a page ended.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

/// When the rows of a list were recorded.
#[derive(clap::Args)]
pub struct Times {
    /// Only what was recorded then or later: an instant, a date, or how long ago (`24h`).
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only what was recorded before then.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

impl Page {
    /// Prints this page of a list.
    ///
    /// # Errors
    /// What the API objects to.
    pub async fn print(&self, common: &Common, noun: &str, columns: &[Column]) -> Done {
        self.narrowed(common, noun, &[], columns).await
    }

    /// Prints this page of a list that is narrowed by filters, each a parameter's name and what it must be.
    ///
    /// # Errors
    /// What the API objects to.
    pub async fn narrowed(
        &self,
        common: &Common,
        noun: &str,
        filters: &[(&str, Option<&str>)],
        columns: &[Column],
    ) -> Done {
        let mut path = format!("/api/v1/{noun}?limit={}", self.limit);
        for (name, value) in filters {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", segment(value)));
            }
        }
        if let Some(cursor) = &self.cursor {
            path.push_str(&format!("&cursor={}", segment(cursor)));
        }
        let page = common.client()?.get(&path).await?.body;
        if common.form() == Form::Json {
            output::json(&page);
            return Ok(Exit::Yes);
        }
        match page["data"].as_array().map(Vec::as_slice) {
            None | Some([]) => output::remark(format_args!("no {noun}")),
            Some(rows) => output::table(columns, rows),
        }
        if let Some(at) = page["looked_back_to"].as_str() {
            output::remark(format_args!("looked back to {at}; there may be more before"));
        }
        if let Some(cursor) = page["next_cursor"].as_str() {
            output::remark(format_args!("more: --cursor {cursor}"));
        }
        Ok(Exit::Yes)
    }
}

/// Prints one thing.
///
/// # Errors
/// What the API objects to.
pub async fn show(common: &Common, noun: &str, id: &str) -> Done {
    let reply = common.client()?.get(&format!("/api/v1/{noun}/{}", segment(id))).await?;
    print(common, &reply.body);
    Ok(Exit::Yes)
}

/// Prints one thing that is there already.
pub fn print(common: &Common, value: &Value) {
    match common.form() {
        Form::Json => output::json(value),
        Form::Human => output::object(value),
    }
}
