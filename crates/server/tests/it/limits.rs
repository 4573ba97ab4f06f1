//! What a source asks of a request before it is looked at, over a real socket: a rate, a plain body, https.

use domain::catalogue::Owner;
use serde_json::{Value, json};
use server::ListenLimits;

use crate::listen::{exchange, run};
use crate::world::{SECRET, World};

const BODY: &str = "{}";

/// A rightly signed push to that source, with these headers too; status and head of the answer.
async fn push(address: std::net::SocketAddr, id: &str, headers: &str) -> (u16, String) {
    let signature = verify::sign::github(SECRET, BODY.as_bytes());
    let head = format!(
        "POST /api/webhooks/incoming/github/{id} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-github-event: push\r\n\
         x-hub-signature-256: {signature}\r\ncontent-length: {}\r\n{headers}\r\n{BODY}",
        BODY.len()
    );
    let answer = exchange(address, head.as_bytes()).await;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.to_lowercase())
}

async fn source(world: &World, id: &str, more: Value) {
    let mut spec = json!({ "id": id, "provider": "github", "secrets": [SECRET] });
    spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.source_of(serde_json::from_value(spec).expect("a source"), Owner::Api).await;
}

#[tokio::test]
async fn each_address_may_send_so_many_requests_and_others_are_not_kept_out() {
    let world = World::with(|settings| settings.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")]).await;
    source(&world, "limited", json!({ "rate": "3/1m" })).await;
    let running = run(&world, ListenLimits::default()).await;
    let from = |caller: &'static str| push(running.address, "limited", caller);

    for _ in 0..3 {
        assert_eq!(from("x-forwarded-for: 9.9.9.9\r\n").await.0, 204);
    }
    let (status, answer) = from("x-forwarded-for: 9.9.9.9\r\n").await;
    assert_eq!(status, 429);
    assert!(answer.contains("retry-after: 20") && answer.contains("too-many-requests"), "{answer}");
    assert_eq!(from("x-forwarded-for: 8.8.8.8\r\n").await.0, 204);
    assert_eq!(push(running.address, "default", "x-forwarded-for: 9.9.9.9\r\n").await.0, 204);

    world.clock.forward(20);
    assert_eq!(from("x-forwarded-for: 9.9.9.9\r\n").await.0, 204);
    assert_eq!(from("x-forwarded-for: 9.9.9.9\r\n").await.0, 429);
}

#[tokio::test]
async fn a_stranger_cannot_lend_itself_addresses() {
    let world = World::new().await;
    source(&world, "limited", json!({ "rate": "1/1m" })).await;
    let running = run(&world, ListenLimits::default()).await;

    assert_eq!(push(running.address, "limited", "x-forwarded-for: 1.1.1.1\r\n").await.0, 204);
    assert_eq!(push(running.address, "limited", "x-forwarded-for: 2.2.2.2\r\n").await.0, 429);
}

#[tokio::test]
async fn a_compressed_body_is_refused_before_it_is_read() {
    let world = World::new().await;
    let running = run(&world, ListenLimits::default()).await;

    for encoding in ["gzip", "br", "identity, gzip"] {
        let (status, answer) = push(running.address, "default", &format!("content-encoding: {encoding}\r\n")).await;
        assert_eq!(status, 415, "{answer}");
        assert!(answer.contains("bad-content-type"), "{answer}");
    }
    for encoding in ["", "identity", "Identity"] {
        assert_eq!(push(running.address, "default", &format!("content-encoding: {encoding}\r\n")).await.0, 204);
    }
}

#[tokio::test]
async fn a_source_may_want_https_and_a_trusted_proxy_alone_says_so() {
    for (proxies, headers, status) in [
        (&["127.0.0.1"][..], "x-forwarded-proto: https\r\n", 204),
        (&["127.0.0.1"], "x-forwarded-proto: http\r\n", 400),
        (&["127.0.0.1"], "", 400),
        (&["10.0.0.1"], "x-forwarded-proto: https\r\n", 400),
    ] {
        let proxies = proxies.iter().map(|proxy| proxy.parse().expect("an address")).collect();
        let world = World::with(|settings| settings.trusted_proxies = proxies).await;
        source(&world, "secure", json!({ "require_https": true })).await;
        let running = run(&world, ListenLimits::default()).await;

        let (found, answer) = push(running.address, "secure", headers).await;

        assert_eq!(found, status, "{answer}");
        assert_eq!(answer.contains("not-https"), status == 400, "{answer}");
        assert_eq!(push(running.address, "default", "").await.0, 204, "the others take plain HTTP");
    }
}

#[tokio::test]
async fn https_is_not_wanted_where_nobody_could_say_it_and_a_rate_has_a_form() {
    let world = World::new().await;
    let spec = |more: Value| {
        let mut spec = json!({ "id": "new", "provider": "github", "secrets": ["a"] });
        spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        spec
    };

    let nobody = world.api("POST", "/sources", spec(json!({ "require_https": true }))).await;
    assert_eq!(nobody.status, 422);
    assert!(nobody.text().contains("trusted_proxies"), "{}", nobody.text());
    for rate in ["600", "0/1m", "600/0s", "x/1m"] {
        let refused = world.api("POST", "/sources", spec(json!({ "rate": rate }))).await;
        assert!(refused.text().contains("600/1m"), "{rate}: {}", refused.text());
    }
    let made = world.api("POST", "/sources", spec(json!({ "rate": "600/1m" }))).await;
    assert_eq!((made.status.as_u16(), &made.json()["rate"]), (201, &json!("600/1m")));
}

#[tokio::test]
async fn a_sample_is_judged_before_the_source_is_there_and_nothing_is_recorded() {
    let world = World::new().await;
    let signature = verify::sign::github("a secret", BODY.as_bytes());
    let test = |secret: &str, sample: String| {
        let spec = json!({ "id": "new", "provider": "github", "secrets": [secret], "sample": sample });
        let world = &world;
        async move { world.api("POST", "/sources/test", spec).await }
    };
    let sample = format!(
        "POST /in HTTP/1.1\nX-GitHub-Event: issues\nX-GitHub-Delivery: d\nX-Hub-Signature-256: {signature}\n\n{BODY}"
    );

    let right = test("a secret", sample.clone()).await;
    let wrong = test("another", sample).await;
    let no_request = test("a secret", "{}".to_owned()).await;

    assert_eq!(right.status, 200, "{}", right.text());
    assert_eq!(right.json()["events"], json!([{"type": "github.issues", "delivery": "d", "subject": null}]));
    assert_eq!((&wrong.json()["accepted"], &wrong.json()["reason"]), (&json!(false), &json!("signature-mismatch")));
    assert!(!wrong.text().contains(&signature["sha256=".len()..]));
    assert_eq!(no_request.status, 422);
    assert_eq!(world.api("GET", "/events", Value::Null).await.json()["data"], json!([]));
    assert_eq!(world.api("GET", "/sources/github%2Fnew", Value::Null).await.status, 404);
}
