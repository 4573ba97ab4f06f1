//! `PATCH /api/v5/scanner/results/<id>/` and `POST /api/v5/scanner/results/`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use domain::ExpectationKey;
use domain::answer::{Answer as Meant, Said};
use domain::catalogue::{Account, Permission, Service};
use domain::event_type;
use domain::expectation::{Expectation, ExpectationState};
use domain::profile::ProfileKind;
use domain::subject::{Subject, SubjectName};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use store::command::Answer;
use store::row::RowsExt;
use store::{judged, search};

use super::auth;
use super::body::Members;
use super::error::Refused;
use super::schema::Results;
use crate::api::Segments;
use crate::server::{Server, Shared};

/// The kind of subject that the protocol calls a version.
const VERSION: &str = "version";

const UPDATED: Refused = Refused::Conflict("Scanner result has already been updated");
const PUSHED: Refused = Refused::Conflict("Scanner result already pushed for one of the rules");
const NO_SCANNER: Refused = Refused::Forbidden("Authenticated user does not match any active scanner service account");
const NO_VERSION: &str = "Version not found.";

/// A scanner sends the result of a call later.
pub async fn patch(
    State(server): State<Server>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refused> {
    let account = auth::account(&server, &headers).await?;
    auth::require(&account, Permission::PatchResults)?;
    let owed = owed(&server, &account, &id).await?.ok_or(Refused::NotFound)?;
    if owed.standing == Standing::Complete {
        return Err(UPDATED);
    }
    let results = match only_results(&headers, body).await {
        Ok(results) => results,
        Err(_) if owed.standing == Standing::Missing => return Err(UPDATED),
        Err(refused) => return Err(refused),
    };
    let Expectation { key, service, subject, .. } = owed.expectation;
    let said = Said { matched: results.matched, complete: true, ..Said::default() };
    let meant = Meant::Processed(said);
    match judged::call_back(&server.parts.store, key, service, results.raw, &meant, server.now()).await? {
        Answer::Concluded(_) | Answer::Noted => {
            let subject = subject.map(|key| server.show(key));
            tracing::info!(result = key.0, subject, account = account.name, "a result was sent later");
            Ok(StatusCode::NO_CONTENT)
        }
        Answer::NotFound => Err(Refused::NotFound),
        _ => Err(UPDATED),
    }
}

/// What the protocol calls a result before there is one.
struct Owed {
    expectation: Expectation,
    standing: Standing,
}

/// Whether a result may still be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It may.
    Open,
    /// It was.
    Complete,
    /// Its time is over; what comes is kept as late.
    Missing,
}

/// What the caller's own service owes under this number.
async fn owed(server: &Shared, account: &Account, id: &str) -> Result<Option<Owed>, Refused> {
    let Ok(number) = id.parse::<i64>() else { return Ok(None) };
    let owed = server
        .parts
        .store
        .read(move |rows| {
            let Some(expectation) = rows.load::<Expectation>(ExpectationKey(number).0)? else { return Ok(None) };
            // Whoever was asked again may answer again.
            let asked = search::under_way(rows, &expectation)?;
            let standing = match expectation.state {
                ExpectationState::Complete if expectation.closed && !asked => Standing::Complete,
                ExpectationState::Missing if !asked => Standing::Missing,
                _ => Standing::Open,
            };
            Ok(Some(Owed { expectation, standing }))
        })
        .await?;
    let catalogue = server.parts.store.catalogue();
    Ok(owed.filter(|owed| catalogue.services.get(&owed.expectation.service).is_some_and(|each| is_of(each, account))))
}

fn is_of(service: &Service, account: &Account) -> bool {
    service.profile == ProfileKind::Scanner && !service.deleted && service.account == Some(account.key)
}

async fn only_results(headers: &HeaderMap, body: Body) -> Result<Results, Refused> {
    let mut members = Members::read(headers, body).await?;
    let results = members.results()?;
    members.finish()?;
    results.ok_or(Refused::NotFound)
}

/// A scanner sends a result on its own initiative.
pub async fn push(
    State(server): State<Server>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let account = auth::account(&server, &headers).await?;
    auth::require(&account, Permission::PushResults)?;
    let service = {
        let catalogue = server.parts.store.catalogue();
        let found = catalogue.services.values().find(|service| is_of(service, &account) && may_push(service));
        found.ok_or(NO_SCANNER)?.key
    };
    let mut members = Members::read(&headers, body).await?;
    let results = members.results()?;
    let subject = match members.version_id() {
        Some(id) => version(&server, id).await?.or_else(|| members.remark("version_id", NO_VERSION)),
        None => None,
    };
    members.finish()?;
    let (Some(Results { matched, raw }), Some(subject)) = (results, subject) else { return Err(Refused::NotFound) };
    let store = &server.parts.store;
    match judged::push(store, service, Some(account.key), subject.key, &matched, raw, server.now()).await? {
        Answer::Pushed(number) => {
            let subject = server.show(subject.key);
            tracing::info!(result = number, subject, account = account.name, "a result was pushed");
            Ok((StatusCode::CREATED, Json(json!({ "id": number }))))
        }
        Answer::AlreadyPushed => Err(PUSHED),
        _ => Err(Refused::member("version_id", NO_VERSION)),
    }
}

fn may_push(service: &Service) -> bool {
    service.active && service.subscriptions.iter().any(|each| each.active && each.event == event_type::PUSH)
}

async fn version(server: &Shared, id: String) -> Result<Option<Subject>, Refused> {
    let name = SubjectName { kind: VERSION.to_owned(), collection: String::new(), id };
    Ok(server.parts.store.read(move |rows| search::subject_by_name(rows, &name)).await?)
}
