//! Accounts: list, make, change, switch off, their permissions and tokens.

use std::collections::BTreeMap;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use domain::catalogue::{Access, AccessKey, Account, Catalogue, Credential, JwtKey, Operations, Role};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::change::{Listed, next_number};
use store::row::RowsExt;
use store::tables::LastLogin;

use super::auth::Caller;
use super::change::{Changed, change, page, patched};
use super::extract::{Segments, Strict};
use crate::problem::{self, Problem};
use crate::resources::{self, AccountSpec};
use crate::server::{Server, Shared};

pub async fn list(State(server): State<Server>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    let mut shown = Vec::with_capacity(catalogue.accounts.len());
    for account in catalogue.accounts.values() {
        shown.push(show_with_login(&server, account).await?);
    }
    Ok(page(shown.into_iter()))
}

pub async fn one(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    Ok(Json(show_with_login(&server, find(&server, &catalogue, &id)?).await?))
}

pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Strict(spec): Strict<AccountSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let made = change(&server, &caller.name, |catalogue, keys| {
        if catalogue.accounts.values().any(|account| account.name == spec.name) {
            return Err(Problem::new(&problem::TAKEN, format!("there is an account {:?} already", spec.name)));
        }
        let token = resources::token(keys.key(), &*server.parts.random, server.now());
        let number = next_number(catalogue.accounts.values().map(|account| account.number));
        let account = resources::account(&spec, keys.key(), number, &token)?;
        let mut answer = show(&server, &account);
        answer["token"] = json!(token.text);
        let what = format!("made the account {} with the role {}", account.name, account.role);
        Ok(Changed { entries: vec![account.entry()], what, answer })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

pub async fn patch(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let changed = change(&server, &caller.name, |catalogue, _| {
        let before = find(&server, catalogue, &id)?;
        let spec = AccountSpec {
            name: before.name.clone(),
            role: before.role,
            permissions: before.permissions.iter().copied().collect(),
            operations: before.operations.granted.clone(),
            all_operations: before.operations.all,
            collections: before.collections.clone(),
            active: before.active,
        };
        let AccountSpec { name, role, permissions, operations, all_operations, collections, active } =
            patched(&spec, members.clone())?;
        if name != before.name {
            return Err(Problem::invalid("an account's name stays as it is: the audit names it"));
        }
        let permissions: Vec<_> = permissions.into_iter().collect();
        let words: Vec<_> = permissions.iter().map(|permission| permission.word()).collect();
        let operations = Operations { all: all_operations, granted: operations };
        let what = format!(
            "changed the account {name}: role {role}, permissions [{}], member of [{}], {}",
            words.join(", "),
            in_words(&operations, &collections),
            if active { "active" } else { "not active" }
        );
        let account = Account { role, permissions, operations, collections, active, ..before.clone() };
        keep_an_administrator(catalogue, &account)?;
        Ok(Changed { entries: vec![account.entry()], what, answer: account })
    });
    Ok(Json(show_with_login(&server, &changed.await?).await?))
}

/// Switches an account off and revokes its tokens and keys. It stays in the list, since the audit names it.
pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    change(&server, &caller.name, |catalogue, _| {
        let mut account = find(&server, catalogue, &id)?.clone();
        resources::revoke(&mut account);
        keep_an_administrator(catalogue, &account)?;
        let what = format!("switched off the account {} and revoked its tokens", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new token; the others stay valid, so that keys can be changed without a gap.
pub async fn add_token(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let made = change(&server, &caller.name, |catalogue, keys| {
        let mut account = find(&server, catalogue, &id)?.clone();
        let token = resources::token(keys.key(), &*server.parts.random, server.now());
        let answer = json!({ "id": server.show(token.credential.key), "token": token.text });
        account.credentials.push(token.credential);
        let what = format!("made a token for the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// A new key for signed requests; the others stay valid, so that keys can be changed without a gap.
pub async fn add_access_key(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let made = change(&server, &caller.name, |catalogue, keys| {
        let mut account = find(&server, catalogue, &id)?.clone();
        let new = resources::access_key(&account, keys.key(), &server.parts.seal, &*server.parts.random, server.now());
        let answer = json!({
            "id": server.show(new.key.key), "access_key": new.key.name, "secret_key": new.secret.as_str(),
        });
        account.access.push(new.key);
        let what = format!("made an access key for the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

pub async fn revoke_token(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments((id, credential)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    let key = server.parse(&credential)?;
    change(&server, &caller.name, |catalogue, _| {
        let mut account = find(&server, catalogue, &id)?.clone();
        let token = account.credentials.iter_mut().find(|each| each.key == key);
        let signing = account.jwt.iter_mut().find(|each| each.key == key);
        match (token, signing) {
            (Some(token), _) => resources::revoke(token),
            (None, Some(signing)) => resources::revoke(signing),
            (None, None) => return Err(Problem::no_such("token", &credential)),
        };
        keep_an_administrator(catalogue, &account)?;
        let what = format!("revoked a credential of the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes an access key, by its id or its name.
pub async fn revoke_access_key(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments((id, name)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    let key = server.parse(&name).ok();
    change(&server, &caller.name, |catalogue, _| {
        let mut account = find(&server, catalogue, &id)?.clone();
        let found = account.access.iter_mut().find(|each| each.name == name || Some(each.key) == key);
        resources::revoke(found.ok_or_else(|| Problem::no_such("access key", &name))?);
        let what = format!("revoked an access key of the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a change after which nobody could change anything.
fn keep_an_administrator(catalogue: &Catalogue, changed: &Account) -> Result<(), Problem> {
    let rules = |account: &Account| {
        let usable = account.credentials.iter().any(|credential| !credential.revoked);
        account.active && account.role == Role::Administrator && usable
    };
    let others = catalogue.accounts.values().filter(|account| account.key != changed.key);
    if rules(changed) || others.into_iter().any(rules) {
        return Ok(());
    }
    Err(Problem::new(&problem::CONFLICT, "this is the last administrator with a token"))
}

/// By id, or by name.
fn find<'a>(server: &Shared, catalogue: &'a Catalogue, id: &str) -> Result<&'a Account, Problem> {
    let by_id = || server.parse(id).ok().and_then(|key| catalogue.accounts.get(&key));
    catalogue.accounts.values().find(|account| account.name == id).or_else(by_id).ok_or_else(|| no_such(catalogue, id))
}

/// Whoever names a service means its account, and is told what that is called.
fn no_such(catalogue: &Catalogue, id: &str) -> Problem {
    let service = catalogue.services.values().find(|service| service.name == id && !service.deleted);
    match service.and_then(|service| catalogue.accounts.get(&service.account?)) {
        None => Problem::no_such("account", id),
        Some(its) => {
            let detail = format!("there is no account {id:?}; that of the service {id:?} is {:?}", its.name);
            Problem::new(&problem::NOT_FOUND, detail)
        }
    }
}

/// What an account may do in collections, for the audit.
fn in_words(operations: &Operations, collections: &BTreeMap<String, BTreeMap<String, Access>>) -> String {
    let all = operations.all.map(|access| format!("all operations: {access}"));
    let granted = operations.granted.iter().map(|(slug, access)| format!("operation {slug}: {access}"));
    let others = collections
        .iter()
        .flat_map(|(kind, by_name)| by_name.iter().map(move |(name, access)| format!("{kind} {name}: {access}")));
    all.into_iter().chain(granted).chain(others).collect::<Vec<_>>().join(", ")
}

/// What is said wherever an account is shown that reaches every operation.
const REACHES_ALL: &str = "this account reaches every operation, also those that are made later; whoever has its key \
                           has them all. Grant single operations instead where that is enough";

/// An account, and when it was last recognised: exact to a minute.
async fn show_with_login(server: &Shared, account: &Account) -> Result<Value, Problem> {
    let key = account.key;
    let login = server.parts.store.read(move |rows| rows.load::<LastLogin>(key.0)).await?;
    let mut shown = show(server, account);
    shown["last_login"] = json!(login.map(|login| login.at.rfc3339()));
    Ok(shown)
}

fn show(server: &Shared, account: &Account) -> Value {
    let tokens = account.credentials.iter().map(
        |each: &Credential| json!({ "id": server.show(each.key), "at": each.at.rfc3339(), "revoked": each.revoked }),
    );
    let keys = account.jwt.iter().map(|each: &JwtKey| {
        json!({
            "id": server.show(each.key), "name": each.name, "at": each.at.rfc3339(), "revoked": each.revoked,
        })
    });
    let access = account.access.iter().map(|each: &AccessKey| {
        json!({
            "id": server.show(each.key), "name": each.name, "at": each.at.rfc3339(), "revoked": each.revoked,
        })
    });
    json!({
        "id": server.show(account.key),
        "name": account.name,
        "role": account.role,
        "permissions": account.permissions,
        "operations": account.operations.granted,
        "all_operations": account.operations.all,
        "collections": account.collections,
        "warning": account.operations.all.map(|_| REACHES_ALL),
        "active": account.active,
        "access_keys": access.collect::<Vec<_>>(),
        "tokens": tokens.collect::<Vec<_>>(),
        "jwt_keys": keys.collect::<Vec<_>>(),
    })
}
