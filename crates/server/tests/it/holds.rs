//! Holds that people make on a collection.

use serde_json::{Value, json};
use store::judged;
use store::row::RowsExt;
use store::tables::Recheck;

use crate::world::World;

fn version(id: &str, track: &str) -> Value {
    json!({"kind": "version", "collection": "85", "subject": id, "track": track})
}

async fn verdict(world: &World, id: &str) -> Value {
    world.api("GET", &format!("/subjects/version/85/{id}/verdict"), Value::Null).await.json()
}

/// What a dispatcher does.
async fn recheck(world: &World) {
    while let Some(recheck) = world.store.read(|rows| rows.page::<Recheck>(None, 1)).await.expect("a page").pop() {
        judged::step_recheck(&world.store, &recheck, world.now()).await.expect("a step");
    }
}

#[tokio::test]
async fn a_person_holds_a_track_of_a_collection_and_lifts_it() {
    let world = World::new().await;
    let made = world.api("POST", "/subjects", version("1", "listed")).await;
    assert_eq!((made.status.as_u16(), &made.json()["track"]), (201, &json!("listed")));

    let held = world
        .api(
            "POST",
            "/holds",
            json!({"collection": "85", "kind": "version", "track": "listed", "until": "2026-01-02T00:00:00Z", "reason": "odd"}),
        )
        .await;
    assert_eq!(held.status, 201, "{}", held.text());
    let hold = held.json();
    assert_eq!(
        (&hold["scope"], &hold["track"], &hold["kind"]),
        (&json!("collection"), &json!("listed"), &json!("hold"))
    );
    assert_eq!((&hold["of"]["kind"], &hold["of"]["collection"]), (&json!("addon"), &json!("85")));
    assert_eq!(hold["until"], "2026-01-02T00:00:00.000Z");
    for (id, track, verdict) in [("2", "listed", "held"), ("3", "unlisted", "pending")] {
        let new = world.api("POST", "/subjects", version(id, track)).await.json();
        assert_eq!(new["verdict"], verdict, "{track}");
    }
    recheck(&world).await;
    let shown = verdict(&world, "1").await;
    assert_eq!((&shown["verdict"], &shown["holds"][0]["id"]), (&json!("held"), &hold["id"]));
    assert!(
        shown["reasons"][0]["text"].as_str().is_some_and(|text| text.ends_with("(on its collection's track listed)"))
    );
    assert_eq!(verdict(&world, "3").await["holds"], json!([]));
    let collection = hold["of"]["id"].as_str().expect("an id");
    let active = world.api("GET", &format!("/holds?collection={collection}"), Value::Null).await.json();
    assert_eq!(active["data"].as_array().map(Vec::len), Some(1));

    let path = format!("/holds/{}/release", hold["id"].as_str().expect("an id"));
    assert_eq!(world.api("POST", &path, json!({"reason": "a false alarm"})).await.status, 200);
    recheck(&world).await;
    assert_eq!(verdict(&world, "1").await["verdict"], "pending");
    assert_eq!(world.api("POST", &path, json!({"reason": "again"})).await.problem(), "not-found");
    let audit = world.api("GET", "/audit", Value::Null).await.json();
    assert_eq!(audit["data"][0]["what"], "lifted a hold: a false alarm");
    assert_eq!(audit["data"][1]["what"], "held addon 85: odd");
}

#[tokio::test]
async fn a_hold_that_cannot_be_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    world.api("POST", "/subjects", version("1", "listed")).await;
    for (wrong, because) in [
        (json!({"collection": "86", "reason": "odd"}), "none named"),
        (json!({"collection": "85", "kind": "commit", "reason": "odd"}), "none named"),
        (json!({"collection": "85", "reason": " "}), "reason"),
        (json!({"collection": "85", "reason": "odd", "track": ""}), "track"),
        (json!({"collection": "85", "reason": "odd", "until": "tomorrow"}), "until: expected an instant"),
        (json!({"collection": "85", "reason": "odd", "until": "2020-01-01T00:00:00Z"}), "still to come"),
        (json!({"collection": "85", "reason": "odd", "tracks": "listed"}), "tracks"),
    ] {
        let refused = world.api("POST", "/holds", wrong.clone()).await;
        assert!(refused.status.is_client_error() && refused.text().contains(because), "{wrong}: {}", refused.text());
    }
    assert_eq!(world.api("GET", "/holds", Value::Null).await.json()["data"], json!([]));
}

#[tokio::test]
async fn a_rule_says_whether_it_holds_the_collection() {
    let world = World::new().await;
    let rule = json!({"name": "BAD", "action": {"restrict": "approval"}, "scope": "collection", "track": "listed"});
    let made = world.api("POST", "/rules", rule).await.json();
    assert_eq!((&made["scope"], &made["track"]), (&json!("collection"), &json!("listed")));
    let plain = world.api("POST", "/rules", json!({"name": "X", "action": {"hold": "24h"}})).await.json();
    assert_eq!((&plain["scope"], &plain["track"]), (&json!("subject"), &Value::Null));
    for (wrong, because) in [
        (json!({"name": "Y", "action": "block", "scope": "collection"}), "belongs to the actions"),
        (json!({"name": "Y", "action": {"hold": "24h"}, "track": "listed"}), "belongs to scope"),
        (json!({"name": "Y", "action": {"hold": "24h"}, "scope": "everything"}), "everything"),
    ] {
        let refused = world.api("POST", "/rules", wrong.clone()).await;
        assert!(refused.status.is_client_error() && refused.text().contains(because), "{wrong}: {}", refused.text());
    }
}
