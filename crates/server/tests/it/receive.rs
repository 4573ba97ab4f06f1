//! Webhooks: what is believed is on disk byte for byte, what is not is refused with its reason.

use domain::ReceiptKey;
use domain::event::Receipt;
use http::StatusCode;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::row::RowsExt;
use store_memory::Fault;

use crate::world::{SECRET, World, github_push};

const INCOMING: &str = "/api/webhooks/incoming/github";

/// A path, headers, and the code and status that they are refused with.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16);

async fn receipt(world: &World, id: &str) -> Receipt {
    let key: ReceiptKey = world.store.salt().parse(id).expect("a receipt's id");
    world.store.read(move |rows| rows.load(key.0)).await.expect("a store").expect("a receipt")
}

#[tokio::test]
async fn a_genuine_push_is_recorded_byte_for_byte() {
    let world = World::new().await;
    let body = github_push();

    let answer = world.push("d-1", body.clone()).await;

    assert!(answer.status.is_success(), "{}", answer.text());
    assert!(answer.header("countersign-event").starts_with("evt_"));
    let id = answer.header("countersign-receipt");
    let receipt = receipt(&world, id).await;
    assert_eq!(receipt.digest, <[u8; 32]>::from(Sha256::digest(&body)));
    assert_eq!(receipt.body.as_deref(), Some(body.as_slice()));
    assert_eq!((receipt.scheme.as_str(), receipt.secret.as_str()), ("hmac-sha256", "first"));
    assert!(!receipt.headers.contains(&verify::sign::github(SECRET, &body)), "{}", receipt.headers);
    let served = world.api("GET", &format!("/receipts/{id}/body"), Value::Null).await;
    assert_eq!(served.body, body);
    assert_eq!(served.header("content-security-policy"), "sandbox; default-src 'none'");
}

#[tokio::test]
async fn large_bodies_become_blobs_and_come_back_as_they_were() {
    let world = World::new().await;
    for (delivery, bytes) in [("one", 1024 * 1024), ("twenty", 20 * 1024 * 1024)] {
        let mut body = github_push();
        body.resize(bytes, b' ');

        let answer = world.push(delivery, body.clone()).await;

        assert!(answer.status.is_success(), "{}", answer.text());
        let id = answer.header("countersign-receipt");
        let receipt = receipt(&world, id).await;
        assert_eq!(receipt.digest, <[u8; 32]>::from(Sha256::digest(&body)));
        assert_eq!(receipt.body, None);
        let served = world.api("GET", &format!("/receipts/{id}/body"), Value::Null).await;
        assert!(served.body == body, "{bytes} bytes changed");
    }
}

#[tokio::test]
async fn a_body_that_is_not_text_is_recorded_without_a_subject() {
    let world = World::new().await;

    let answer = world.push("d-1", b"{\"after\": \"\xff\xfe\"}".to_vec()).await;

    assert!(answer.status.is_success(), "{}", answer.text());
    let event = world.api("GET", &format!("/events/{}", answer.header("countersign-event")), Value::Null).await;
    assert_eq!(event.json()["type"], "github.push");
    assert_eq!(event.json()["subject"], Value::Null);
}

#[tokio::test]
async fn a_repeated_delivery_is_answered_with_the_first_receipt_and_runs_once() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;

    let first = world.push("d-1", github_push()).await;
    let again = world.push("d-1", github_push()).await;

    assert_eq!(first.status, again.status);
    assert_eq!(first.header("countersign-receipt"), again.header("countersign-receipt"));
    let runs = world.api("GET", "/runs", Value::Null).await.json();
    assert_eq!(runs["data"].as_array().map(Vec::len), Some(1), "{runs}");
}

#[tokio::test]
async fn names_match_whatever_their_capitals_and_slashes() {
    let world = World::new().await;
    let body = github_push();
    let signature = verify::sign::github(SECRET, &body);
    for path in ["/API/Webhooks/Incoming/GitHub", "/api/webhooks/incoming/github/DEFAULT/", INCOMING] {
        let headers = [("x-github-event", "push"), ("X-Hub-Signature-256", signature.as_str())];
        let answer = world.webhook(path, &headers, body.clone()).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_is_not_believed_is_refused_with_its_reason_and_kept() {
    let world = World::new().await;
    let body = github_push();
    let right = verify::sign::github(SECRET, &body);
    let wrong = verify::sign::github("another", &body);
    let push = ("x-github-event", "push");
    let unknown = "/api/webhooks/incoming/github/elsewhere";
    let cases: [Case; 6] = [
        (INCOMING, &[push], "missing-header", 401),
        (INCOMING, &[push, ("x-hub-signature-256", &wrong)], "signature-mismatch", 401),
        (INCOMING, &[push, ("x-hub-signature-256", "sha256=zz")], "malformed-signature", 400),
        (INCOMING, &[push, ("x-hub-signature-256", &right), ("x-hub-signature-256", &right)], "repeated-header", 400),
        (unknown, &[push, ("x-hub-signature-256", &right)], "unknown-id", 404),
        ("/api/webhooks/incoming/stripe", &[push], "unknown-receiver", 404),
    ];
    for (path, headers, code, status) in cases {
        let answer = world.webhook(path, headers, body.clone()).await;

        assert_eq!((answer.problem().as_str(), answer.status.as_u16()), (code, status));
        assert!(answer.json()["mend"].as_str().is_some_and(|mend| mend.ends_with('.')));
        let text = answer.text();
        assert!(!text.contains(SECRET) && !text.contains(&right["sha256=".len()..]), "{text}");
    }
    let kept = world.api("GET", "/quarantine", Value::Null).await.json();
    let reasons: Vec<_> = kept["data"].as_array().expect("a list").iter().map(|row| row["reason"].clone()).collect();
    let expected = [
        "unknown-receiver",
        "unknown-id",
        "repeated-header",
        "malformed-signature",
        "signature-mismatch",
        "missing-header",
    ];
    assert_eq!(reasons, expected);
    assert!(!kept.to_string().contains(&wrong["sha256=".len()..]), "credentials are sealed");
}

#[tokio::test]
async fn every_method_reaches_the_pipeline() {
    let world = World::new().await;
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = world.public(method, INCOMING, "").await;
        assert_eq!((answer.problem().as_str(), answer.header("allow")), ("bad-method", "POST"), "{method}");
    }
}

#[tokio::test]
async fn a_body_over_the_providers_limit_is_refused() {
    let world = World::new().await;
    let answer = world.push("d-1", vec![b' '; 25 * 1024 * 1024 + 1]).await;
    assert_eq!((answer.problem().as_str(), answer.status), ("too-large", StatusCode::PAYLOAD_TOO_LARGE));
}

#[tokio::test]
async fn a_flood_of_refusals_cannot_fill_the_store() {
    let world = World::new().await;
    for _ in 0..40 {
        assert_eq!(world.webhook(INCOMING, &[], "x").await.problem(), "missing-header");
    }
    assert_eq!(world.server.metrics().quarantined.get(), 20);
    assert_eq!(world.server.metrics().quarantine_dropped.get(), 20);
}

#[tokio::test]
async fn a_full_store_answers_503_and_says_when_to_come_back() {
    let world = World::new().await;
    world.engine.fail(Some(Fault::Full));

    let answer = world.push("d-1", github_push()).await;

    assert_eq!((answer.problem().as_str(), answer.status.as_u16()), ("store-full", 503));
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(answer.header("countersign-receipt"), "");
    world.engine.fail(None);
    assert!(world.push("d-1", github_push()).await.status.is_success());
}

#[tokio::test]
async fn a_disk_that_is_read_only_answers_503_until_it_is_writable_again() {
    let world = World::new().await;
    world.engine.fail(Some(Fault::ReadOnly));

    let answer = world.push("d-1", github_push()).await;

    assert_eq!((answer.problem().as_str(), answer.status.as_u16()), ("disk-unusable", 503));
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(answer.header("countersign-receipt"), "");
    world.engine.fail(None);
    assert!(world.push("d-1", github_push()).await.status.is_success());
}

#[tokio::test]
async fn a_source_is_ready_as_soon_as_it_is_made_and_gone_as_soon_as_it_is_switched_off() {
    let world = World::new().await;
    let path = "/api/webhooks/incoming/gitlab-token/new";
    let headers = [("x-gitlab-token", "a-token"), ("x-gitlab-event", "Push Hook")];
    assert_eq!(world.webhook(path, &headers, "{}").await.problem(), "unknown-receiver");

    let spec = serde_json::json!({"provider": "gitlab-token", "id": "new", "secrets": ["a-token"]});
    assert_eq!(world.api("POST", "/sources", spec).await.status, 201);
    assert!(world.webhook(path, &headers, "{}").await.status.is_success());

    assert_eq!(world.api("DELETE", "/sources/gitlab-token%2Fnew", Value::Null).await.status, 204);
    assert_eq!(world.webhook(path, &headers, "{}").await.problem(), "unknown-receiver");
}
