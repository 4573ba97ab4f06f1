//! Rows as the API shows them: ids instead of keys, names beside them, times in RFC 3339.

use std::sync::Arc;

use domain::catalogue::Catalogue;
use domain::event::{Event, Provenance, Receipt};
use domain::expectation::Expectation;
use domain::result::ServiceResult;
use domain::rule::{Flag, Hold, HoldScope, Match};
use domain::run::{Attempt, Run, RunState};
use domain::subject::{Collection, Subject};
use domain::{AccountKey, ExpectationKey, Key, RuleKey, Salt, ServiceKey, SourceKey, SubjectKey, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::StoreError;
use store::row::RowsExt;
use store::table::Rows;
use store::tables::{Artifact, Audit, Batch, Clearance, Quarantine, Restriction};
use store::{batches, search};

use crate::server::Shared;

/// What showing needs beside the rows.
#[derive(Clone)]
pub struct View {
    pub salt: Salt,
    pub catalogue: Arc<Catalogue>,
    pub now: Timestamp,
}

impl View {
    pub fn of(server: &Shared) -> Self {
        let store = &server.parts.store;
        Self { salt: store.salt(), catalogue: store.catalogue(), now: server.now() }
    }

    pub fn id<K: Key>(&self, key: K) -> String {
        self.salt.show(key)
    }

    pub fn service(&self, key: ServiceKey) -> Option<&str> {
        self.catalogue.services.get(&key).map(|service| service.name.as_str())
    }

    pub fn source(&self, key: SourceKey) -> Option<String> {
        self.catalogue.sources.get(&key).map(|source| format!("{}/{}", source.provider, source.name))
    }

    pub fn rule(&self, key: RuleKey) -> Option<&str> {
        self.catalogue.rules.get(&key).map(|rule| rule.name.as_str())
    }

    pub fn account(&self, key: AccountKey) -> Option<&str> {
        self.catalogue.accounts.get(&key).map(|account| account.name.as_str())
    }

    pub fn subject(&self, key: Option<SubjectKey>, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let Some(key) = key else { return Ok(Value::Null) };
        let Some(name) = search::subject_name(rows, key)? else { return Ok(Value::Null) };
        Ok(json!({ "id": self.id(key), "kind": name.kind, "collection": name.collection, "subject": name.id }))
    }

    fn expectation(&self, key: Option<ExpectationKey>, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let Some(key) = key else { return Ok(Value::Null) };
        let found = rows.load::<Expectation>(key.0)?;
        Ok(found.map_or(Value::Null, |found| json!(self.salt.show_expectation(key, found.event))))
    }
}

/// A row that the API shows.
pub trait Show {
    /// It, as JSON.
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError>;
}

/// Until when, where there is an end.
pub fn until(at: Timestamp) -> Option<String> {
    (at != Timestamp::NEVER).then(|| at.rfc3339())
}

/// Stored JSON as it stands; text that is none as text.
fn stored(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

impl Show for Receipt {
    fn show(&self, view: &View, _: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "source": view.source(self.source),
            "at": self.at.rfc3339(),
            "scheme": self.scheme,
            "secret": self.secret,
            "headers": stored(&self.headers),
            "sha256": verify::hex::encode(&self.digest),
            "body_bytes": self.body_bytes,
        }))
    }
}

impl Show for Event {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let (provenance, by) = match self.provenance {
            Provenance::Signed(source) => ("signed", view.source(source)),
            Provenance::Account(account) => ("account", view.account(account).map(str::to_owned)),
            Provenance::External => ("external", None),
            Provenance::Internal => ("internal", None),
        };
        Ok(json!({
            "id": view.id(self.key),
            "type": self.kind,
            "at": self.at.rfc3339(),
            "receipt": self.receipt.map(|key| view.id(key)),
            "subject": view.subject(self.subject, rows)?,
            "artifact": self.artifact.map(|key| view.id(key)),
            "provenance": provenance,
            "by": by,
            "hops": self.hops,
            "cause": self.cause.map(|key| view.id(key)),
            "delivery": self.delivery,
            "data": self.data.as_deref().map(stored),
        }))
    }
}

impl Show for Expectation {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let gate = search::gate(rows, self.service)?;
        Ok(json!({
            "id": view.salt.show_expectation(self.key, self.event),
            "number": self.key.0,
            "event": view.id(self.event),
            "service": view.service(self.service),
            "subject": view.subject(self.subject, rows)?,
            "artifact": self.artifact.map(|key| view.id(key)),
            "blocks": self.blocks,
            "state": self.state,
            "coverage": self.coverage,
            "on_failure": self.on_failure,
            "deadline": gate.wall(self.deadline, view.now).rfc3339(),
            "redeliveries_left": self.redeliver_left,
        }))
    }
}

impl Show for Run {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let at = match self.state {
            RunState::Due { at } | RunState::Deferred { until: at } => Some(at),
            RunState::Leased(_) | RunState::Answered | RunState::Exhausted | RunState::Cancelled => None,
        };
        Ok(json!({
            "id": view.id(self.key),
            "expectation": view.expectation(Some(self.expectation), rows)?,
            "service": view.service(self.service),
            "state": self.state.word(),
            "at": at.map(Timestamp::rfc3339),
            "attempts": self.attempt,
            "why": self.why,
        }))
    }
}

impl Show for Attempt {
    fn show(&self, view: &View, _: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "run": view.id(self.run),
            "nth": self.nth,
            "started": self.started.rfc3339(),
            "connected": self.connected.map(Timestamp::rfc3339),
            "ended": self.ended.rfc3339(),
            "status": self.status,
            "answer": self.answer,
            "text": self.text,
        }))
    }
}

impl Show for ServiceResult {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let content: Option<&RawValue> = serde_json::from_slice(&self.raw).ok();
        Ok(json!({
            "id": view.id(self.key),
            "number": self.number.or(self.expectation.map(|key| key.0)),
            "expectation": view.expectation(self.expectation, rows)?,
            "run": self.run.map(|key| view.id(key)),
            "service": self.service.and_then(|key| view.service(key)),
            "account": self.account.and_then(|key| view.account(key)),
            "subject": view.subject(self.subject, rows)?,
            "artifact": self.artifact.map(|key| view.id(key)),
            "kind": self.kind,
            "late": self.late,
            "coverage": self.coverage,
            "text": self.text,
            "at": self.at.rfc3339(),
            "content": content,
        }))
    }
}

impl Show for Match {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "result": view.id(self.result),
            "rule": view.id(self.rule),
            "name": self.name,
            "service": self.service.and_then(|key| view.service(key)),
            "subject": view.subject(self.subject, rows)?,
            "action": self.action,
            "severity": self.severity,
            "state": self.state,
            "text": self.text,
            "at": self.at.rfc3339(),
        }))
    }
}

impl Show for Flag {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "subject": view.subject(Some(self.subject), rows)?,
            "match": self.cause.map(|key| view.id(key)),
            "text": self.text,
            "at": self.at.rfc3339(),
            "ended": self.ended.map(Timestamp::rfc3339),
        }))
    }
}

impl Show for Hold {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let of = match self.scope {
            HoldScope::Subject => view.subject(Some(SubjectKey(self.of)), rows)?,
            HoldScope::Collection => rows.load::<Collection>(self.of)?.map_or(Value::Null, |collection| {
                json!({ "id": view.id(collection.key), "kind": collection.kind, "collection": collection.name })
            }),
        };
        Ok(json!({
            "id": view.id(self.key),
            "scope": self.scope,
            "of": of,
            "track": self.track,
            "kind": self.kind,
            "until": until(self.until),
            "match": self.cause.map(|key| view.id(key)),
            "rule": self.rule.and_then(|key| view.rule(key)),
            "text": self.text,
            "at": self.at.rfc3339(),
            "ended": self.ended.map(Timestamp::rfc3339),
            "ended_by": self.ended_by,
        }))
    }
}

impl Show for Subject {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let collection = rows.load::<Collection>(self.collection.0)?;
        Ok(json!({
            "id": view.id(self.key),
            "kind": self.kind,
            "collection": collection.map(|collection| collection.name),
            "subject": self.id,
            "track": self.track,
            "revision": self.revision,
            "verdict": self.verdict,
            "attributes": stored(&self.attributes),
            "protected": self.protected,
            "users": self.users,
            "block_lifted": self.block_lifted,
            "review_deadline": self.review_deadline.map(Timestamp::rfc3339),
            "at": self.at.rfc3339(),
        }))
    }
}

impl Show for Collection {
    fn show(&self, view: &View, _: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "kind": self.kind,
            "collection": self.name,
            "attributes": stored(&self.attributes),
        }))
    }
}

impl Show for Artifact {
    fn show(&self, view: &View, _: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "sha256": verify::hex::encode(&self.sha256),
            "size": self.size,
            "content_type": self.content_type,
            "filename": self.name,
            "owner": self.owner.and_then(|key| view.account(key)),
            "at": self.at.rfc3339(),
            "expires": until(self.expires),
            "removed": self.removed.map(Timestamp::rfc3339),
        }))
    }
}

impl Show for Quarantine {
    fn show(&self, view: &View, _: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "at": self.at.rfc3339(),
            "source": self.source.and_then(|key| view.source(key)),
            "path": self.path,
            "reason": self.reason,
            "text": self.text,
            "headers": stored(&self.headers),
            "sha256": verify::hex::encode(&self.digest),
            "body_bytes": self.body_bytes,
        }))
    }
}

impl Show for Audit {
    fn show(&self, view: &View, _: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "nth": self.nth,
            "at": self.at.rfc3339(),
            "who": self.who,
            "what": self.what,
            "digest": verify::hex::encode(&self.digest),
        }))
    }
}

impl Show for Restriction {
    fn show(&self, view: &View, _: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "kind": self.kind,
            "actor": { "kind": self.actor_kind, "value": self.actor },
            "match": self.cause.map(|key| view.id(key)),
            "text": self.text,
            "at": self.at.rfc3339(),
            "ended": self.ended.map(Timestamp::rfc3339),
            "ended_by": self.ended_by,
        }))
    }
}

impl Show for Clearance {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        Ok(json!({
            "id": view.id(self.key),
            "subject": view.subject(Some(self.subject), rows)?,
            "by": self.by,
            "reason": self.reason,
            "at": self.at.rfc3339(),
        }))
    }
}

impl Show for Batch {
    fn show(&self, view: &View, rows: &mut dyn Rows) -> Result<Value, StoreError> {
        let parts = batches::parts(rows, self)?;
        let progress = parts.iter().map(|part| {
            json!({
                "service": view.service(part.service),
                "total": self.total,
                "asked": part.asked,
                "open": part.open(),
                "done": part.done,
                "failed": part.failed,
                "cancelled": part.cancelled,
                "skipped": part.skipped,
            })
        });
        Ok(json!({
            "id": view.id(self.key),
            "state": self.state.word(),
            "text": self.text,
            "at": self.at.rfc3339(),
            "subjects": self.total,
            "services": progress.collect::<Vec<_>>(),
        }))
    }
}
