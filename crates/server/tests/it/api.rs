//! The own API: who may, what is made, what is shown.

use domain::catalogue::{Owner, Sealed, Service, SigningKind};
use serde_json::{Value, json};
use server::resources::settle_service;
use store::change::Listed;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::{World, call, github_push};

#[tokio::test]
async fn only_an_account_whose_role_suffices_may_call() {
    let world = World::new().await;
    let rule = json!({"name": "BAD", "action": "flag"});
    let call_as = async |token: &str, method, path, json| world.api_as(token, method, path, json).await;

    assert_eq!(call_as("cs_nobody", "GET", "/events", Value::Null).await.problem(), "unauthenticated");
    assert_eq!(call_as(&world.reader, "GET", "/events", Value::Null).await.status, 200);
    assert_eq!(call_as(&world.reader, "POST", "/events", json!({"type": "x"})).await.problem(), "forbidden");
    assert_eq!(call_as(&world.submitter, "POST", "/events", json!({"type": "x"})).await.status, 202);
    assert_eq!(call_as(&world.submitter, "POST", "/rules", rule.clone()).await.problem(), "forbidden");
    assert_eq!(call_as(&world.administrator, "POST", "/rules", rule).await.status, 201);
    let bare = call(world.server.api(), "GET", "/api/v1/events", &[("host", "localhost")], "".into()).await;
    assert_eq!((bare.problem().as_str(), bare.header("www-authenticate")), ("unauthenticated", "Bearer"));
}

#[tokio::test]
async fn another_host_name_is_not_served() {
    let world = World::new().await;
    for host in ["evil.example", ""] {
        let answer = call(world.server.admin(), "GET", "/", &[("host", host)], "".into()).await;
        assert_eq!(answer.problem(), "host-not-allowed");
    }
    let answer = call(world.server.admin(), "GET", "/", &[("host", "admin.example:443")], "".into()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_submission_goes_from_artifact_to_verdict_and_back() {
    let world = World::new().await;
    let artifact = world.api("POST", "/artifacts?filename=x.zip", json!("zip")).await.json();
    let described = json!({"kind": "addon", "attributes": {"name": "X"}, "tags": ["new"]});
    assert_eq!(world.api("PUT", "/collections/85", described.clone()).await.status, 201);
    assert_eq!(world.api("PUT", "/collections/85", described).await.status, 200);
    let subject = json!({
        "kind": "version", "collection": "85", "subject": "42", "attributes": {},
        "actors": [{"kind": "user", "value": "ann"}], "artifacts": [artifact["id"], {"id": artifact["id"], "role": "source"}],
    });
    assert_eq!(world.api("POST", "/subjects", subject.clone()).await.status, 201);
    assert_eq!(world.api("POST", "/subjects", subject).await.status, 200);

    let verdict = world.api("GET", "/subjects/version/85/42/verdict", Value::Null).await.json();

    assert_eq!(verdict["verdict"], "pending");
    assert_eq!(verdict["reasons"][0]["code"], "nothing_asked");
    let waited = world.api("GET", "/subjects/version/85/42/verdict?wait=0s", Value::Null).await;
    assert_eq!((waited.status.as_u16(), waited.header("location")), (202, "/api/v1/subjects/version/85/42/verdict"));
    let cleared = world.api("POST", "/subjects/version/85/42/clearance", json!({"reason": "looked"})).await;
    assert_eq!(cleared.status, 200, "{}", cleared.text());
    let clearances = world.api("GET", "/clearances", Value::Null).await.json();
    assert_eq!(
        (&clearances["data"][0]["by"], &clearances["data"][0]["reason"]),
        (&json!("administrator"), &json!("looked"))
    );
    assert_eq!(world.api("GET", "/subjects/version/85/43/verdict", Value::Null).await.problem(), "not-found");
}

#[tokio::test]
async fn a_waiting_caller_is_answered_when_the_verdict_settles() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    world.push("d-1", github_push()).await;
    let subject = world.api("GET", "/subjects", Value::Null).await.json()["data"][0].clone();
    let collection = subject["collection"].as_str().expect("a name").replace('/', "%2F");
    let path =
        format!("/subjects/commit/{collection}/{}/verdict?wait=60s", subject["subject"].as_str().expect("an id"));
    let owed = world.api("GET", "/expectations", Value::Null).await.json()["data"][0]["number"].as_i64();

    let settle = async {
        let service = world.store.catalogue().service_named("check").expect("a service").key;
        let meant = domain::profile::standard::read_body(b"{}");
        let key = domain::ExpectationKey(owed.expect("a number"));
        let raw = bytes::Bytes::from_static(b"{}");
        store::judged::call_back(&world.store, key, service, raw, &meant, world.now()).await.expect("a result");
    };
    let (answer, ()) = tokio::join!(world.api("GET", &path, Value::Null), settle);

    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["verdict"], "clear");
    assert_eq!(answer.json()["coverage"][0]["service"], "check");
}

#[tokio::test]
async fn an_event_is_recorded_with_its_runs_and_shown_with_its_life() {
    let world = World::new().await;
    let spec = json!({"name": "scan", "url": "https://scan.example/", "events": [{"type": "made", "deadline": "2h"}]});
    assert_eq!(world.api("POST", "/services", spec).await.status, 201);
    let event = json!({
        "type": "made", "subject": {"kind": "thing", "collection": "c", "subject": "1"}, "data": {"b": 1, "a": [2.50]},
    });

    let recorded = world.api("POST", "/events", event.clone()).await;

    assert_eq!(recorded.status, 202, "{}", recorded.text());
    assert_eq!(recorded.json()["runs"][0]["service"], "scan");
    let id = recorded.json()["id"].as_str().expect("an id").to_owned();
    let life = world.api("GET", &format!("/events/{id}"), Value::Null).await.json();
    assert_eq!((&life["provenance"], &life["by"]), (&json!("account"), &json!("administrator")));
    assert_eq!(life["expectations"][0]["runs"][0]["state"], "due");
    assert_eq!(life["expectations"][0]["deadline"], "2026-01-01T02:00:00.000Z");
    assert_eq!(life["verdict"]["verdict"], "pending");
    let replayed = world.api("POST", &format!("/events/{id}/replay"), Value::Null).await;
    assert_eq!((replayed.status.as_u16(), &replayed.json()["runs"][0]["service"]), (202, &json!("scan")));
    let runs = world.api("GET", &format!("/runs?event={id}"), Value::Null).await.json();
    assert_eq!(runs["data"].as_array().map(Vec::len), Some(2));
    let waited = world.api("POST", "/events?wait=0s", event).await;
    assert_eq!((waited.status.as_u16(), waited.header("location").is_empty()), (202, false));
    assert_eq!(world.api("POST", "/events?wait=1s", json!({"type": "unheard"})).await.status, 200);
}

#[tokio::test]
async fn a_hold_is_lifted_with_a_reason_and_once() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    assert_eq!(world.api("POST", "/rules", json!({"name": "BAD", "action": {"hold": "24h"}})).await.status, 201);
    world.push("d-1", github_push()).await;
    let owed = world.api("GET", "/expectations", Value::Null).await.json()["data"][0]["number"].as_i64();
    let service = world.store.catalogue().service_named("check").expect("a service").key;
    let raw = bytes::Bytes::from_static(br#"{"matched_rules": ["BAD"]}"#);
    let meant = domain::profile::standard::read_body(&raw);
    let key = domain::ExpectationKey(owed.expect("a number"));
    store::judged::call_back(&world.store, key, service, raw, &meant, world.now()).await.expect("a result");
    let hold = world.api("GET", "/holds", Value::Null).await.json()["data"][0].clone();
    assert_eq!((&hold["rule"], &hold["until"]), (&json!("BAD"), &json!("2026-01-02T00:00:00.000Z")));
    let path = format!("/holds/{}/release", hold["id"].as_str().expect("an id"));

    assert_eq!(world.api("POST", &path, json!({"reason": " "})).await.problem(), "invalid-value");
    let lifted = world.api("POST", &path, json!({"reason": "looked at it"})).await;

    assert_eq!((lifted.status.as_u16(), &lifted.json()["verdict"]), (200, &json!("clear")), "{}", lifted.text());
    assert_eq!(world.api("POST", &path, json!({"reason": "again"})).await.problem(), "not-found");
    let matches = world.api("GET", "/matches", Value::Null).await.json();
    assert_eq!(matches["data"][0]["action"], json!({"hold": "1d"}));
}

#[tokio::test]
async fn who_was_restricted_may_not_submit_again() {
    let world = World::new().await;
    let rule = json!({"name": "SPAM", "action": {"restrict": "submission"}});
    assert_eq!(world.api("POST", "/rules", rule).await.status, 201);
    world.service("check", "http://127.0.0.1:20000/").await;
    let subject = |id: &str| {
        let actors = json!([{"kind": "user", "value": "mallory"}]);
        json!({"kind": "version", "collection": "85", "subject": id, "actors": actors})
    };
    assert_eq!(world.api("POST", "/subjects", subject("1")).await.status, 201);
    let about = json!({"kind": "version", "collection": "85", "subject": "1"});
    world.api("POST", "/events", json!({"type": "github.push", "subject": about})).await;
    let owed = world.api("GET", "/expectations", Value::Null).await.json()["data"][0]["number"].as_i64();
    let service = world.store.catalogue().service_named("check").expect("a service").key;
    let raw = bytes::Bytes::from_static(br#"{"matched_rules": ["SPAM"]}"#);
    let meant = domain::profile::standard::read_body(&raw);
    let key = domain::ExpectationKey(owed.expect("a number"));
    store::judged::call_back(&world.store, key, service, raw, &meant, world.now()).await.expect("a result");

    assert_eq!(world.api("POST", "/subjects", subject("2")).await.problem(), "submission-refused");
    let restrictions = world.api("GET", "/restrictions", Value::Null).await.json();
    assert_eq!(restrictions["data"][0]["actor"]["value"], "mallory");
    let path = format!("/restrictions/{}/lift", restrictions["data"][0]["id"].as_str().expect("an id"));
    assert_eq!(world.api("POST", &path, json!({"reason": ""})).await.problem(), "invalid-value");
    let lifted = world.api("POST", &path, json!({"reason": "it was not her"})).await;
    assert_eq!(lifted.status, 200, "{}", lifted.text());
    assert!(lifted.json()["ended_by"].as_str().is_some_and(|text| text.ends_with(": it was not her")));
    assert_eq!(world.api("POST", &path, json!({"reason": "again"})).await.problem(), "not-found");
    assert_eq!(world.api("POST", "/subjects", subject("2")).await.status, 201);
}

#[tokio::test]
async fn a_services_secrets_are_shown_once() {
    let world = World::new().await;
    let spec = json!({
        "name": "scan", "profile": "scanner", "url": "https://scan.example/", "secret": "hunter2",
        "events": ["during_validation"],
    });

    let made = world.api("POST", "/services", spec.clone()).await;

    assert_eq!(made.status, 201, "{}", made.text());
    let signing = made.json()["signing_secret"].as_str().expect("a secret").to_owned();
    let key = made.json()["credentials"]["jwt_secret"].as_str().expect("a secret").to_owned();
    assert!(signing.starts_with("whsec_") && key.len() == 64);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let patch = json!({"events": ["during_validation", "github.push"], "concurrency": 3});
    let changed = world.api("PATCH", &format!("/services/{id}"), patch).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["concurrency"]), (200, &json!(3)), "{}", changed.text());
    for path in ["/services", "/services/scan", "/audit", "/accounts"] {
        let shown = world.api("GET", path, Value::Null).await.text();
        for secret in ["hunter2", signing.as_str(), key.as_str()] {
            assert!(!shown.contains(secret), "{path}: {shown}");
        }
    }
    assert_eq!(world.api("POST", "/services", spec.clone()).await.problem(), "name-taken");
    let issued = world.api("POST", "/services/scan/credentials", Value::Null).await.json();
    assert_ne!(issued["signing_secret"], json!(signing));
    assert_eq!(world.store.catalogue().service_named("scan").map(|service| service.signing.len()), Some(2));
    let paused = world.api("POST", "/services/scan/pause", Value::Null).await.json();
    assert_eq!(paused["gate"], "paused");
    let gate = world.api("GET", "/services/scan", Value::Null).await.json()["gate"].clone();
    assert_eq!((&gate["state"], &gate["by"]), (&json!("paused"), &json!("administrator")));
    let wrong = world.api("PATCH", "/services/scan", json!({"url": "ftp://scan"})).await;
    assert_eq!((wrong.problem().as_str(), &wrong.json()["member"]), ("invalid-value", &json!("url")));
    assert_eq!(world.api("POST", "/services/scan/resume", Value::Null).await.json()["gate"], "open");
    assert_eq!(world.api("DELETE", "/services/scan", Value::Null).await.status, 204);
    assert_eq!(world.api("GET", "/services/scan", Value::Null).await.problem(), "not-found");
    assert_eq!(world.api("POST", "/services", spec).await.problem(), "name-taken");
}

#[tokio::test]
async fn the_token_of_a_services_account_has_no_part_in_this_api() {
    let world = World::new().await;
    let made = world.service("check", "http://127.0.0.1:20000/").await;
    let token = made["credentials"]["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("cs_"));
    assert_eq!(world.api_as(&token, "GET", "/services", Value::Null).await.problem(), "forbidden");
    let issued = world.api("POST", "/services/check/credentials", Value::Null).await.json();
    assert_ne!(issued["credentials"]["token"], json!(token));
    assert_eq!(world.api("DELETE", "/services/check", Value::Null).await.status, 204);
    assert_eq!(world.api_as(&token, "GET", "/services", Value::Null).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn what_the_file_owns_is_read_only_here() {
    let world = World::new().await;
    world.source("gitea", "file", "a-secret", Owner::File).await;
    let path = "/sources/gitea%2Ffile";
    assert_eq!(world.api("PATCH", path, json!({"active": false})).await.problem(), "read-only");
    assert_eq!(world.api("DELETE", path, Value::Null).await.problem(), "read-only");
    assert_eq!(world.api("GET", path, Value::Null).await.json()["owner"], "file");

    let rule = world.file_rule("BAD").await;
    let path = format!("/rules/{rule}");
    assert_eq!(world.api("PATCH", &path, json!({"active": false})).await.problem(), "read-only");
    assert_eq!(world.api("DELETE", &path, Value::Null).await.problem(), "read-only");
}

#[tokio::test]
async fn a_source_keeps_its_secrets_through_a_change_and_takes_new_ones() {
    let world = World::new().await;
    let path = "/sources/github%2Fdefault";
    let changed = world.api("PATCH", path, json!({"public_url": "https://x.example/"})).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert!(world.push("d-1", github_push()).await.status.is_success());

    let secrets = json!({"secrets": [{"id": "next", "secret": "another-secret"}]});
    let patched = world.api("PATCH", path, secrets).await.json();
    assert_eq!((&patched["secrets"][0]["id"], patched["secrets"].as_array().map(Vec::len)), (&json!("next"), Some(1)));
    assert_eq!(world.push("d-2", github_push()).await.problem(), "signature-mismatch");
}

#[tokio::test]
async fn rules_and_accounts_are_made_changed_and_switched_off() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    let rule =
        world.api("POST", "/rules", json!({"name": "BAD", "service": "check", "action": {"exec": "build"}})).await;
    assert_eq!(rule.status, 201, "{}", rule.text());
    let path = format!("/rules/{}", rule.json()["id"].as_str().expect("an id"));
    assert_eq!(world.api("PATCH", &path, json!({"action": "block"})).await.json()["action"], "block");
    assert_eq!(world.api("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(world.api("GET", &path, Value::Null).await.json()["active"], false);

    let made = world.api("POST", "/accounts", json!({"name": "ci", "role": "submitter"})).await.json();
    let token = made["token"].as_str().expect("a token").to_owned();
    assert_eq!(world.api_as(&token, "GET", "/events", Value::Null).await.status, 200);
    let more = world.api("POST", "/accounts/ci/tokens", Value::Null).await.json();
    let revoked = format!("/accounts/ci/tokens/{}", made["tokens"][0]["id"].as_str().expect("an id"));
    assert_eq!(world.api("DELETE", &revoked, Value::Null).await.status, 204);
    assert_eq!(world.api_as(&token, "GET", "/events", Value::Null).await.problem(), "unauthenticated");
    let other = more["token"].as_str().expect("a token");
    assert_eq!(world.api_as(other, "GET", "/events", Value::Null).await.status, 200);
    assert_eq!(world.api("PATCH", "/accounts/ci", json!({"role": "reader"})).await.json()["role"], "reader");
    assert_eq!(world.api("DELETE", "/accounts/ci", Value::Null).await.status, 204);
    assert_eq!(world.api_as(other, "GET", "/events", Value::Null).await.problem(), "unauthenticated");
    assert_eq!(world.api("DELETE", "/accounts/administrator", Value::Null).await.problem(), "conflict");
    let audit = world.api("GET", "/audit?limit=1", Value::Null).await.json();
    assert_eq!(audit["data"][0]["what"], "switched off the account ci and revoked its tokens");
    assert_eq!(audit["data"][0]["who"], "administrator");
}

#[tokio::test]
async fn lists_are_narrowed_by_filters_that_combine() {
    let world = World::new().await;
    let subject = |id: &str| json!({"kind": "version", "collection": "85", "subject": id});
    for (kind, id) in [("one", "1"), ("two", "2"), ("two.more", "1")] {
        world.api("POST", "/events", json!({"type": kind, "subject": subject(id)})).await;
    }
    let kinds = async |query: &str| -> Vec<String> {
        let answer = world.api("GET", &format!("/events?{query}"), Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let rows = answer.json()["data"].as_array().expect("a list").clone();
        rows.iter().map(|row| row["type"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(kinds("type=two").await, ["two"]);
    assert_eq!(kinds("type=two*").await, ["two.more", "two"]);
    assert_eq!(kinds("type=two*&q=1").await, ["two.more"]);
    assert_eq!(kinds("collection=85&state=done&type=one&from=1h&until=&account=administrator").await, ["one"]);
    assert_eq!(kinds("collection=86").await, [""; 0]);
    assert_eq!(kinds("until=2020-01-01").await, [""; 0]);
    assert_eq!(kinds("state=failed").await, [""; 0]);

    let all = world.api("GET", "/subjects?verdict=pending&kind=version&flagged=false&q=8", Value::Null).await.json();
    assert_eq!(all["data"].as_array().map(Vec::len), Some(2));
    for list in ["runs?state=waiting", "results?kind=missing&late=false", "receipts?source=github", "audit?q=event"] {
        let answer = world.api("GET", &format!("/{list}"), Value::Null).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["next_cursor"]), (200, &Value::Null), "{list}");
    }
}

#[tokio::test]
async fn a_filter_that_is_unknown_is_refused_with_what_is_possible() {
    let world = World::new().await;
    for (query, says) in [
        ("events?state=opened", "state: expected one of open, failed or done, found \"opened\""),
        ("events?source=nobody", "source: expected a source"),
        ("events?subject=1", "subject: expected an id that begins with \"sub_\""),
        ("events?from=yesterday", "from: expected an instant as 2026-11-21T20:59:00Z"),
        ("runs?state=open", "state: expected one of waiting, due, leased, deferred, exhausted, cancelled or answered"),
        ("runs?service=nobody", "service: expected the name or id of a service"),
        ("results?kind=good", "kind: expected one of processed"),
        ("results?late=1", "late: expected one of true, false, yes or no"),
        ("subjects?verdict=fine", "verdict: expected one of "),
    ] {
        let answer = world.api("GET", &format!("/{query}"), Value::Null).await;
        assert_eq!(answer.problem(), "invalid-value", "{query}");
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(says), "{query}: {detail}");
    }
    let unknown = world.api("GET", "/audit?whatever=1", Value::Null).await;
    assert_eq!(unknown.problem(), "unknown-member");
    let detail = unknown.json()["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains("known are limit, cursor, who, q, from, until"), "{detail}");
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let world = World::new().await;
    for nth in 0..5 {
        world.api("POST", "/events", json!({"type": format!("t{nth}")})).await;
    }
    let first = world.api("GET", "/events?limit=3", Value::Null).await.json();
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = world.api("GET", &format!("/events?limit=3&cursor={cursor}"), Value::Null).await.json();
    let kinds = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().expect("a list").iter();
        rows.map(|row| row["type"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(
        (kinds(&first), kinds(&second)),
        (vec!["t4".into(), "t3".into(), "t2".into()], vec!["t1".into(), "t0".into()])
    );
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(world.api("GET", "/events?limit=201", Value::Null).await.problem(), "invalid-value");
    assert_eq!(world.api("GET", "/events?cursor=evt_x", Value::Null).await.problem(), "invalid-value");
    let mistyped = world.api("GET", "/events?limt=1", Value::Null).await;
    assert!(mistyped.json()["detail"].as_str().is_some_and(|detail| detail.contains("did you mean \"limit\"")));
}

#[tokio::test]
async fn a_test_message_reaches_the_service_signed_and_its_answer_is_read() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let signing = world.service("check", &url).await["signing_secret"].as_str().expect("a secret").to_owned();
    let served = async {
        let (mut stream, _) = listener.accept().await.expect("a call");
        let mut request = Vec::new();
        while !request.windows(12).any(|part| part == b"\"deadline\":\"") {
            assert_ne!(stream.read_buf(&mut request).await.expect("bytes"), 0);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("written");
        String::from_utf8(request).expect("text")
    };

    let (answer, request) = tokio::join!(world.api("POST", "/services/check/test", Value::Null), served);

    assert_eq!(answer.json(), json!({"live": true, "message": "processed"}));
    assert!(request.contains("countersign.test") && request.contains("webhook-signature: v1,"), "{request}");
    assert!(!request.contains(&signing));
    drop(listener);
    let dead = world.api("POST", "/services/check/test", Value::Null).await.json();
    assert_eq!(dead["live"], false);
}

/// One call of a service's test, as it arrives at a listener that answers nothing of use.
async fn called(world: &World, listener: &TcpListener, name: &str) -> String {
    let served = async {
        let (mut stream, _) = listener.accept().await.expect("a call");
        let mut request = Vec::new();
        while !request.ends_with(b"}}") {
            assert_ne!(stream.read_buf(&mut request).await.expect("bytes"), 0);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("written");
        String::from_utf8(request).expect("text")
    };
    let path = format!("/services/{name}/test");
    let (answer, request) = tokio::join!(world.api("POST", &path, Value::Null), served);
    assert_eq!(answer.json()["live"], true, "{}", answer.text());
    request
}

/// Judges a call as a receiver that has this key: a secret, or a public half.
fn judged(world: &World, request: &str, key: &Value) -> bool {
    let key = key.as_str().expect("a key").to_owned();
    let secret = key.starts_with("whsec_");
    let (shared, public) = (&verify::provider::STANDARD_WEBHOOKS, &verify::provider::STANDARD_WEBHOOKS_ED25519);
    let settings = verify::receive::EndpointSettings {
        provider: if secret { shared } else { public },
        secrets: vec![("ours".to_owned(), key)],
        window_s: None,
        public_url: None,
        handshake: verify::receive::HandshakeSettings::default(),
        subject: None,
    };
    let endpoint = verify::receive::Endpoint::new(settings).expect("a key of our form");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let headers: Vec<(&str, &[u8])> = lines.map(|(name, value)| (name, value.as_bytes())).collect();
    let head = verify::receive::Head { method: "POST", url: "http://x/", headers: &headers };
    let now_s = world.now().milliseconds() / 1000;
    matches!(endpoint.receive(&head, body.as_bytes(), now_s), verify::receive::Outcome::Accept(_))
}

#[tokio::test]
async fn a_service_may_be_signed_to_with_a_key_whose_public_half_alone_it_has() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let spec = json!({"name": "mirror", "url": url, "signing": "v1a", "allow_networks": ["127.0.0.0/8"]});

    let made = world.api("POST", "/services", spec).await.json();

    assert!(made.get("signing_secret").is_none() && !made.to_string().contains("whsk_"), "{made}");
    let first = &made["public_key"];
    assert_eq!(made["public_keys"], json!([first]));
    let request = called(&world, &listener, "mirror").await;
    assert!(judged(&world, &request, first), "{request}");
    assert!(!judged(&world, &request.replace("countersign.test", "countersign.fake"), first));

    let second = world.api("POST", "/services/mirror/credentials", Value::Null).await.json()["public_key"].clone();
    assert_eq!(world.api("GET", "/services/mirror", Value::Null).await.json()["public_keys"], json!([second, first]));
    let request = called(&world, &listener, "mirror").await;
    assert!(judged(&world, &request, first) && judged(&world, &request, &second), "both, while people change over");

    let back = world.api("PATCH", "/services/mirror", json!({"signing": "v1"})).await;
    assert_eq!(back.json()["signing"], "v1", "{}", back.text());
    let request = called(&world, &listener, "mirror").await;
    assert!(request.contains("webhook-signature: v1,") && request.contains(" v1a,"), "{request}");
    let shown = &back.json()["signing_secret"];
    assert!(judged(&world, &request, shown) && judged(&world, &request, &second), "both, while people change over");
    let after = world.api("PATCH", "/services/mirror", json!({"signing": "v1", "concurrency": 2})).await.json();
    assert!(after.get("signing_secret").is_none(), "it is shown once: {after}");
    let third = world.api("POST", "/services/mirror/credentials", Value::Null).await.json()["signing_secret"].clone();
    let request = called(&world, &listener, "mirror").await;
    assert!(judged(&world, &request, shown) && judged(&world, &request, &third), "{request}");
    let again = world.api("PATCH", "/services/mirror", json!({"signing": "v1a"})).await.json();
    let request = called(&world, &listener, "mirror").await;
    assert!(judged(&world, &request, &again["public_key"]) && judged(&world, &request, &third), "{request}");

    let scanner =
        json!({"name": "scan", "profile": "scanner", "url": "https://scan.example/", "secret": "s", "signing": "v1a"});
    let refused = world.api("POST", "/services", scanner).await;
    assert!(refused.json()["detail"].as_str().is_some_and(|detail| detail.contains("profile standard")));
}

#[tokio::test]
async fn a_service_of_the_file_is_signed_to_with_the_old_key_until_the_new_one_is_shown() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let spec = json!({"name": "mirror", "url": url, "signing": "v1a", "allow_networks": ["127.0.0.0/8"]});
    let public = world.api("POST", "/services", spec).await.json()["public_key"].clone();
    let before = world.store.catalogue().service_named("mirror").expect("a service").clone();
    let unseen = vec![Sealed(String::new())];
    let asked = Service { owner: Owner::File, signs: SigningKind::V1, signing: unseen, ..before.clone() };
    world.add(vec![settle_service(asked, &before, &world.seal).entry()]).await;

    let request = called(&world, &listener, "mirror").await;
    assert!(judged(&world, &request, &public) && !request.contains("webhook-signature: v1,"), "{request}");
    let shown = world.api("GET", "/services/mirror", Value::Null).await.json();
    assert_eq!((&shown["signing"], &shown["public_keys"]), (&json!("v1"), &json!([public])), "what signs until then");

    let secret = world.api("POST", "/services/mirror/credentials", Value::Null).await.json()["signing_secret"].clone();
    let request = called(&world, &listener, "mirror").await;
    assert!(judged(&world, &request, &public) && judged(&world, &request, &secret), "{request}");
}

#[tokio::test]
async fn the_account_of_a_service_is_called_by_a_name_that_no_other_has() {
    let world = World::new().await;
    assert_eq!(world.api("POST", "/accounts", json!({"name": "check", "role": "reader"})).await.status, 201);
    world.service("check", "http://127.0.0.1:20000/").await;
    let accounts = world.api("GET", "/accounts", Value::Null).await.json();
    let names = accounts["data"].as_array().expect("a list").iter().map(|account| account["name"].as_str());
    assert_eq!(names.filter(|name| name.is_some_and(|name| name.starts_with("check"))).count(), 2);
    assert_eq!(world.api("GET", "/accounts/check-1", Value::Null).await.json()["role"], "service");
}

#[tokio::test]
async fn the_document_lists_every_operation_and_each_is_there() {
    let world = World::new().await;
    let document = world.page("GET", "/openapi.json", &[], "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        for method in operations.as_object().expect("operations").keys() {
            // Without a token every operation that is there says so; one that is not says 404 or 405.
            let concrete = path.replace(['{', '}'], "x");
            let headers = [("host", "localhost")];
            let answer = call(world.server.api(), &method.to_uppercase(), &concrete, &headers, "".into()).await;
            assert_eq!(answer.problem(), "unauthenticated", "{method} {path}");
        }
    }
    assert!(paths.len() > 40, "{}", paths.len());
    let strange = world.api("PUT", "/events", json!({})).await;
    assert_eq!(strange.problem(), "method-not-allowed");
    assert_eq!(world.api("GET", "/nothing", Value::Null).await.problem(), "not-found");
}

#[tokio::test]
async fn health_and_metrics_are_told() {
    let world = World::new().await;
    world.push("d-1", github_push()).await;
    for router in [world.server.public(), world.server.admin()] {
        let headers = [("host", "localhost")];
        assert_eq!(call(router.clone(), "GET", "/livez", &headers, "".into()).await.text(), "ok");
        assert_eq!(call(router, "GET", "/readyz", &headers, "".into()).await.text(), "ok");
    }
    let metrics = world.page("GET", "/metrics", &[], "").await.text();
    assert!(metrics.contains("countersign_receipts_total 1"), "{metrics}");
    world.server.not_ready();
    assert_eq!(world.public("GET", "/readyz", "").await.problem(), "unavailable");
}

#[tokio::test]
async fn the_emergency_switch_lets_pass_what_only_waited_and_says_why() {
    let world = World::new().await;
    world.service("slow", "https://slow.example/").await;
    world.push("d-1", github_push()).await;
    let verdict = "/subjects/commit/Codertocat%2FHello-World/6113728f27ae82c7b1a177c8d03f9e96e0adf246/verdict";
    assert_eq!(world.api("GET", verdict, Value::Null).await.json()["verdict"], "pending");
    assert_eq!(world.api("GET", "/gate", Value::Null).await.json()["waits"], true);
    let unsaid = world.api("PUT", "/gate", json!({"waits": false, "reason": " "})).await;
    assert_eq!(unsaid.problem(), "invalid-value", "nobody turns it without saying why");

    let off = json!({"waits": false, "reason": "the scanner hangs"});
    let turned = world.api("PUT", "/services/slow/gate", off.clone()).await;

    assert_eq!(
        turned.json()["services"][0]["text"],
        "The switch of slow is off: verdicts do not wait for its answers. Since 2026-01-01 00:00:00 UTC, by \
         administrator: the scanner hangs"
    );
    let seen = world.api("GET", verdict, Value::Null).await.json();
    assert_eq!((&seen["verdict"], &seen["reasons"][0]["code"]), (&json!("clear"), &json!("waived")), "{seen}");
    let on = json!({"waits": true, "reason": "it is well"});
    assert_eq!(world.api("PUT", "/services/slow/gate", on.clone()).await.json()["services"][0]["waits"], true);
    assert_eq!(world.api("GET", verdict, Value::Null).await.json()["verdict"], "clear", "what passed has passed");
    world.push("d-2", String::from_utf8(github_push()).expect("text").replace("6113728f", "7113728f")).await;
    let other = verdict.replace("6113728f", "7113728f");
    assert_eq!(world.api("GET", &other, Value::Null).await.json()["verdict"], "pending", "what comes then waits again");

    let turned = world.api("PUT", "/gate", off).await.json();
    assert_eq!(turned["waits"], false);
    assert_eq!(
        turned["text"],
        "The gate is off: verdicts do not wait for answers. Since 2026-01-01 00:00:00 UTC, by administrator: the \
         scanner hangs"
    );
    assert_eq!(world.api("GET", &other, Value::Null).await.json()["verdict"], "clear");
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    assert!(audit.contains("turned the switch of the whole gate off: the scanner hangs"), "{audit}");
    assert_eq!(world.api_as(&world.reader, "PUT", "/gate", on).await.problem(), "forbidden");
}
