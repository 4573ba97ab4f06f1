//! Recording what is believed: the body's digest, a blob where it is large, then one commit.

use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::event::Provenance;
use domain::{EventKey, ReceiptKey, SourceKey, Timestamp, limits};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use store::command::{Answer, NewReceipt, Released};
use store::judged::{Arriving, record};
use verify::receive::{Accepted, Arrival, SubjectName};

use super::headers;
use crate::problem::{self, Problem};
use crate::server::Shared;
use crate::timings::Took;

/// What is known of a believed request beside what it says.
pub struct Believed<'a> {
    /// Its source.
    pub source: SourceKey,
    /// Who says that it may be believed.
    pub provenance: Provenance,
    /// The headers that hold its credential.
    pub credential_headers: &'a [&'static str],
    /// How far its signed time may lie from ours.
    pub window_s: Option<u64>,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// When it is recorded.
    pub now: Timestamp,
    /// How long it took so far.
    pub took: Took,
    /// The refused request that it is, where one is tried again.
    pub released: Option<Released>,
}

/// What was recorded, now or the first time.
#[derive(Clone, Copy)]
pub struct Kept {
    /// The receipt.
    pub receipt: Option<ReceiptKey>,
    /// The first new event.
    pub event: Option<EventKey>,
}

/// Records it. Whatever becomes of the caller, what was handed to the store is carried out.
///
/// # Errors
/// When the blobs or the store fail: then no 2xx may be sent.
pub async fn keep(server: &Shared, believed: &Believed<'_>, accepted: Accepted, body: Bytes) -> Result<Kept, Problem> {
    let blob = body.len() > limits::INLINE_BODY_BYTES_MAX;
    let held = if blob { Some(put_blob(server, body.clone()).await?) } else { None };
    let digest = held.as_ref().map_or_else(|| Sha256::digest(&body).into(), |held| held.sha256);
    let note_use = server.secret_uses.is_news(believed.source, accepted.proof.secret_id(), believed.now);
    let receipt = NewReceipt {
        source: believed.source,
        scheme: accepted.proof.scheme().to_owned(),
        secret: accepted.proof.secret_id().to_owned(),
        headers: headers::kept(believed.headers, believed.credential_headers),
        digest,
        body,
        blob,
        note_use,
        released: believed.released.clone(),
    };
    let began = Instant::now();
    let arriving = accepted.arrivals.into_iter().map(|arrival| arriving(arrival, believed.provenance)).collect();
    let remember_until = believed.now.after(memory(believed.window_s));
    match record_held(server, held, receipt, arriving, remember_until, believed.now).await? {
        Answer::Recorded(recorded) => {
            server.metrics.accepted.inc();
            server.metrics.receipts.inc();
            let took = Took { sync: began.elapsed(), ..believed.took };
            recorded.events.iter().for_each(|each| server.timings.note(each.event, took));
            Ok(Kept { receipt: recorded.receipt, event: recorded.events.first().map(|first| first.event) })
        }
        Answer::Repeat(first) => {
            server.metrics.repeated.inc();
            Ok(Kept { receipt: first, event: None })
        }
        Answer::NotFound => Err(Problem::new(&problem::CONFLICT, "the request has left the quarantine already")),
        other => {
            tracing::error!(answer = ?other, "recording was answered in an unknown way");
            Err(Problem::new(&problem::INTERNAL, "the store gave an answer that recording does not know"))
        }
    }
}

/// Records it; a blob of its body is held until then, whether or not the caller waits.
async fn record_held(
    server: &Shared,
    held: Option<artifacts::Held>,
    receipt: NewReceipt,
    arriving: Vec<Arriving>,
    remember_until: Timestamp,
    now: Timestamp,
) -> Result<Answer, Problem> {
    let store = &server.parts.store;
    let Some(held) = held else { return Ok(record(store, Some(receipt), arriving, remember_until, now).await?) };
    let store = store.clone();
    let recording = tokio::spawn(async move {
        let _held = held;
        record(&store, Some(receipt), arriving, remember_until, now).await
    });
    Ok(recording.await.map_err(|_| Problem::new(&problem::INTERNAL, "recording was interrupted"))??)
}

/// How long a delivery is remembered: the fixed time, and twice the window. A repetition may arrive so much later, and be
/// tried again within the fixed time.
fn memory(window_s: Option<u64>) -> Duration {
    Duration::from_secs(window_s.unwrap_or(0).saturating_mul(2)).saturating_add(limits::REPLAY_MEMORY)
}

fn arriving(arrival: Arrival, provenance: Provenance) -> Arriving {
    let subject = |SubjectName { kind, collection, id }| domain::subject::SubjectName { kind, collection, id };
    Arriving {
        kind: arrival.event_type,
        subject: arrival.subject.map(subject),
        artifact: None,
        provenance,
        delivery: arrival.delivery_id,
        replay: arrival.replay_key,
        data: None,
        description: None,
    }
}

async fn put_blob(server: &Shared, body: Bytes) -> Result<artifacts::Held, Problem> {
    let blobs = server.parts.blobs.clone();
    let put = tokio::task::spawn_blocking(move || blobs.put(&body)).await;
    Ok(put.map_err(|_| Problem::new(&problem::INTERNAL, "writing the body was interrupted"))??)
}
