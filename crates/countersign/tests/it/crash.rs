//! Killed under load, twenty times: what was acknowledged is delivered or still owed, under one stable id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::world::{Call, Reaction, SECRET, World, peer, push, until};

const ROUNDS: usize = 20;
const SENDERS: usize = 4;
/// A round ends after so many acknowledgements at least, and at most twice as many.
const ACKNOWLEDGED_MIN: usize = 10;
const SEED: u64 = 0x00c0_ffee;

/// What the service heard: for each push its `webhook-id`s with how often each came.
#[derive(Default)]
struct Heard {
    pushes: Mutex<BTreeMap<String, BTreeMap<String, usize>>>,
    /// Pushes that were left without an answer, once each.
    unanswered: Mutex<BTreeSet<String>>,
    calls: AtomicUsize,
    answer_all: AtomicBool,
}

impl Heard {
    /// Every seventh call gets no answer, so that something is in flight whenever the process is killed.
    fn react(&self, call: &Call) -> Reaction {
        let body: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
        let name = marker(&body).expect("the push that it is about");
        let id = call.headers["webhook-id"].clone();
        *lock(&self.pushes).entry(name.clone()).or_default().entry(id).or_default() += 1;
        let nth = self.calls.fetch_add(1, Ordering::AcqRel);
        if nth % 7 == 3 && !self.answer_all.load(Ordering::Acquire) && lock(&self.unanswered).insert(name) {
            return Reaction::Silence;
        }
        Reaction::Json("{}")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of a push, wherever its body stands in what is sent.
fn marker(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Object(members) => match members.get("marker").and_then(|name| name.as_str()) {
            Some(name) => Some(name.to_owned()),
            None => members.values().find_map(marker),
        },
        _ => None,
    }
}

/// `SplitMix64`.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Sends from several threads until the server is gone; answers what was acknowledged. The server is killed after so
/// many acknowledgements.
fn round(world: &mut World, nth: usize, kill_after: usize) -> BTreeMap<String, String> {
    let to = world.listen();
    let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let acknowledged = acknowledged.clone();
            std::thread::spawn(move || {
                for count in 0.. {
                    let name = format!("{nth}-{sender}-{count}");
                    let body = format!(r#"{{"marker":"{name}","after":"{name}","repository":{{"full_name":"a/b"}}}}"#);
                    let Some(answer) = push(to, &name, body.as_bytes(), SECRET) else { return };
                    if answer.status != 204 {
                        return;
                    }
                    lock(&acknowledged).insert(name, answer.headers["countersign-event"].clone());
                }
            })
        })
        .collect();
    until("acknowledgements", || (lock(&acknowledged).len() >= kill_after).then_some(()));
    world.kill();
    for sender in senders {
        sender.join().expect("a sender");
    }
    let acknowledged = lock(&acknowledged);
    acknowledged.clone()
}

#[test]
fn what_was_acknowledged_survives_being_killed() {
    let heard = Arc::new(Heard::default());
    let service = peer({
        let heard = heard.clone();
        move |call| heard.react(&call)
    });
    let port = service.port();
    let config = format!(
        "[[service]]\nname = \"sink\"\nprofile = \"standard\"\nurl = \"http://127.0.0.1:{port}/\"\n\
         events = [\"github.push\"]\nallow_networks = [\"127.0.0.1/32:{port}\"]\n"
    );
    let mut world = World::new(&config);
    let mut random = SEED;
    let mut acknowledged = BTreeMap::new();
    for nth in 0..ROUNDS {
        world.start();
        let more = usize::try_from(next(&mut random) % ACKNOWLEDGED_MIN as u64).expect("small");
        acknowledged.extend(round(&mut world, nth, ACKNOWLEDGED_MIN + more));
    }
    heard.answer_all.store(true, Ordering::Release);
    world.start();

    // Every acknowledged event is there, and comes to its end.
    for (name, event) in &acknowledged {
        until(name, || {
            let seen = world.api("GET", &format!("/api/v1/events/{event}"), None);
            assert_eq!(seen.status, 200, "seed {SEED}: {name} was acknowledged and is lost");
            let seen = seen.json();
            let asked = seen["expectations"].as_array().expect("expectations").clone();
            assert_eq!(asked.len(), 1, "seed {SEED}: {name} is owed to nobody: {seen:#}");
            (asked[0]["state"] == "complete").then_some(())
        });
    }
    let pushes = lock(&heard.pushes);
    for name in acknowledged.keys() {
        assert!(pushes.contains_key(name), "seed {SEED}: {name} was acknowledged and never delivered");
    }
    for (name, ids) in pushes.iter() {
        assert_eq!(ids.len(), 1, "seed {SEED}: {name} came under several ids: {ids:?}");
    }
    let unanswered = lock(&heard.unanswered);
    assert!(!unanswered.is_empty(), "nothing was in flight");
    for name in unanswered.iter() {
        let times: usize = pushes[name].values().sum();
        assert!(times >= 2, "seed {SEED}: {name} was in flight and did not go out again");
    }
}
