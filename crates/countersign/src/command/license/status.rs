//! `license status`: how the gateway's services stand with its license.

use serde_json::Value;

use crate::cli::Common;
use crate::exit::{Done, Exit};
use crate::output::{self, Column, Form};

const COLUMNS: &[Column] = &[
    Column("SERVICE", "service"),
    Column("STATE", "state"),
    Column("UNTIL", "until"),
    Column("CODE", "code"),
    Column("WHY", "text"),
];

/// Asks the gateway.
///
/// # Errors
/// What the API objects to.
pub async fn run(common: &Common) -> Done {
    let status = common.client()?.get("/api/v1/license").await?.body;
    match common.form() {
        Form::Json => output::json(&status),
        Form::Human => print(&status),
    }
    let refused = |standing: &Value| standing["state"] == "refused";
    let services = rows(&status["services"]);
    Ok(if refused(&status["license"]) || services.iter().any(refused) { Exit::Negative } else { Exit::Yes })
}

fn print(status: &Value) {
    output::sentence(&status["text"]);
    for warning in rows(&status["warnings"]) {
        output::sentence(&warning["text"]);
    }
    let services = rows(&status["services"]);
    if !services.is_empty() {
        output::table(COLUMNS, services);
    }
}

fn rows(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}
