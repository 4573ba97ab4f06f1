//! The services and the network between: they answer, fail, lie, hang and lose answers; everything they saw is kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dispatch::{Call, Sender, Sending};
use domain::outcome::{Outcome, Response};
use serde_json::Value;

use super::process::Dice;
use super::trace::Trace;

/// How a service behaves at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It examines and answers.
    Well,
    /// 500.
    Failing,
    /// 200 with something that is not its protocol.
    Garbage,
    /// 503.
    Busy,
    /// It never answers.
    Hanging,
    /// The connection breaks before it has seen anything.
    Down,
    /// It examines, and its answer is lost on the way.
    Lossy,
    /// It answers after some seconds.
    Slow,
    /// 202, and it calls back.
    CallsBack,
    /// It calls back while its answer is still on the way.
    Hasty,
    /// 202, and it forgets.
    Forgets,
}

impl Mode {
    pub const ALL: &'static [Mode] = &[
        Mode::Well,
        Mode::Failing,
        Mode::Garbage,
        Mode::Busy,
        Mode::Hanging,
        Mode::Down,
        Mode::Lossy,
        Mode::Slow,
        Mode::CallsBack,
        Mode::Hasty,
        Mode::Forgets,
    ];
}

/// One request that a service received.
#[derive(Debug, Clone)]
pub struct Received {
    pub service: String,
    pub webhook_id: String,
    /// The number in the event's body.
    pub event: u64,
    pub mode: Mode,
    /// Whether it examined the event.
    pub examined: bool,
}

#[derive(Default)]
pub struct State {
    modes: BTreeMap<String, Mode>,
    pub received: Vec<Received>,
    /// Call backs that are to be made: the service, the event, the URL.
    pub call_backs: Vec<(String, u64, String)>,
}

/// The network, shared by all lives of the gateway.
#[derive(Clone)]
pub struct Network {
    state: Arc<Mutex<State>>,
    trace: Trace,
}

impl Network {
    pub fn new(trace: Trace) -> Self {
        Self { state: Arc::default(), trace }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    pub fn behave(&self, service: &str, mode: Mode) {
        self.state().modes.insert(service.to_owned(), mode);
    }

    pub fn heal(&self) {
        for mode in self.state().modes.values_mut() {
            *mode = Mode::Well;
        }
    }
}

/// What a service finds in an event: always the same, so that it does not matter which of its answers counts.
pub fn finds(service: &str, event: u64) -> Vec<&'static str> {
    let hash = service.bytes().fold(event.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut found = Vec::new();
    if (hash >> 20).is_multiple_of(5) {
        found.push("BAD");
    }
    if (hash >> 40).is_multiple_of(6) {
        found.push("RUN");
    }
    found
}

/// The answer of a service that examined an event; `via` says how it was given.
pub fn answer(service: &str, event: u64, via: &str) -> Vec<u8> {
    let found = finds(service, event);
    serde_json::json!({ "version": "1", "matchedRules": found, "via": via }).to_string().into_bytes()
}

/// The network as one life of the gateway reaches it.
pub struct SimSender {
    network: Network,
    alive: Arc<AtomicBool>,
    dice: Dice,
}

impl SimSender {
    pub fn new(network: Network, alive: Arc<AtomicBool>) -> Self {
        let calls = network.state().received.len() as u64;
        Self { network, alive, dice: Dice::new(calls ^ 0xfeed) }
    }

    fn receive(&self, call: &Call) -> (Mode, String, u64) {
        let header = |name: &str| call.headers.iter().find(|(each, _)| *each == name).map(|(_, value)| value.clone());
        let body: Value = serde_json::from_slice(&call.body).expect("what is sent is JSON");
        let inner = body.get("data").unwrap_or(&body);
        let event = inner["body"]["n"].as_u64().expect("the event's own body goes along");
        let service = call.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let mut state = self.network.state();
        let mode = state.modes.get(&service).copied().unwrap_or(Mode::Well);
        let result_url = inner["result_url"].as_str().map(ToOwned::to_owned);
        let examined = matches!(mode, Mode::Well | Mode::Lossy | Mode::Slow | Mode::Hasty);
        let webhook_id = header("webhook-id").expect("every call has an id");
        self.network.trace.tell(&format!("{service} is called about event {event} ({webhook_id}), and is {mode:?}"));
        if mode != Mode::Down {
            state.received.push(Received { service: service.clone(), webhook_id, event, mode, examined });
        }
        if let (Mode::CallsBack | Mode::Hasty, Some(url)) = (mode, result_url) {
            state.call_backs.push((service.clone(), event, url));
        }
        (mode, service, event)
    }
}

impl Sender for SimSender {
    fn send(&self, call: Call) -> Sending<'_> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_micros(self.dice.below(2_000))).await;
            if !self.alive.load(Ordering::Relaxed) {
                return std::future::pending().await;
            }
            let (mode, service, event) = self.receive(&call);
            let answered = |status, body: Vec<u8>| {
                Outcome::Answered(Response { status, retry_after: None, connected: None, body })
            };
            let outcome = match mode {
                Mode::Well => answered(200, answer(&service, event, "answer")),
                Mode::Failing => answered(500, Vec::new()),
                Mode::Garbage => answered(200, b"<html>all fine</html>".to_vec()),
                Mode::Busy => answered(503, Vec::new()),
                Mode::Hanging => {
                    tokio::time::sleep(call.within).await;
                    Outcome::TimedOut(call.within)
                }
                Mode::Down => Outcome::Unreachable("connection refused".to_owned()),
                Mode::Lossy => Outcome::Unreachable("connection reset".to_owned()),
                Mode::Slow | Mode::Hasty => {
                    tokio::time::sleep(Duration::from_millis(self.dice.below(50_000))).await;
                    answered(200, answer(&service, event, "answer"))
                }
                Mode::CallsBack | Mode::Forgets => answered(202, b"{}".to_vec()),
            };
            tokio::time::sleep(Duration::from_micros(self.dice.below(2_000))).await;
            outcome
        })
    }
}
