//! The accept loop on a real port: limits before anything is known of a caller, and draining.

use std::net::SocketAddr;
use std::time::Duration;

use server::{ListenLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::World;

pub struct Running {
    pub address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

pub async fn run(world: &World, limits: ListenLimits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(serve(listener, world.server.public(), limits, shutdown.clone()));
    Running { address, shutdown, task }
}

/// Sends these bytes and reads until the other side closes.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("written");
    let mut answer = Vec::new();
    // A reset is a close too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_is_answered_and_the_listener_ends_when_asked() {
    let world = World::new().await;
    let running = run(&world, ListenLimits::default()).await;
    let request = b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    assert!(exchange(running.address, request).await.starts_with("HTTP/1.1 200 OK"));

    running.shutdown.cancel();
    running.task.await.expect("a task").expect("an end");
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let world = World::new().await;
    let limits = ListenLimits { head_within: Duration::from_millis(20), ..ListenLimits::default() };
    let running = run(&world, limits).await;

    let answer = exchange(running.address, b"GET /livez HTTP/1.1\r\nhost:").await;

    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_refused() {
    let world = World::new().await;
    let running = run(&world, ListenLimits::default()).await;
    let many = format!("GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}\r\n", "a: b\r\n".repeat(200));
    let large = format!("GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\na: {}\r\n\r\n", "b".repeat(300 * 1024));
    for request in [many, large] {
        let answer = exchange(running.address, request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let running = run(&world, ListenLimits::default()).await;
    let signature = "0".repeat(64);
    let request = format!(
        "POST /api/webhooks/incoming/github HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-github-event: push\r\n\
         x-hub-signature-256: sha256={signature}\r\ncontent-length: 99999999\r\n\r\n"
    );

    let answer = exchange(running.address, request.as_bytes()).await;

    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_request_under_way_ends_after_the_shutdown() {
    let world = World::new().await;
    let running = run(&world, ListenLimits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    let head =
        b"POST /api/webhooks/incoming/github HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\
                 x-hub-signature-256: sha256=0000000000000000000000000000000000000000000000000000000000000000\r\n\
                 x-github-event: push\r\n\r\n";
    stream.write_all(head).await.expect("written");
    let mut answer = vec![0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    // The server asks for the body: the request is under way.
    stream.read_exact(&mut answer).await.expect("a continue");

    running.shutdown.cancel();
    stream.write_all(b"{}").await.expect("written");

    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("an answer");
    assert!(rest.starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&rest));
    running.task.await.expect("a task").expect("an end");
}
