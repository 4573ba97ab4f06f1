//! Signed requests on a real port: the published vectors, chunked bodies, and one answer for every failure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::catalogue::{Access, AccessKey, Account, Operations};
use domain::{AccountKey, CredentialKey};
use serde_json::{Value, json};
use server::{ListenLimits, resources, serve};
use store::change::Listed as _;
use store::command::{Description, PutCollection};
use store::judged::{self, Arriving};
use store::seal::of;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::world::World;

const VECTORS: &str = include_str!("../../../verify/vectors/request-hmac.json");
const UUID: &str = "3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d";

/// A world whose clock stands there, with the operation `test-op`, one evidence, and one account that reaches it.
async fn world_of(server: &Value, now_s: i64) -> World {
    let world = World::new().await;
    world.clock.forward(now_s - world.now().seconds());
    let key = AccountKey(world.keys().key::<AccountKey>().0);
    let text = |name: &str| server[name].as_str().expect("a text").to_owned();
    let number = 77;
    let secret = world.seal.seal(&text("secret_key_base64"), &of::account_access(number), [3; 24]);
    let access =
        AccessKey { key: CredentialKey(key.0 + 1), name: text("access_key"), secret, at: world.now(), revoked: false };
    let account = Account {
        access: vec![access],
        operations: Operations { all: Some(Access::Write), granted: [].into() },
        active: server["user_disabled"] != true,
        ..resources::service_account(key, number, "client".to_owned())
    };
    world.add(vec![account.entry()]).await;
    let (kind, name, now) = ("operation".to_owned(), "test-op".to_owned(), world.now());
    let attributes = "{}".to_owned();
    world.store.submit(PutCollection { kind, name, attributes, new: true, now }).await.expect("a collection");
    let about = serde_json::from_value(json!({"kind": "evidence", "collection": "test-op", "subject": UUID}));
    let described = Description { attributes: "{}".to_owned(), artifacts: Vec::new(), tags: Vec::new() };
    let created = Arriving {
        kind: "evidence_created".to_owned(),
        subject: Some(about.expect("a name")),
        artifact: None,
        provenance: domain::event::Provenance::Internal,
        delivery: None,
        replay: None,
        data: None,
        description: Some(Box::new(described)),
    };
    judged::record(&world.store, None, vec![created], now, now).await.expect("the engine works");
    world
}

/// Sends a request as it is and answers its status, its content type and its body.
async fn send(world: &World, head: &str, body: &[u8]) -> (u16, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(serve(listener, world.server.public(), ListenLimits::default(), shutdown.clone()));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("written");
    // Who is refused by the head alone may be answered before the body is sent.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    shutdown.cancel();
    task.await.expect("a task").expect("an end");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.get(9..12).and_then(|text| text.parse().ok()).expect("a status");
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    (status, kind.to_owned(), body.to_owned())
}

fn body_of(vector: &Value) -> Vec<u8> {
    if let Some(repeated) = vector["body_repeat"].as_object() {
        let count = usize::try_from(repeated["count"].as_u64().expect("a number")).expect("a size");
        return repeated["text"].as_str().expect("a text").repeat(count).into_bytes();
    }
    match vector["body_base64"].as_str() {
        Some(text) => STANDARD.decode(text).expect("base64"),
        None => vector["body"].as_str().expect("a body").as_bytes().to_vec(),
    }
}

fn head_of(vector: &Value, headers: &[(&str, &str)]) -> String {
    let (method, path) = (vector["method"].as_str().expect("a method"), vector["path"].as_str().expect("a path"));
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: gateway.example\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n"
}

fn list(name: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(VECTORS).expect("vectors");
    vectors[name].as_array().expect("a list").clone()
}

fn now_of(vector: &Value) -> i64 {
    vector["server_now_unix"].as_f64().expect("a time").floor() as i64
}

#[tokio::test]
async fn every_valid_request_of_the_vectors_is_recognised_on_the_wire_also_when_it_is_chunked() {
    for vector in list("valid") {
        let body = body_of(&vector);
        let length = body.len().to_string();
        let (date, authorization) = (vector["date"].as_str(), vector["authorization"].as_str());
        let kind = vector["content_type"].as_str().unwrap_or("application/json");
        let headers = [
            ("Date", date.expect("a date")),
            ("Authorization", authorization.expect("an authorization")),
            ("Content-Type", kind),
        ];
        let world = world_of(&vector, now_of(&vector)).await;
        let whole = head_of(&vector, &[&headers[..], &[("Content-Length", length.as_str())]].concat());
        let chunked = head_of(&vector, &[&headers[..], &[("Transfer-Encoding", "chunked")]].concat());

        let (status, _, text) = send(&world, &whole, &body).await;
        assert!(status != 401 && status != 500, "{}: {status} {text}", vector["id"]);
        let (again, _, text) = send(&world, &chunked, &in_chunks(&body)).await;
        assert!(again != 401 && again != 500, "{}: {again} {text}", vector["id"]);
    }
}

#[tokio::test]
async fn every_invalid_request_of_the_vectors_has_the_same_answer() {
    for vector in list("invalid") {
        let body = body_of(&vector);
        let length = body.len().to_string();
        let mut headers: Vec<(&str, &str)> = vector["headers"]
            .as_object()
            .expect("headers")
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().expect("a value")))
            .collect();
        headers.push(("Content-Length", &length));
        let world = world_of(&vector["server_knows"], now_of(&vector)).await;

        let answered = send(&world, &head_of(&vector, &headers), &body).await;

        let expected = (401, "application/json".to_owned(), r#"{"error":"Unauthorized"}"#.to_owned());
        assert_eq!(answered, expected, "{}", vector["id"]);
    }
}

fn in_chunks(body: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    for chunk in body.chunks(1_000) {
        sent.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        sent.extend_from_slice(chunk);
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(b"0\r\n\r\n");
    sent
}
