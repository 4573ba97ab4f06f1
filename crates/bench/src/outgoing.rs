//! How fast the outgoing client alone is: one thread, small POSTs to the sink.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use egress::{Egress, EgressSettings, Outgoing, Policy, Sent};
use http::Method;

use crate::histogram::Histogram;
use crate::sink::Sink;

/// What the client reached.
pub struct Reached {
    /// Answered calls a second.
    pub rate: f64,
    /// How long each took.
    pub latency: Histogram,
    /// How many connections it took.
    pub connections: u64,
}

/// Sends for a time, `callers` at once on one thread.
pub fn measure(callers: usize, seconds: f64) -> Reached {
    let sink = Sink::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Egress::new(EgressSettings::default()).expect("a client");
    let call = small_post(sink.url(0));
    let started = Instant::now();
    let ends = started + Duration::from_secs_f64(seconds);
    let latency = runtime.block_on(async {
        let callers: Vec<_> = (0..callers).map(|_| tokio::spawn(calls(client.clone(), call.clone(), ends))).collect();
        let mut all = Histogram::default();
        for caller in callers {
            all.add(&caller.await.expect("a caller does not panic"));
        }
        all
    });
    Reached {
        rate: latency.total() as f64 / started.elapsed().as_secs_f64(),
        latency,
        connections: client.connections_opened(),
    }
}

async fn calls(client: Egress, call: Outgoing, ends: Instant) -> Histogram {
    let mut latency = Histogram::default();
    loop {
        let begun = Instant::now();
        if begun >= ends {
            return latency;
        }
        match client.send(call.clone()).await {
            Sent::Answered { status: 200, .. } => latency.record(begun.elapsed()),
            other => panic!("the sink answers 200, not {other:?}"),
        }
    }
}

fn small_post(url: String) -> Outgoing {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Outgoing {
        method: Method::POST,
        url,
        headers: vec![
            header("content-type", "application/json"),
            header("webhook-id", "run_00000000000000000000000000"),
            header("webhook-timestamp", "1700000000"),
            header("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
        ],
        body: Bytes::from_static(&[b' '; 256]),
        policy: Arc::new(Policy::new(["127.0.0.0/8".parse().expect("an entry")], &[])),
        connect_within: Duration::from_secs(5),
        answer_within: Duration::from_secs(15),
        answer_bytes_max: 1024 * 1024,
    }
}
