//! The pages of sources and of the quarantine: made, tested, rotated, switched; looked at and tried again.

use http::StatusCode;
use serde_json::Value;

use crate::world::{Answered, World, github_push};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const OWN: (&str, &str) = ("origin", "http://localhost:8641");
const SECRET: &str = "a secret that was typed in by hand";
const INCOMING: &str = "/api/webhooks/incoming/github/site";

/// An administrator at the pages.
struct Desk {
    world: World,
    cookie: String,
    form_key: String,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let ticket = world.server.ticket();
        let opened = world.page("POST", "/login", &[FORM, OWN], &format!("ticket={ticket}")).await;
        let cookie = opened.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        let html = world.page("GET", "/", &[("cookie", &cookie)], "").await.text();
        let (_, after) = html.split_once("name=\"form_key\" value=\"").expect("a form");
        let form_key = after.chars().take_while(|c| *c != '"').collect();
        Self { world, cookie, form_key }
    }

    async fn get(&self, path: &str) -> Answered {
        let page = self.world.page("GET", path, &[("cookie", &self.cookie)], "").await;
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}: {}", page.text());
        page
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let pairs = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
        let body = format!("form_key={}{}", self.form_key, pairs.collect::<String>());
        self.world.page("POST", path, &[FORM, OWN, ("cookie", &self.cookie)], &body).await
    }

    /// Makes the source `github/site`, and answers the path of its page.
    async fn source(&self) -> String {
        let made = self.post("/sources", &[("provider", "github"), ("id", "site"), ("secret", SECRET)]).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let shown = self.world.api("GET", "/sources/github%2Fsite", Value::Null).await.json();
        format!("/sources/{}", shown["id"].as_str().expect("an id"))
    }

    async fn push(&self, secret: &str, delivery: &str) -> Answered {
        let signature = verify::sign::github(secret, &github_push());
        let headers =
            [("x-github-event", "push"), ("x-github-delivery", delivery), ("x-hub-signature-256", signature.as_str())];
        self.world.webhook(INCOMING, &headers, github_push()).await
    }

    /// The page of the newest refused request.
    async fn refused(&self) -> String {
        let kept = self.world.api("GET", "/quarantine", Value::Null).await.json();
        format!("/quarantine/{}", kept["data"][0]["id"].as_str().expect("a refused request"))
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_source_is_made_from_a_recipe_and_its_secret_is_shown_once() {
    let desk = Desk::new().await;
    let all = desk.get("/sources/new").await.text();
    assert!(all.contains("provider=github\"") && all.contains("provider=stripe\""), "{all}");
    let few = desk.get("/sources/new?q=strip").await.text();
    assert!(few.contains("provider=stripe\"") && !few.contains("provider=github\""), "{few}");
    assert!(desk.get("/sources/new?q=nobody").await.text().contains("No such sender"));
    let chosen = desk.get("/sources/new?provider=github").await.text();
    assert!(chosen.contains("Payload URL") && chosen.contains("hmac-sha256"), "{chosen}");

    let made = desk.post("/sources", &[("provider", "github"), ("id", "site"), ("secret", "")]).await;

    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let html = made.text();
    let (_, after) = html.split_once("<code id=\"secret\">").expect("the secret");
    let secret: String = after.chars().take_while(|c| *c != '<').collect();
    assert!(secret.len() == 64 && html.contains("/api/webhooks/incoming/github/site"), "{html}");
    assert!(desk.push(&secret, "d-1").await.status.is_success());
    let page = desk.get("/sources").await.text();
    assert!(
        page.contains("github/site") && page.contains("1 believed, 0 refused") && !page.contains(&secret),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_new_source_stands_beside_the_field() {
    let desk = Desk::new().await;
    let bad = desk.post("/sources", &[("provider", "github"), ("id", "<b>\u{1}no"), ("secret", SECRET)]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", bad.text());
    let html = bad.text();
    assert!(html.contains("f-id-wrong\">") && html.contains("&#60;b&#62;\u{1}no"), "{html}");
    assert!(!html.contains("<b>no") && !html.contains(SECRET), "{html}");

    let lacking = desk.post("/sources", &[("provider", "stripe"), ("id", "main"), ("secret", "")]).await;
    assert_eq!(lacking.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", lacking.text());
    assert!(lacking.text().contains("f-secret-wrong\">"), "{}", lacking.text());

    desk.source().await;
    let twice = desk.post("/sources", &[("provider", "github"), ("id", "site"), ("secret", SECRET)]).await;
    assert!(twice.status == 422 && twice.text().contains("there is a source github/site already"), "{}", twice.text());
    assert_eq!(desk.post("/sources", &[("provider", "nobody"), ("id", "main")]).await.status, 404);
}

#[tokio::test]
async fn a_source_s_page_tests_a_sample_and_explains_it() {
    let desk = Desk::new().await;
    let source = desk.source().await;
    let body = String::from_utf8(github_push()).expect("text");
    let sample = |secret: &str| {
        let signature = verify::sign::github(secret, body.as_bytes());
        format!("POST / HTTP/1.1\nX-GitHub-Event: push\nX-Hub-Signature-256: {signature}\n\n{body}")
    };

    let believed = desk.post(&format!("{source}/test"), &[("sample", &sample(SECRET))]).await;
    assert!(believed.text().contains("It would be believed, proven by hmac-sha256"), "{}", believed.text());
    let refused = desk.post(&format!("{source}/test"), &[("sample", &sample(&format!("{SECRET}\n")))]).await;
    assert!(refused.text().contains("It would be refused"), "{}", refused.text());
    let unread = desk.post(&format!("{source}/test"), &[("sample", "<script>")]).await;
    assert_eq!(unread.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unread.text().contains("f-sample-wrong\">") && !unread.text().contains("<script>"), "{}", unread.text());
    let kept = desk.world.api("GET", "/quarantine", Value::Null).await.json();
    assert_eq!(kept["data"], serde_json::json!([]));
}

#[tokio::test]
async fn a_secret_is_rotated_and_retired_and_a_source_switched() {
    let desk = Desk::new().await;
    let source = desk.source().await;
    assert!(desk.push(SECRET, "d-1").await.status.is_success());

    let made = desk.post(&format!("{source}/secrets"), &[("secret", ""), ("keep_old", "7d")]).await;
    let html = made.text();
    let (_, after) = html.split_once("<code id=\"secret\">").expect("the new secret");
    let new: String = after.chars().take_while(|c| *c != '<').collect();
    assert!(desk.push(&new, "d-2").await.status.is_success() && desk.push(SECRET, "d-3").await.status.is_success());
    let page = desk.get(&source).await.text();
    assert!(page.contains("2 secrets in force") && !page.contains(&new), "{page}");

    let shown = desk.world.api("GET", "/sources/github%2Fsite", Value::Null).await.json();
    let old = shown["secrets"][1]["id"].as_str().expect("an id");
    assert_eq!(desk.post(&format!("{source}/retire"), &[("secret", old)]).await.status, StatusCode::SEE_OTHER);
    desk.world.clock.forward(1);
    assert_eq!(desk.push(SECRET, "d-4").await.status, StatusCode::UNAUTHORIZED);
    let failing = desk.get(&source).await.text();
    assert!(failing.contains("The last request was refused") && failing.contains("/quarantine?source="), "{failing}");
    let only = shown["secrets"][0]["id"].as_str().expect("an id");
    assert_eq!(desk.post(&format!("{source}/retire"), &[("secret", only)]).await.status, StatusCode::CONFLICT);

    assert_eq!(desk.post(&format!("{source}/switch"), &[("active", "no")]).await.status, StatusCode::SEE_OTHER);
    assert!(!desk.push(&new, "d-5").await.status.is_success());
    assert!(desk.get(&source).await.text().contains("Switch on"));
    assert_eq!(desk.post(&format!("{source}/switch"), &[("active", "yes")]).await.status, StatusCode::SEE_OTHER);
    assert!(desk.push(&new, "d-6").await.status.is_success());
    let audit = desk.get("/audit").await.text();
    assert!(audit.contains("removed the secret") && audit.contains("changed active"), "{audit}");
}

#[tokio::test]
async fn a_refused_request_is_explained_and_tried_again() {
    let desk = Desk::new().await;
    let empty = desk.get("/quarantine").await.text();
    assert!(empty.contains("Nothing was refused"), "{empty}");
    let source = desk.source().await;
    assert_eq!(desk.push("the secret of tomorrow, not of today", "<b>d-1</b>").await.status, 401);
    let refused = desk.refused().await;

    let list = desk.get("/quarantine?reason=signature-mismatch").await.text();
    assert!(list.contains(&refused) && list.contains("github/site"), "{list}");
    assert!(desk.get("/quarantine?reason=missing-header").await.text().contains("Nothing like that"));
    assert_eq!(desk.get("/quarantine?reason=nonsense").await.status, 422);
    let page = desk.get(&refused).await.text();
    assert!(page.contains("Try it again") && page.contains("[redacted]") && !page.contains("<b>d-1"), "{page}");
    assert!(!page.contains("sha256=") && page.contains("x-hub-signature-256"), "{page}");

    let again = desk.post(&format!("{refused}/retry"), &[]).await;
    assert_eq!(again.header("location"), refused);
    let fields = [("secret", "the secret of tomorrow, not of today"), ("keep_old", "7d")];
    assert_eq!(desk.post(&format!("{source}/secrets"), &fields).await.status, StatusCode::SEE_OTHER);
    assert!(desk.get(&refused).await.text().contains("this request is believed"));
    let believed = desk.post(&format!("{refused}/retry"), &[]).await;
    assert!(believed.header("location").starts_with("/events/"), "{}", believed.text());
    assert_eq!(desk.get(&refused).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn all_refused_requests_of_a_source_are_tried_again_at_once() {
    let desk = Desk::new().await;
    let source = desk.source().await;
    for nth in 0..3 {
        assert_eq!(desk.push("the secret of tomorrow, not of today", &format!("d-{nth}")).await.status, 401);
    }
    let fields = [("secret", "the secret of tomorrow, not of today"), ("keep_old", "")];
    desk.post(&format!("{source}/secrets"), &fields).await;
    let id = source.trim_start_matches("/sources/");

    let done = desk.post("/quarantine/retry", &[("source", id)]).await;

    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert!(done.header("set-cookie").contains("3%20are%20believed%20now"), "{}", done.header("set-cookie"));
    assert!(desk.get(&format!("/quarantine?source={id}")).await.text().contains("Nothing like that"));
}
