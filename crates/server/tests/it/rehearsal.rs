//! What a rule would have matched, asked before it is saved.

use bytes::Bytes;
use domain::result::{ResultKind, ServiceResult};
use domain::rule::{Action, Match, MatchState};
use domain::{MatchKey, ResultKey, RuleKey};
use serde_json::{Value, json};
use store::change::NewKeys;
use store::row::RowsExt;
use store::table::Rows;

use crate::world::{World, github_push};

/// A world in which `check` has reported these names about a push.
pub async fn reported(names: &str) -> World {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    world.push("d-1", github_push()).await;
    let owed = world.api("GET", "/expectations", Value::Null).await.json()["data"][0]["number"].as_i64();
    let service = world.store.catalogue().service_named("check").expect("a service").key;
    let raw = Bytes::from(format!("{{\"matched_rules\": {names}}}"));
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
    assert_eq!(tested["text"], "Looked at 1 result since 2025-12-02 00:00:00 UTC: 1 would match, on 1 subject");
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

/// A result that `check` gave now, the `nth` after those that are there.
fn result(world: &World, nth: i64, raw: &Bytes) -> ServiceResult {
    ServiceResult {
        key: ResultKey(NewKeys::after(&world.store.catalogue(), world.now()).key::<ResultKey>().0 + nth),
        number: None,
        expectation: None,
        run: None,
        service: world.store.catalogue().service_named("check").map(|service| service.key),
        account: None,
        subject: None,
        artifact: None,
        kind: ResultKind::Processed,
        late: false,
        coverage: None,
        raw: raw.clone(),
        text: None,
        at: world.now(),
    }
}

/// Puts so many results with these bytes beside those that are there, an hour later.
async fn more(world: &World, count: i64, raw: &'static [u8]) {
    world.clock.forward(3600);
    let raw = Bytes::from_static(raw);
    let results: Vec<ServiceResult> = (1..=count).map(|nth| result(world, nth, &raw)).collect();
    let add = move |rows: &mut dyn Rows| results.iter().try_for_each(|each| rows.add(each));
    world.store.read(add).await.expect("added");
}

async fn tested(world: &World) -> Value {
    let tested = world.api("POST", "/rules/test", json!({"name": "SEEN", "action": "flag"})).await;
    assert_eq!(tested.status, 200, "{}", tested.text());
    tested.json()
}

#[tokio::test]
async fn of_many_results_that_match_the_newest_are_listed_and_all_are_counted() {
    let world = reported(r#"["SEEN"]"#).await;
    more(&world, 1_000, br#"{"matched_rules": ["SEEN"]}"#).await;

    let tested = tested(&world).await;

    assert_eq!(
        tested["text"],
        "Looked at 1001 results since 2025-12-02 01:00:00 UTC: 1001 would match, on 1 subject; the newest 1000 are listed"
    );
    assert_eq!((&tested["matched"], &tested["cut_off"]), (&json!(1001), &json!(false)));
    let listed = tested["data"].as_array().expect("a list");
    assert_eq!(listed.len(), 1_000);
    assert!(listed.iter().all(|line| line["at"] == "2026-01-01T01:00:00.000Z"), "the older one is not among them");
}

#[tokio::test]
async fn a_hundred_thousand_results_are_looked_at_and_what_was_left_out_is_said() {
    let world = reported(r#"["SEEN"]"#).await;
    more(&world, 99_999, b"{}").await;
    let whole = tested(&world).await;
    assert_eq!((&whole["looked_at"], &whole["matched"]), (&json!(100_000), &json!(1)));
    assert_eq!(whole["cut_off"], false);

    more(&world, 1, b"{}").await;

    let cut = tested(&world).await;
    assert_eq!((&cut["looked_at"], &cut["matched"], &cut["cut_off"]), (&json!(100_000), &json!(0), &json!(true)));
    assert_eq!(
        cut["text"],
        "Looked at 100000 results since 2025-12-02 02:00:00 UTC: none would match; cut off: the older ones, before \
         2026-01-01 01:00:00 UTC, were not looked at"
    );
}

#[tokio::test]
async fn a_gibibyte_of_results_is_looked_at_and_what_was_left_out_is_said() {
    const MIB: usize = 1024 * 1024;
    static LARGE: [u8; 32 * MIB] = [0; 32 * MIB];
    let world = reported(r#"["SEEN"]"#).await;
    more(&world, 31, &LARGE).await;
    let whole = tested(&world).await;
    assert_eq!((&whole["looked_at"], &whole["cut_off"]), (&json!(32), &json!(false)));

    more(&world, 1, &LARGE).await;

    let cut = tested(&world).await;
    assert_eq!((&cut["looked_at"], &cut["matched"], &cut["cut_off"]), (&json!(32), &json!(0), &json!(true)));
}

#[tokio::test]
async fn a_result_that_no_longer_reads_counts_by_what_matched_then() {
    let world = reported(r#"["OTHER"]"#).await;
    world.clock.forward(3600);
    let known = [result(&world, 1, &Bytes::from_static(b"SEEN")), result(&world, 2, &Bytes::from_static(b"SEEN"))];
    let found = Match {
        key: MatchKey(known[0].key.0),
        result: known[0].key,
        rule: RuleKey(1),
        name: "SEEN".to_owned(),
        service: known[0].service,
        subject: None,
        artifact: None,
        action: Action::Notify,
        severity: 50,
        state: MatchState::Done,
        epoch: None,
        text: None,
        at: world.now(),
    };
    let first = world.store.salt().show(known[0].key);
    let add = move |rows: &mut dyn Rows| {
        known.iter().try_for_each(|each| rows.add(each))?;
        rows.add(&found)
    };
    world.store.read(add).await.expect("added");

    let tested = tested(&world).await;

    assert_eq!((&tested["looked_at"], &tested["unread"], &tested["matched"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(tested["data"][0]["result"], first);
    assert_eq!(
        tested["text"],
        "Looked at 3 results since 2025-12-02 01:00:00 UTC: 1 would match, on 0 subjects; in 2 results the names no \
         longer read, so the rules that matched then count"
    );
}
