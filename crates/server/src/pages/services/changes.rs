//! What an administrator does with services, each by the same function as the own API.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::catalogue::Service;
use domain::profile::ProfileKind;
use domain::profile::worker::Live;
use http::StatusCode;

use super::form::{self, ServiceForm};
use super::list::path;
use super::{one, words};
use crate::api::credentials::Secrets;
use crate::api::gate::{self, Turn};
use crate::api::services::{self, Issued, find, find_any};
use crate::api::{Segments, change::writable, probe};
use crate::pages::answer::page;
use crate::pages::chrome::{Chrome, done};
use crate::pages::filled::{Filled, Wrong, sentence};
use crate::pages::parts::Once;
use crate::pages::visitor::Visitor;
use crate::problem::Problem;
use crate::resources::ShownKey;
use crate::server::{Server, Shared};

#[derive(Template)]
#[template(path = "service-form.html")]
struct FormPage {
    chrome: Chrome,
    heading: String,
    lead: &'static str,
    action: String,
    back: String,
    button: &'static str,
    form: ServiceForm,
}

/// What is shown this once.
#[derive(Template)]
#[template(path = "service-secrets.html")]
struct SecretsPage {
    chrome: Chrome,
    heading: String,
    lead: &'static str,
    path: String,
    secrets: Vec<Once>,
}

/// The form of a new service.
pub async fn new(
    State(server): State<Server>,
    Segments(profile): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let kind = form::kind(&profile).ok_or_else(|| Problem::no_such("profile", &profile))?;
    Ok(new_page(&server, &visitor, kind, &form::blank(kind), &Wrong::default()))
}

fn new_page(server: &Shared, visitor: &Visitor, kind: ProfileKind, typed: &Filled, wrong: &Wrong) -> Response {
    let (heading, lead) = match kind {
        ProfileKind::Worker => (
            "New service worker",
            "A worker is told of every new evidence, and can do all that its access key can do: it has to be trusted.",
        ),
        ProfileKind::Scanner => (
            "New scanner",
            "A scanner is called for each event that is chosen here, and verdicts wait for what it finds.",
        ),
        ProfileKind::Standard => (
            "New standard service",
            "A service that takes standard webhooks: the event as it is, signed, answered at once or later.",
        ),
    };
    let form = FormPage {
        chrome: Chrome::new(visitor, "/admin/services", heading),
        heading: heading.to_owned(),
        lead,
        action: format!("/admin/services/new/{}", kind.word()),
        back: "/admin/services".to_owned(),
        button: "Create",
        form: form::form(kind, None, &server.parts.store.catalogue(), typed, wrong),
    };
    page(status(wrong), &form)
}

const fn status_of(is_wrong: bool) -> StatusCode {
    if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

fn status(wrong: &Wrong) -> StatusCode {
    status_of(*wrong != Wrong::default())
}

/// Makes a service, and shows its secrets this once.
pub async fn make(
    State(server): State<Server>,
    Segments(profile): Segments<String>,
    visitor: Visitor,
    typed: Filled,
) -> Result<Response, Problem> {
    let kind = form::kind(&profile).ok_or_else(|| Problem::no_such("profile", &profile))?;
    let spec = match form::new_spec(kind, &typed) {
        Ok(spec) => spec,
        Err(wrong) => return Ok(new_page(&server, &visitor, kind, &typed, &wrong)),
    };
    match services::register(&server, &visitor.name, &spec).await {
        Ok(issued) => {
            let heading = format!("{} was created", issued.service.name);
            Ok(secrets_page(&server, &visitor, heading, issued))
        }
        Err(problem) if problem.kind.status < 500 => {
            Ok(new_page(&server, &visitor, kind, &typed, &Wrong::of(&problem)))
        }
        Err(problem) => Err(problem),
    }
}

/// The form of a service that is there.
pub async fn edit(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let service = find(&server, &catalogue, &id)?;
    writable(service.owner, "service", &service.name)?;
    Ok(edit_page(&server, &visitor, service, &form::typed_of(service), &Wrong::default()))
}

fn edit_page(server: &Shared, visitor: &Visitor, service: &Service, typed: &Filled, wrong: &Wrong) -> Response {
    let path = path(server, service);
    let form = FormPage {
        chrome: Chrome::new(visitor, "/admin/services", format!("Change {}", service.name)),
        heading: format!("Change {}", service.name),
        lead: words::profile(service.profile),
        action: format!("{path}/edit"),
        back: path,
        button: "Save",
        form: form::form(service.profile, Some(service), &server.parts.store.catalogue(), typed, wrong),
    };
    page(status(wrong), &form)
}

/// Changes what was typed otherwise.
pub async fn amend(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    typed: Filled,
) -> Result<Response, Problem> {
    let catalogue = server.parts.store.catalogue();
    let before = find(&server, &catalogue, &id)?;
    let members = match form::changed(before, &typed) {
        Ok(members) => members,
        Err(wrong) => return Ok(edit_page(&server, &visitor, before, &typed, &wrong)),
    };
    let path = path(&server, before);
    if members.is_empty() {
        return Ok(done(&path, "Nothing was typed otherwise, so nothing was changed."));
    }
    match services::amend(&server, &visitor.name, &id, &members).await {
        Ok(issued) if issued.secrets.signing.is_some() => {
            let heading = format!("{} is signed for with a new key", issued.service.name);
            Ok(secrets_page(&server, &visitor, heading, issued))
        }
        Ok(issued) => Ok(done(&path, &format!("{} was changed.", issued.service.name))),
        Err(problem) if problem.kind.status < 500 => {
            Ok(edit_page(&server, &visitor, before, &typed, &Wrong::of(&problem)))
        }
        Err(problem) => Err(problem),
    }
}

/// Issues new credentials, and shows them this once.
pub async fn credentials(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let issued = services::renew(&server, &visitor.name, &id).await?;
    let heading = format!("New credentials of {}", issued.service.name);
    Ok(secrets_page(&server, &visitor, heading, issued))
}

/// Has a removed service called again, and shows its new secrets this once.
pub async fn restore(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let issued = services::bring_back(&server, &visitor.name, &id).await?;
    let heading = format!("{} is called again", issued.service.name);
    Ok(secrets_page(&server, &visitor, heading, issued))
}

fn secrets_page(server: &Shared, visitor: &Visitor, heading: String, issued: Issued) -> Response {
    let lead = match issued.service.profile {
        ProfileKind::Worker => "With these the worker signs its own requests, and checks ours.",
        ProfileKind::Scanner => "With these the scanner sends later results, and checks our calls.",
        ProfileKind::Standard => "With these the service answers later, and checks our calls.",
    };
    let shown = SecretsPage {
        chrome: Chrome::new(visitor, "/admin/services", &heading),
        heading,
        lead,
        path: path(server, &issued.service),
        secrets: shown(issued.secrets),
    };
    page(StatusCode::OK, &shown)
}

/// Each secret with what it is.
fn shown(secrets: Secrets) -> Vec<Once> {
    let once = |(name, value): (&'static str, String)| Once { id: name, label: label(name), value };
    let signing = secrets.signing.map(ShownKey::member);
    secrets.credentials.into_iter().chain(signing).map(once).collect()
}

fn label(name: &str) -> &'static str {
    match name {
        "access_key" => "Access key: names the account in its requests",
        "secret_key" => "Secret key: its requests are signed with it",
        "jwt_key" => "JWT key: the issuer of its tokens",
        "jwt_secret" => "JWT secret: its tokens are signed with it",
        "token" => "Token: sent as Authorization: Bearer",
        "public_key" => "Our public key: what we send is checked with it",
        _ => "Signing secret: what we send is checked with it",
    }
}

/// Sends a test message, and says what came of it.
pub async fn test(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Response, Problem> {
    let Live { live, message } = probe::ask(&server, &id).await?;
    let catalogue = server.parts.store.catalogue();
    let service = find_any(&server, &catalogue, &id)?;
    let how = if live { "is up" } else { "did not pass the test" };
    let notice = if message.is_empty() {
        format!("{} {how}.", service.name)
    } else {
        format!("{} {how}: {}", service.name, sentence(&message))
    };
    Ok(done(&path(&server, service), &notice))
}

/// Stops calling it.
pub async fn stop(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let service = services::stop(&server, &visitor.name, &id).await?;
    Ok(done(&path(&server, &service), &format!("{} is paused. Its deadlines stand still.", service.name)))
}

/// Calls it again.
pub async fn go_on(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let service = services::go_on(&server, &visitor.name, &id).await?;
    Ok(done(&path(&server, &service), &format!("{} is called again.", service.name)))
}

/// Says whether verdicts wait for its answers.
pub async fn switch(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    typed: Filled,
) -> Result<Response, Problem> {
    let turn = Turn { waits: typed.has("waits", "yes"), reason: typed.one("reason").to_owned() };
    match gate::set(&server, &visitor.name, Some(&id), &turn).await {
        Ok(()) => {}
        Err(problem) if problem.member == Some("reason") => {
            return one::answer(&server, &visitor, &id, &Wrong::of(&problem)).await;
        }
        Err(problem) => return Err(problem),
    }
    let catalogue = server.parts.store.catalogue();
    let service = find_any(&server, &catalogue, &id)?;
    let how = if turn.waits { "wait for its answers again" } else { "do not wait for its answers" };
    Ok(done(&path(&server, service), &format!("{}: verdicts {how}.", service.name)))
}

/// Removes it, once its name was typed.
pub async fn remove(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    visitor: Visitor,
    typed: Filled,
) -> Result<Response, Problem> {
    let name = find(&server, &server.parts.store.catalogue(), &id)?.name.clone();
    if typed.one("name") != name {
        let wrong = Wrong::with("name", format!("expected {name:?}, found {:?}", typed.one("name")));
        return one::answer(&server, &visitor, &id, &wrong).await;
    }
    services::remove(&server, &visitor.name, &id).await?;
    Ok(done("/admin/services", &format!("{name} was removed. What it said stays.")).into_response())
}
