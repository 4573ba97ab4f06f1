//! What is waited for, in words.

use std::time::Duration;

use bytes::Bytes;
use domain::ServiceKey;
use serde_json::{Value, json};
use store::command::{Answer, Claim, Finish, Step};

use crate::world::{World, github_push};

async fn verdict(world: &World) -> Value {
    let subject = world.api("GET", "/subjects", Value::Null).await.json()["data"][0].clone();
    let collection = subject["collection"].as_str().expect("a name").replace('/', "%2F");
    let path = format!("/subjects/commit/{collection}/{}/verdict", subject["subject"].as_str().expect("an id"));
    world.api("GET", &path, Value::Null).await.json()
}

/// Lets `check` be asked, answer nothing of use, and be asked again in a minute.
async fn ask_in_vain(world: &World, answer: &'static str, text: Option<&str>) {
    let now = world.now();
    let service: ServiceKey = world.store.catalogue().service_named("check").expect("a service").key;
    let claim = Claim { service, limit: 1, probe: false, due_by: now, now };
    let Ok(Answer::Claimed(claimed)) = world.store.submit(claim).await else { panic!("no run was claimed") };
    let called = claimed.first().expect("a run that is due");
    let finish = Finish {
        run: called.run.key,
        lease: called.lease,
        started: now,
        connected: None,
        status: None,
        answer,
        text: text.map(str::to_owned),
        body: Bytes::new(),
        step: Step::RetryAt(now.after(Duration::from_secs(60))),
        record: None,
        now,
    };
    world.store.submit(finish).await.expect("finished");
}

#[tokio::test]
async fn what_was_wrong_with_the_last_answer_is_said_in_its_own_words_or_in_one() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    world.push("d-1", github_push()).await;

    ask_in_vain(&world, "failed", Some("no connection to 127.0.0.1:20000")).await;

    let waiting = verdict(&world).await["waiting"][0].clone();
    assert_eq!(waiting["last"], "no connection to 127.0.0.1:20000");
    assert_eq!(
        waiting["text"],
        "Waiting for check about github.push since 2026-01-01 00:00:00 UTC, until 2026-01-02 02:00:00 UTC at the \
         latest, then held; asked once so far; next asked at 2026-01-01 00:01:00 UTC; the last problem: no connection \
         to 127.0.0.1:20000."
    );

    world.clock.forward(60);
    ask_in_vain(&world, "busy", None).await;

    let waiting = verdict(&world).await["waiting"][0].clone();
    assert_eq!((&waiting["last"], &waiting["attempts"]), (&json!("busy"), &json!(2)));

    world.clock.forward(60);
    ask_in_vain(&world, "processed", Some("a remark")).await;

    let waiting = verdict(&world).await["waiting"][0].clone();
    assert_eq!((&waiting["last"], &waiting["attempts"]), (&Value::Null, &json!(3)));
    assert!(!waiting["text"].as_str().expect("text").contains("problem"), "{waiting}");
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
