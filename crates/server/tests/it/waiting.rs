//! What is waited for, in words.

use serde_json::{Value, json};

use crate::world::{World, github_push};

async fn verdict(world: &World) -> Value {
    let subject = world.api("GET", "/subjects", Value::Null).await.json()["data"][0].clone();
    let collection = subject["collection"].as_str().expect("a name").replace('/', "%2F");
    let path = format!("/subjects/commit/{collection}/{}/verdict", subject["subject"].as_str().expect("an id"));
    world.api("GET", &path, Value::Null).await.json()
}

#[tokio::test]
async fn a_verdict_says_who_is_waited_for_since_when_and_until_when() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    world.push("d-1", github_push()).await;

    let waiting = verdict(&world).await["waiting"].clone();

    assert_eq!(waiting.as_array().map(Vec::len), Some(1));
    assert_eq!(
        waiting[0]["text"],
        "Waiting for check about github.push since 2026-01-01 00:00:00 UTC, until 2026-01-02 02:00:00 UTC at the \
         latest, then held; not asked yet; next asked as soon as there is a place."
    );
    let members = ["service", "event", "since", "until", "paused", "attempts", "last"];
    assert_eq!(
        members.map(|name| waiting[0][name].clone()),
        [
            json!("check"),
            json!("github.push"),
            json!("2026-01-01T00:00:00.000Z"),
            json!("2026-01-02T02:00:00.000Z"),
            json!(false),
            json!(0),
            Value::Null
        ]
    );
}

#[tokio::test]
async fn while_a_service_is_paused_its_deadline_is_said_to_stand_still() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    world.push("d-1", github_push()).await;
    world.clock.forward(3600);
    assert_eq!(world.api("POST", "/services/check/pause", Value::Null).await.status, 200);
    world.clock.forward(7200);

    let waiting = verdict(&world).await["waiting"][0].clone();

    assert_eq!((&waiting["paused"], &waiting["next"]), (&json!(true), &Value::Null));
    assert_eq!(
        waiting["text"],
        "Waiting for check about github.push since 2026-01-01 00:00:00 UTC, its deadline standing still with 25 h 0 min \
         left, then held; not asked yet; paused by a person since 2026-01-01 01:00:00 UTC, so it is not asked until \
         resumed."
    );
}
