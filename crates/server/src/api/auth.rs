//! Who calls the own API: by a token, or by the session of a browser; and whether they may.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::catalogue::{Account, Catalogue, Place, Role};
use domain::rights::{self, Needs};
use domain::{AccountKey, CredentialKey};
use http::{HeaderMap, Method, header};

use crate::people::session::{CSRF_HEADER, check_origin, is_safe};
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::sight::Sight;

/// The account that calls.
#[derive(Debug, Clone)]
pub struct Caller {
    pub key: AccountKey,
    pub name: String,
    pub account: Account,
    /// Whether it is a browser's session that calls, not a token.
    pub by_session: bool,
}

impl Caller {
    /// The account as a caller.
    pub(crate) fn of(account: &Account) -> Self {
        Self { key: account.key, name: account.name.clone(), account: account.clone(), by_session: false }
    }

    /// Refuses a session what would outlive it on its own account: its page asks for the password first.
    ///
    /// # Errors
    /// When it is that.
    pub(crate) fn not_on_itself(&self, account: AccountKey) -> Result<(), Problem> {
        match self.by_session && self.key == account {
            true => Err(on_itself()),
            false => Ok(()),
        }
    }

    /// What it sees.
    pub(crate) fn sight(&self) -> Sight {
        Sight::of(&self.account)
    }

    /// Refuses what it may not do with what belongs to this collection, or to none. What it does not even see is
    /// `absent`: no difference is told.
    ///
    /// # Errors
    /// When it may not.
    pub(crate) fn require(
        &self,
        needs: Needs,
        place: Option<Place<'_>>,
        absent: impl FnOnce() -> Problem,
    ) -> Result<(), Problem> {
        if rights::may(&self.account, needs, place) {
            return Ok(());
        }
        if rights::may(&self.account, Needs::Read, place) {
            return Err(refusal(&self.account, place));
        }
        Err(absent())
    }
}

/// What a session is refused on its own account.
pub(crate) fn on_itself() -> Problem {
    Problem::new(&problem::CONFLICT, "one's own account is changed on the page /account, which asks for the password")
}

fn refusal(account: &Account, place: Option<Place<'_>>) -> Problem {
    let granted = place.filter(|_| account.role == Role::Member).and_then(|place| account.access_to(place));
    let granted = granted.map(|access| format!(", with {access} in this collection")).unwrap_or_default();
    let detail = format!("the account {:?} has the role {}{granted}", account.name, account.role);
    Problem::new(&problem::FORBIDDEN, detail)
}

/// Lets a request through whose account may do such a thing to something. To what, its handler asks.
pub async fn check(State((server, needs)): State<(Server, Needs)>, mut request: Request, next: Next) -> Response {
    match caller(&server, request.method(), request.headers(), needs).await {
        Err(problem) => problem.into_response(),
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    }
}

async fn caller(server: &Shared, method: &Method, headers: &HeaderMap, needs: Needs) -> Result<Caller, Problem> {
    let token = token(headers);
    let account = match token {
        Some(token) => by_token(server, token).await?,
        None => by_session(server, method, headers).await?,
    };
    if !rights::may_somewhere(&account, needs) {
        return Err(refusal(&account, None));
    }
    Ok(Caller { by_session: token.is_none(), ..Caller::of(&account) })
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn by_token(server: &Shared, token: &str) -> Result<Account, Problem> {
    let catalogue = server.parts.store.catalogue();
    let (account, credential) = account_of(&catalogue, token)
        .ok_or_else(|| Problem::new(&problem::UNAUTHENTICATED, "the token is none of an active account"))?;
    server.logged_in(account.key, Some(credential)).await;
    Ok(account.clone())
}

async fn by_session(server: &Shared, method: &Method, headers: &HeaderMap) -> Result<Account, Problem> {
    let Some(signed) = server.signed_in(headers).await? else {
        let detail =
            "expected the header Authorization with Bearer and a token, or the cookie of a session, found neither";
        return Err(Problem::new(&problem::UNAUTHENTICATED, detail));
    };
    if !is_safe(method) {
        check_origin(headers)?;
        let given = headers.get(CSRF_HEADER).map(http::HeaderValue::as_bytes).unwrap_or_default();
        if !verify::compare::equal(given, signed.csrf.as_bytes()) {
            let detail =
                format!("expected the header {CSRF_HEADER} with the token of the session, as its pages hold it");
            return Err(Problem::new(&problem::ORIGIN_NOT_ALLOWED, detail));
        }
    }
    Ok(signed.account)
}

/// The active account whose token this is, and the token's key.
pub(crate) fn account_of<'a>(catalogue: &'a Catalogue, token: &str) -> Option<(&'a Account, CredentialKey)> {
    let digest = verify::hex::encode(&verify::mac::token_digest(token.as_bytes()));
    catalogue.accounts.values().filter(|account| account.active).find_map(|account| {
        let mut in_force = account.credentials.iter().filter(|each| !each.revoked);
        let found = in_force.find(|each| verify::compare::equal(each.token_sha256.as_bytes(), digest.as_bytes()))?;
        Some((account, found.key))
    })
}
