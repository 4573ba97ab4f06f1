//! Who looks at a page.

use axum::extract::FromRequestParts;
use domain::catalogue::Role;
use http::HeaderMap;
use http::request::Parts;

use super::chrome::{cookie, notice};
use super::login::COOKIE;
use crate::problem::{self, Problem};
use crate::server::Shared;

/// Whoever has an open session.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The account's name.
    pub name: String,
    pub role: Role,
    /// What every form of this session sends along, so that no other site can make one.
    pub form_key: String,
    /// What was just done, to be shown once.
    pub notice: Option<String>,
}

impl Visitor {
    /// Whoever the request's session belongs to.
    pub fn of(server: &Shared, headers: &HeaderMap) -> Option<Self> {
        let token = cookie(headers, COOKIE)?;
        let form_key = form_key(&token);
        server.sessions().is_open(&token, server.now()).then(|| Self {
            name: "administrator".to_owned(),
            role: Role::Administrator,
            form_key,
            notice: notice(headers),
        })
    }

    /// Whether they may change the gateway itself.
    pub fn administers(&self) -> bool {
        self.role == Role::Administrator
    }
}

/// A session's form key: what only a page of this session can know.
fn form_key(token: &str) -> String {
    let bytes = [b"form key\n", token.as_bytes()].concat();
    verify::hex::encode(&verify::mac::token_digest(&bytes))
}

/// Handlers behind a guard of [`super::routes`] take the visitor from it.
impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visitor = parts.extensions.get::<Visitor>().cloned();
        visitor.ok_or_else(|| Problem::new(&problem::SIGNED_OUT, "the page needs a session"))
    }
}
