//! Results of one evidence: show all, set one.

use axum::Json;
use axum::extract::State;
use domain::answer::{Answer as Meant, Said};
use domain::record::{Record, RecordChange, RecordStatus};
use serde_json::{Value, json};
use store::command::Answer;
use store::judged;
use store::row::RowsExt as _;
use store::table::{Find, Value as Cell};
use store::tables::RECORD_SUBJECT;

use super::error::Refused;
use super::json::{Members, at_most};
use super::path::Named;
use super::rights::{self, Evidence, Needs};
use super::signed::Signed;
use crate::server::Server;

/// The longest name of a source.
const SOURCE_CHARS_MAX: usize = 255;
/// The longest result, in characters.
const BODY_CHARS_MAX: usize = 1024 * 1024;
/// The longest reason of a rejection or an error, in characters.
const MESSAGE_CHARS_MAX: usize = 65_536;

/// `GET /api/operations/{slug}/evidence/{uuid}/metadata`
pub async fn list(
    State(server): State<Server>,
    Named((slug, uuid)): Named<(String, String)>,
    signed: Signed,
) -> Result<Json<Value>, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Read).await?;
    let find = Find::equal(&RECORD_SUBJECT, vec![Cell::Int(found.subject.key.0)]);
    let records: Vec<Record> = server.parts.store.read(move |rows| rows.all(&find)).await?;
    let shown = records.iter().map(|record| {
        json!({
            "body": record.body, "source": record.source, "status": record.status,
            "canProcess": record.can_process, "message": record.message,
        })
    });
    Ok(Json(shown.collect()))
}

/// `PUT /api/operations/{slug}/evidence/{uuid}/metadata`
pub async fn put(
    State(server): State<Server>,
    Named((slug, uuid)): Named<(String, String)>,
    signed: Signed,
) -> Result<Json<Value>, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Answer).await?;
    let members = Members::read(&signed.document().await?)?;
    let source = members.filled("source")?;
    at_most("source", source, SOURCE_CHARS_MAX)?;
    if !found.granted && own_name(&server, &found).as_deref() != Some(source) {
        return Err(Refused::Unauthorized);
    }
    let (body, message) = (members.text("body")?, members.optional_text("message")?);
    at_most("body", body, BODY_CHARS_MAX)?;
    at_most("message", message.unwrap_or_default(), MESSAGE_CHARS_MAX)?;
    let change = RecordChange {
        body: Some(body.to_owned()),
        status: status(members.text("status")?)?,
        can_process: members.optional_bool("canProcess")?,
        message: message.map(str::to_owned),
    };
    let now = server.now();
    let call_back = call_back(&server, &found, source, &change);
    match judged::upsert(&server.parts.store, found.subject.key, source, change, call_back, now).await? {
        Answer::NotFound => Err(Refused::Unauthorized),
        _ => Ok(Json(Value::Null)),
    }
}

/// The name of the caller's own service, which was asked about this.
fn own_name(server: &Server, found: &Evidence) -> Option<String> {
    let (_, service) = found.asked?;
    server.parts.store.catalogue().services.get(&service).map(|service| service.name.clone())
}

fn status(word: &str) -> Result<RecordStatus, Refused> {
    RecordStatus::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = RecordStatus::ALL.iter().map(|each| each.word()).collect();
        Refused::bad(format!("status must be one of {}", known.join(", ")))
    })
}

type CallBack = (domain::ExpectationKey, domain::ServiceKey, Meant);

/// The answer of the caller's own service, where it says under its own name that the work is over.
fn call_back(server: &Server, found: &Evidence, source: &str, change: &RecordChange) -> Option<CallBack> {
    let (expectation, service) = found.asked.filter(|_| change.status.is_final())?;
    own_name(server, found).filter(|name| name == source)?;
    Some((expectation, service, meant(change)))
}

/// What a final result means: as an answer to the message would.
fn meant(change: &RecordChange) -> Meant {
    let reason = change.message.clone();
    match (change.status, change.can_process) {
        (RecordStatus::Error, _) => Meant::Error { reason },
        (_, Some(false)) => Meant::Rejected { reason },
        _ => Meant::Processed(Said::default()),
    }
}
