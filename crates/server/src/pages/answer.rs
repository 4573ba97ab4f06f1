//! What every page is answered with.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::chrome::Chrome;
use super::visitor::Visitor;
use crate::problem::{self, Problem};

/// Our own stylesheet, scripts, typeface, pictures and forms, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, with the headers that keep it to itself.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            return Problem::new(&problem::INTERNAL, "the page could not be written").into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: with that, browsers send the origin `null` along with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    chrome: Chrome,
    problem: Problem,
}

/// The same for whoever has no session, or none any more.
#[derive(Template)]
#[template(path = "problem-outside.html")]
struct ProblemOutside {
    problem: Problem,
}

/// A problem as a page; everything else as it is.
pub fn problem_page(response: Response, visitor: Option<&Visitor>) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let status = response.status();
    let mut told = match visitor {
        Some(visitor) => page(status, &ProblemPage { chrome: Chrome::new(visitor, "", problem.kind.title), problem }),
        None => page(status, &ProblemOutside { problem }),
    };
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        told.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    told
}
