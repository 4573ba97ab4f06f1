//! Pages: who gets in, what they show, and that nothing in them runs.

use serde_json::json;
use server::SettingShown;

use crate::world::{Answered, World, github_push};

pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub const OWN: (&str, &str) = ("origin", "http://localhost:8641");

/// Opens a session and answers its cookie.
pub async fn session(world: &World) -> String {
    let ticket = world.server.ticket();
    let opened = world.page("POST", "/login", &[FORM, OWN], &format!("ticket={ticket}")).await;
    assert_eq!((opened.status.as_u16(), opened.header("location")), (303, "/"), "{}", opened.text());
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().expect("a cookie").to_owned()
}

/// Nothing in a page runs but our own files.
pub fn assert_safe(page: &Answered) {
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
    assert!(page.text().contains("<h1>Sign in</h1>") && !page.text().contains("github.push"));
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
    let again = world.page("POST", "/login", &[FORM, OWN], &body).await;
    assert_safe(&again);
    assert!(again.status == 410 && again.text().contains("The link was used"), "{}", again.text());
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
async fn the_first_page_says_what_needs_a_person_and_what_came() {
    let world = World::new().await;
    let cookie = session(&world).await;
    let nothing = world.page("GET", "/", &[("cookie", &cookie)], "").await.text();
    assert!(nothing.contains("Nothing needs a person") && nothing.contains("Nothing has arrived yet"), "{nothing}");
    world.push("d-1", github_push()).await;
    for _ in 0..3 {
        world.webhook("/api/webhooks/incoming/github?code=hunter2", &[("x-github-event", "push")], "{}").await;
    }

    let page = world.page("GET", "/", &[("cookie", &cookie)], "").await;

    assert_safe(&page);
    let html = page.text();
    assert!(html.contains("One thing needs a person") && html.contains("3 times within the last hour"), "{html}");
    assert!(html.contains("github.push") && html.contains("1 believed, 3 refused"), "{html}");
    assert!(!html.contains("hunter2"), "{html}");
}

#[tokio::test]
async fn what_a_page_loads_is_kept_for_ever_under_a_name_of_its_content() {
    let world = World::new().await;
    let html = world.page("GET", "/", &[("cookie", &session(&world).await)], "").await.text();
    for start in html.match_indices("/assets/").map(|(at, _)| at).collect::<Vec<_>>() {
        let asset: String = html[start..].chars().take_while(|c| *c != '"').collect();
        let loaded = world.page("GET", &asset, &[("accept-encoding", "gzip")], "").await;
        assert!(loaded.header("cache-control").contains("immutable"), "{asset}");
        assert_eq!(loaded.header("content-encoding"), "gzip", "{asset}");
    }
    assert_eq!(world.page("GET", "/assets/other.css", &[], "").await.problem(), "not-found");
}

#[tokio::test]
async fn the_audit_is_told_newest_first_in_pages() {
    let world = World::new().await;
    let cookie = session(&world).await;
    for nth in 0..60 {
        let rule = json!({ "name": format!("RULE-{nth}"), "action": "flag" });
        assert_eq!(world.api("POST", "/rules", rule).await.status, 201);
    }
    let first = world.page("GET", "/audit", &[("cookie", &cookie)], "").await;
    assert_safe(&first);
    let html = first.text();
    assert!(html.contains("RULE-59") && html.contains("RULE-20") && !html.contains("RULE-3<"), "{html}");
    let start = html.find("/audit?before=").expect("older ones");
    let older: String = html[start..].chars().take_while(|c| *c != '"').collect();
    let second = world.page("GET", &older, &[("cookie", &cookie)], "").await.text();
    assert!(second.contains("RULE-3") && !second.contains("RULE-59") && second.contains(">Newest<"), "{second}");

    let wrong = world.page("GET", "/audit?before=nothing", &[("cookie", &cookie)], "").await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    assert_safe(&wrong);
}

#[tokio::test]
async fn settings_are_shown_with_who_says_so() {
    let shown = |key: &str, value: &str, from: &str| SettingShown {
        key: key.to_owned(),
        value: value.to_owned(),
        from: from.to_owned(),
    };
    let all = vec![shown("server.listen", "<b>", "the file, line 3"), shown("data_dir", "./here", "default")];
    let world = World::with(|settings| settings.shown = all).await;
    let page = world.page("GET", "/settings", &[("cookie", &session(&world).await)], "").await;
    assert_safe(&page);
    let html = page.text();
    assert!(html.contains("the file, line 3") && html.contains("./here") && !html.contains("<b>"), "{html}");
}

#[tokio::test]
async fn a_change_needs_the_sessions_form_key() {
    let world = World::new().await;
    let cookie = session(&world).await;
    let signed_in = [FORM, OWN, ("cookie", cookie.as_str())];
    let without = world.page("POST", "/logout", &signed_in, "form_key=guess").await;
    assert_eq!(without.status, 403, "{}", without.text());
    assert!(without.text().contains("open the page again"), "{}", without.text());

    let key = form_key(&world, &cookie).await;
    let elsewhere = [FORM, ("origin", "https://evil.example"), ("cookie", cookie.as_str())];
    let body = format!("form_key={key}");
    assert_eq!(world.page("POST", "/logout", &elsewhere, &body).await.status, 403);
    assert_eq!(world.page("POST", "/logout", &signed_in, &body).await.status, 303);
    let over = world.page("POST", "/logout", &signed_in, &body).await;
    assert_eq!((over.problem().as_str(), over.status.as_u16()), ("signed-out", 403));
}

/// The form key of a session's pages.
pub async fn form_key(world: &World, cookie: &str) -> String {
    let html = world.page("GET", "/", &[("cookie", cookie)], "").await.text();
    let (_, after) = html.split_once("name=\"form_key\" value=\"").expect("a form");
    after.chars().take_while(|c| *c != '"').collect()
}
