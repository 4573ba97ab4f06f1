//! Accounts: list, make, change, switch off, their permissions and tokens.

use std::collections::BTreeMap;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use domain::catalogue::{Access, AccessKey, Account, Catalogue, Credential, JwtKey, Operations, Role};
use domain::{AccountKey, CredentialKey, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::StoreError;
use store::change::{Listed, next_number};
use store::row::RowsExt;
use store::table::Rows;
use store::tables::{CredentialUse, LastLogin};

use super::auth::Caller;
use super::change::{Changed, change, page, patched};
use super::extract::{Params, Segments, Strict, StrictOrNothing};
use crate::people::{link, second};
use crate::problem::{self, Problem};
use crate::resources::{self, AccountSpec, NewAccessKey, NewToken};
use crate::server::{Server, Shared};

pub async fn list(State(server): State<Server>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    let mut shown = Vec::with_capacity(catalogue.accounts.len());
    for account in catalogue.accounts.values() {
        shown.push(show_with_uses(&server, account).await?);
    }
    Ok(page(shown.into_iter()))
}

pub async fn one(State(server): State<Server>, Segments(id): Segments<String>) -> Result<Json<Value>, Problem> {
    let catalogue = server.parts.store.catalogue();
    Ok(Json(show_with_uses(&server, find(&server, &catalogue, &id)?).await?))
}

/// The caller's own account.
pub async fn own(State(server): State<Server>, Extension(caller): Extension<Caller>) -> Result<Json<Value>, Problem> {
    Ok(Json(show_with_uses(&server, &caller.account).await?))
}

/// Makes an account: a machine's with a token, or a person's with a one-time link.
pub async fn create(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    params: Params,
    Strict(spec): Strict<AccountSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    params.only(&["with"])?;
    let answer = match params.one("with") {
        None | Some("token") => {
            let (account, token) = make(&server, &caller.name, &spec).await?;
            let mut answer = show(&server, &account);
            answer["token"] = json!(token);
            answer
        }
        Some("link") => {
            let account = make_person(&server, &caller.name, &spec).await?;
            let mut answer = show(&server, &account);
            answer["link"] = json!(link::make(&server, &caller.name, account.key).await?);
            answer
        }
        Some(other) => {
            let shown: String = other.chars().take(80).collect();
            return Err(Problem::invalid(format!("with: expected \"token\" or \"link\", found {shown:?}")));
        }
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Makes an account with a token, whose text is shown this once.
pub(crate) async fn make(server: &Shared, who: &str, spec: &AccountSpec) -> Result<(Account, String), Problem> {
    change(server, who, |catalogue, keys| {
        let token = resources::token(keys.key(), &*server.parts.random, server.now());
        let account = new(catalogue, spec, keys.key(), Some(&token))?;
        let what = format!("made the account {} with the role {}", account.name, account.role);
        Ok(Changed { entries: vec![account.entry()], what, answer: (account, token.text) })
    })
    .await
}

/// Makes the account of a person, who has nothing yet to sign in with.
pub(crate) async fn make_person(server: &Shared, who: &str, spec: &AccountSpec) -> Result<Account, Problem> {
    if spec.role == Role::Service {
        return Err(Problem::invalid("role: a service does not sign in; make its account with a token"));
    }
    change(server, who, |catalogue, keys| {
        let account = new(catalogue, spec, keys.key(), None)?;
        let what = format!("made the account {} with the role {}", account.name, account.role);
        Ok(Changed { entries: vec![account.entry()], what, answer: account })
    })
    .await
}

fn new(
    catalogue: &Catalogue,
    spec: &AccountSpec,
    key: AccountKey,
    token: Option<&NewToken>,
) -> Result<Account, Problem> {
    if catalogue.accounts.values().any(|account| account.name == spec.name) {
        return Err(Problem::new(&problem::TAKEN, format!("there is an account {:?} already", spec.name)));
    }
    let number = next_number(catalogue.accounts.values().map(|account| account.number));
    resources::account(spec, key, number, token)
}

pub async fn patch(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    Strict(members): Strict<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let key = find(&server, &server.parts.store.catalogue(), &id)?.key;
    let edit = |before: &AccountSpec| patched(before, members.clone());
    Ok(Json(show_with_uses(&server, &edited(&server, &caller.name, key, edit).await?).await?))
}

/// Changes an account; as it is now. Another role, and its being switched off, end its sessions.
pub(crate) async fn edited(
    server: &Shared,
    who: &str,
    account: AccountKey,
    edit: impl Fn(&AccountSpec) -> Result<AccountSpec, Problem>,
) -> Result<Account, Problem> {
    change(server, who, |catalogue, _| {
        let before = by_key(catalogue, account)?;
        let spec = AccountSpec {
            name: before.name.clone(),
            role: before.role,
            permissions: before.permissions.iter().copied().collect(),
            operations: before.operations.granted.clone(),
            all_operations: before.operations.all,
            collections: before.collections.clone(),
            active: before.active,
        };
        let AccountSpec { name, role, permissions, operations, all_operations, collections, active } = edit(&spec)?;
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
        let mut account = Account { role, permissions, operations, collections, active, ..before.clone() };
        if (role, active) != (before.role, before.active) {
            account.sign_in.end_sessions();
        }
        keep_an_administrator(catalogue, &account)?;
        Ok(Changed { entries: vec![account.entry()], what, answer: account })
    })
    .await
}

pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    let key = find(&server, &server.parts.store.catalogue(), &id)?.key;
    switch_off(&server, &caller.name, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Switches an account off, which ends its sessions, and revokes its tokens and keys. It stays in the list, since the
/// audit names it.
pub(crate) async fn switch_off(server: &Shared, who: &str, account: AccountKey) -> Result<(), Problem> {
    change(server, who, |catalogue, _| {
        let mut account = by_key(catalogue, account)?.clone();
        resources::revoke(&mut account);
        keep_an_administrator(catalogue, &account)?;
        let what = format!("switched off the account {} and revoked its tokens", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    })
    .await
}

/// What a token is for.
#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    name: Option<String>,
}

pub async fn add_token(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
    StrictOrNothing(spec): StrictOrNothing<TokenSpec>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let account = find(&server, &server.parts.store.catalogue(), &id)?.key;
    caller.not_on_itself(account)?;
    let token = issue_token(&server, &caller.name, account, spec.name.as_deref()).await?;
    let answer = json!({ "id": server.show(token.credential.key), "name": token.credential.name, "token": token.text });
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The most tokens of an account that are in force, and the most revoked ones that it remembers.
const TOKENS_MAX: usize = 50;
/// The longest name of a token.
const TOKEN_NAME_CHARS_MAX: usize = 80;

/// Makes a new token; the others stay valid, so that keys can be changed without a gap.
pub(crate) async fn issue_token(
    server: &Shared,
    who: &str,
    account: AccountKey,
    name: Option<&str>,
) -> Result<NewToken, Problem> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > TOKEN_NAME_CHARS_MAX || name.chars().any(char::is_control)) {
        return Err(Problem::invalid(format!("name: expected at most {TOKEN_NAME_CHARS_MAX} characters in one line")));
    }
    change(server, who, |catalogue, keys| {
        let mut account = switched_on(catalogue, account)?.clone();
        let revoked = account.credentials.iter().filter(|each| each.revoked).count();
        if account.credentials.len() - revoked >= TOKENS_MAX {
            let detail = format!("the account has {TOKENS_MAX} API keys in force, the most there may be; revoke one");
            return Err(Problem::new(&problem::CONFLICT, detail));
        }
        // The audit names those that were revoked; the account keeps as many of them.
        let mut past = revoked.saturating_sub(TOKENS_MAX);
        account.credentials.retain(|each| {
            let goes = each.revoked && past > 0;
            past -= usize::from(goes);
            !goes
        });
        let mut token = resources::token(keys.key(), &*server.parts.random, server.now());
        token.credential.name = name.map(str::to_owned);
        account.credentials.push(token.credential.clone());
        let called = name.map(|name| format!(" {name:?}")).unwrap_or_default();
        let what = format!("made the token{called} for the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: token })
    })
    .await
}

pub async fn add_access_key(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let account = find(&server, &server.parts.store.catalogue(), &id)?.key;
    caller.not_on_itself(account)?;
    let new = issue_access_key(&server, &caller.name, account).await?;
    let answer = json!({
        "id": server.show(new.key.key), "access_key": new.key.name, "secret_key": new.secret.as_str(),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Makes a new key for signed requests; the others stay valid, so that keys can be changed without a gap.
pub(crate) async fn issue_access_key(server: &Shared, who: &str, account: AccountKey) -> Result<NewAccessKey, Problem> {
    change(server, who, |catalogue, keys| {
        let mut account = switched_on(catalogue, account)?.clone();
        let new = resources::access_key(&account, keys.key(), &server.parts.seal, &*server.parts.random, server.now());
        account.access.push(new.key.clone());
        let what = format!("made an access key for the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: new })
    })
    .await
}

pub async fn revoke_token(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments((id, credential)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    let catalogue = server.parts.store.catalogue();
    let account = find(&server, &catalogue, &id)?;
    let key = server.parse(&credential)?;
    if account.access.iter().any(|each| each.key == key) {
        return Err(Problem::no_such("token", &credential));
    }
    revoke_key(&server, &caller.name, account.key, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes an access key, by its id or its name.
pub async fn revoke_access_key(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments((id, name)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    let key = server.parse(&name).ok();
    let catalogue = server.parts.store.catalogue();
    let account = find(&server, &catalogue, &id)?;
    let found = account.access.iter().find(|each| each.name == name || Some(each.key) == key);
    let key = found.ok_or_else(|| Problem::no_such("access key", &name))?.key;
    revoke_key(&server, &caller.name, account.key, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes a token or a key of an account, whatever it signs.
pub(crate) async fn revoke_key(
    server: &Shared,
    who: &str,
    account: AccountKey,
    key: CredentialKey,
) -> Result<(), Problem> {
    change(server, who, |catalogue, _| {
        let mut account = by_key(catalogue, account)?.clone();
        let token = account.credentials.iter_mut().find(|each| each.key == key);
        let signing = account.jwt.iter_mut().find(|each| each.key == key);
        let access = account.access.iter_mut().find(|each| each.key == key);
        match (token, signing, access) {
            (Some(token), ..) => resources::revoke(token),
            (_, Some(signing), _) => resources::revoke(signing),
            (.., Some(access)) => resources::revoke(access),
            (None, None, None) => return Err(Problem::no_such("token", &server.show(key))),
        };
        keep_an_administrator(catalogue, &account)?;
        let what = format!("revoked a credential of the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    })
    .await
}

/// A link with which a person chooses a password: the first one, or another.
pub async fn make_link(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let account = find(&server, &server.parts.store.catalogue(), &id)?.key;
    caller.not_on_itself(account)?;
    let until = server.now().after(link::LINK_SPAN);
    let path = link::make(&server, &caller.name, account).await?;
    Ok((StatusCode::CREATED, Json(json!({ "path": path, "until": until.rfc3339() }))))
}

pub async fn turn_off_second(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    let account = find(&server, &server.parts.store.catalogue(), &id)?.key;
    caller.not_on_itself(account)?;
    second::turn_off(&server, &caller.name, account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a change after which nobody could change anything.
fn keep_an_administrator(catalogue: &Catalogue, changed: &Account) -> Result<(), Problem> {
    let rules = |account: &Account| {
        let has_token = account.credentials.iter().any(|credential| !credential.revoked);
        let gets_in = has_token || account.sign_in.password.is_some();
        account.active && account.role == Role::Administrator && gets_in
    };
    let others = catalogue.accounts.values().filter(|account| account.key != changed.key);
    if rules(changed) || others.into_iter().any(rules) {
        return Ok(());
    }
    Err(Problem::new(&problem::CONFLICT, "this is the last administrator who can get in"))
}

fn by_key(catalogue: &Catalogue, key: AccountKey) -> Result<&Account, Problem> {
    catalogue.accounts.get(&key).ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the account is gone"))
}

/// The account, if it is on: one that was switched off gets no new keys, which its being switched on would bring to life.
fn switched_on(catalogue: &Catalogue, key: AccountKey) -> Result<&Account, Problem> {
    let account = by_key(catalogue, key)?;
    if account.active {
        return Ok(account);
    }
    let detail = format!("the account {:?} is switched off; switch it on first", account.name);
    Err(Problem::new(&problem::CONFLICT, detail))
}

/// By id, or by name.
pub(crate) fn find<'a>(server: &Shared, catalogue: &'a Catalogue, id: &str) -> Result<&'a Account, Problem> {
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

/// An account, and when it and each of its keys was last recognised: exact to a minute.
async fn show_with_uses(server: &Shared, account: &Account) -> Result<Value, Problem> {
    let (key, credentials) = (account.key, credentials(account));
    let uses = server.parts.store.read(move |rows| uses(rows, key, &credentials));
    let Uses { login, keys } = uses.await?;
    let mut shown = show(server, account);
    shown["last_login"] = json!(login.map(Timestamp::rfc3339));
    for list in ["tokens", "jwt_keys", "access_keys"] {
        for each in shown[list].as_array_mut().into_iter().flatten() {
            let at = keys.iter().find(|(key, _)| each["id"] == server.show(*key));
            each["last_used"] = json!(at.map(|(_, at)| at.rfc3339()));
        }
    }
    Ok(shown)
}

/// The keys of an account's tokens and keys.
pub(crate) fn credentials(account: &Account) -> Vec<CredentialKey> {
    let tokens = account.credentials.iter().map(|each| each.key);
    tokens.chain(account.jwt.iter().map(|each| each.key)).chain(account.access.iter().map(|each| each.key)).collect()
}

/// When an account was last recognised, and when each of its keys was last used, where it was.
pub(crate) struct Uses {
    pub login: Option<Timestamp>,
    pub keys: Vec<(CredentialKey, Timestamp)>,
}

/// Reads it.
pub(crate) fn uses(
    rows: &mut dyn Rows,
    account: AccountKey,
    credentials: &[CredentialKey],
) -> Result<Uses, StoreError> {
    let login = rows.load::<LastLogin>(account.0)?.map(|login| login.at);
    let mut keys = Vec::new();
    for credential in credentials {
        keys.extend(rows.load::<CredentialUse>(credential.0)?.map(|each| (each.credential, each.at)));
    }
    Ok(Uses { login, keys })
}

fn show(server: &Shared, account: &Account) -> Value {
    let tokens = account.credentials.iter().map(|each: &Credential| {
        json!({
            "id": server.show(each.key), "name": each.name, "at": each.at.rfc3339(), "revoked": each.revoked,
        })
    });
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
        "has_password": account.sign_in.password.is_some(),
        "two_factor": account.sign_in.second.is_some(),
        "access_keys": access.collect::<Vec<_>>(),
        "tokens": tokens.collect::<Vec<_>>(),
        "jwt_keys": keys.collect::<Vec<_>>(),
    })
}
