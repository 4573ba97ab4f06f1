//! Restrictions that people lift.

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::Value;
use store::command::{Answer, LiftRestriction};
use store::tables::Restriction;

use super::auth::Caller;
use super::extract::{Segments, Strict};
use super::lists::changed;
use super::subjects::{Because, checked};
use crate::problem::{self, Problem};
use crate::server::Server;

pub async fn lift(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(because): Strict<Because>,
) -> Result<Json<Value>, Problem> {
    let reason = checked(&because.reason)?.to_owned();
    let lift = LiftRestriction { restriction: server.parse(&id)?, by: caller.name.clone(), reason, now: server.now() };
    match server.parts.store.submit(lift).await? {
        Answer::NotFound => Err(Problem::new(&problem::NOT_FOUND, "there is no such restriction, or it was lifted")),
        _ => changed::<Restriction>(&server, &caller, &id).await,
    }
}
