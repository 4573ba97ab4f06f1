//! Services that run only with a license.

use std::time::Duration;

use domain::catalogue::Service;
use domain::licensing::Licensing;
use license::{Algorithm, Categories, Draft, KeySet, Kind, Names, PrivateKey, Validator};
use serde_json::{Value, json};
use store::command::{Answer, Claim, Claimed, Command};

use crate::world::{Answered, World, github_push};

const DAY: i64 = 86_400;

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::EdDsa, "test", &[7; 32]).expect("a key")
}

fn token(world: &World, kind: Kind, audience: &str, categories: Categories, days: Option<i64>) -> String {
    let now = Duration::from_micros(world.now().0.unsigned_abs());
    let after = |days: i64| now + Duration::from_secs((days * DAY).unsigned_abs());
    let draft = Draft {
        kind,
        audience: audience.to_owned(),
        categories,
        not_before: None,
        expires: days.map(after),
        lease: None,
        id: kind.to_string(),
        issued_at: now,
        long: false,
        algorithm_by_new_name: false,
    };
    draft.issue(&key(), &Names::default()).expect("a token")
}

/// Installs a license in category M for so many days, and asks these names to carry a token.
async fn install(world: &World, days: i64, require_token: &[&str]) {
    let keys = KeySet::read(&key().public_jwk().expect("a public half"), None).expect("a set");
    world.server.set_licensing(Licensing {
        validator: Validator::new(keys),
        license: token(world, Kind::User, "customer", Categories::M, Some(days)),
        require_token: require_token.iter().map(|text| text.parse().expect("a pattern")).collect(),
    });
    world.server.keep_to_license().await.expect("kept");
}

fn spec(name: &str, plugin_token: Option<&str>) -> Value {
    json!({
        "name": name, "url": "http://127.0.0.1:1/", "events": ["github.push"], "allow_networks": ["127.0.0.0/8"],
        "plugin_token": plugin_token,
    })
}

/// Registers a service whose token fits a license in category M.
async fn fitting(world: &World, name: &str) -> Answered {
    let plugin_token = token(world, Kind::Plugin, name, Categories::M, None);
    world.api("POST", "/services", spec(name, Some(&plugin_token))).await
}

async fn gate(world: &World, name: &str) -> Value {
    world.api("GET", &format!("/services/{name}"), Value::Null).await.json()["gate"]["state"].clone()
}

fn service(world: &World, name: &str) -> Service {
    world.store.catalogue().service_named(name).expect("a service").clone()
}

/// What a dispatcher would be given for the service.
async fn claim(world: &World, name: &str) -> Vec<Claimed> {
    let claim =
        Claim { service: service(world, name).key, limit: 10, probe: false, due_by: world.now(), now: world.now() };
    match world.store.submit(Command::Claim(claim)).await.expect("claimed") {
        Answer::Claimed(runs) => runs,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_service_is_activated_only_while_the_license_matches() {
    let world = World::new().await;

    let refused = fitting(&world, "scan").await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "not-licensed"));
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("scan") && detail.contains("there is no license"), "{detail}");

    install(&world, 90, &[]).await;
    let made = fitting(&world, "scan").await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["license"]["state"], "valid");
    assert_eq!(made.json()["has_plugin_token"], true);
    assert!(!made.text().contains("eyJ"), "no token is shown");

    let of_another = token(&world, Kind::Plugin, "another", Categories::M, None);
    let bigger = token(&world, Kind::Plugin, "bigger", Categories::XL, None);
    let mismatch = world.api("POST", "/services", spec("bigger", Some(&bigger))).await;
    assert!(mismatch.text().contains("CATEGORY_MISMATCH"), "{}", mismatch.text());
    let mut inactive = spec("borrowed", Some(&of_another));
    inactive["active"] = json!(false);
    assert_eq!(world.api("POST", "/services", inactive).await.status, 201, "it may be there");
    let activated = world.api("PATCH", "/services/borrowed", json!({ "active": true })).await;
    assert!(activated.text().contains("AUDIENCE_MISMATCH"), "{}", activated.text());
    let empty = world.api("POST", "/services", spec("empty", Some(" "))).await;
    assert_eq!(empty.problem(), "invalid-value");
}

#[tokio::test]
async fn what_was_accepted_waits_while_the_license_has_ended_and_goes_on_when_it_is_renewed() {
    let world = World::new().await;
    install(&world, 90, &[]).await;
    fitting(&world, "scan").await;
    world.service("free", "http://127.0.0.1:1/").await;
    world.push("first", github_push()).await;

    world.clock.forward(90 * DAY);
    world.server.keep_to_license().await.expect("kept");
    assert_eq!([gate(&world, "scan").await, gate(&world, "free").await], [json!("license"), json!("open")]);
    assert_eq!(world.push("second", github_push()).await.status, 204, "it is accepted all the same");

    assert_eq!(claim(&world, "scan").await.len(), 0);
    assert_eq!(claim(&world, "free").await.len(), 2);
    let shown = world.api("GET", "/services/scan", Value::Null).await.json();
    assert_eq!((&shown["license"]["code"], &shown["active"]), (&json!("EXPIRED"), &json!(true)));
    let text = "scan is not called: the license ended on 2026-04-01T00:00:00Z; renew it.";
    assert_eq!(world.api("GET", "/gate", Value::Null).await.json()["unlicensed"][0]["text"], text);
    let resumed = world.api("POST", "/services/scan/resume", Value::Null).await;
    assert_eq!(resumed.problem(), "not-licensed", "no person opens it");

    world.clock.forward(100 * DAY);
    install(&world, 30, &[]).await;
    assert_eq!(gate(&world, "scan").await, "open");
    let runs = claim(&world, "scan").await;
    assert_eq!(runs.iter().map(|claimed| claimed.run.attempt).collect::<Vec<_>>(), [1, 1], "both, and no attempt lost");
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    for said in ["the license shut the gate of the service scan", "the license opened the gate of the service scan"] {
        assert!(audit.contains(said), "{audit}");
    }
}

#[tokio::test]
async fn what_a_person_paused_is_not_opened_by_a_license() {
    let world = World::new().await;
    install(&world, 30, &[]).await;
    fitting(&world, "scan").await;

    world.clock.forward(30 * DAY);
    world.server.keep_to_license().await.expect("kept");
    assert_eq!(world.api("POST", "/services/scan/pause", Value::Null).await.json()["gate"], "paused");
    install(&world, 30, &[]).await;
    assert_eq!(gate(&world, "scan").await, "paused");
    assert_eq!(world.api("POST", "/services/scan/resume", Value::Null).await.json()["gate"], "open");
}

#[tokio::test]
async fn a_service_that_must_carry_a_token_runs_only_with_one() {
    let world = World::new().await;
    install(&world, 90, &[]).await;
    world.service("acme-early", "http://127.0.0.1:1/").await;

    install(&world, 90, &["acme-*"]).await;
    assert_eq!(gate(&world, "acme-early").await, "license", "it was there before it had to");
    let refused = world.api("POST", "/services", spec("acme-late", None)).await;
    assert!(refused.text().contains("require_token"), "{}", refused.text());
    assert_eq!(world.api("POST", "/services", spec("other", None)).await.status, 201);

    let plugin_token = token(&world, Kind::Plugin, "acme-early", Categories::M, None);
    let given = world.api("PATCH", "/services/acme-early", json!({ "plugin_token": plugin_token })).await;
    assert_eq!(given.json()["active"], true);
    assert_eq!(gate(&world, "acme-early").await, "open", "at once");

    let kept = world.api("PATCH", "/services/acme-early", json!({ "plugin_token": null, "active": true })).await;
    assert_eq!(kept.problem(), "not-licensed");
    let taken = world.api("PATCH", "/services/acme-early", json!({ "plugin_token": null })).await;
    assert_eq!((taken.status.as_u16(), &taken.json()["active"]), (200, &json!(false)));
}

#[tokio::test]
async fn the_license_is_shown_with_what_ends_soon() {
    let world = World::new().await;
    let none = world.api_as(&world.reader, "GET", "/license", Value::Null).await.json();
    assert_eq!((&none["license"]["state"], &none["text"]), (&json!("none"), &json!("There is no license.")));

    install(&world, 90, &["acme-*"]).await;
    fitting(&world, "scan").await;
    world.clock.forward(84 * DAY);
    let shown = world.api_as(&world.reader, "GET", "/license", Value::Null).await.json();
    assert_eq!(shown["license"]["customer"], json!(["customer"]));
    assert_eq!(shown["license"]["until"], "2026-04-01T00:00:00Z");
    assert_eq!(shown["warnings"][0]["days"], 7);
    assert_eq!(shown["warnings"][0]["services"], json!(["scan"]));
    assert_eq!(shown["require_token"], json!(["acme-*"]));
    assert_eq!(shown["services"][0]["service"], "scan");

    world.clock.forward(6 * DAY);
    let shown = world.api("GET", "/license", Value::Null).await.json();
    let text = "The license is refused (EXPIRED): the license ended on 2026-04-01T00:00:00Z; renew it. \
                One service may not run.";
    assert_eq!(shown["text"], text);
}

#[tokio::test]
async fn the_page_tells_how_it_stands_and_what_another_license_would_say() {
    let world = World::new().await;
    install(&world, 10, &[]).await;
    fitting(&world, "scan").await;
    let ticket = world.server.ticket();
    let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://localhost:8641")];
    let opened = world.page("POST", "/login", &form, &format!("ticket={ticket}")).await;
    let cookie = opened.header("set-cookie").split(';').next().expect("a cookie").to_owned();

    let html = world.page("GET", "/licenses", &[("cookie", &cookie)], "").await.text();
    assert!(html.contains("customer") && html.contains("M (medium)") && html.contains("It may run until"), "{html}");

    let (_, after) = html.split_once("name=\"form_key\" value=\"").expect("a form");
    let key: String = after.chars().take_while(|c| *c != '"').collect();
    let with_cookie = [form[0], form[1], ("cookie", cookie.as_str())];
    let other = token(&world, Kind::User, "somebody", Categories::S, Some(3));
    let body = |token: &str| format!("form_key={key}&token={token}");
    let preview = world.page("POST", "/licenses/preview", &with_cookie, &body(&other)).await.text();
    assert!(preview.contains("somebody") && preview.contains("CATEGORY_MISMATCH"), "{preview}");
    let broken = world.page("POST", "/licenses/preview", &with_cookie, &body("%3Cb%3E")).await.text();
    assert!(broken.contains("It is refused") && !broken.contains("<b>"), "{broken}");
    assert_eq!(world.page("POST", "/licenses/preview", &with_cookie, &body("")).await.status, 422);
}
