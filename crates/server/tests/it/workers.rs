//! Workers: registered by their own configuration, tested, removed and restored.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::World;

/// A worker as the API takes it.
fn worker(url: &str) -> Value {
    json!({
        "name": "Demo",
        "config": { "type": "web", "version": 1, "url": url, "headers": { "X-Api-Key": "hunter2" } },
        "allow_networks": ["127.0.0.0/8"],
    })
}

/// Registers one, and answers what was shown of it.
async fn registered(world: &World, url: &str) -> Value {
    let made = world.api("POST", "/services", worker(url)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

/// One test of the worker, which gives this answer: what the API says, and the request as it came.
async fn tested(world: &World, listener: &TcpListener, answer: &str) -> (Value, String) {
    let served = async {
        let (mut stream, _) = listener.accept().await.expect("a call");
        let mut request = Vec::new();
        while !request.ends_with(br#"{"type":"test"}"#) {
            assert_ne!(stream.read_buf(&mut request).await.expect("bytes"), 0);
        }
        stream.write_all(answer.as_bytes()).await.expect("written");
        String::from_utf8(request).expect("text")
    };
    let (said, request) = tokio::join!(world.api("POST", "/services/Demo/test", Value::Null), served);
    (said.json(), request)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_worker_is_registered_by_its_own_configuration_and_its_headers_are_never_shown() {
    let world = World::new().await;
    let shown = registered(&world, "https://worker.example/process").await;

    assert_eq!((&shown["profile"], &shown["url"]), (&json!("worker"), &json!("https://worker.example/process")));
    assert_eq!((&shown["events"][0]["type"], &shown["headers"]), (&json!("evidence_created"), &json!(["X-Api-Key"])));
    for path in ["/services", "/services/Demo", "/audit"] {
        assert!(!world.api("GET", path, Value::Null).await.text().contains("hunter2"), "{path}");
    }
    let as_text = json!({ "name": "Text", "config": worker("https://worker.example/")["config"].to_string() });
    assert_eq!(world.api("POST", "/services", as_text).await.status, 201);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_is_refused_with_the_reason() {
    let world = World::new().await;
    let refused = async |config: Value| {
        let answer = world.api("POST", "/services", json!({ "name": "Demo", "config": config })).await;
        assert_eq!(answer.problem(), "invalid-value");
        assert!(!answer.text().contains("hunter2"));
        answer.json()["detail"].as_str().expect("a sentence").to_owned()
    };
    let web = |url: Value, headers: Value| json!({ "type": "web", "version": 1, "url": url, "headers": headers });
    let aws = refused(json!({ "type": "aws", "version": 1, "lambdaName": "f", "asyncFunction": false })).await;
    assert!(aws.contains("function URL"), "{aws}");
    assert!(refused(json!("{")).await.contains("a JSON object"));
    assert!(refused(json!({ "type": "web", "version": 2, "url": "https://w.example/" })).await.contains("version 2"));
    for url in [json!("w.example/x"), json!("ftp://w.example/"), json!("/process"), json!("")] {
        refused(web(url, Value::Null)).await;
    }
    assert!(refused(web(json!(7), Value::Null)).await.contains("\"url\""));
    assert!(refused(web(json!("https://w.example/"), json!({ "X-Key": 7 }))).await.contains("\"X-Key\""));
    assert!(refused(web(json!("https://w.example/"), json!({ "X Key": "hunter2" }))).await.contains("\"X Key\""));
    assert!(refused(web(json!("https://w.example/"), json!({ "X-Key": "hunter2\n" }))).await.contains("\"X-Key\""));
    let long = json!({ "name": "x".repeat(256), "config": web(json!("https://w.example/"), Value::Null) });
    assert_eq!(world.api("POST", "/services", long).await.problem(), "invalid-value");
}

#[tokio::test]
async fn every_answer_to_a_test_is_told() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let made = registered(&world, &format!("http://{}/process", listener.local_addr().expect("an address"))).await;

    let (said, request) = tested(&world, &listener, &answer("200 OK", r#"{"status":"ok","message":"3 models"}"#)).await;
    assert_eq!(said, json!({ "live": true, "message": "3 models" }));
    let head = request.to_ascii_lowercase();
    for line in ["post /process ", "content-type: application/json\r", "x-api-key: hunter2\r", "webhook-signature: v1,"]
    {
        assert!(head.contains(line), "{line} in {request}");
    }
    assert!(!request.contains(made["signing_secret"].as_str().expect("a secret")));
    for (status, body, live, message) in [
        ("204 No Content", "", true, "is up"),
        ("200 OK", "", true, "is up"),
        ("200 OK", r#"{"status":"error","message":"no model"}"#, false, "no model"),
        ("500 Internal Server Error", r#"{"status":"error","message":"boom"}"#, false, "boom"),
        ("500 Internal Server Error", r#"{"status":"ok"}"#, false, "answered 500"),
        ("404 Not Found", "<h1>Not Found</h1>", false, "answered 404"),
        ("200 OK", r#"{"status":"OK"}"#, false, "answered 200"),
    ] {
        let (said, _) = tested(&world, &listener, &answer(status, body)).await;
        assert_eq!(said["live"], live, "{status} {body}");
        assert!(said["message"].as_str().is_some_and(|said| said.contains(message)), "{said}");
    }
    drop(listener);
    let dead = world.api("POST", "/services/Demo/test", Value::Null).await.json();
    assert_eq!(dead["live"], false);
    assert!(dead["message"].as_str().is_some_and(|message| message.starts_with("the test failed: ")), "{dead}");
}

#[tokio::test]
async fn another_host_gets_no_header_of_the_first() {
    let world = World::new().await;
    registered(&world, "https://worker.example/process").await;
    let patched = async |patch: Value| {
        let answer = world.api("PATCH", "/services/Demo", patch).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };

    assert_eq!(patched(json!({ "url": "https://worker.example/v2" })).await["headers"], json!(["X-Api-Key"]));
    assert_eq!(patched(json!({ "concurrency": 2 })).await["headers"], json!(["X-Api-Key"]));
    assert_eq!(patched(json!({ "url": "https://another.example/v2" })).await["headers"], json!([]));
    let given = json!({ "url": "https://third.example/", "headers": { "X-New": "k" } });
    assert_eq!(patched(given).await["headers"], json!(["X-New"]));
    let whole = json!({ "config": { "type": "web", "version": 1, "url": "https://third.example/" } });
    assert_eq!(patched(whole).await["headers"], json!([]));
}

#[tokio::test]
async fn a_removed_worker_keeps_its_name_and_may_be_restored() {
    let world = World::new().await;
    let made = registered(&world, "https://worker.example/process").await;
    let early = world.api("POST", "/services/Demo/restore", Value::Null).await;
    assert_eq!(early.problem(), "conflict");

    assert_eq!(world.api("DELETE", "/services/Demo", Value::Null).await.status, 204);
    assert_eq!(world.store.catalogue().subscribers("evidence_created").count(), 0);
    assert_eq!(world.api("POST", "/services", worker("https://worker.example/")).await.problem(), "name-taken");

    let restored = world.api("POST", "/services/Demo/restore", Value::Null).await.json();
    assert_eq!((&restored["id"], &restored["headers"]), (&made["id"], &json!(["X-Api-Key"])));
    assert_ne!(restored["signing_secret"], made["signing_secret"]);
    assert_eq!(world.store.catalogue().subscribers("evidence_created").count(), 1);

    let scanner = json!({ "name": "scan", "url": "https://s.example/", "profile": "scanner", "secret": "key" });
    assert_eq!(world.api("POST", "/services", scanner).await.status, 201);
    assert_eq!(world.api("DELETE", "/services/scan", Value::Null).await.status, 204);
    assert_eq!(world.api("POST", "/services/scan/restore", Value::Null).await.problem(), "conflict");
}
