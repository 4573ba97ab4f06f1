//! Secrets that change: each counts from one instant until another, and the old one can go once nobody uses it.

use domain::catalogue::Owner;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answered, SECRET, World};

const DAY: i64 = 86_400;
const OLD: &str = "the old secret of this source";
const NEW: &str = "the new secret of this source";
const SOURCE: &str = "/sources/github%2Fsite";

async fn push(world: &World, secret: &str, delivery: &str) -> Answered {
    let signature = verify::sign::github(secret, b"{}");
    let headers =
        [("x-github-event", "push"), ("x-github-delivery", delivery), ("x-hub-signature-256", signature.as_str())];
    world.webhook("/api/webhooks/incoming/github/site", &headers, "{}").await
}

/// A source with these secrets.
async fn source(world: &World, secrets: Value) {
    let made = world.api("POST", "/sources", json!({ "provider": "github", "id": "site", "secrets": secrets })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
}

async fn secrets(world: &World) -> Vec<Value> {
    let shown = world.api("GET", SOURCE, Value::Null).await.json();
    shown["secrets"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_secret_counts_exactly_from_its_beginning_until_its_end() {
    let world = World::new().await;
    source(
        &world,
        json!([
            { "id": "new", "secret": NEW, "not_before": "2026-01-02T00:00:00Z" },
            { "id": "old", "secret": OLD, "not_after": "2026-01-03T00:00:00Z" },
        ]),
    )
    .await;
    world.clock.set(1_767_225_600); // 2026-01-01
    for (forward, old, new) in
        [(0, true, false), (DAY - 1, true, false), (1, true, true), (DAY - 1, true, true), (1, false, true)]
    {
        world.clock.forward(forward);
        let at = world.now().seconds();
        assert_eq!(push(&world, OLD, &format!("old-{at}")).await.status.is_success(), old, "{at}");
        assert_eq!(push(&world, NEW, &format!("new-{at}")).await.status.is_success(), new, "{at}");
    }
    let kept = world.api("GET", "/quarantine", Value::Null).await.json();
    let path = format!("/quarantine/{}", kept["data"][0]["id"].as_str().expect("an id"));
    let explanation = world.api("GET", &path, Value::Null).await.json()["explanation"].clone();
    assert_eq!(explanation["mistake"], "secret-not-in-force", "{explanation}");
}

#[tokio::test]
async fn it_shows_which_secret_matched_last_and_when_the_old_one_can_go() {
    let world = World::new().await;
    source(&world, json!([{ "id": "new", "secret": NEW }, { "id": "old", "secret": OLD }])).await;
    assert!(push(&world, OLD, "1").await.status.is_success());
    world.clock.forward(30);
    assert!(push(&world, OLD, "2").await.status.is_success());
    let before = secrets(&world).await;
    assert_eq!(before[1]["last_matched"], "2026-01-01T00:00:30Z", "to the second, though noted once a minute");
    assert_eq!((&before[1]["can_go"], &before[0]["last_matched"]), (&json!(false), &Value::Null));

    world.clock.forward(1);
    assert!(push(&world, NEW, "3").await.status.is_success());
    world.clock.forward(3 * DAY);

    let after = secrets(&world).await;
    assert_eq!(after[1]["text"], "the old secret last matched 3 days ago; it can go");
    assert_eq!((&after[1]["can_go"], &after[0]["can_go"]), (&json!(true), &json!(false)));
    let text = world.api("GET", SOURCE, Value::Null).await.text();
    assert!(!text.contains(NEW) && !text.contains(OLD), "{text}");
}

#[tokio::test]
async fn when_a_secret_matched_is_known_after_a_restart() {
    let world = World::new().await;
    source(&world, json!([{ "id": "new", "secret": NEW }, { "id": "old", "secret": OLD }])).await;
    assert!(push(&world, OLD, "1").await.status.is_success());

    let again = world.restarted();

    assert_eq!(secrets(&again).await[1]["last_matched"], "2026-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_new_secret_goes_in_front_and_the_old_ones_end_after_a_while() {
    let world = World::new().await;
    source(&world, json!([{ "id": "old", "secret": OLD }])).await;

    let added = json!({ "id": "new", "secret": NEW, "keep_old": "7d" });
    let made = world.api("POST", &format!("{SOURCE}/secrets"), added).await;

    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let shown = secrets(&world).await;
    let ids: Vec<_> = shown.iter().map(|secret| &secret["id"]).collect();
    assert_eq!((json!(ids), &shown[1]["not_after"]), (json!(["new", "old"]), &json!("2026-01-08T00:00:00Z")));
    assert!(push(&world, OLD, "1").await.status.is_success() && push(&world, NEW, "2").await.status.is_success());
    world.clock.forward(7 * DAY);
    assert_eq!(push(&world, OLD, "3").await.problem(), "signature-mismatch");
    assert!(push(&world, NEW, "4").await.status.is_success());

    let remove = async |id: &str| world.api("DELETE", &format!("{SOURCE}/secrets/{id}"), Value::Null).await;
    assert_eq!(remove("new").await.problem(), "conflict", "none would count");
    assert_eq!(remove("old").await.status, StatusCode::NO_CONTENT);
    assert_eq!(remove("old").await.problem(), "not-found");
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    assert!(
        audit.contains("added the secret") && audit.contains("removed the secret") && !audit.contains(NEW),
        "{audit}"
    );
}

#[tokio::test]
async fn secrets_of_the_configuration_file_are_changed_there() {
    let world = World::new().await;
    world.source("github", "site", SECRET, Owner::File).await;
    let added = world.api("POST", &format!("{SOURCE}/secrets"), json!({ "secret": NEW })).await;
    assert_eq!(added.problem(), "read-only");
    let removed = world.api("DELETE", &format!("{SOURCE}/secrets/first"), Value::Null).await;
    assert_eq!(removed.problem(), "read-only");
}

#[tokio::test]
async fn times_that_cannot_be_are_refused_and_named() {
    let world = World::new().await;
    for (secret, words) in [
        (json!({ "id": "a", "secret": NEW, "not_before": "tomorrow" }), "2026-12-01T00:00:00Z"),
        (
            json!({ "id": "a", "secret": NEW, "not_before": "2026-02-01T00:00:00Z", "not_after": "2026-02-01T00:00:00Z" }),
            "later than not_before",
        ),
    ] {
        let spec = json!({ "provider": "github", "id": "site", "secrets": [secret] });
        let refused = world.api("POST", "/sources", spec).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        assert!(refused.text().contains(words) && !refused.text().contains(NEW), "{}", refused.text());
    }
}

#[tokio::test]
async fn what_a_patch_leaves_alone_keeps_its_times() {
    let world = World::new().await;
    let until = "2026-01-03T00:00:00Z";
    source(&world, json!([{ "id": "new", "secret": NEW }, { "id": "old", "secret": OLD, "not_after": until }])).await;

    let patched = world.api("PATCH", SOURCE, json!({ "window": null, "public_url": "https://hooks.example/x" })).await;

    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    assert_eq!(secrets(&world).await[1]["not_after"], until);
    assert!(push(&world, OLD, "1").await.status.is_success());
}
