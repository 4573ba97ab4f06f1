//! What a scanner asks of the gateway: downloads, results that come later, and those that it pushes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use scanner_kit::{Account, Answer, Call, Gateway, GatewayError, serve_on};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::wire;

const KEY: &str = "a key";

/// A gateway that answers one request so, and keeps what it was asked.
async fn answering(answer: &'static str) -> (SocketAddr, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        let mut request = Vec::new();
        while !whole(&request) {
            assert_ne!(stream.read_buf(&mut request).await.expect("read"), 0, "the caller went away");
        }
        *kept.lock().expect("not poisoned") = String::from_utf8(request).expect("text");
        stream.write_all(answer.as_bytes()).await.expect("written");
    });
    (address, asked)
}

/// Whether a request's head, and the body that it declares, have arrived.
fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let declared = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    declared.and_then(|text| text.parse().ok()).unwrap_or(0) == body.len()
}

/// The call that a scanner gets when this body is posted to it.
async fn call(body: &str) -> Call {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (seen, mut seeing) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(serve_on(listener, KEY, move |call| {
        seen.send(call).expect("somebody looks");
        async { Ok(Answer::Skipped) }
    }));
    let (authorization, length) = (verify::sign::scanner(KEY, body.as_bytes()), body.len().to_string());
    let headers = [
        ("content-type", "application/json"),
        ("content-length", length.as_str()),
        ("authorization", authorization.as_str()),
    ];
    wire::send(address, "POST /", &headers, body.as_bytes()).await;
    seeing.recv().await.expect("a call")
}

/// The body of a request that was kept.
fn body(asked: &str) -> Value {
    serde_json::from_str(asked.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

fn asked(kept: &Arc<Mutex<String>>) -> String {
    kept.lock().expect("not poisoned").clone()
}

fn gateway(at: SocketAddr) -> Gateway {
    Gateway::new(&format!("http://{at}/")).expect("a client")
}

fn account() -> Account {
    Account { key: "user:1".to_owned(), secret: "secret".to_owned() }
}

#[tokio::test]
async fn a_file_is_downloaded_without_any_credential() {
    let (at, kept) = answering("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile").await;
    let call = call(&format!(r#"{{"download_url":"http://{at}/file?access_token=x"}}"#)).await;

    assert_eq!(gateway(at).download(&call, 4).await.expect("the file"), "file");
    let asked = asked(&kept);
    assert!(asked.starts_with("GET /file?access_token=x HTTP/1.1\r\n") && !asked.contains("authorization"), "{asked}");
}

#[tokio::test]
async fn a_file_that_is_too_long_elsewhere_or_gone_is_not_downloaded() {
    let (at, _) = answering("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile").await;
    let own = call(&format!(r#"{{"download_url":"http://{at}/file"}}"#)).await;
    assert!(matches!(gateway(at).download(&own, 3).await, Err(GatewayError::TooLarge { bytes_max: 3 })));

    let (at, _) = answering("HTTP/1.1 410 Gone\r\ncontent-length: 4\r\n\r\ngone").await;
    let own = call(&format!(r#"{{"download_url":"http://{at}/file"}}"#)).await;
    assert!(matches!(gateway(at).download(&own, 9).await, Err(GatewayError::Refused { status: 410, .. })));

    for url in ["http://169.254.169.254/", &format!("http://{at}.evil.example/"), "file:///etc/passwd", ""] {
        let foreign = call(&format!(r#"{{"download_url":"{url}"}}"#)).await;
        assert!(matches!(gateway(at).download(&foreign, 9).await, Err(GatewayError::Origin { .. })), "{url}");
    }
    let none = call("{}").await;
    assert!(matches!(gateway(at).download(&none, 9).await, Err(GatewayError::NoUrl(_))));
}

#[tokio::test]
async fn a_file_of_an_account_is_downloaded_with_its_token_and_from_the_gateway_alone() {
    let (at, kept) = answering("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile").await;

    let url = format!("http://{at}/downloads/source/42");
    assert_eq!(gateway(at).download_as(&account(), &url, 4).await.expect("the file"), "file");
    assert!(asked(&kept).contains("authorization: JWT eyJ"));

    let foreign = gateway(at).download_as(&account(), "http://elsewhere.example/downloads/source/42", 4).await;
    assert!(matches!(foreign, Err(GatewayError::Origin { .. })), "{foreign:?}");
}

#[tokio::test]
async fn a_later_result_is_sent_with_a_token_of_the_account() {
    let (at, kept) = answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let findings = Answer::version("1.0").matched("RULE");

    gateway(at).send_later(&account(), &format!("http://{at}/results/7/"), &findings).await.expect("taken");

    let asked = asked(&kept);
    assert!(asked.starts_with("PATCH /results/7/ HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("authorization: JWT eyJ") && asked.contains("content-type: application/json"), "{asked}");
    assert_eq!(body(&asked), json!({ "results": { "version": "1.0", "matchedRules": ["RULE"] } }));
}

#[tokio::test]
async fn a_later_result_that_is_not_taken_says_so() {
    let findings = Answer::version("1.0");
    let (at, _) = answering("HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n{}").await;
    let sent = gateway(at).send_later(&account(), &format!("http://{at}/results/7/"), &findings).await;
    assert!(matches!(sent, Err(GatewayError::Complete)), "{sent:?}");

    let (at, _) = answering("HTTP/1.1 302 Found\r\nlocation: http://elsewhere/\r\ncontent-length: 0\r\n\r\n").await;
    let sent = gateway(at).send_later(&account(), &format!("http://{at}/results/7/"), &findings).await;
    assert!(matches!(sent, Err(GatewayError::Refused { status: 302, .. })), "{sent:?}");

    let sent = gateway(at).send_later(&account(), "http://elsewhere.example/results/7/", &findings).await;
    assert!(matches!(sent, Err(GatewayError::Origin { .. })), "{sent:?}");
}

#[tokio::test]
async fn a_result_is_pushed_about_a_version_and_has_a_number() {
    let (at, kept) = answering("HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{\"id\": 7}").await;
    let findings = Answer::version("1.0").matched("RULE");

    assert_eq!(gateway(at).push(&account(), 42, &findings).await.expect("taken"), 7);

    let asked = asked(&kept);
    assert!(asked.starts_with("POST /api/v5/scanner/results/ HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("authorization: JWT eyJ") && asked.contains("content-type: application/json"), "{asked}");
    let results = json!({ "version": "1.0", "matchedRules": ["RULE"] });
    assert_eq!(body(&asked), json!({ "version_id": 42, "results": results }));
}

#[tokio::test]
async fn a_push_that_is_not_taken_says_so() {
    let pushed = async |answer| {
        let (at, _) = answering(answer).await;
        gateway(at).push(&account(), 42, &Answer::version("1.0")).await
    };

    let again = pushed("HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n{}").await;
    assert!(matches!(again, Err(GatewayError::AlreadyPushed)), "{again:?}");
    let forbidden = pushed("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno").await;
    assert!(matches!(&forbidden, Err(GatewayError::Refused { status: 403, text }) if text == "no"), "{forbidden:?}");
    let another = pushed("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    assert!(matches!(another, Err(GatewayError::NoNumber)), "{another:?}");
}
