//! Who looks at a page.

use axum::extract::FromRequestParts;
use domain::catalogue::{Account, Place, Role};
use domain::rights::{self, Needs};
use domain::{AccountKey, SessionKey};
use http::HeaderMap;
use http::request::Parts;

use super::chrome::notice;
use crate::api::Caller;
use crate::people::session::SignedIn;
use crate::problem::{self, Problem};
use crate::server::Shared;
use crate::sight::Sight;

/// Whoever has an open session.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The account's key.
    pub key: AccountKey,
    /// The account's name.
    pub name: String,
    pub role: Role,
    /// What every form of this session sends along, so that no other site can make one.
    pub form_key: String,
    /// What was just done, to be shown once.
    pub notice: Option<String>,
    pub(crate) signed: SignedIn,
}

impl Visitor {
    /// Whoever the request's session belongs to.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn of(server: &Shared, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let signed = server.signed_in(headers).await?;
        Ok(signed.map(|signed| Self {
            key: signed.account.key,
            name: signed.account.name.clone(),
            role: signed.account.role,
            form_key: signed.csrf.clone(),
            notice: notice(headers),
            signed,
        }))
    }

    /// Whether they may change the gateway itself.
    pub fn administers(&self) -> bool {
        self.role == Role::Administrator
    }

    /// Whether they may do this with what belongs to the collection, or to none: what a page offers.
    pub fn may(&self, needs: Needs, place: Option<Place<'_>>) -> bool {
        rights::may(self.account(), needs, place)
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.signed.account
    }

    /// The session.
    pub fn session(&self) -> SessionKey {
        self.signed.session.key
    }

    /// The visitor as the own API's functions take one.
    pub fn caller(&self) -> Caller {
        Caller::of(self.account())
    }

    /// What they see: everything, or what belongs to their collections.
    pub(crate) fn sight(&self) -> Sight {
        Sight::of(self.account())
    }
}

/// Handlers behind a guard of [`super::routes`] take the visitor from it.
impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visitor = parts.extensions.get::<Visitor>().cloned();
        visitor.ok_or_else(|| Problem::new(&problem::SIGNED_OUT, "the page needs a session"))
    }
}
