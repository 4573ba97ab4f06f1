//! What a service's account proves itself with: made with the service, and anew when a person asks for it.

use domain::catalogue::{Account, Catalogue, Permission, Role, Service};
use domain::profile::ProfileKind;
use serde_json::{Value, json};
use store::change::{NewKeys, next_number};

use crate::problem::{self, Problem};
use crate::resources::{self, AccountSpec, ShownKey};
use crate::server::Shared;

/// Credentials as they are shown this once, by their members' names.
pub type Shown = Vec<(&'static str, String)>;

/// What is shown of a service this once. Without `Debug`.
pub(crate) struct Secrets {
    /// What its account proves itself with.
    pub credentials: Shown,
    /// What our signatures are checked with, where it is new.
    pub signing: Option<ShownKey>,
}

impl Secrets {
    /// Adds them to an answer.
    pub fn add_to(self, answer: &mut Value) {
        if !self.credentials.is_empty() {
            let members = self.credentials.into_iter().map(|(name, text)| (name.to_owned(), json!(text)));
            answer["credentials"] = Value::Object(members.collect());
        }
        if let Some(signing) = self.signing {
            let (member, text) = signing.member();
            answer[member] = json!(text);
        }
    }
}

/// The account of a service with new credentials, and what is shown of them this once; made where there is none yet.
///
/// # Errors
/// When a person switched the account off: another one in its place would undo what that person decided.
pub fn issue(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
) -> Result<(Account, Shown), Problem> {
    let known = service.account.and_then(|key| catalogue.accounts.get(&key)).cloned();
    if let Some(off) = known.as_ref().filter(|account| !account.active) {
        let detail = format!("the account {:?} of this service was switched off; switch it on first", off.name);
        return Err(Problem::new(&problem::CONFLICT, detail));
    }
    match service.profile {
        ProfileKind::Scanner => Ok(issue_key(server, catalogue, keys, service, known)),
        ProfileKind::Worker => Ok(issue_access_key(server, catalogue, keys, service, known)),
        ProfileKind::Standard => issue_token(server, catalogue, keys, service, known),
    }
}

/// A name for the account of a service: its own, with its number where that is taken.
fn account_name(catalogue: &Catalogue, service: &Service) -> String {
    let mut name = service.name.clone();
    while catalogue.accounts.values().any(|account| account.name == name) {
        name = format!("{name}-{}", service.number);
    }
    name
}

/// A key with which a worker signs its requests. It reaches what its service is asked about, and nothing else before a
/// person grants more.
fn issue_access_key(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
    known: Option<Account>,
) -> (Account, Shown) {
    let mut account = known.unwrap_or_else(|| {
        let number = next_number(catalogue.accounts.values().map(|account| account.number));
        resources::service_account(keys.key(), number, account_name(catalogue, service))
    });
    let new = resources::access_key(&account, keys.key(), &server.parts.seal, &*server.parts.random, server.now());
    let shown = vec![("access_key", new.key.name.clone()), ("secret_key", new.secret.to_string())];
    resources::add_access_key(&mut account, new.key);
    (account, shown)
}

/// A bearer token.
fn issue_token(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
    known: Option<Account>,
) -> Result<(Account, Shown), Problem> {
    let token = resources::token(keys.key(), &*server.parts.random, server.now());
    let account = match known {
        Some(mut account) => {
            account.credentials.push(token.credential);
            account
        }
        None => {
            let spec = AccountSpec::new(&account_name(catalogue, service), Role::Service);
            let number = next_number(catalogue.accounts.values().map(|account| account.number));
            resources::account(&spec, keys.key(), number, Some(&token))?
        }
    };
    Ok((account, vec![("token", token.text)]))
}

/// A key with which a scanner signs its own tokens. What a person permitted or forbade stays as it is.
fn issue_key(
    server: &Shared,
    catalogue: &Catalogue,
    keys: &mut NewKeys,
    service: &Service,
    known: Option<Account>,
) -> (Account, Shown) {
    let mut account = known.unwrap_or_else(|| {
        let number = next_number(catalogue.accounts.values().map(|account| account.number));
        resources::scanner_account(catalogue, &service.name, service.number, keys.key(), number)
    });
    let new = resources::jwt_key(&account, keys.key(), &server.parts.seal, &*server.parts.random, server.now());
    let shown = vec![("jwt_key", new.key.name.clone()), ("jwt_secret", new.secret.to_string())];
    // The account of a service that was no scanner before has never been asked about it.
    if account.jwt.is_empty() && !account.permissions.contains(&Permission::PatchResults) {
        account.permissions.push(Permission::PatchResults);
    }
    resources::add_jwt_key(&mut account, new.key);
    (account, shown)
}
