//! Every administrative change and decision, newest first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::{AuditKey, Key};
use http::StatusCode;
use store::row::RowsExt;
use store::tables::Audit;

use super::answer::page;
use super::chrome::Chrome;
use super::parts::{Moment, Paging};
use super::visitor::Visitor;
use crate::api::{Params, View};
use crate::problem::{self, Problem};
use crate::server::Server;

const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    chrome: Chrome,
    rows: Vec<Line>,
    paging: Paging,
}

struct Line {
    who: String,
    what: String,
    at: Moment,
}

pub async fn show(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let view = View::of(&server);
    let before = match params.one("before") {
        None => None,
        Some(id) => {
            let key = view.salt.parse::<AuditKey>(id);
            Some(key.map_err(|why| Problem::new(&problem::INVALID, format!("before: {why}")))?)
        }
    };
    let below = before.map(Key::number);
    let mut found: Vec<Audit> = server.parts.store.read(move |rows| rows.page(below, ROWS + 1)).await?;
    let more = found.split_off(found.len().min(ROWS));
    let older = (!more.is_empty()).then(|| found.last().map(|last| format!("/audit?before={}", view.id(last.key))));
    let paging = Paging {
        shown: format!("{} entries, newest first", found.len()),
        newest: below.map(|_| "/audit".to_owned()),
        older: older.flatten(),
    };
    let rows = found.into_iter().map(|row| Line { who: row.who, what: row.what, at: Moment::new(row.at, view.now) });
    let chrome = Chrome::new(&visitor, "/audit", "Audit");
    Ok(page(StatusCode::OK, &AuditPage { chrome, rows: rows.collect(), paging }))
}
