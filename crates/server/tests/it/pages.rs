//! Pages: who gets in, what they show, and that nothing in them runs.

use serde_json::{Value, json};

use crate::world::{Answered, World, github_push};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const OWN: (&str, &str) = ("origin", "http://localhost:8641");

async fn session(world: &World) -> String {
    let ticket = world.server.ticket();
    let opened = world.page("POST", "/login", &[FORM, OWN], &format!("ticket={ticket}")).await;
    assert_eq!((opened.status.as_u16(), opened.header("location")), (303, "/"), "{}", opened.text());
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().expect("a cookie").to_owned()
}

fn assert_safe(page: &Answered) {
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let html = page.text();
    assert!(!html.contains(" style=") && !html.contains(" onclick"), "{html}");
    // Every script is a file of our own.
    assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/assets/").count(), "{html}");
}

#[tokio::test]
async fn without_a_session_the_first_page_says_how_to_get_in() {
    let world = World::new().await;
    world.push("d-1", github_push()).await;
    let page = world.page("GET", "/", &[("cookie", "countersign_session=ses_guess")], "").await;
    assert_safe(&page);
    assert!(page.text().contains("needs a session") && !page.text().contains("github.push"));
}

#[tokio::test]
async fn a_ticket_opens_one_session_from_our_own_form_only() {
    let world = World::new().await;
    let ticket = world.server.ticket();
    let button = world.page("GET", &format!("/login?ticket={ticket}"), &[], "").await;
    assert_safe(&button);
    assert!(button.text().contains(&ticket));
    let body = format!("ticket={ticket}");

    let elsewhere = world.page("POST", "/login", &[FORM, ("origin", "https://evil.example")], &body).await;
    assert_eq!(elsewhere.problem(), "origin-not-allowed");
    assert_eq!(world.page("POST", "/login", &[FORM, OWN], &body).await.status, 303);
    assert_eq!(world.page("POST", "/login", &[FORM, OWN], &body).await.problem(), "signed-out");
    let token = format!("token={}", world.administrator);
    assert_eq!(world.page("POST", "/login", &[FORM, OWN], &token).await.status, 303);
}

#[tokio::test]
async fn an_events_page_tells_its_life_in_words_and_escapes_what_others_wrote() {
    let world = World::new().await;
    world.service("malware-scan", "http://127.0.0.1:20000/").await;
    let pushed = world.push("<b>d-1</b>", github_push()).await;
    let cookie = session(&world).await;

    let page =
        world.page("GET", &format!("/events/{}", pushed.header("countersign-event")), &[("cookie", &cookie)], "").await;

    assert_safe(&page);
    let html = page.text();
    assert!(html.contains("Waiting for malware-scan until 2026-01-02 02:00:00 UTC, then held"), "{html}");
    assert!(html.contains("hmac-sha256") && html.contains("<dd>first</dd>"), "{html}");
    assert!(!html.contains("<b>d-1") && html.contains("d-1"), "{html}");
}

#[tokio::test]
async fn the_first_page_lists_events_and_refusals_with_what_to_do() {
    let world = World::new().await;
    world.push("d-1", github_push()).await;
    world.webhook("/api/webhooks/incoming/github?code=hunter2", &[("x-github-event", "push")], "{}").await;
    let cookie = session(&world).await;

    let page = world.page("GET", "/", &[("cookie", &cookie)], "").await;

    assert_safe(&page);
    let html = page.text();
    assert!(html.contains("github.push") && html.contains("missing-header"), "{html}");
    assert!(html.contains("Enter a secret for the hook at the sender") && !html.contains("hunter2"), "{html}");
    let start = html.find("/assets/").expect("a stylesheet");
    let asset: String = html[start..].chars().take_while(|c| *c != '"').collect();
    let css = world.page("GET", &asset, &[], "").await;
    assert!(css.header("cache-control").contains("immutable") && css.text().contains("prefers-color-scheme"));
    assert_eq!(world.page("GET", "/assets/other.css", &[], "").await.problem(), "not-found");
    let events = world.api("GET", "/events", Value::Null).await.json();
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1), "{}", json!(events));
}
