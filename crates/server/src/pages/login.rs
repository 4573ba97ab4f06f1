//! Getting in: a name and a password, then a code where one is asked for; or a one-time link.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::person::PASSWORD_CHARS_MIN;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::answer::page;
use super::form::Typed;
use super::parts::{Control, Field};
use super::visitor::Visitor;
use crate::api::Params;
use crate::people::link::Leave;
use crate::people::profile;
use crate::people::session::{Browser, no_cookie};
use crate::people::sign_in::{self, Next, NotIn};
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::text::instant;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    name: Field,
    password: Field,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct Code<'a> {
    ticket: &'a str,
    code: Field,
}

#[derive(Template)]
#[template(path = "link.html")]
struct Link<'a> {
    ticket: &'a str,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct Choose<'a> {
    ticket: &'a str,
    name: &'a str,
    is_first: bool,
    password: Field,
    again: Field,
}

/// How to get in, for whoever has no session.
pub fn welcome() -> Response {
    login(StatusCode::OK, "", None)
}

fn login(status: StatusCode, name: &str, wrong: Option<String>) -> Response {
    let secret = Field::line("password", "Password").control(Control::Secret).required();
    page(
        status,
        &Login {
            name: Field::line("name", "Name").value(name).autocomplete("username").required(),
            password: secret.autocomplete("current-password"),
            wrong,
        },
    )
}

fn code(status: StatusCode, ticket: &str, wrong: Option<String>) -> Response {
    let hint = "Six digits, from your authenticator; or one of your recovery codes.";
    let field = Field::line("code", "Code").hint(hint).autocomplete("one-time-code").required().wrong(wrong);
    page(status, &Code { ticket, code: field })
}

fn choose(server: &Shared, ticket: &str, status: StatusCode, wrong: (Option<String>, Option<String>)) -> Response {
    let Some(account) = sign_in::holder(server, ticket, Leave::ChoosePassword) else { return over() };
    let is_first = account.sign_in.password.is_none();
    let (password, again) = new_password(wrong);
    page(status, &Choose { ticket, name: &account.name, is_first, password, again })
}

/// The two fields of a new password, each with what is wrong with it.
pub fn new_password((first, second): (Option<String>, Option<String>)) -> (Field, Field) {
    const HINT: &str = "At least 12 characters; several unrelated words are good.";
    const _: () = assert!(PASSWORD_CHARS_MIN == 12);
    let secret =
        |name, label| Field::line(name, label).control(Control::Secret).autocomplete("new-password").required();
    let password = secret("password", "New password").hint(HINT).wrong(first);
    (password, secret("again", "The same once more").wrong(second))
}

fn over() -> Response {
    let wrong = "The link was used, or is over ten minutes old. Ask an administrator for another one.";
    login(StatusCode::GONE, "", Some(wrong.to_owned()))
}

/// Signing in; with a one-time link: choosing a password, or a button, since opening a link must not use it up. Mail
/// programs and previews open links too.
pub async fn ask(State(server): State<Server>, params: Params) -> Response {
    let Some(ticket) = params.one("ticket") else { return welcome() };
    if sign_in::holder(&server, ticket, Leave::BeginSession).is_some() {
        return page(StatusCode::OK, &Link { ticket });
    }
    choose(&server, ticket, StatusCode::OK, (None, None))
}

/// A name and a password, or the ticket of a link that begins a session as it is.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Proof {
    name: String,
    password: String,
    ticket: Option<String>,
}

pub async fn begin(State(server): State<Server>, browser: Browser, Typed(proof): Typed<Proof>) -> Answer {
    if let Some(ticket) = &proof.ticket {
        return match sign_in::with_link(&server, ticket, &browser).await {
            Ok(next) => Ok(go_on(next)),
            Err(NotIn::Failed(problem)) => Err(problem),
            Err(_) => Ok(over()),
        };
    }
    let name = proof.name.trim();
    match sign_in::with_password(&server, name, &proof.password, &browser).await {
        Ok(next) => Ok(go_on(next)),
        Err(why) => {
            let (status, text) = told(why, "The name or the password is not right.")?;
            Ok(with_pause(&status, login(status.code, name, Some(text))))
        }
    }
}

type Answer = Result<Response, Problem>;

/// The second step.
#[derive(Deserialize)]
pub struct Second {
    ticket: String,
    code: String,
}

pub async fn second(State(server): State<Server>, browser: Browser, Typed(typed): Typed<Second>) -> Answer {
    match sign_in::with_code(&server, &typed.ticket, &typed.code, &browser).await {
        Ok(next) => Ok(go_on(next)),
        Err(NotIn::Over) => {
            Ok(login(StatusCode::GONE, "", Some("That took too long. Sign in again from the beginning.".to_owned())))
        }
        Err(why) => {
            let wrong = "The code is not right, or was used before. Codes change every 30 seconds.";
            let (status, text) = told(why, wrong)?;
            Ok(with_pause(&status, code(status.code, &typed.ticket, Some(text))))
        }
    }
}

/// A new password, chosen with a link.
#[derive(Deserialize)]
pub struct Chosen {
    ticket: String,
    password: String,
    again: String,
}

pub async fn chosen(State(server): State<Server>, browser: Browser, Typed(typed): Typed<Chosen>) -> Answer {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    if typed.password != typed.again {
        let wrong = Some("The two are not the same.".to_owned());
        return Ok(choose(&server, &typed.ticket, unprocessable, (None, wrong)));
    }
    match sign_in::with_new_password(&server, &typed.ticket, &typed.password, &browser).await {
        Ok(next) => Ok(go_on(next)),
        Err(NotIn::Weak(why)) => Ok(choose(&server, &typed.ticket, unprocessable, (Some(sentence(&why)), None))),
        Err(NotIn::Failed(problem)) => Err(problem),
        Err(_) => Ok(over()),
    }
}

/// Signs out.
pub async fn end(State(server): State<Server>, visitor: Visitor) -> Answer {
    match profile::end_session(&server, &visitor.signed, visitor.signed.session.key).await {
        Err(why) if *why.kind != problem::NOT_FOUND => return Err(why),
        // Ended elsewhere meanwhile: the cookie goes all the same.
        Ok(()) | Err(_) => {}
    }
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, no_cookie())]).into_response())
}

fn go_on(next: Next) -> Response {
    match next {
        Next::In(cookie) => {
            let headers = [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Next::Code(ticket) => code(StatusCode::OK, &ticket, None),
    }
}

/// The status of a refusal, and for how long nothing more is tried.
pub struct Refusal {
    pub code: StatusCode,
    wait_s: Option<i64>,
}

/// What is told of why somebody is not let in.
///
/// # Errors
/// When it failed on this side.
pub fn told(why: NotIn, wrong: &str) -> Result<(Refusal, String), Problem> {
    let plain = |code, text: String| Ok((Refusal { code, wait_s: None }, text));
    match why {
        NotIn::Wrong => plain(StatusCode::UNPROCESSABLE_ENTITY, wrong.to_owned()),
        NotIn::Over => plain(StatusCode::GONE, "That took too long. Begin again.".to_owned()),
        NotIn::Weak(why) => plain(StatusCode::UNPROCESSABLE_ENTITY, sentence(&why)),
        NotIn::Shut { until, now } => {
            let text = format!("Too many tries were wrong. Try again after {}.", instant(until));
            let wait_s = Some((until.seconds() - now.seconds()).max(1));
            Ok((Refusal { code: StatusCode::TOO_MANY_REQUESTS, wait_s }, text))
        }
        NotIn::Failed(problem) => Err(problem),
    }
}

/// The answer, saying when to try again where there were too many tries.
pub fn with_pause(refusal: &Refusal, mut response: Response) -> Response {
    if let Some(wait_s) = refusal.wait_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    }
    response
}

/// A reason as a sentence.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
