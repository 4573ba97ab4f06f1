//! Links: a result that is sent later, the bytes of a receipt, an artifact; and when each is void.

use domain::link::{Link, LinkKey, LinkKind};
use domain::{ArtifactKey, ExpectationKey, ReceiptKey, ServiceKey};
use serde_json::{Value, json};

use crate::world::{World, github_push};

/// A world in which one service owes an answer about a push.
async fn owing() -> (World, Link) {
    let world = World::new().await;
    let service = world.service("check", "http://127.0.0.1:20000/").await;
    let pushed = world.push("d-1", github_push()).await;
    let service: ServiceKey = world.store.salt().parse(service["id"].as_str().expect("an id")).expect("a key");
    let receipt: ReceiptKey = world.store.salt().parse(pushed.header("countersign-receipt")).expect("a key");
    let owed = world.api("GET", "/expectations", Value::Null).await.json();
    let expectation = ExpectationKey(owed["data"][0]["number"].as_i64().expect("a number"));
    let until = world.now().after(std::time::Duration::from_secs(60));
    (world, Link { kind: LinkKind::Result, expectation, service, thing: receipt.0, until })
}

fn token(world: &World, link: Link) -> String {
    LinkKey::new(&world.seal.derive("links")).token(&link)
}

#[tokio::test]
async fn a_result_is_taken_once_and_settles_the_verdict() {
    let (world, link) = owing().await;
    let path = format!("/api/results/{}", token(&world, link));

    assert_eq!(world.public("PUT", &path, "not JSON").await.problem(), "unreadable-result");
    let said = json!({"version": "1", "matched_rules": []}).to_string();
    assert_eq!(world.public("PUT", &path, said.clone()).await.status, 204);
    assert_eq!(world.public("PUT", &path, said).await.problem(), "already-complete");

    let results = world.api("GET", "/results", Value::Null).await.json();
    assert_eq!(results["data"][0]["kind"], "processed");
    let subjects = world.api("GET", "/subjects", Value::Null).await.json();
    assert_eq!(subjects["data"][0]["verdict"], "clear");
}

#[tokio::test]
async fn the_links_of_a_removed_service_are_void() {
    let (world, link) = owing().await;
    assert_eq!(world.api("DELETE", "/services/check", Value::Null).await.status, 204);
    let path = format!("/api/results/{}", token(&world, link));
    assert_eq!(world.public("PUT", &path, "{}").await.problem(), "not-found");
    let path = format!("/api/bodies/{}", token(&world, Link { kind: LinkKind::Body, ..link }));
    assert_eq!(world.public("GET", &path, "").await.problem(), "not-found");
}

#[tokio::test]
async fn a_link_that_is_none_or_over_or_for_something_else_is_not_found() {
    let (world, link) = owing().await;
    let body = Link { kind: LinkKind::Body, ..link };
    for path in ["/api/results/00".to_owned(), format!("/api/results/{}", token(&world, body))] {
        assert_eq!(world.public("PUT", &path, "{}").await.problem(), "not-found");
    }
    let elsewhere = Link { service: ServiceKey(1), ..link };
    let path = format!("/api/results/{}", token(&world, elsewhere));
    assert_eq!(world.public("PUT", &path, "{}").await.problem(), "not-found");
    world.clock.forward(61);
    let path = format!("/api/results/{}", token(&world, link));
    assert_eq!(world.public("PUT", &path, "{}").await.problem(), "not-found");
}

#[tokio::test]
async fn a_receipts_bytes_are_given_while_the_answer_is_awaited_and_not_after() {
    let (world, link) = owing().await;
    let path = format!("/api/bodies/{}", token(&world, Link { kind: LinkKind::Body, ..link }));

    let given = world.public("GET", &path, "").await;
    assert_eq!(given.body, github_push());
    assert!(given.header("content-disposition").starts_with("attachment"));
    assert_eq!(given.header("x-content-type-options"), "nosniff");
    assert_eq!(given.header("content-security-policy"), "sandbox; default-src 'none'");

    let result = format!("/api/results/{}", token(&world, link));
    assert_eq!(world.public("PUT", &result, "{}").await.status, 204);
    let refused = world.public("GET", &path, "").await;
    // The run that was made for it ended with the call back.
    assert_eq!((refused.problem().as_str(), refused.status.as_u16()), ("link-void", 410));
}

#[tokio::test]
async fn an_artifact_is_given_whole_or_in_part() {
    let (world, link) = owing().await;
    let uploaded = world.api("POST", "/artifacts?filename=a.zip", json!("0123456789")).await;
    assert_eq!(uploaded.status, 201, "{}", uploaded.text());
    let artifact = uploaded.json();
    let key: ArtifactKey = world.store.salt().parse(artifact["id"].as_str().expect("an id")).expect("a key");
    let link = Link { kind: LinkKind::Artifact, thing: key.0, ..link };
    let path = format!("/api/artifacts/{}", token(&world, link));

    let whole = world.public("GET", &path, "").await;
    assert_eq!(whole.text(), "\"0123456789\"");
    let part = crate::world::call(world.server.public(), "GET", &path, &[("range", "bytes=1-3")], "".into()).await;
    assert_eq!((part.status.as_u16(), part.text().as_str()), (206, "012"));
    assert_eq!(part.header("content-range"), "bytes 1-3/12");
}

#[tokio::test]
async fn a_hostile_name_or_kind_is_refused_or_reaches_nobody() {
    let (world, link) = owing().await;
    for refused in
        ["a%00.png", "a%0D%0Aset-cookie:%20x=1", "a%1b%5b2J", "", &"a".repeat(domain::limits::NAME_CHARS_MAX + 1)]
    {
        let answer = world.api("POST", &format!("/artifacts?filename={refused}"), json!("x")).await;
        assert_eq!(answer.problem(), "invalid-value", "{refused}");
    }
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for (name, saved_as) in [
        ("..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd"),
        ("C:%5Cwin%5Ca.exe", "C:_win_a.exe"),
        ("invoice%E2%80%AEgnp.svg", "invoice_gnp.svg"),
        ("a%22;%20filename=b.html", "a_;_filename=b.html"),
    ] {
        let bearer = format!("Bearer {}", world.administrator);
        let headers = [("host", "localhost"), ("authorization", bearer.as_str()), ("content-type", "image/svg+xml")];
        let path = format!("/api/v1/artifacts?filename={name}");
        let uploaded = crate::world::call(world.server.admin(), "POST", &path, &headers, svg.into()).await.json();
        let key: ArtifactKey = world.store.salt().parse(uploaded["id"].as_str().expect("an id")).expect("a key");
        let link = Link { kind: LinkKind::Artifact, thing: key.0, ..link };

        let given = world.public("GET", &format!("/api/artifacts/{}", token(&world, link)), "").await;
        assert_eq!(given.text(), svg);
        assert_eq!(given.header("content-disposition"), format!("attachment; filename=\"{saved_as}\""));
        assert_eq!(given.header("x-content-type-options"), "nosniff");
        assert_eq!(given.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(given.header("cache-control"), "private, no-store");
    }
}
