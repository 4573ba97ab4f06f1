//! Runs on demand and batches over the own API: what is begun, what is refused, what is shown.

use serde_json::{Value, json};

use crate::world::World;

/// A world with versions in the add-ons 85 and 86, each uploaded once, and two services; `late` came after them.
async fn world() -> World {
    let world = World::new().await;
    world.service_for("early", "uploaded").await;
    for (collection, id) in [("85", "1"), ("85", "2"), ("85", "3"), ("86", "4")] {
        let subject = json!({"kind": "version", "collection": collection, "subject": id});
        let sent = world.api("POST", "/events", json!({"type": "uploaded", "subject": subject})).await;
        assert_eq!(sent.status, 202, "{}", sent.text());
    }
    world.service_for("late", "uploaded").await;
    world
}

impl World {
    async fn service_for(&self, name: &str, event: &str) {
        let spec = json!({"name": name, "url": "http://127.0.0.1:20000/", "events": [event],
            "allow_networks": ["127.0.0.0/8"]});
        let made = self.api("POST", "/services", spec).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }

    async fn runs(&self) -> usize {
        self.api("GET", "/runs?limit=200", Value::Null).await.json()["data"].as_array().map_or(0, Vec::len)
    }
}

fn services(runs: &Value) -> Vec<&str> {
    runs["runs"].as_array().expect("runs").iter().filter_map(|run| run["service"].as_str()).collect()
}

#[tokio::test]
async fn a_subject_is_asked_about_again_by_all_that_subscribed_or_by_those_that_are_named() {
    let world = world().await;
    let path = "/subjects/version/85/1/runs";

    let all = world.api("POST", path, Value::Null).await;

    assert_eq!((all.status.as_u16(), services(&all.json())), (202, vec!["early", "late"]), "{}", all.text());
    let one = world.api_as(&world.submitter, "POST", path, json!({"services": ["late", "late"]})).await;
    assert_eq!((one.status.as_u16(), services(&one.json())), (202, vec!["late"]), "{}", one.text());
    let run = one.json()["runs"][0]["id"].as_str().expect("an id").to_owned();
    let run = world.api("GET", &format!("/runs/{run}"), Value::Null).await.json();
    assert_eq!((run["why"].as_str(), run["state"].as_str()), (Some("demand"), Some("due")));
    world.service_for("stranger", "another").await;
    let all = world.api("POST", path, json!({"services": []})).await.json();
    assert_eq!(services(&all), ["early", "late"], "nobody is asked about what it did not subscribe to");
    let named = world.api("POST", path, json!({"services": ["stranger"]})).await.json();
    assert_eq!(services(&named), ["stranger"], "unless a person says so");
}

#[tokio::test]
async fn a_run_that_names_what_is_not_there_is_refused_and_nothing_is_written() {
    let world = world().await;
    let before = world.runs().await;
    let path = "/subjects/version/85/1/runs";

    let unknown = world.api("POST", path, json!({"services": ["late", "nobody", "no one"]})).await;

    assert_eq!(unknown.problem(), "invalid-value");
    assert!(unknown.text().contains("nobody") && unknown.text().contains("no one"), "{}", unknown.text());
    assert!(!unknown.text().contains("late"), "{}", unknown.text());
    world.api("PATCH", "/services/late", json!({"active": false})).await;
    let off = world.api("POST", path, json!({"services": ["late"]})).await;
    assert!(off.problem() == "invalid-value" && off.text().contains("switched off"), "{}", off.text());
    let missing = world.api("POST", "/subjects/version/85/99/runs", Value::Null).await;
    assert_eq!(missing.problem(), "not-found");
    let strange = world.api("POST", path, json!({"service": ["late"]})).await;
    assert_eq!(strange.problem(), "unknown-member");
    let reader = world.api_as(&world.reader, "POST", path, Value::Null).await;
    assert_eq!(reader.problem(), "forbidden");
    assert_eq!(world.runs().await, before);

    world.api("POST", "/subjects", json!({"kind": "version", "collection": "85", "subject": "quiet"})).await;
    let quiet = world.api("POST", "/subjects/version/85/quiet/runs", json!({"services": ["early"]})).await;
    assert_eq!(quiet.problem(), "conflict", "nothing has happened to it");
    let nobody = world.api("POST", "/subjects/version/85/quiet/runs", Value::Null).await;
    assert_eq!((nobody.status.as_u16(), services(&nobody.json()).len()), (202, 0));
}

#[tokio::test]
async fn a_batch_without_lists_is_for_all_of_the_collection_and_shows_its_progress() {
    let world = world().await;

    let begun = world.api("POST", "/batches", json!({"collection": "85"})).await;

    assert_eq!(begun.status, 201, "{}", begun.text());
    let batch = begun.json();
    assert_eq!((batch["state"].as_str(), batch["subjects"].as_i64()), (Some("running"), Some(3)));
    let parts = batch["services"].as_array().expect("parts");
    let names: Vec<_> = parts.iter().filter_map(|part| part["service"].as_str()).collect();
    assert_eq!(names, ["early", "late"]);
    for part in parts {
        let figures =
            ["total", "asked", "open", "done", "failed", "cancelled", "skipped"].map(|name| part[name].as_i64());
        assert_eq!(figures, [3, 0, 0, 0, 0, 0, 0].map(Some));
    }
    let path = format!("/batches/{}", batch["id"].as_str().expect("an id"));
    assert_eq!(world.api("GET", &path, Value::Null).await.json(), batch);
    assert_eq!(world.api("GET", "/batches", Value::Null).await.json()["data"][0], batch);
    let some = json!({"collection": "85", "subjects": ["3", "1", "1"], "services": ["late"], "text": "again"});
    let some = world.api("POST", "/batches", some).await.json();
    assert_eq!((some["subjects"].as_i64(), some["text"].as_str()), (Some(2), Some("again")));
    assert_eq!(some["services"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_batch_that_names_strangers_is_refused_with_their_names() {
    let world = world().await;
    let refused = async |spec: Value, code: &str, named: &[&str]| {
        let answer = world.api("POST", "/batches", spec).await;
        assert_eq!(answer.problem(), code);
        assert!(named.iter().all(|name| answer.text().contains(name)), "{}", answer.text());
    };

    refused(json!({"collection": "85", "subjects": ["1", "4", "nowhere"]}), "invalid-value", &["4", "nowhere"]).await;
    refused(json!({"collection": "85", "services": ["late", "nobody"]}), "invalid-value", &["nobody"]).await;
    refused(json!({"collection": "87"}), "invalid-value", &["87"]).await;
    refused(json!({"collection": "85", "kind": "evidence"}), "invalid-value", &["85"]).await;
    refused(json!({"subjects": ["1"]}), "invalid-value", &["collection"]).await;
    let many: Vec<String> = (0..10_001).map(|id| id.to_string()).collect();
    refused(json!({"collection": "85", "subjects": many}), "invalid-value", &["10000"]).await;
    let submitter = world.api_as(&world.submitter, "POST", "/batches", json!({"collection": "85"})).await;
    assert_eq!(submitter.problem(), "forbidden");
    let batches = world.api("GET", "/batches", Value::Null).await.json();
    assert_eq!(batches["data"].as_array().map(Vec::len), Some(0), "nothing was begun");
}

#[tokio::test]
async fn a_batch_is_paused_resumed_and_aborted_and_the_audit_says_by_whom() {
    let world = world().await;
    let batch = world.api("POST", "/batches", json!({"collection": "85"})).await.json();
    let path = format!("/batches/{}", batch["id"].as_str().expect("an id"));
    let turn = async |verb: &str| world.api("POST", &format!("{path}/{verb}"), Value::Null).await;

    for (verb, state) in [("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("abort", "aborted")] {
        let turned = turn(verb).await;
        assert_eq!((turned.status.as_u16(), turned.json()["state"].as_str()), (200, Some(state)), "{verb}");
    }

    for verb in ["pause", "resume"] {
        let refused = turn(verb).await;
        assert!(refused.problem() == "conflict" && refused.text().contains("aborted"), "{}", refused.text());
    }
    let elsewhere = path.replace("bat_", "run_");
    assert_eq!(world.api("POST", &format!("{elsewhere}/pause"), Value::Null).await.problem(), "not-found");
    let audit = world.api("GET", "/audit", Value::Null).await.json();
    let said: Vec<_> = audit["data"].as_array().expect("rows").iter().filter_map(|row| row["what"].as_str()).collect();
    assert!(said[0].contains("aborted") && said[3].contains("began the batch"), "{said:?}");
    assert_eq!(audit["data"][0]["who"], "administrator");
}
