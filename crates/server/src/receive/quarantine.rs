//! Refused requests that are kept: few, small, their credential sealed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use domain::{QuarantineKey, SourceKey, Timestamp};
use http::request::Parts;
use sha2::{Digest, Sha256};
use store::command::Command;
use store::tables::Quarantine;
use verify::receive::Refusal;

use super::headers;
use crate::server::Shared;
use store::seal::of;

/// A body is kept up to this size.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How many may be kept in a burst, for each source.
const BURST: i64 = 20;
/// The time after which one more may be kept, in microseconds: two each second.
const EVERY_US: i64 = 500_000;

/// How many refused requests of each source may still be kept: a token bucket, as the time at which it is full again.
#[derive(Default)]
pub struct Quarantines(Mutex<HashMap<Option<SourceKey>, i64>>);

impl Quarantines {
    fn admits(&self, source: Option<SourceKey>, now: Timestamp) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.entry(source).or_insert(now.0);
        let next = (*full_at).max(now.0) + EVERY_US;
        let admitted = next - now.0 <= BURST * EVERY_US;
        if admitted {
            *full_at = next;
        }
        admitted
    }
}

/// A refused request.
pub struct Refused<'a> {
    /// The source it was sent to.
    pub source: Option<SourceKey>,
    /// The headers that hold its credential.
    pub credential_headers: &'a [&'static str],
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
    let kept =
        server.add(refused.now, |key: QuarantineKey| Command::Quarantine(Box::new(Quarantine { key, ..row.clone() })));
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
    let Refused { source, credential_headers, refusal, head, body, now } = refused;
    let sealed = headers::presented(&head.headers, credential_headers)
        .map(|values| server.parts.seal.seal(&values, of::QUARANTINE, server.nonce()).0);
    let empty = Bytes::new();
    let whole = body.unwrap_or(&empty);
    Quarantine {
        key: QuarantineKey(0),
        at: *now,
        source: *source,
        path: headers::kept_path(head.uri.path(), head.uri.query()).chars().take(1_000).collect(),
        reason: refusal.reason.code().to_owned(),
        text: refusal.detail.clone(),
        headers: headers::kept(&head.headers, credential_headers),
        credential: sealed,
        digest: Sha256::digest(whole).into(),
        body_bytes: i64::try_from(whole.len()).unwrap_or(i64::MAX),
        body: body.map(|body| body.slice(..body.len().min(BODY_BYTES_MAX))),
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
