//! Refused requests: explained, kept within bounds, tried again and neither lost nor doubled.

use std::time::Duration;

use domain::catalogue::Owner;
use domain::event::{Event, Receipt};
use http::StatusCode;
use serde_json::{Value, json};
use store::row::RowsExt;
use store::tables::Quarantine;
use verify::provider::Providers;

use crate::world::{Answered, SECRET, World, github_push};

const INCOMING: &str = "/api/webhooks/incoming/github";
const HOUR: i64 = 3600;

/// Sends a push that is signed with this secret over other bytes than those that arrive.
async fn push(world: &World, secret: &str, delivery: &str, signed: &[u8], arrived: &[u8]) -> Answered {
    let signature = verify::sign::github(secret, signed);
    let headers = [
        ("x-github-event", "push"),
        ("x-github-delivery", delivery),
        ("x-hub-signature-256", signature.as_str()),
        ("content-type", "application/json"),
    ];
    world.webhook(INCOMING, &headers, arrived.to_vec()).await
}

async fn newest(world: &World) -> Value {
    let kept = world.api("GET", "/quarantine", Value::Null).await.json();
    let id = kept["data"][0]["id"].as_str().expect("a refused request").to_owned();
    let shown = world.api_as(&world.reader, "GET", &format!("/quarantine/{id}"), Value::Null).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    shown.json()
}

async fn retry(world: &World, id: &Value) -> Answered {
    let path = format!("/quarantine/{}/retry", id.as_str().expect("an id"));
    world.api("POST", &path, Value::Null).await
}

async fn counted(world: &World) -> (usize, usize, usize) {
    let rows = world.store.read(|rows| {
        let receipts = rows.page::<Receipt>(None, 1_000)?.len();
        let events = rows.page::<Event>(None, 1_000)?.len();
        Ok((receipts, events, rows.page::<Quarantine>(None, 1_000)?.len()))
    });
    rows.await.expect("a store")
}

/// Replaces the secrets of `github/default`.
async fn change_secrets(world: &World, secrets: Value) {
    let changed = world.api("PATCH", "/sources/github%2Fdefault", json!({ "secrets": secrets })).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
}

#[tokio::test]
async fn a_refused_request_is_shown_with_what_is_wrong_and_no_secret() {
    let world = World::new().await;
    let body = github_push();
    push(&world, SECRET, "d-1", &body, &[&body, b"\n".as_slice()].concat()).await;

    let shown = newest(&world).await;

    let explanation = &shown["explanation"];
    assert_eq!(explanation["mistake"], "trailing-newline", "{explanation}");
    assert_eq!((&explanation["believed"], &explanation["certain"]), (&json!(false), &json!(true)));
    assert_eq!(explanation["reason"], "signature-mismatch");
    let text = shown.to_string();
    for canary in [SECRET, &SECRET[..8], &verify::sign::github(SECRET, &body)[7..20]] {
        assert!(!text.contains(canary), "{text}");
    }
}

#[tokio::test]
async fn the_secrets_of_other_sources_and_the_present_ones_are_tried() {
    let world = World::new().await;
    let body = github_push();
    world.source("stripe", "shop", "the-shops-own-secret", Owner::Api).await;
    push(&world, "the-shops-own-secret", "d-1", &body, &body).await;
    let explanation = &newest(&world).await["explanation"];
    assert_eq!(explanation["mistake"], "other-source");
    assert!(explanation["text"].as_str().is_some_and(|text| text.contains("stripe/shop")), "{explanation}");

    push(&world, "next", "d-2", &body, &body).await;
    change_secrets(&world, json!([SECRET, "next"])).await;
    let explanation = &newest(&world).await["explanation"];
    assert_eq!((&explanation["believed"], &explanation["mend"]), (&json!(true), &json!("Try it again.")));
}

#[tokio::test]
async fn what_is_refused_by_its_head_is_explained_as_far_as_it_can_be() {
    let world = World::new().await;
    let sha1 = [("x-hub-signature", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6"), ("x-github-event", "push")];
    world.webhook(INCOMING, &sha1, "{}").await;

    let explanation = &newest(&world).await["explanation"];
    assert_eq!((&explanation["mistake"], &explanation["certain"]), (&json!("other-hash"), &json!(false)));
    assert!(explanation["text"].as_str().is_some_and(|text| text.contains("X-Hub-Signature")), "{explanation}");

    world.source("standard-webhooks", "hooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Owner::Api).await;
    let old = [("webhook-id", "msg_1"), ("webhook-timestamp", "1767224600"), ("webhook-signature", "v1,AAAA")];
    world.webhook("/api/webhooks/incoming/standard-webhooks/hooks", &old, "{}").await;
    let explanation = &newest(&world).await["explanation"];
    assert_eq!((&explanation["mistake"], &explanation["certain"]), (&json!("clock-skew"), &json!(false)));
    assert!(explanation["text"].as_str().is_some_and(|text| text.contains("16 min 40 s before")), "{explanation}");
}

#[tokio::test]
async fn credentials_are_sealed_and_what_is_shown_is_redacted() {
    let world = World::new().await;
    let signature = verify::sign::github("another", b"{}");
    let headers =
        [("x-hub-signature-256", signature.as_str()), ("x-github-event", "push"), ("authorization", "Basic a")];
    world.webhook(&format!("{INCOMING}?token=hunter2&page=2"), &headers, "{}").await;

    let rows = world.store.read(|rows| rows.page::<Quarantine>(None, 10)).await.expect("a store");
    let row = format!("{:?}", rows[0]);
    for canary in [&signature[7..], "Basic a", "hunter2"] {
        assert!(!row.contains(canary), "{row}");
    }
    assert!(row.contains("token=[redacted]&page=2"), "{row}");
}

#[tokio::test]
async fn what_is_believed_after_all_is_recorded_once_and_leaves() {
    let world = World::new().await;
    let body = github_push();
    push(&world, "the new secret", "d-1", &body, &body).await;
    let id = newest(&world).await["id"].clone();
    let still = retry(&world, &id).await.json();
    assert_eq!((&still["believed"], &still["reason"]), (&json!(false), &json!("signature-mismatch")));
    assert_eq!(counted(&world).await, (0, 0, 1));

    change_secrets(&world, json!([SECRET, "the new secret"])).await;
    let tried = retry(&world, &id).await.json();

    assert_eq!(tried["believed"], true, "{tried}");
    assert_eq!(counted(&world).await, (1, 1, 0));
    let event = world.api("GET", &format!("/events/{}", tried["event"].as_str().expect("an event")), Value::Null).await;
    assert_eq!(event.json()["type"], "github.push", "{}", event.text());
    assert_eq!(retry(&world, &id).await.problem(), "not-found");
    let repeated = push(&world, "the new secret", "d-1", &body, &body).await;
    assert_eq!(Some(repeated.header("countersign-receipt")), tried["receipt"].as_str(), "the sender's own repetition");
    assert_eq!(counted(&world).await, (1, 1, 0));
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    let noted = format!(
        "a refused request was tried again, and believed ({}, signature-mismatch)",
        id.as_str().expect("an id")
    );
    assert!(audit.contains(&noted) && !audit.contains(INCOMING), "{audit}");
}

#[tokio::test]
async fn what_its_sender_has_repeated_meanwhile_is_not_recorded_twice() {
    let world = World::new().await;
    let body = github_push();
    push(&world, "the new secret", "d-1", &body, &body).await;
    let id = newest(&world).await["id"].clone();
    change_secrets(&world, json!([SECRET, "the new secret"])).await;
    let repeated = push(&world, "the new secret", "d-1", &body, &body).await;

    let tried = retry(&world, &id).await.json();

    assert_eq!(tried["receipt"].as_str(), Some(repeated.header("countersign-receipt")), "{tried}");
    assert!(tried["event"].is_null() && tried["text"].as_str().is_some_and(|text| text.contains("nothing new")));
    assert_eq!(counted(&world).await, (1, 1, 0));
}

#[tokio::test]
async fn all_that_was_sent_to_a_source_is_tried_again_in_its_order() {
    let world = World::new().await;
    world.source("github", "other", "another secret", Owner::Api).await;
    let body = github_push();
    for delivery in ["d-1", "d-2", "d-3"] {
        push(&world, if delivery == "d-2" { "never right" } else { "the new secret" }, delivery, &body, &body).await;
        world.clock.forward(1);
    }
    world.webhook("/api/webhooks/incoming/github/other", &[("x-github-event", "push")], "{}").await;
    change_secrets(&world, json!([SECRET, "the new secret"])).await;

    let tried = world.api("POST", "/quarantine/retry", json!({ "source": "github/default" })).await.json();

    let believed: Vec<_> = tried["data"].as_array().expect("a list").iter().map(|each| &each["believed"]).collect();
    assert_eq!(believed, [true, false, true], "{tried}");
    assert!(tried["next_after"].is_null());
    assert_eq!(counted(&world).await, (2, 2, 2));
}

#[tokio::test]
async fn what_carries_the_secret_itself_is_not_tried_again() {
    let world = World::new().await;
    world.source("gitlab-token", "forge", "the-right-token", Owner::Api).await;
    let headers = [("x-gitlab-token", "another"), ("x-gitlab-event", "Push Hook")];
    world.webhook("/api/webhooks/incoming/gitlab-token/forge", &headers, "{}").await;
    let code = "0123456789abcdef0123456789abcdef";
    world.source("azurealert", "alerts", code, Owner::Api).await;
    world.webhook("/api/webhooks/incoming/azurealert/alerts?code=another", &[], "{}").await;
    world.source("postmark", "mail", "user:password", Owner::Api).await;
    world.webhook("/api/webhooks/incoming/postmark/mail", &[("authorization", "Basic YTpi")], "{}").await;

    let kept = world.api("GET", "/quarantine", Value::Null).await.json();
    assert_eq!(kept["data"].as_array().map(Vec::len), Some(3));
    for each in kept["data"].as_array().expect("a list") {
        let refused = retry(&world, &each["id"]).await;
        assert_eq!(refused.problem(), "conflict");
        assert!(refused.text().contains("the secret itself"), "{}", refused.text());
    }
}

#[tokio::test]
async fn what_cannot_be_judged_any_more_is_not_tried_again() {
    let world = World::with(|settings| settings.quarantine.body_bytes_max = 1000).await;
    let why = |answer: Answered| {
        assert_eq!(answer.problem(), "conflict");
        answer.text()
    };
    let body = github_push();
    push(&world, "the new secret", "d-1", &body, &body).await;
    change_secrets(&world, json!([SECRET, "the new secret"])).await;
    let id = newest(&world).await["id"].clone();
    assert!(why(retry(&world, &id).await).contains("only the beginning of its body"));

    world.webhook(INCOMING, &[], "{}").await;
    let id = newest(&world).await["id"].clone();
    assert!(why(retry(&world, &id).await).contains("before its body was read"));

    push(&world, "a later secret", "d-2", b"{}", b"{}").await;
    let id = newest(&world).await["id"].clone();
    change_secrets(&world, json!(["a later secret"])).await;
    world.clock.forward(72 * HOUR);
    assert!(why(retry(&world, &id).await).contains("more than 72 hours ago"));
    world.clock.forward(-1);
    assert_eq!(retry(&world, &id).await.json()["believed"], true);
    world.api("DELETE", "/sources/github%2Fdefault", Value::Null).await;
    world.webhook("/api/webhooks/incoming/nobody", &[], "{}").await;
    let id = newest(&world).await["id"].clone();
    assert!(why(retry(&world, &id).await).contains("no source that there is now"));
}

#[tokio::test]
async fn a_time_that_was_too_old_on_arrival_stays_too_old() {
    let world = World::new().await;
    let token = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    world.source("standard-webhooks", "hooks", &verify::secret::whsec(&[1; 32]), Owner::Api).await;
    let key = verify::sign::SigningKey::read(token).expect("a key");
    let sign = |at: i64| verify::sign::standard("msg_1", at, b"{\"type\":\"a\"}", std::slice::from_ref(&key));
    let now = world.now().seconds();
    let send = async |at: i64| {
        let (time, signature) = (at.to_string(), sign(at));
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", time.as_str()), ("webhook-signature", signature.as_str())];
        world.webhook("/api/webhooks/incoming/standard-webhooks/hooks", &headers, "{\"type\":\"a\"}").await
    };
    assert_eq!(send(now - 300).await.problem(), "signature-mismatch");
    let in_time = newest(&world).await["id"].clone();
    let changed = world.api("PATCH", "/sources/standard-webhooks%2Fhooks", json!({ "secrets": [token] })).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(send(now - 301).await.problem(), "stale-timestamp");
    world.clock.forward(HOUR);

    let tried = retry(&world, &in_time).await.json();
    assert_eq!(tried["believed"], true, "it was in time when it arrived: {tried}");
}

#[tokio::test]
async fn refused_requests_are_bounded_by_number_bytes_and_age() {
    let world = World::with(|settings| {
        settings.quarantine.count_max = 3;
        settings.quarantine.bytes_max = 20_000;
        settings.quarantine.age_max = Duration::from_secs(60);
    })
    .await;
    for nth in 0..5 {
        push(&world, "wrong", &nth.to_string(), b"{}", b"{}").await;
    }
    assert_eq!(counted(&world).await.2, 3);
    push(&world, "wrong", "large", b"{}", &vec![b' '; 19_000]).await;
    assert_eq!(counted(&world).await.2, 1);

    world.clock.forward(60);
    assert!(!world.server.sweep_refused().await.expect("swept"));
    assert_eq!(counted(&world).await.2, 1, "exactly as old as allowed");
    world.clock.forward(1);
    assert!(world.server.sweep_refused().await.expect("swept"));
    assert_eq!(counted(&world).await.2, 0);
}

#[tokio::test]
async fn only_administrators_try_again() {
    let world = World::new().await;
    push(&world, "wrong", "d-1", b"{}", b"{}").await;
    let id = newest(&world).await["id"].clone();
    for token in [&world.reader, &world.submitter] {
        let path = format!("/quarantine/{}/retry", id.as_str().expect("an id"));
        assert_eq!(world.api_as(token, "POST", &path, Value::Null).await.status, StatusCode::FORBIDDEN);
    }
}

/// A world that knows Acme, who signs, and Acme's token, which stands in the query.
async fn world_of_acme() -> World {
    let signed = json!({
        "name": "acme",
        "event": [{ "header": "X-Acme-Event" }],
        "signature": { "algorithm": "hmac-sha256", "at": { "header": "X-Acme-Auth" }, "message": "{body}" },
    });
    let token = json!({ "name": "acme-token", "token": { "at": { "query": "auth" } } });
    let forms = [signed, token].map(|form| serde_json::from_value(form).expect("a provider"));
    let providers = Providers::with(forms.into()).expect("providers");
    let world = World::with(|settings| settings.providers = providers).await;
    for (provider, secret) in [("acme", "an old secret"), ("acme-token", "the-right-token")] {
        let made =
            world.api("POST", "/sources", json!({ "id": "main", "provider": provider, "secrets": [secret] })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    }
    world
}

#[tokio::test]
async fn requests_of_an_own_provider_are_explained_and_tried_again() {
    let world = world_of_acme().await;
    let signature = verify::hex::encode(&verify::mac::tag(b"the new secret", &[b"{}"]));
    let headers = [("x-acme-auth", signature.as_str()), ("x-acme-event", "thing.made")];
    let path = "/api/webhooks/incoming/acme/main";
    assert_eq!(world.webhook(path, &headers, "{}\n").await.problem(), "signature-mismatch");
    let altered = newest(&world).await["id"].clone();
    assert_eq!(world.webhook(path, &headers, "{}").await.problem(), "signature-mismatch");
    let id = newest(&world).await["id"].clone();

    let changed = world.api("PATCH", "/sources/acme%2Fmain", json!({ "secrets": ["the new secret"] })).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let shown =
        world.api("GET", &format!("/quarantine/{}", altered.as_str().expect("an id")), Value::Null).await.json();
    assert_eq!(shown["explanation"]["mistake"], "trailing-newline", "{shown}");
    assert_eq!(newest(&world).await["explanation"]["believed"], true);
    assert_eq!(retry(&world, &altered).await.json()["reason"], "signature-mismatch");
    assert_eq!(retry(&world, &id).await.json()["believed"], true);

    let kept = world
        .store
        .read(|rows| Ok(format!("{:?} {:?}", rows.page::<Receipt>(None, 10)?, rows.page::<Quarantine>(None, 10)?)));
    let kept = kept.await.expect("a store");
    assert!(kept.contains("thing.made") && !kept.contains(&signature), "{kept}");
}

#[tokio::test]
async fn an_own_token_in_the_query_is_left_out_and_not_tried_again() {
    let world = world_of_acme().await;
    for path in ["acme-token/main", "acme-token/mistyped"] {
        let path = format!("/api/webhooks/incoming/{path}?page=2&auth=hunter2");
        assert!(world.webhook(&path, &[], "{}").await.status.is_client_error());
        let shown = newest(&world).await;
        assert!(shown["path"].as_str().is_some_and(|path| path.ends_with("?page=2&auth=[redacted]")), "{shown}");
    }

    let rows = world.store.read(|rows| rows.page::<Quarantine>(None, 10)).await.expect("a store");
    assert!(!format!("{rows:?}").contains("hunter2"));
    for row in &rows {
        let id = json!(world.store.salt().show(row.key));
        let why = retry(&world, &id).await;
        assert_eq!(why.problem(), "conflict");
        assert_eq!(why.text().contains("the secret itself"), row.source.is_some(), "{}", why.text());
    }
}

#[tokio::test]
async fn what_was_received_long_before_its_refused_copy_is_not_recorded_twice() {
    let world = World::new().await;
    let token = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    world.source("standard-webhooks", "hooks", token, Owner::Api).await;
    let key = verify::sign::SigningKey::read(token).expect("a key");
    let at = world.now().seconds() + 300;
    let signature = verify::sign::standard("msg_1", at, b"{\"type\":\"a\"}", std::slice::from_ref(&key));
    let time = at.to_string();
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", time.as_str()), ("webhook-signature", signature.as_str())];
    let send = || world.webhook("/api/webhooks/incoming/standard-webhooks/hooks", &headers, "{\"type\":\"a\"}");
    let secrets = async |secret: &str| {
        let changed = world.api("PATCH", "/sources/standard-webhooks%2Fhooks", json!({ "secrets": [secret] })).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    };
    assert!(send().await.status.is_success(), "its clock is ahead by as much as is allowed");
    secrets(&verify::secret::whsec(&[1; 32])).await;
    world.clock.forward(600);
    assert_eq!(send().await.problem(), "signature-mismatch");
    let id = newest(&world).await["id"].clone();
    secrets(token).await;

    world.clock.forward(72 * HOUR - 1);
    let tried = retry(&world, &id).await.json();

    assert!(tried["event"].is_null() && tried["believed"] == true, "{tried}");
    assert_eq!(counted(&world).await, (1, 1, 0));
}

#[tokio::test]
async fn what_asks_only_for_an_answer_is_left_to_its_sender() {
    let world = World::new().await;
    world.source("slack", "chat", "another secret", Owner::Api).await;
    let body = r#"{"type":"url_verification","challenge":"abc"}"#;
    let time = world.now().seconds().to_string();
    let tag = verify::mac::tag(b"the right secret", &[format!("v0:{time}:{body}").as_bytes()]);
    let signature = format!("v0={}", verify::hex::encode(&tag));
    let headers = [("x-slack-request-timestamp", time.as_str()), ("x-slack-signature", signature.as_str())];
    let path = "/api/webhooks/incoming/slack/chat";
    assert_eq!(world.webhook(path, &headers, body).await.problem(), "signature-mismatch");
    let changed = world.api("PATCH", "/sources/slack%2Fchat", json!({ "secrets": ["the right secret"] })).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());

    let shown = newest(&world).await;
    let mend = shown["explanation"]["mend"].as_str().unwrap_or_default();
    assert!(shown["explanation"]["believed"] == true && mend.starts_with("Let the sender ask"), "{shown}");
    let refused = retry(&world, &shown["id"]).await;
    assert_eq!(refused.problem(), "conflict");
    assert!(refused.text().contains("Let the sender ask or confirm again"), "{}", refused.text());
    assert_eq!(counted(&world).await, (0, 0, 1));
}
