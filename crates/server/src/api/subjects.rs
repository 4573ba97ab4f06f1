//! Subjects and what people decide about them: the verdict, a clearance.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::rights::Needs;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use store::command::Answer;
use store::judged;

use super::auth::Caller;
use super::extract::{Params, Segments, Strict};
use super::lists::subject_of;
use super::verdict;
use crate::problem::{self, Problem};
use crate::server::Server;

type Name = (String, String, String);

pub async fn show_verdict(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(name): Segments<Name>,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["wait"])?;
    let within = params.wait()?;
    let location = verdict::path(&name.0, &name.1, &name.2);
    let subject = subject_of(&server, &caller, Needs::Read, name).await?;
    let Some(within) = within else {
        return Ok(Json(verdict::now(&server, subject.key).await?.shown).into_response());
    };
    let seen = verdict::wait(&server, subject.key, within).await?;
    if seen.settled {
        return Ok(Json(seen.shown).into_response());
    }
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(seen.shown)).into_response())
}

/// Why a person decided so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Because {
    pub reason: String,
}

/// Why a person has dealt with a subject.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleared {
    pub reason: String,
    /// The revision of the subject that they looked at; without it, whatever it has come to.
    pub revision: Option<i64>,
}

pub async fn clear(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(name): Segments<Name>,
    Strict(cleared): Strict<Cleared>,
) -> Result<Json<Value>, Problem> {
    let reason = checked(&cleared.reason)?;
    let subject = subject_of(&server, &caller, Needs::ChangeSubject, name).await?;
    let (store, seen) = (&server.parts.store, cleared.revision);
    if let Answer::Moved = judged::clear(store, subject.key, seen, &caller.name, reason, server.now()).await? {
        return Err(Problem::new(&problem::CONFLICT, "the subject has another revision by now: look at it again"));
    }
    Ok(Json(verdict::now(&server, subject.key).await?.shown))
}

/// A reason as people state it, without the space around it.
pub fn checked(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 1_000 {
        return Err(Problem::invalid("reason: expected 1 to 1000 characters on why").about("reason"));
    }
    Ok(reason)
}
