//! Getting in: a ticket or a token becomes a session.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::catalogue::Role;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::answer::page;
use super::chrome::cookie;
use crate::api::{Params, account_of};
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

/// The session's cookie.
pub const COOKIE: &str = "countersign_session";
/// As long as the session itself.
const MAX_AGE_S: u32 = 8 * 3600;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome;

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    ticket: &'a str,
}

/// How to get in, for whoever has no session.
pub fn welcome() -> Response {
    page(StatusCode::OK, &Welcome)
}

/// Shows a button: opening a link must not use it up, since mail programs and previews open links too.
pub async fn ask(params: Params) -> Response {
    match params.one("ticket") {
        Some(ticket) => page(StatusCode::OK, &Login { ticket }),
        None => welcome(),
    }
}

/// A ticket or a token.
#[derive(Deserialize)]
pub struct Proof {
    ticket: Option<String>,
    token: Option<String>,
}

pub async fn begin(
    State(server): State<Server>,
    proof: Result<Form<Proof>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Problem> {
    let Form(proof) = proof.map_err(|_| Problem::new(&problem::MALFORMED, "the form does not parse"))?;
    if !is_proven(&server, &proof).await {
        let detail = "the link was used, is over ten minutes old, or the token is none of a person's account";
        return Err(Problem::new(&problem::SIGNED_OUT, detail));
    }
    let token = server.token("ses_");
    server.sessions().begin(&token, server.now());
    let cookie = format!("{COOKIE}={token}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Strict");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)]).into_response())
}

async fn is_proven(server: &Shared, proof: &Proof) -> bool {
    if let Some(ticket) = &proof.ticket {
        return server.sessions().redeem(ticket, server.now());
    }
    let catalogue = server.parts.store.catalogue();
    let account = proof.token.as_deref().and_then(|token| account_of(&catalogue, token.trim()));
    let Some(account) = account.filter(|account| account.role != Role::Service) else { return false };
    server.logged_in(account.key).await;
    true
}

/// Signs out.
pub async fn end(State(server): State<Server>, headers: HeaderMap) -> Response {
    if let Some(token) = cookie(&headers, COOKIE) {
        server.sessions().end(&token);
    }
    let gone = format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    (StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, gone)]).into_response()
}
