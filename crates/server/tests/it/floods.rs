//! Floods at the public listener: forged requests, and crowds of connections that say nothing or next to nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use server::ListenLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::listen::{exchange, run};
use crate::world::{SECRET, World};

const LIVE: &[u8] = b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
/// A request to the source whose body is still to come.
const BEGUN: &[u8] =
    b"POST /api/webhooks/incoming/github HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\
      connection: close\r\nx-github-event: push\r\n\
      x-hub-signature-256: sha256=0000000000000000000000000000000000000000000000000000000000000000\r\n\r\n";
/// Nothing is closed for its silence within a test's life.
const LONG: Duration = Duration::from_secs(3600);

/// A push of this number, signed with this secret.
fn push(nth: usize, secret: &str) -> Vec<u8> {
    let body = format!(r#"{{"after":"{nth}","repository":{{"full_name":"a/b"}}}}"#);
    let signature = verify::sign::github(secret, body.as_bytes());
    let head = format!(
        "POST /api/webhooks/incoming/github HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-github-event: push\r\n\
         x-github-delivery: {nth}\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Sends forged pushes until told to stop; counts those that were refused.
async fn forge(address: SocketAddr, stop: Arc<AtomicBool>, refused: Arc<AtomicUsize>) {
    let request = push(0, "another secret");
    while !stop.load(Ordering::Acquire) {
        let answer = exchange(address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        refused.fetch_add(1, Ordering::AcqRel);
    }
}

#[tokio::test]
async fn forged_requests_keep_no_genuine_one_out_and_fill_nothing() {
    const FORGERS: usize = 8;
    const GENUINE: usize = 50;
    let world = World::new().await;
    let running = run(&world, ListenLimits::default()).await;
    let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let forgers: Vec<_> =
        (0..FORGERS).map(|_| tokio::spawn(forge(running.address, stop.clone(), refused.clone()))).collect();

    for nth in 1..=GENUINE {
        let before = refused.load(Ordering::Acquire);
        let answer = exchange(running.address, &push(nth, SECRET)).await;
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        // Each has forged ones before and after it.
        while refused.load(Ordering::Acquire) < before + FORGERS {
            tokio::task::yield_now().await;
        }
    }

    stop.store(true, Ordering::Release);
    for forger in forgers {
        forger.await.expect("a forger");
    }
    assert!(refused.load(Ordering::Acquire) >= GENUINE * FORGERS);
    let subjects = subjects_of_events(&world).await;
    let in_order: Vec<String> = (1..=GENUINE).rev().map(|nth| nth.to_string()).collect();
    assert_eq!(subjects, in_order, "all of them, in their order, and nothing else");
    assert_eq!(world.server.metrics().quarantined.get(), 20, "of what is refused a burst is kept");
}

/// Which subject each event is about, the newest first.
async fn subjects_of_events(world: &World) -> Vec<String> {
    let mut subjects = Vec::new();
    let mut path = "/events?limit=100".to_owned();
    loop {
        let page = world.api("GET", &path, Value::Null).await.json();
        let events = page["data"].as_array().expect("a list");
        subjects.extend(events.iter().map(|event| event["subject"]["subject"].as_str().unwrap_or_default().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => path = format!("/events?limit=100&cursor={next}"),
            None => return subjects,
        }
    }
}

#[tokio::test]
async fn connections_that_say_nothing_give_way_to_one_more() {
    let world = World::new().await;
    let limits = ListenLimits { connections_max: 8, head_within: LONG, ..ListenLimits::default() };
    let running = run(&world, limits).await;
    let mut crowd = Vec::new();
    for nth in 0..40 {
        let mut stream = TcpStream::connect(running.address).await.expect("a connection");
        // Some begin a head and never end it.
        if nth % 2 == 0 {
            stream.write_all(b"GET /livez HTTP/1.1\r\nhost:").await.expect("written");
        }
        crowd.push(stream);
    }

    for _ in 0..20 {
        assert!(exchange(running.address, LIVE).await.starts_with("HTTP/1.1 200 OK"));
    }

    let mut nothing = Vec::new();
    // A reset is a close too.
    let _ = crowd[0].read_to_end(&mut nothing).await;
    assert_eq!(nothing, b"", "the first has given way");
}

#[tokio::test]
async fn a_request_under_way_does_not_give_way() {
    let world = World::new().await;
    let limits = ListenLimits { connections_max: 2, head_within: LONG, ..ListenLimits::default() };
    let running = run(&world, limits).await;
    let mut under_way = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(running.address).await.expect("a connection");
        stream.write_all(BEGUN).await.expect("written");
        let mut answer = vec![0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        // The server asks for the body: the request is under way.
        stream.read_exact(&mut answer).await.expect("a continue");
        under_way.push(stream);
    }
    let address = running.address;
    let third = tokio::spawn(async move { exchange(address, LIVE).await });

    for mut stream in under_way {
        stream.write_all(b"{}").await.expect("written");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        assert!(answer.starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&answer));
    }
    assert!(third.await.expect("a task").starts_with("HTTP/1.1 200 OK"), "it waited for a place");
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_before_its_first_request_and_after_it() {
    let world = World::new().await;
    let limits = ListenLimits { head_within: Duration::from_millis(20), ..ListenLimits::default() };
    let running = run(&world, limits).await;

    let silent = exchange(running.address, b"").await;
    let kept = exchange(running.address, b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;

    assert_eq!(silent, "");
    assert!(kept.starts_with("HTTP/1.1 200 OK") && kept.ends_with("ok"), "{kept}");
}
