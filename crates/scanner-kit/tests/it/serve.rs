//! What a scanner serves and what it refuses.

use std::net::SocketAddr;
use std::time::Duration;

use scanner_kit::{Answer, BODY_BYTES_MAX, Call, Failure, serve, serve_on};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use crate::wire::{Reply, connect, raw, send};

const KEY: &str = "new-scanner-api-key";
const BODY: &[u8] = br#"{"event": "during_validation", "download_url": "http://gateway/file"}"#;
const REQUEST_ID: &str = "0123456789abcdef0123456789abcdef";

/// It does what the call's event asks for, and tells what it saw.
async fn scan(call: Call) -> Result<Answer, Failure> {
    match call.event() {
        Some("skip") => Ok(Answer::Skipped),
        Some("defer") => Ok(Answer::Deferred),
        Some("fail") => Err(Failure::new("the engine is not there")),
        Some("busy") => Err(Failure::new("later").with_status(503)),
        _ => {
            let seen = format!("{:?} {:?} {:?}", call.request_id(), call.download_url(), call.result_url());
            Ok(Answer::version("1.0").annotated("RULE", &seen, None).into())
        }
    }
}

async fn scanner() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve_on(listener, KEY, scan));
    address
}

/// A request that is right, but for what the test changes.
struct Ask<'a> {
    start: &'a str,
    content_type: Option<&'a str>,
    authorization: Option<String>,
    more: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

impl<'a> Ask<'a> {
    fn right(body: &'a [u8]) -> Self {
        Self {
            start: "POST /",
            content_type: Some("application/json"),
            authorization: Some(verify::sign::scanner(KEY, body)),
            more: Vec::new(),
            body,
        }
    }

    fn authorized(authorization: Option<&str>) -> Self {
        Self { authorization: authorization.map(str::to_owned), ..Self::right(BODY) }
    }

    async fn send(self) -> Reply {
        let length = self.body.len().to_string();
        let mut headers = vec![("content-length", length.as_str())];
        headers.extend(self.content_type.map(|value| ("content-type", value)));
        headers.extend(self.authorization.as_deref().map(|value| ("authorization", value)));
        headers.extend(self.more);
        send(scanner().await, self.start, &headers, self.body).await
    }
}

fn refused(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

#[tokio::test]
async fn a_signed_call_reaches_the_scanner_with_what_it_says() {
    let reply = Ask { more: vec![("x-amo-request-id", REQUEST_ID)], ..Ask::right(BODY) }.send().await;

    assert_eq!(reply.status, 200);
    let seen = format!("Some({REQUEST_ID:?}) Some(\"http://gateway/file\") None");
    let expected = json!({
        "version": "1.0", "matchedRules": ["RULE"], "annotations": { "RULE": [{ "message": seen }] },
    });
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn an_odd_request_id_is_not_handed_on() {
    let reply = Ask { more: vec![("x-amo-request-id", "../../etc")], ..Ask::right(b"{}") }.send().await;
    assert!(reply.body.contains("None None None"), "{reply:?}");
}

#[tokio::test]
async fn each_kind_of_answer_has_its_status() {
    for (event, status) in [("skip", 204), ("defer", 202), ("fail", 500), ("busy", 503)] {
        let body = json!({ "event": event }).to_string();
        assert_eq!(Ask::right(body.as_bytes()).send().await.status, status, "{event}");
    }
    let failed = Ask::right(br#"{"event":"fail"}"#).send().await;
    assert_eq!(failed.json(), json!({ "error": "the engine is not there", "extra_info": null }));
}

#[tokio::test]
async fn without_a_signature_nothing_is_served() {
    let missing = refused(400, "missing authorization header");
    assert_eq!(Ask::authorized(None).send().await.refusal(), missing);
    assert_eq!(Ask::authorized(Some("")).send().await.refusal(), missing);
}

#[tokio::test]
async fn another_scheme_is_refused() {
    let digest = verify::sign::scanner(KEY, BODY).replace("HMAC-SHA256 ", "");
    for scheme in ["hmac-sha256 ", "HMAC-SHA256", "Bearer ", "HMAC-SHA512 "] {
        let header = format!("{scheme}{digest}");
        let reply = Ask::authorized(Some(&header)).send().await;
        assert_eq!(reply.refusal(), refused(400, "unsupported authorization scheme"), "{scheme:?}");
    }
}

#[tokio::test]
async fn only_the_exact_digest_of_these_bytes_under_this_key_is_taken() {
    let right = verify::sign::scanner(KEY, BODY);
    let upper = format!("HMAC-SHA256 {}", right["HMAC-SHA256 ".len()..].to_uppercase());
    let wrong = [
        verify::sign::scanner("another key", BODY),
        verify::sign::scanner(KEY, b"{}"),
        upper,
        right[..right.len() - 1].to_owned(),
        format!("{right}0"),
    ];
    for header in wrong {
        let reply = Ask::authorized(Some(&header)).send().await;
        assert_eq!(reply.refusal(), refused(401, "authentication has failed"), "{header}");
    }
}

#[tokio::test]
async fn a_signature_is_checked_before_the_body_is_parsed() {
    let unsigned =
        Ask { authorization: Some(verify::sign::scanner("another key", b"no JSON")), ..Ask::right(b"no JSON") };
    assert_eq!(unsigned.send().await.status, 401);

    for body in ["no JSON", " ", "null", "1", "\"text\""] {
        let reply = Ask::right(body.as_bytes()).send().await;
        assert_eq!(reply.refusal(), refused(400, "expected a JSON object or array"), "{body:?}");
    }
    assert_eq!(Ask::right(b"[]").send().await.status, 200);
}

#[tokio::test]
async fn two_signatures_are_refused_and_a_proxy_s_goes_before() {
    let right = verify::sign::scanner(KEY, BODY);
    let twice = Ask { more: vec![("authorization", &right)], ..Ask::right(BODY) };
    assert_eq!(twice.send().await.refusal(), refused(400, "unsupported authorization scheme"));

    let proxied = Ask { more: vec![("x-forwarded-authorization", &right)], ..Ask::authorized(Some("Basic eDp5")) };
    assert_eq!(proxied.send().await.status, 200);
    let forged = Ask { more: vec![("x-forwarded-authorization", "HMAC-SHA256 0")], ..Ask::right(BODY) };
    assert_eq!(forged.send().await.status, 401);
}

#[tokio::test]
async fn the_media_type_must_be_exact() {
    for content_type in [None, Some("text/plain"), Some("application/json; charset=utf-8"), Some("Application/JSON")] {
        let reply = Ask { content_type, ..Ask::right(BODY) }.send().await;
        assert_eq!(reply.refusal(), refused(415, "unsupported content type"), "{content_type:?}");
    }
}

#[tokio::test]
async fn only_a_post_to_the_root_is_served_and_only_the_proven_learn_that() {
    for start in ["GET /", "PUT /", "DELETE /"] {
        let reply = Ask { start, ..Ask::right(BODY) }.send().await;
        assert_eq!(reply.refusal(), refused(405, "method not allowed"), "{start}");
    }
    assert_eq!(Ask { start: "POST /other", ..Ask::right(BODY) }.send().await.refusal(), refused(404, "not found"));
    assert_eq!(Ask { start: "POST /?query=1", ..Ask::right(BODY) }.send().await.status, 200);
    assert_eq!(Ask { start: "GET /other", ..Ask::authorized(None) }.send().await.status, 400);
}

fn json_of(bytes: usize) -> Vec<u8> {
    let frame = br#"{"pad":""}"#.len();
    format!(r#"{{"pad":"{}"}}"#, "a".repeat(bytes - frame)).into_bytes()
}

#[tokio::test]
async fn a_mebibyte_is_served_and_a_byte_more_is_not() {
    assert_eq!(Ask::right(&json_of(BODY_BYTES_MAX)).send().await.status, 200);

    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        BODY_BYTES_MAX + 1
    );
    let declared = raw(scanner().await, head.as_bytes()).await;
    assert_eq!(declared.refusal(), refused(413, "request entity too large"));
}

#[tokio::test]
async fn a_body_of_undeclared_length_has_the_same_limit() {
    let body = json_of(BODY_BYTES_MAX + 1);
    let (most, last) = body.split_at(BODY_BYTES_MAX);
    let authorization = verify::sign::scanner(KEY, &body);
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n";
    let mut request = format!("{head}authorization: {authorization}\r\n\r\n{:x}\r\n", most.len()).into_bytes();
    request.extend_from_slice(most);
    request.extend_from_slice(format!("\r\n{:x}\r\n", last.len()).as_bytes());
    request.extend_from_slice(last);

    assert_eq!(raw(scanner().await, &request).await.refusal(), refused(413, "request entity too large"));
}

/// A request that leaves its connection open.
fn kept(start: &str, content_type: &str, key: &str, body: &str) -> Vec<u8> {
    let (authorization, length) = (verify::sign::scanner(key, body.as_bytes()), body.len());
    format!(
        "{start} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\nauthorization: {authorization}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Whether a connection takes the request, and answers 204.
async fn is_skipped(stream: &mut TcpStream) -> bool {
    let call = kept("POST /", "application/json", KEY, r#"{"event":"skip"}"#);
    let mut answer = vec![0; 1024];
    if stream.write_all(&call).await.is_err() {
        return false;
    }
    let length = stream.read(&mut answer).await.unwrap_or_default();
    answer[..length].starts_with(b"HTTP/1.1 204 ")
}

#[tokio::test(start_paused = true)]
async fn who_proves_nothing_keeps_no_connection() {
    let to = scanner().await;
    let json = "application/json";
    for stranger in [
        kept("POST /", json, "another key", "{}"),
        kept("GET /", json, "another key", "{}"),
        kept("POST /", "text/plain", "another key", "{}"),
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n".to_vec(),
    ] {
        let begun = Instant::now();
        raw(to, &stranger).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{}", String::from_utf8_lossy(&stranger));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_has_ten_seconds_for_a_head_however_it_comes() {
    let to = scanner().await;
    let begun = Instant::now();
    let closed = async |mut stream: TcpStream, every: Duration| {
        let (mut reading, mut writing) = stream.split();
        let trickling = async {
            loop {
                sleep(every).await;
                // It may be closed already, which the other half sees.
                let _ = writing.write_all(b"x").await;
            }
        };
        let mut answer = Vec::new();
        tokio::select! {
            () = trickling => {}
            _ = reading.read_to_end(&mut answer) => {}
        }
        assert!(answer.is_empty());
    };

    tokio::join!(
        closed(connect(to).await, Duration::from_mins(1)),
        closed(connect(to).await, Duration::from_millis(900)),
    );

    assert!(begun.elapsed() < Duration::from_secs(11), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_s_body_does_not_hold_a_place_for_long() {
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let begun = Instant::now();

    assert_eq!(raw(scanner().await, head.as_bytes()).await.refusal(), refused(408, "request timeout"));

    assert!(begun.elapsed() < Duration::from_secs(21), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_has_proven_itself_may_idle_longer_than_the_gateway_does() {
    let mut stream = connect(scanner().await).await;
    for _ in 0..3 {
        assert!(is_skipped(&mut stream).await);
        sleep(Duration::from_secs(70)).await;
    }

    sleep(Duration::from_secs(10)).await;
    assert!(!is_skipped(&mut stream).await, "not for ever");
}

#[tokio::test]
async fn a_proven_call_that_is_refused_keeps_its_connection() {
    let mut stream = connect(scanner().await).await;
    stream.write_all(&kept("POST /other", "application/json", KEY, "{}")).await.expect("written");
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).await.expect("answered");
    assert!(answer[..length].starts_with(b"HTTP/1.1 404 "));

    assert!(is_skipped(&mut stream).await);
}

#[tokio::test]
async fn an_empty_key_is_not_served_with() {
    let served = serve("127.0.0.1:0", "", |_| async { Ok(Answer::Skipped) }).await;
    assert_eq!(served.expect_err("refused").kind(), std::io::ErrorKind::InvalidInput);
}
