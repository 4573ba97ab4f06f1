//! What stands around every page: the way to the other pages, who is here, and what was just done.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::response::{IntoResponse, Response};
use domain::rights::{self, Needs};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::visitor::Visitor;
use crate::text::{decoded, encoded};

/// The cookie that carries what was just done to the next page.
const NOTICE_COOKIE: &str = "countersign_notice";
const NOTICE_CHARS_MAX: usize = 300;

/// A page of the navigation.
pub struct Place {
    pub path: &'static str,
    pub name: &'static str,
    /// Whom it is shown to.
    pub needs: Needs,
}

/// What everybody sees, members as far as it belongs to their collections.
const fn place(path: &'static str, name: &'static str) -> Place {
    Place { path, name, needs: Needs::Read }
}

const fn whole(path: &'static str, name: &'static str) -> Place {
    Place { path, name, needs: Needs::Oversee }
}

const fn guarded(path: &'static str, name: &'static str) -> Place {
    Place { path, name, needs: Needs::Administer }
}

/// The navigation, in its groups.
pub const PLACES: [(&str, &[Place]); 3] = [
    (
        "What happens",
        &[
            place("/", "Overview"),
            place("/events", "Events"),
            place("/subjects", "Subjects"),
            place("/runs", "Runs"),
            place("/results", "Results"),
            place("/batches", "Batches"),
        ],
    ),
    (
        "Who takes part",
        &[
            whole("/sources", "Sources"),
            whole("/quarantine", "Quarantine"),
            whole("/admin/services", "Services"),
            whole("/rules", "Rules"),
        ],
    ),
    (
        "This gateway",
        &[
            whole("/licenses", "Licenses"),
            guarded("/accounts", "Accounts"),
            guarded("/audit", "Audit"),
            guarded("/settings", "Settings"),
        ],
    ),
];

/// What a page is framed by.
pub struct Chrome {
    /// The page's title.
    pub title: String,
    /// The path of the navigation's place that the page belongs to.
    pub here: &'static str,
    pub visitor: Visitor,
    /// What was just done, in a sentence.
    pub notice: Option<String>,
    /// What stands in the search.
    pub search: String,
}

#[derive(Template)]
#[template(source = r#"<input type="hidden" name="form_key" value="{{ key }}">"#, ext = "html")]
pub struct FormKey<'a> {
    key: &'a str,
}

impl HtmlSafe for FormKey<'_> {}

impl Chrome {
    /// The frame of a page that belongs to this place of the navigation.
    pub fn new(visitor: &Visitor, here: &'static str, title: impl Into<String>) -> Self {
        let notice = visitor.notice.clone();
        Self { title: title.into(), here, visitor: visitor.clone(), notice, search: String::new() }
    }

    /// The hidden field that every form of a page begins with.
    pub fn form_key(&self) -> FormKey<'_> {
        FormKey { key: &self.visitor.form_key }
    }

    pub fn groups(&self) -> Vec<(&'static str, Vec<&'static Place>)> {
        let shown = |place: &&'static Place| rights::may_somewhere(self.visitor.account(), place.needs);
        PLACES.iter().map(|(name, places)| (*name, places.iter().filter(shown).collect())).collect()
    }
}

/// The answer to a change: go and look at `path`, where the sentence is shown once.
pub fn done(path: &str, notice: &str) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response();
    let shown: String = notice.chars().take(NOTICE_CHARS_MAX).collect();
    let cookie = format!("{NOTICE_COOKIE}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict", encoded(&shown));
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What was just done, as the browser tells it.
pub fn notice(headers: &HeaderMap) -> Option<String> {
    let text = decoded(&cookie(headers, NOTICE_COOKIE)?)?;
    (!text.is_empty()).then(|| text.chars().take(NOTICE_CHARS_MAX).collect())
}

/// What makes the browser forget the notice that this page shows.
pub fn seen() -> HeaderValue {
    HeaderValue::from_static("countersign_notice=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
}

/// A cookie's value.
pub fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_goes_to_the_next_page_and_nowhere_else() {
        let answer = done("/rules", "The rule \"A; B\" was made.");
        let set = answer.headers()[header::SET_COOKIE].to_str().expect("text");
        let pair = set.split(';').next().expect("a pair");
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(pair).expect("a value"))]);
        assert_eq!(notice(&headers).as_deref(), Some("The rule \"A; B\" was made."));
        assert_eq!((answer.status(), notice(&HeaderMap::new())), (StatusCode::SEE_OTHER, None));
    }
}
