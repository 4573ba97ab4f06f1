//! Refused requests that are kept: few, small, their head sealed, since credentials stand in it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::{QuarantineKey, SourceKey, Timestamp};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::command::{Command, KeepRefused};
use store::tables::Quarantine;
use verify::receive::Refusal;

use super::headers;
use super::pace::Pace;
use crate::server::Shared;
use store::seal::of;

/// How much of what is refused is kept. When there would be more, the oldest goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineBounds {
    /// How many requests.
    pub count_max: u32,
    /// How many bytes they have together.
    pub bytes_max: u64,
    /// How many bytes of one body.
    pub body_bytes_max: usize,
    /// How long.
    pub age_max: Duration,
}

impl Default for QuarantineBounds {
    fn default() -> Self {
        Self {
            count_max: 1_000,
            bytes_max: 64 << 20,
            body_bytes_max: 1 << 20,
            age_max: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// A head as it is sealed. The bytes of values stand as the Latin-1 characters that headers count as.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedHead {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
}

impl SealedHead {
    fn of(head: &Parts) -> Self {
        let text = |value: &[u8]| value.iter().copied().map(char::from).collect();
        let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
        Self {
            method: head.method.as_str().to_owned(),
            target: head.uri.path_and_query().map_or("/", PathAndQuery::as_str).to_owned(),
            headers: headers.collect(),
        }
    }

    /// The head again; `None` if it is none.
    pub fn restored(&self) -> Option<Parts> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.target);
        for (name, value) in &self.headers {
            let bytes: Vec<u8> = value.chars().filter_map(|each| u8::try_from(u32::from(each)).ok()).collect();
            request = request.header(name, HeaderValue::from_bytes(&bytes).ok()?);
        }
        request.body(()).ok().map(|request| request.into_parts().0)
    }
}

/// How many may be kept of each source: a burst, then two each second.
const PACE: Pace = Pace { burst: 20, every_us: 500_000 };

/// How many refused requests of each source may still be kept: when its bucket is full again.
#[derive(Default)]
pub struct Quarantines(Mutex<HashMap<Option<SourceKey>, Timestamp>>);

impl Quarantines {
    fn admits(&self, source: Option<SourceKey>, now: Timestamp) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        PACE.admits(buckets.entry(source).or_insert(now), now)
    }
}

/// A refused request.
pub struct Refused<'a> {
    /// The source it was sent to.
    pub source: Option<SourceKey>,
    /// The headers that hold its credential.
    pub credential_headers: &'a [&'static str],
    /// The names in the query that hold a credential of its provider's own.
    pub credential_queries: &'a [&'static str],
    /// Why.
    pub refusal: &'a Refusal,
    /// Its head.
    pub head: &'a Parts,
    /// Its body, if it was read.
    pub body: Option<&'a Bytes>,
    /// When it arrived.
    pub now: Timestamp,
}

/// Keeps it, if few enough came lately.
pub async fn keep(server: &Shared, refused: &Refused<'_>) {
    if !server.quarantines.admits(refused.source, refused.now) {
        server.metrics.quarantine_dropped.inc();
        return;
    }
    let row = row(server, refused);
    let QuarantineBounds { count_max, bytes_max, .. } = server.parts.settings.quarantine;
    let (count_max, bytes_max) = (i64::from(count_max), i64::try_from(bytes_max).unwrap_or(i64::MAX));
    let keep = |key: QuarantineKey| {
        let refused = Quarantine { key, ..row.clone() };
        Command::KeepRefused(Box::new(KeepRefused { refused, count_max, bytes_max }))
    };
    let kept = server.add(refused.now, keep);
    match kept.await {
        Ok(_) => server.metrics.quarantined.inc(),
        // The refusal is answered all the same: keeping it is a help, not a promise.
        Err(error) => {
            tracing::warn!(%error, "a refused request could not be kept");
            server.metrics.quarantine_dropped.inc()
        }
    };
}

fn row(server: &Shared, refused: &Refused<'_>) -> Quarantine {
    let Refused { source, credential_headers, credential_queries, refusal, head, body, now } = refused;
    let sealed = serde_json::to_string(&SealedHead::of(head)).ok();
    let sealed = sealed.map(|text| server.parts.seal.seal(&text, of::QUARANTINE, server.nonce()).0);
    let empty = Bytes::new();
    let whole = body.unwrap_or(&empty);
    Quarantine {
        key: QuarantineKey(0),
        at: *now,
        source: *source,
        path: headers::kept_path(head.uri.path(), head.uri.query(), credential_queries).chars().take(1_000).collect(),
        reason: refusal.reason.code().to_owned(),
        text: refusal.detail.clone(),
        headers: headers::kept(&head.headers, credential_headers),
        credential: sealed,
        digest: Sha256::digest(whole).into(),
        body_bytes: i64::try_from(whole.len()).unwrap_or(i64::MAX),
        body: body.map(|body| body.slice(..body.len().min(server.parts.settings.quarantine.body_bytes_max))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_a_burst_and_two_each_second() {
        let quarantines = Quarantines::default();
        let start = Timestamp::from_seconds(1_000);
        let admitted = |now| (0..100).filter(|_| quarantines.admits(None, now)).count();

        assert_eq!(admitted(start), 20);
        assert_eq!(admitted(Timestamp::from_seconds(1_003)), 6);
        assert!(quarantines.admits(Some(SourceKey(1)), start), "another source has a bucket of its own");
    }
}
