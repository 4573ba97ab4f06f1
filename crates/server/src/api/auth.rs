//! Who calls the own API, and whether their role suffices.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::AccountKey;
use domain::catalogue::{Account, Catalogue, Role};
use http::{HeaderMap, header};

use crate::problem::{self, Problem};
use crate::server::Server;

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// To read.
    Read,
    /// To submit subjects, events and artifacts.
    Submit,
    /// To change anything.
    Administer,
}

/// The account that calls.
#[derive(Debug, Clone)]
pub struct Caller {
    pub key: AccountKey,
    pub name: String,
}

/// Lets a request through whose account's role suffices.
pub async fn check(State((server, needs)): State<(Server, Needs)>, mut request: Request, next: Next) -> Response {
    match caller(&server.parts.store.catalogue(), request.headers(), needs) {
        Err(problem) => problem.into_response(),
        Ok(caller) => {
            server.logged_in(caller.key).await;
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    }
}

fn caller(catalogue: &Catalogue, headers: &HeaderMap, needs: Needs) -> Result<Caller, Problem> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let Some(token) = token else {
        let detail = "expected the header Authorization with Bearer and a token, found none";
        return Err(Problem::new(&problem::UNAUTHENTICATED, detail));
    };
    let account = account_of(catalogue, token)
        .ok_or_else(|| Problem::new(&problem::UNAUTHENTICATED, "the token is none of an active account"))?;
    if may(account.role) < Some(needs) {
        let detail = format!("the account {:?} has the role {}", account.name, account.role);
        return Err(Problem::new(&problem::FORBIDDEN, detail));
    }
    Ok(Caller { key: account.key, name: account.name.clone() })
}

/// The active account whose token this is.
pub(crate) fn account_of<'a>(catalogue: &'a Catalogue, token: &str) -> Option<&'a Account> {
    let digest = verify::hex::encode(&verify::mac::token_digest(token.as_bytes()));
    catalogue.accounts.values().filter(|account| account.active).find(|account| {
        account
            .credentials
            .iter()
            .any(|each| !each.revoked && verify::compare::equal(each.token_sha256.as_bytes(), digest.as_bytes()))
    })
}

/// The most that a role may do; a service's account answers for its service and has no part in this API.
const fn may(role: Role) -> Option<Needs> {
    match role {
        Role::Administrator => Some(Needs::Administer),
        Role::Submitter => Some(Needs::Submit),
        Role::Reader => Some(Needs::Read),
        Role::Member | Role::Service => None,
    }
}
