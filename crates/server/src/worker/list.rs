//! The evidence of an operation, narrowed by a filter.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::{Query, State};
use domain::Timestamp;
use domain::catalogue::Access;
use domain::content::ContentType;
use domain::record::Record;
use domain::subject::{Collection, Subject};
use serde_json::{Value, json};
use store::StoreError;
use store::row::RowsExt as _;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{RECORD_SUBJECT, TAGGING_SUBJECT, Tag, Tagging};

use super::error::Refused;
use super::evidence::{Said, operator};
use super::filter::{Filter, Seen};
use super::operations::each_evidence;
use super::path::Named;
use super::rights;
use super::signed::Signed;
use super::tags;
use crate::server::Server;

/// The query of the list.
#[derive(serde::Deserialize)]
pub struct Asked {
    #[serde(default)]
    query: String,
}

/// `GET /api/operations/{slug}/evidence`
pub async fn list(
    State(server): State<Server>,
    Named(slug): Named<String>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
    signed: Signed,
) -> Result<Json<Value>, Refused> {
    let operation = rights::operation(&server, &signed.account, &slug, Access::Read).await?;
    let Query(Asked { query }) = asked.map_err(|_| Refused::bad("The query cannot be read"))?;
    let filter = Filter::parse(&query).map_err(Refused::Bad)?;
    Ok(Json(server.parts.store.read(move |rows| passing(rows, &operation, &filter)).await?))
}

/// What passes, the newest first, by the time that it counts for.
fn passing(rows: &mut dyn Rows, operation: &Collection, filter: &Filter) -> Result<Value, StoreError> {
    let mut found: Vec<(Timestamp, i64, Value)> = Vec::new();
    each_evidence(rows, operation, |rows, subject| {
        let said = Said::of(rows, &subject)?;
        let tags = tags_of(rows, &subject)?;
        let names: Vec<String> = tags.iter().map(|tag| tag.name.clone()).collect();
        let bodies = if filter.looks_at_results() { bodies_of(rows, &subject)? } else { Vec::new() };
        let seen = Seen {
            uuid: &subject.id,
            description: &said.description,
            content_type: said.content_type.word(),
            operator: &said.operator,
            at: said.at(),
            tags: &names,
            bodies: &bodies,
        };
        if filter.takes(&seen) {
            found.push((said.at(), subject.key.0, show(&subject, &said, &tags)));
        }
        Ok(())
    })?;
    found.sort_by_key(|(at, key, _)| Reverse((*at, *key)));
    if filter.ascending {
        found.reverse();
    }
    Ok(found.into_iter().map(|(_, _, shown)| shown).collect())
}

fn tags_of(rows: &mut dyn Rows, subject: &Subject) -> Result<Vec<Tag>, StoreError> {
    let on: Vec<Tagging> = rows.all(&Find::equal(&TAGGING_SUBJECT, vec![Cell::Int(subject.key.0)]))?;
    let mut tags = Vec::with_capacity(on.len());
    for each in on {
        tags.extend(rows.load::<Tag>(each.tag.0)?);
    }
    Ok(tags)
}

fn bodies_of(rows: &mut dyn Rows, subject: &Subject) -> Result<Vec<String>, StoreError> {
    let records: Vec<Record> = rows.all(&Find::equal(&RECORD_SUBJECT, vec![Cell::Int(subject.key.0)]))?;
    Ok(records.into_iter().map(|record| record.body).collect())
}

/// An evidence as clients read it in a list.
fn show(subject: &Subject, said: &Said, tags: &[Tag]) -> Value {
    let picture = if said.content_type == ContentType::Image { subject.id.as_str() } else { "" };
    json!({
        "uuid": subject.id,
        "description": said.description,
        "occurredAt": said.occurred_at.rfc3339(),
        "adjustedAt": said.adjusted_at.map(Timestamp::rfc3339),
        "operator": operator(&said.operator),
        "tags": tags.iter().map(tags::show).collect::<Vec<_>>(),
        "contentType": said.content_type.word(),
        "sendUrl": false,
        "thumbImageKey": picture,
        "fullImageKey": picture,
    })
}
