//! Members of a collection, and what each may do in it.

use axum::extract::State;
use axum::{Extension, Json};
use domain::AccountKey;
use domain::catalogue::{Access, OPERATION, Role};
use domain::rights::Needs;
use domain::subject::Collection;
use http::StatusCode;
use serde_json::{Value, json};
use store::change::Listed as _;
use store::row::RowsExt;

use super::accounts;
use super::auth::Caller;
use super::batches::find_collection;
use super::change::{Changed, change, page};
use super::extract::{Params, Segments, Strict};
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};
use crate::sight::{self, place};

/// What a member may do.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    access: Access,
}

pub async fn list(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments(collection): Segments<String>,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let collection = find(&server, &caller, Needs::Read, &collection, &params).await?;
    let catalogue = server.parts.store.catalogue();
    let members = sight::members(catalogue.accounts.values(), place(&collection));
    Ok(page(members.map(|(account, access)| {
        json!({ "id": server.show(account.key), "name": account.name, "role": account.role, "access": access })
    })))
}

pub async fn put(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments((collection, account)): Segments<(String, String)>,
    params: Params,
    Strict(spec): Strict<Membership>,
) -> Result<Json<Value>, Problem> {
    let collection = find(&server, &caller, Needs::ManageMembers, &collection, &params).await?;
    let (key, name) = member(&server, &caller, &account)?;
    set(&server, &caller.name, &collection, key, Some(spec.access)).await?;
    Ok(Json(json!({ "id": server.show(key), "name": name, "access": spec.access })))
}

pub async fn delete(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Segments((collection, account)): Segments<(String, String)>,
    params: Params,
) -> Result<StatusCode, Problem> {
    let collection = find(&server, &caller, Needs::ManageMembers, &collection, &params).await?;
    let (key, _) = member(&server, &caller, &account)?;
    set(&server, &caller.name, &collection, key, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says what a member may do in a collection from now on; none: nothing.
///
/// # Errors
/// When the account is none of a member: what others may do, their role says, or an administrator grants.
pub(crate) async fn set(
    server: &Shared,
    who: &str,
    collection: &Collection,
    account: AccountKey,
    access: Option<Access>,
) -> Result<(), Problem> {
    change(server, who, |catalogue, _| {
        let account = catalogue.accounts.get(&account);
        let mut account = account.ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the account is gone"))?.clone();
        if account.role != Role::Member {
            let detail =
                format!("{:?} has the role {}; only members are granted collections", account.name, account.role);
            return Err(Problem::new(&problem::CONFLICT, detail));
        }
        let Collection { kind, name, .. } = collection;
        let granted = match kind.as_str() {
            OPERATION => &mut account.operations.granted,
            kind => account.collections.entry(kind.to_owned()).or_default(),
        };
        match access {
            Some(access) => granted.insert(name.clone(), access),
            None => granted.remove(name),
        };
        account.collections.retain(|_, by_name| !by_name.is_empty());
        let what = match access {
            Some(access) => format!("granted {access} in the {kind} {name} to the account {}", account.name),
            None => format!("took the {kind} {name} from the account {}", account.name),
        };
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    })
    .await
}

/// An account that may become a member. Who sees no accounts is told of no other by a guess at its name.
fn member(server: &Shared, caller: &Caller, account: &str) -> Result<(AccountKey, String), Problem> {
    let catalogue = server.parts.store.catalogue();
    let found = accounts::find(server, &catalogue, account);
    if caller.sight().is_whole() {
        return found.map(|found| (found.key, found.name.clone()));
    }
    let found = found.ok().filter(|found| found.role == Role::Member);
    found.map(|found| (found.key, found.name.clone())).ok_or_else(|| Problem::no_such("member's account", account))
}

/// A collection by its id or its name, if the caller may do this with it.
async fn find(
    server: &Shared,
    caller: &Caller,
    needs: Needs,
    id: &str,
    params: &Params,
) -> Result<Collection, Problem> {
    params.only(&["kind"])?;
    let key = server.parse::<domain::CollectionKey>(id).ok();
    let (name, kind) = (id.to_owned(), params.one("kind").map(str::to_owned));
    let mut sight = caller.sight();
    let found = server.parts.store.read(move |rows| {
        let by_id = key.map_or(Ok(None), |key| rows.load::<Collection>(key.0))?;
        by_id.map_or_else(|| find_collection(rows, &name, kind.as_deref(), &mut sight), |found| Ok(Ok(found)))
    });
    let absent = || Problem::no_such("collection", id);
    let collection = found.await?.map_err(|problem| if caller.sight().is_whole() { problem } else { absent() })?;
    caller.require(needs, Some(place(&collection)), absent)?;
    Ok(collection)
}
