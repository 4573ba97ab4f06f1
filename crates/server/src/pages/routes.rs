//! The one table of pages: every path and method, what it needs, and who answers. Router, guards and the test of who
//! may do what are made from it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use http::{HeaderMap, Method, header};

use super::answer::problem_page;
use super::visitor::Visitor;
use super::{assets, audit, chrome, event, licenses, live, login, overview, settings};
use crate::problem::{self, Problem};
use crate::receive::read_body;
use crate::server::Server;

/// A form is at most so large.
const FORM_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The field of every form that proves it is ours.
pub const FORM_KEY: &str = "form_key";

/// What a page needs of who asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: signing in, and what pages load.
    Nothing,
    /// A session.
    Session,
    /// An administrator's session.
    Administer,
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
    use Needs::{Administer, Nothing, Session};
    vec![
        shows("/assets/{name}", Nothing, get(assets::show)),
        shows("/login", Nothing, get(login::ask)),
        changes("/login", Nothing, post(login::begin)),
        changes("/logout", Session, post(login::end)),
        shows("/live", Session, get(live::stream)),

        shows("/", Session, get(overview::show)),
        shows("/events/{id}", Session, get(event::show)),

        shows("/licenses", Session, get(licenses::show)),
        changes("/licenses/preview", Session, post(licenses::preview)),
        shows("/audit", Administer, get(audit::show)),
        shows("/settings", Administer, get(settings::show)),
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
    let visitor = Visitor::of(&server, request.headers());
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
    let mut response = problem_page(shown, visitor.as_ref());
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
    let changes = request.method() != Method::GET && request.method() != Method::HEAD;
    if changes {
        check_origin(request.headers())?;
    }
    let Some(visitor) = visitor else {
        return match needs {
            Needs::Nothing => Ok(Allowed::Through(Box::new(request))),
            _ if changes => Err(Problem::new(&problem::SIGNED_OUT, "the session is over; sign in and try again")),
            _ => Ok(Allowed::SignIn),
        };
    };
    if needs == Needs::Administer && !visitor.administers() {
        let detail = format!("{:?} has the role {}; this needs an administrator", visitor.name, visitor.role);
        return Err(Problem::new(&problem::FORBIDDEN, detail));
    }
    let ours = if changes && needs != Needs::Nothing { with_form_key(request, visitor).await? } else { request };
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

/// A form counts only when it was sent from a page of this host.
fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // Browsers send the origin with every form; what sends none holds no cookies of ours either.
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    let host = text(header::HOST).unwrap_or_default();
    if origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    let shown: String = origin.chars().take(80).collect();
    Err(Problem::new(&problem::ORIGIN_NOT_ALLOWED, format!("the form was sent from {shown:?}")))
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}
