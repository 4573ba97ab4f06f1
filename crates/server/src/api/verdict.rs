//! The verdict on a subject: as it is, or as it will be when the caller can wait.

use std::time::Duration;

use domain::expectation::Expectation;
use domain::judge::SubjectState;
use domain::verdict::VerdictKind;
use domain::{SubjectKey, Timestamp};
use serde_json::{Value, json};
use store::row::RowsExt;
use store::table::Rows;
use store::{StoreError, search};
use tokio::time::{Instant, timeout};

use super::show::{Show, View, until};
use super::waiting;
use crate::problem::{self, Problem};
use crate::server::Shared;

/// A wake-up may be lost, so whoever waits looks again after this.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The verdict with its reasons, what it was made from, and what stands open.
pub fn show(view: &View, state: &SubjectState, rows: &mut dyn Rows) -> Result<Value, StoreError> {
    let reasons = state.subject.reasons.iter().map(|reason| {
        json!({
            "code": reason.code,
            "service": reason.service.and_then(|key| view.service(key)),
            "rule": reason.rule.and_then(|key| view.rule(key)),
            "until": reason.until.and_then(until),
            "text": reason.text,
        })
    });
    let reasons: Vec<Value> = reasons.collect();
    let mut coverage = Vec::with_capacity(state.expectations.len());
    for expectation in state.expectations.iter().filter(|expectation| expectation.blocks) {
        let event = rows.load::<domain::event::Event>(expectation.event.0)?;
        coverage.push(json!({
            "service": view.service(expectation.service),
            "event": event.map(|event| event.kind),
            "state": expectation.state,
            "coverage": expectation.coverage,
        }));
    }
    let mut waited_for = Vec::new();
    let awaited = |each: &&Expectation| each.awaits() && view.catalogue.waits_for(each.service);
    for expectation in state.expectations.iter().filter(awaited) {
        waited_for.extend(waiting::read(rows, expectation, view.now)?.map(|waiting| waiting.show(view)));
    }
    let flags = state.flags.iter().map(|flag| flag.show(view, rows)).collect::<Result<Vec<_>, _>>()?;
    let holds = state.stopped_by().map(|hold| hold.show(view, rows)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "verdict": state.subject.verdict,
        "revision": state.subject.revision,
        "reasons": reasons,
        "review_deadline": state.subject.review_deadline.map(Timestamp::rfc3339),
        "waiting": waited_for,
        "coverage": coverage,
        "flags": flags,
        "holds": holds,
    }))
}

/// A verdict, and whether it is more than pending.
pub struct Seen {
    pub shown: Value,
    pub settled: bool,
}

/// The verdict now.
pub async fn now(server: &Shared, subject: SubjectKey) -> Result<Seen, Problem> {
    let view = View::of(server);
    let seen = server.parts.store.read(move |rows| {
        let Some(state) = search::subject_state(rows, subject)? else { return Ok(None) };
        let settled = state.subject.verdict != VerdictKind::Pending;
        Ok(Some(Seen { shown: show(&view, &state, rows)?, settled }))
    });
    seen.await?.ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the subject is gone"))
}

/// The verdict once it is settled, or as it is when the time is over: subscribe, then read, then wait.
pub async fn wait(server: &Shared, subject: SubjectKey, within: Duration) -> Result<Seen, Problem> {
    let deadline = Instant::now() + within;
    let watch = server.parts.bus.watch(subject).map_err(|bus::TooManyWaiters| {
        Problem::new(&problem::TOO_MANY_WAITERS, "as many callers wait for verdicts as may")
    })?;
    loop {
        let next = watch.next();
        let seen = now(server, subject).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        if seen.settled || left.is_zero() {
            return Ok(seen);
        }
        // Woken or not, it is read again.
        let _ = timeout(left.min(LOOK_EVERY), next).await;
    }
}

/// Where a subject's verdict is read.
pub fn path(kind: &str, collection: &str, id: &str) -> String {
    let [kind, collection, id] = [kind, collection, id].map(crate::text::encoded);
    format!("/api/v1/subjects/{kind}/{collection}/{id}/verdict")
}
