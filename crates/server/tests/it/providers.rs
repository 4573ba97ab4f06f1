//! Every provider over a real socket: the vectors' requests, and what follows from handshakes.

use std::fmt::Write;

use domain::catalogue::Owner;
use serde_json::{Value, json};
use server::ListenLimits;
use server::resources::SourceSpec;

use crate::listen::{exchange, run};
use crate::own_hosts::OwnHosts;
use crate::world::World;

const VECTORS: &str = include_str!("../../../verify/vectors/providers.json");

/// What came back.
struct Got {
    status: u16,
    head: String,
    body: String,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The source that a vector describes.
fn spec(vector: &Value, id: &str) -> SourceSpec {
    let config = &vector["config"];
    let named = config["keys"].as_object().into_iter().flatten();
    let named = named.map(|(name, secret)| json!(format!("{name}:{}", text(secret))));
    let identifiers = ["topic_arn", "webhook_id"].iter().map(|name| &config[*name]).filter(|value| value.is_string());
    let secrets = vector["secrets"].as_array().into_iter().flatten().chain(identifiers).cloned();
    let secrets: Vec<Value> = secrets.chain(named).collect();
    let secrets: Vec<Value> =
        secrets.iter().enumerate().map(|(at, secret)| json!({"id": format!("s{at}"), "secret": secret})).collect();
    let public_url = if config["public_url"].is_null() { &vector["url"] } else { &config["public_url"] };
    let mut spec = json!({
        "id": id, "provider": vector["provider"], "secrets": secrets, "public_url": public_url,
        "handshake": {
            "verify_token": config["verify_token"], "allowed_rate": config["allowed_rate"],
            "allowed_origins": config["allowed_origins"].as_array().cloned().unwrap_or_default(),
            "awaits_secret": config["awaiting_handshake"] == true,
        },
    });
    if let Some(seconds) = config["tolerance_seconds"].as_u64() {
        spec["window"] = json!(format!("{seconds}s"));
    }
    serde_json::from_value(spec).expect("a source")
}

fn body(vector: &Value) -> Vec<u8> {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    match text(&vector["body_encoding"]) {
        "base64" => engine.decode(text(&vector["body"])).expect("base64"),
        _ => text(&vector["body"]).as_bytes().to_vec(),
    }
}

async fn send(address: std::net::SocketAddr, vector: &Value, id: &str) -> Got {
    let query = text(&vector["url"]).split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
    let (provider, method) = (text(&vector["provider"]), text(&vector["method"]));
    let body = body(vector);
    let mut head =
        format!("{method} /api/webhooks/incoming/{provider}/{id}{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for header in vector["headers"].as_array().into_iter().flatten() {
        let _ = write!(head, "{}: {}\r\n", text(&header[0]), text(&header[1]));
    }
    let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
    let answer = exchange(address, &[head.into_bytes(), body].concat()).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Got { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// What does not agree with what the vector expects.
fn faults(vector: &Value, got: &Got) -> Vec<String> {
    let expect = &vector["expect"];
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            faults.push(what)
        }
    };
    let refused = text(&expect["verdict"]) == "refuse";
    must((got.status >= 400) == refused, format!("status {}", got.status));
    if let Some(status) = expect["status"].as_u64() {
        must(u64::from(got.status) == status, format!("status {} for {status}", got.status));
    }
    if refused {
        let problem: Value = serde_json::from_str(&got.body).unwrap_or_default();
        let code = format!("urn:countersign:problem:{}", text(&expect["reason"]));
        must(problem["type"] == code, format!("problem {}", problem["type"]));
    }
    match text(&expect["verdict"]) {
        "accept" => must(got.head.contains("countersign-event: evt_"), "no event".to_owned()),
        _ => must(!got.head.contains("countersign-event"), "an event".to_owned()),
    }
    if let Some(wanted) = expect["reply_body"].as_str().filter(|text| !text.is_empty()) {
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        must(
            wanted == got.body || json(wanted).is_some_and(|wanted| Some(wanted) == json(&got.body)),
            got.body.clone(),
        );
    }
    if let Some(kind) = expect["reply_type"].as_str().filter(|kind| !kind.is_empty()) {
        must(got.head.contains(&format!("content-type: {kind}")), got.head.clone());
    }
    for (name, value) in expect["reply_headers"].as_object().into_iter().flatten() {
        must(got.head.contains(&format!("{}: {}", name, text(value)).to_lowercase()), got.head.clone());
    }
    faults
}

#[tokio::test]
async fn every_request_of_the_vectors_comes_out_as_it_says() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("JSON");
    let certificates = vectors.iter().filter_map(|vector| vector["config"]["certificates"].as_object()).flatten();
    let certificates: Vec<_> = certificates.map(|(url, pem)| (url, text(pem))).collect();
    let hosts = OwnHosts::start().await;
    certificates.iter().for_each(|(url, pem)| hosts.put(url, 200, pem));
    let confirmation = vectors.iter().find(|vector| vector["id"] == "aws-sns/subscription").expect("the vector");
    let confirmation: Value = serde_json::from_str(text(&confirmation["body"])).expect("JSON");
    hosts.put(text(&confirmation["SubscribeURL"]), 200, "");
    let world = hosts.world(&certificates.iter().map(|(_, pem)| *pem).collect::<Vec<_>>()).await;
    let running = run(&world, ListenLimits::default()).await;
    let requests = vectors.iter().filter(|vector| vector["profile"] == "modern" && vector["scope"] == "request");
    let (mut sent, mut faulty) = (0, Vec::new());
    for (at, vector) in requests.enumerate() {
        let id = format!("row-{at}");
        world.source_of(spec(vector, &id), Owner::Api).await;
        world.clock.set(vector["clock"].as_i64().expect("a clock"));

        let got = send(running.address, vector, &id).await;

        let faults = faults(vector, &got);
        if !faults.is_empty() {
            faulty.push(format!("{}: {}", vector["id"], faults.join("; ")));
        }
        sent += 1;
    }
    assert_eq!(faulty, [] as [String; 0]);
    assert!(sent >= 333, "only {sent} requests were sent");
}

#[tokio::test]
async fn a_first_request_brings_the_secret_once_and_only_where_it_is_awaited() {
    let world = World::new().await;
    let wait = json!({"id": "tasks", "provider": "asana", "secrets": [], "handshake": {"awaits_secret": true}});
    let made = world.api("POST", "/sources", wait).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = "/api/webhooks/incoming/asana/tasks";

    let taken = world.webhook(path, &[("x-hook-secret", "brought")], "").await;
    assert_eq!((taken.status.as_u16(), taken.header("x-hook-secret")), (200, "brought"));

    let again = world.webhook(path, &[("x-hook-secret", "another")], "").await;
    assert_eq!((again.status.as_u16(), again.problem().as_str()), (403, "challenge-refused"));

    let body = r#"{"events":[{"action":"changed"}]}"#;
    let signature = verify::hex::encode(&verify::mac::tag(b"brought", &[body.as_bytes()]));
    let event = world.webhook(path, &[("x-hook-signature", signature.as_str())], body).await;
    assert!(event.status.is_success(), "{}", event.text());
    let shown = world.api("GET", "/sources/asana%2Ftasks", Value::Null).await.json();
    assert_eq!(shown["secrets"].as_array().map(Vec::len), Some(1), "{shown}");
    assert!(!shown.to_string().contains("brought"));
}

#[tokio::test]
async fn a_verification_token_is_kept_sealed_and_survives_other_changes() {
    let world = World::new().await;
    let spec = json!({
        "id": "pages", "provider": "meta", "secrets": ["app-secret"],
        "handshake": {"verify_token": "meatyhamhock"},
    });
    assert_eq!(world.api("POST", "/sources", spec).await.status, 201);
    let changed = world.api("PATCH", "/sources/meta%2Fpages", json!({"secrets": ["another-secret"]})).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert!(!changed.text().contains("meatyhamhock"));

    let ask = |token: &str| {
        format!(
            "/api/webhooks/incoming/meta/pages?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"
        )
    };
    let granted = world.public("GET", &ask("meatyhamhock"), "").await;
    assert_eq!((granted.status.as_u16(), granted.text().as_str()), (200, "1158201444"));
    assert_eq!(granted.header("x-content-type-options"), "nosniff");
    assert_eq!(world.public("GET", &ask("another"), "").await.problem(), "challenge-refused");
}

#[tokio::test]
async fn several_events_in_one_body_are_one_receipt_and_each_is_known_again() {
    let world = World::new().await;
    world.source("line", "bot", "channel-secret", Owner::Api).await;
    let send = |ids: &[&str]| {
        let events: Vec<Value> = ids.iter().map(|id| json!({"type": "message", "webhookEventId": id})).collect();
        let body = json!({"events": events}).to_string();
        let tag = verify::mac::tag(b"channel-secret", &[body.as_bytes()]);
        use base64::Engine;
        let signature = base64::engine::general_purpose::STANDARD.encode(tag);
        let world = &world;
        async move { world.webhook("/api/webhooks/incoming/line/bot", &[("x-line-signature", &signature)], body).await }
    };
    let count =
        || async { world.api("GET", "/events?limit=100", Value::Null).await.json()["data"].as_array().map(Vec::len) };

    let first = send(&["a", "b"]).await;
    assert!(first.status.is_success(), "{}", first.text());
    assert_eq!(count().await, Some(2));
    let same = send(&["a", "b"]).await;
    assert_eq!(same.header("countersign-receipt"), first.header("countersign-receipt"));
    assert_eq!(count().await, Some(2));
    let one_is_new = send(&["b", "c"]).await;
    assert_ne!(one_is_new.header("countersign-receipt"), first.header("countersign-receipt"));
    assert_eq!(count().await, Some(3));
}
