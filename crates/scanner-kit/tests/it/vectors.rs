//! The published vectors over HTTP: the kit answers as the real client library answered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scanner_kit::{Answer, serve_on};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::wire::{Reply, send};

/// Signed bytes that are no JSON: both refuse them, each in the words of its own parser.
const OTHER_WORDS: &str = "P21";

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap_or_else(|| panic!("no {member}: {vector}"))
}

fn body(vector: &Value) -> Vec<u8> {
    let generator = &vector["body_generator"];
    if generator.is_object() {
        let count = generator["count"].as_u64().and_then(|count| usize::try_from(count).ok()).expect("a count");
        let middle = text(generator, "repeat").repeat(count);
        return [text(generator, "prefix"), &middle, text(generator, "suffix")].concat().into_bytes();
    }
    STANDARD.decode(text(vector, "body_base64")).expect("base64")
}

async fn replied(vector: &Value) -> Reply {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let key = text(vector, "key_utf8").to_owned();
    tokio::spawn(serve_on(listener, key, |_| async { Ok(Answer::version("1.0")) }));
    let body = body(vector);
    let length = body.len().to_string();
    let mut headers = vec![("content-type", "application/json"), ("content-length", length.as_str())];
    headers.extend(vector["authorization"].as_str().map(|value| ("authorization", value)));
    send(address, "POST /", &headers, &body).await
}

#[tokio::test]
async fn each_is_answered_as_by_the_real_library() {
    let file: Value = serde_json::from_str(include_str!("../../../verify/vectors/scanner-hmac.json")).expect("JSON");
    let all = ["positive", "negative"].into_iter().flat_map(|kind| file[kind].as_array().expect("vectors"));
    for vector in all {
        let (id, real, reply) = (text(vector, "id"), &vector["real_scanner"], replied(vector).await);
        assert_eq!(Value::from(reply.status), real["status"], "{id}: {reply:?}");
        if reply.status != 200 && id != OTHER_WORDS {
            assert_eq!(reply.json()["error"], real["error"], "{id}: {reply:?}");
        }
    }
}
