//! What a rule would have matched, asked before it is saved.

use serde_json::{Value, json};

use crate::world::{World, github_push};

/// A world in which `check` has reported these names about a push.
async fn reported(names: &str) -> World {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    world.push("d-1", github_push()).await;
    let owed = world.api("GET", "/expectations", Value::Null).await.json()["data"][0]["number"].as_i64();
    let service = world.store.catalogue().service_named("check").expect("a service").key;
    let raw = bytes::Bytes::from(format!("{{\"matched_rules\": {names}}}"));
    let meant = domain::profile::standard::read_body(&raw);
    let key = domain::ExpectationKey(owed.expect("a number"));
    store::judged::call_back(&world.store, key, service, raw, &meant, world.now()).await.expect("a result");
    world
}

#[tokio::test]
async fn a_rule_is_tried_on_what_was_reported_and_nothing_is_written() {
    let world = reported(r#"["SEEN", "OTHER"]"#).await;
    let audit = world.api("GET", "/audit", Value::Null).await.json();

    let tested = world.api("POST", "/rules/test", json!({"name": "SEEN", "action": "block"})).await;

    assert_eq!(tested.status, 200, "{}", tested.text());
    let tested = tested.json();
    assert_eq!(tested["text"], "1 result since 2025-12-02 00:00:00 UTC looked at, 1 would match, on 1 subject");
    let line = &tested["data"][0];
    assert_eq!(
        (&line["service"], &line["verdict"], &line["text"]),
        (&json!("check"), &json!("clear"), &json!("would act"))
    );
    assert_eq!(line["subject"]["kind"], "commit");
    assert!(line["result"].as_str().is_some_and(|id| id.starts_with("res_")));
    assert_eq!(world.api("GET", "/audit", Value::Null).await.json(), audit);
    assert_eq!(world.api("GET", "/matches", Value::Null).await.json()["data"], json!([]));
    assert_eq!(world.api("GET", "/rules", Value::Null).await.json()["data"], json!([]));
}

#[tokio::test]
async fn another_name_service_or_time_matches_nothing() {
    let world = reported(r#"["SEEN"]"#).await;
    world.service("other", "http://127.0.0.1:20001/").await;
    let counts = async |rule: Value| {
        let tested = world.api("POST", "/rules/test", rule).await.json();
        (tested["looked_at"].as_i64(), tested["matched"].as_i64())
    };
    assert_eq!(counts(json!({"name": "seen", "action": "flag"})).await, (Some(1), Some(0)));
    assert_eq!(counts(json!({"name": "SEEN", "service": "other", "action": "flag"})).await, (Some(1), Some(0)));
    assert_eq!(counts(json!({"name": "SEEN", "service": "check", "action": "flag"})).await, (Some(1), Some(1)));
    world.clock.forward(7200);
    assert_eq!(counts(json!({"name": "SEEN", "action": "flag", "since": "1h"})).await, (Some(0), Some(0)));

    let refused = |rule: Value| world.api("POST", "/rules/test", rule);
    assert_eq!(refused(json!({"name": "SEEN", "action": "flag", "since": "soon"})).await.problem(), "invalid-value");
    assert_eq!(refused(json!({"name": "SEEN", "action": "flag", "sevice": "x"})).await.problem(), "unknown-member");
    let by_reader = world.api_as(&world.reader, "POST", "/rules/test", json!({"name": "SEEN", "action": "flag"})).await;
    assert_eq!(by_reader.problem(), "forbidden");
}
