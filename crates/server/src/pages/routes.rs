//! The one table of pages: every path and method, what it needs, and who answers. Router, guards and the test of who
//! may do what are made from it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use domain::rights;
use http::{HeaderMap, Method, header};

use super::answer::problem_page;
use super::visitor::Visitor;
use super::{
    account, accounts, artifact, assets, audit, batches, chrome, event, events, licenses, live, login, overview,
    quarantine, results, rules, runs, search, services, settings, sources, subject, subjects,
};
use crate::people::session::{check_origin, is_safe};
use crate::problem::{self, Problem};
use crate::receive::read_body;
use crate::server::Server;

/// A form is at most so large.
const FORM_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The field of every form that proves it is ours.
pub const FORM_KEY: &str = "form_key";

/// What a page needs of who asks for it. Where it is about things of one collection, its handler asks again, for that
/// one: [`Visitor::may`] and [`Visitor::sight`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: signing in, and what pages load.
    Nothing,
    /// A session, whoever's: one's own profile.
    SignIn,
    /// To read what belongs to a collection. The handler shows what the visitor sees, and nothing else.
    Read,
    /// To read everything: whoever is not a member of single collections alone.
    Oversee,
    /// To submit subjects, events and artifacts.
    Submit,
    /// To have services asked again about a subject; the handler holds its collection against the visitor.
    Ask,
    /// To decide about a subject; likewise.
    ChangeSubject,
    /// To say who is a member of a collection; likewise.
    ManageMembers,
    /// An administrator's session.
    Administer,
}

impl Needs {
    /// The same in the one table of who may do what.
    pub const fn right(self) -> Option<rights::Needs> {
        match self {
            Self::Nothing => None,
            Self::SignIn => Some(rights::Needs::SignIn),
            Self::Read => Some(rights::Needs::Read),
            Self::Oversee => Some(rights::Needs::Oversee),
            Self::Submit => Some(rights::Needs::Submit),
            Self::Ask => Some(rights::Needs::Ask),
            Self::ChangeSubject => Some(rights::Needs::ChangeSubject),
            Self::ManageMembers => Some(rights::Needs::ManageMembers),
            Self::Administer => Some(rights::Needs::Administer),
        }
    }
}

/// One page, or one change that a page's form makes.
pub struct PageRoute {
    /// `GET` or `POST`.
    pub method: Method,
    pub path: &'static str,
    pub needs: Needs,
    handler: MethodRouter<Server>,
}

fn shows(path: &'static str, needs: Needs, handler: MethodRouter<Server>) -> PageRoute {
    PageRoute { method: Method::GET, path, needs, handler }
}

fn changes(path: &'static str, needs: Needs, handler: MethodRouter<Server>) -> PageRoute {
    PageRoute { method: Method::POST, path, needs, handler }
}

/// Every page.
#[rustfmt::skip]
pub fn routes() -> Vec<PageRoute> {
    use Needs::{Administer, Ask, ChangeSubject, Nothing, Oversee, Read, SignIn};
    vec![
        shows("/assets/{name}", Nothing, get(assets::show)),
        shows("/login", Nothing, get(login::ask)),
        changes("/login", Nothing, post(login::begin)),
        changes("/login/code", Nothing, post(login::second)),
        changes("/login/password", Nothing, post(login::chosen)),
        changes("/logout", SignIn, post(login::end)),
        shows("/live", SignIn, get(live::stream)),

        shows("/", Read, get(overview::show)),
        shows("/events", Read, get(events::list)),
        shows("/events/{id}", Read, get(event::show)),
        shows("/events/{id}/body", Oversee, get(event::body)),
        changes("/events/{id}/replay", ChangeSubject, post(event::replay)),
        shows("/runs", Read, get(runs::list)),
        shows("/runs/{id}", Read, get(runs::show)),
        changes("/runs/{id}/again", Ask, post(runs::again)),
        changes("/runs/again", Administer, post(runs::all_again)),
        shows("/results", Read, get(results::list)),
        shows("/results/{id}", Read, get(results::show)),
        shows("/search", Read, get(search::show)),

        shows("/subjects", Read, get(subjects::list)),
        shows("/subjects/{kind}/{collection}/{id}", Read, get(subject::show)),
        changes("/subjects/{kind}/{collection}/{id}/clearance", ChangeSubject, post(subject::clear)),
        changes("/subjects/{kind}/{collection}/{id}/holds/{hold}/release", ChangeSubject, post(subject::release)),
        shows("/artifacts/{id}", Read, get(artifact::show)),
        shows("/artifacts/{id}/picture", Read, get(artifact::picture)),
        shows("/artifacts/{id}/large", Read, get(artifact::large)),
        shows("/artifacts/{id}/recording", Read, get(artifact::recording)),
        shows("/artifacts/{id}/original", Read, get(artifact::original)),

        shows("/sources", Oversee, get(sources::list)),
        changes("/sources", Administer, post(sources::create)),
        shows("/sources/new", Administer, get(sources::new)),
        shows("/sources/{id}", Oversee, get(sources::one)),
        changes("/sources/{id}/secrets", Administer, post(sources::rotate)),
        changes("/sources/{id}/retire", Administer, post(sources::retire)),
        changes("/sources/{id}/switch", Administer, post(sources::switch)),
        changes("/sources/{id}/test", Administer, post(sources::test)),
        shows("/quarantine", Oversee, get(quarantine::list)),
        changes("/quarantine/retry", Administer, post(quarantine::retry_all)),
        shows("/quarantine/{id}", Oversee, get(quarantine::one)),
        changes("/quarantine/{id}/retry", Administer, post(quarantine::retry)),

        shows("/licenses", Oversee, get(licenses::show)),
        changes("/licenses/preview", Oversee, post(licenses::preview)),
        shows("/account", SignIn, get(account::show)),
        changes("/account/password", SignIn, post(account::set_password)),
        changes("/account/two-factor", SignIn, post(account::enrol)),
        changes("/account/two-factor/confirm", SignIn, post(account::confirm)),
        changes("/account/two-factor/off", SignIn, post(account::turn_off)),
        changes("/account/recovery", SignIn, post(account::renew_recovery)),
        changes("/account/sessions/others/end", SignIn, post(account::end_others)),
        changes("/account/sessions/{id}/end", SignIn, post(account::end_session)),
        changes("/account/keys", SignIn, post(account::add_key)),
        changes("/account/keys/{key}/revoke", SignIn, post(account::revoke_key)),

        shows("/accounts", Administer, get(accounts::list)),
        changes("/accounts", Administer, post(accounts::create)),
        shows("/accounts/new", Administer, get(accounts::new)),
        shows("/accounts/{id}", Administer, get(accounts::one)),
        changes("/accounts/{id}/role", Administer, post(accounts::set_role)),
        changes("/accounts/{id}/grants", Administer, post(accounts::grant)),
        changes("/accounts/{id}/link", Administer, post(accounts::make_link)),
        changes("/accounts/{id}/two-factor/off", Administer, post(accounts::turn_off_second)),
        changes("/accounts/{id}/tokens", Administer, post(accounts::add_token)),
        changes("/accounts/{id}/access-keys", Administer, post(accounts::add_access_key)),
        changes("/accounts/{id}/keys/{key}/revoke", Administer, post(accounts::revoke_key)),
        changes("/accounts/{id}/off", Administer, post(accounts::switch_off)),
        changes("/accounts/{id}/on", Administer, post(accounts::switch_on)),

        shows("/audit", Administer, get(audit::show)),
        shows("/settings", Administer, get(settings::show)),

        shows("/admin/services", Oversee, get(services::list)),
        shows("/admin/services/new/{profile}", Administer, get(services::new)),
        changes("/admin/services/new/{profile}", Administer, post(services::make)),
        shows("/admin/services/{id}", Oversee, get(services::one)),
        shows("/admin/services/{id}/edit", Administer, get(services::edit)),
        changes("/admin/services/{id}/edit", Administer, post(services::amend)),
        changes("/admin/services/{id}/test", Administer, post(services::test)),
        changes("/admin/services/{id}/pause", Administer, post(services::stop)),
        changes("/admin/services/{id}/resume", Administer, post(services::go_on)),
        changes("/admin/services/{id}/switch", Administer, post(services::switch)),
        changes("/admin/services/{id}/credentials", Administer, post(services::credentials)),
        changes("/admin/services/{id}/restore", Administer, post(services::restore)),
        changes("/admin/services/{id}/remove", Administer, post(services::remove)),

        shows("/rules", Oversee, get(rules::list)),
        shows("/rules/new", Administer, get(rules::new)),
        changes("/rules/new", Administer, post(rules::make)),
        shows("/rules/{id}", Oversee, get(rules::one)),
        changes("/rules/{id}", Administer, post(rules::amend)),
        changes("/rules/{id}/off", Administer, post(rules::switch_off)),

        shows("/batches", Read, get(batches::list)),
        shows("/batches/new", ChangeSubject, get(batches::new)),
        changes("/batches/new", ChangeSubject, post(batches::make)),
        shows("/batches/{id}", Read, get(batches::one)),
        changes("/batches/{id}/pause", ChangeSubject, post(batches::pause)),
        changes("/batches/{id}/resume", ChangeSubject, post(batches::resume)),
        changes("/batches/{id}/abort", ChangeSubject, post(batches::abort)),
    ]
}

/// The router of all pages, each behind what it needs.
pub fn router(server: &Server) -> Router<Server> {
    routes().into_iter().fold(Router::new(), |router, route| {
        let guard = from_fn_with_state((server.clone(), route.needs), check);
        router.route(route.path, route.handler.route_layer(guard))
    })
}

/// Lets a request through that has what the page needs. Problems become pages here.
async fn check(State((server, needs)): State<(Server, Needs)>, request: Request, next: Next) -> Response {
    let reads_pages = reads_pages(request.headers());
    let visitor = match Visitor::of(&server, request.headers()).await {
        Ok(visitor) => visitor,
        Err(problem) => return problem.into_response(),
    };
    let shown = match allowed(needs, visitor.as_ref(), request).await {
        Ok(Allowed::SignIn) => return login::welcome(),
        Ok(Allowed::Through(mut request)) => {
            if let Some(visitor) = &visitor {
                request.extensions_mut().insert(visitor.clone());
            }
            next.run(*request).await
        }
        Err(problem) => problem.into_response(),
    };
    let mut response = if reads_pages || visitor.is_some() { problem_page(shown, visitor.as_ref()) } else { shown };
    if visitor.is_some_and(|visitor| visitor.notice.is_some()) && is_page(&response) {
        response.headers_mut().append(header::SET_COOKIE, chrome::seen());
    }
    response
}

enum Allowed {
    Through(Box<Request>),
    SignIn,
}

async fn allowed(needs: Needs, visitor: Option<&Visitor>, request: Request) -> Result<Allowed, Problem> {
    let changes = !is_safe(request.method());
    if changes {
        check_origin(request.headers())?;
    }
    let Some(right) = needs.right() else { return Ok(Allowed::Through(Box::new(request))) };
    let Some(visitor) = visitor else {
        return match changes {
            true => Err(Problem::new(&problem::SIGNED_OUT, "the session is over; sign in and try again")),
            false => Ok(Allowed::SignIn),
        };
    };
    if !rights::may_somewhere(visitor.account(), right) {
        let whom = if needs == Needs::Administer { "an administrator" } else { "more rights" };
        let detail = format!("{:?} has the role {}; this needs {whom}", visitor.name, visitor.role);
        return Err(Problem::new(&problem::FORBIDDEN, detail));
    }
    let ours = if changes { with_form_key(request, visitor).await? } else { request };
    Ok(Allowed::Through(Box::new(ours)))
}

/// A change counts only with the session's form key in its form.
async fn with_form_key(request: Request, visitor: &Visitor) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let body = read_body(body, FORM_BYTES_MAX).await?;
    let pairs = body.split(|byte| *byte == b'&').filter_map(|pair| pair.strip_prefix(FORM_KEY.as_bytes()));
    let given = pairs.filter_map(|pair| pair.strip_prefix(b"=")).next().unwrap_or_default();
    if !verify::compare::equal(given, visitor.form_key.as_bytes()) {
        let detail = "the form is not one of this session's pages; open the page again and repeat the change";
        return Err(Problem::new(&problem::ORIGIN_NOT_ALLOWED, detail));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Whether it is a browser that shows pages to a person who asks.
fn reads_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}
