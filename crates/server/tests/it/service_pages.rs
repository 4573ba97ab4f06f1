//! The pages of services, rules and batches: what they show, what they change, and what they refuse.

use serde_json::{Value, json};

use crate::pages::{FORM, OWN, form_key, session};
use crate::world::{Answered, World, github_push};

/// A browser with a session.
struct Browser<'w> {
    world: &'w World,
    cookie: String,
}

impl<'w> Browser<'w> {
    async fn administrator(world: &'w World) -> Self {
        Self { world, cookie: session(world).await }
    }

    async fn get(&self, path: &str) -> Answered {
        let page = self.world.page("GET", path, &[("cookie", &self.cookie)], "").await;
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        page
    }

    async fn shown(&self, path: &str) -> String {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page.text()
    }

    async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answered {
        let key = form_key(self.world, &self.cookie).await;
        let all: Vec<_> = [("form_key", key.as_str())].into_iter().chain(pairs.iter().copied()).collect();
        let headers = [("cookie", self.cookie.as_str()), FORM, OWN];
        self.world.page("POST", path, &headers, &encoded(&all)).await
    }

    /// Posts what is taken, and answers where to look.
    async fn changes(&self, path: &str, pairs: &[(&str, &str)]) -> String {
        let done = self.post(path, pairs).await;
        assert_eq!(done.status, 303, "{path}: {}", done.text());
        done.header("location").to_owned()
    }

    /// Posts what is not taken, and answers the form as it is shown again.
    async fn refused(&self, path: &str, pairs: &[(&str, &str)]) -> String {
        let again = self.post(path, pairs).await;
        assert_eq!(again.status, 422, "{path}: {}", again.text());
        again.text()
    }
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let text = |text: &str| text.bytes().map(byte).collect::<String>();
    pairs.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("&")
}

/// What stands in the `code` of this id.
fn once<'h>(html: &'h str, id: &str) -> &'h str {
    html.split(&format!("<code id=\"{id}\">")).nth(1).and_then(|rest| rest.split('<').next()).expect("a secret")
}

const CONFIG: &str =
    r#"{"type":"web","version":1,"url":"http://127.0.0.1:20000/process","headers":{"X-Api-Key":"hunter2"}}"#;

async fn path_of(world: &World, name: &str) -> String {
    let shown = world.api("GET", &format!("/services/{name}"), Value::Null).await.json();
    format!("/admin/services/{}", shown["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_worker_is_made_of_a_name_and_a_pasted_configuration_and_its_secrets_are_shown_once() {
    let world = World::new().await;
    let browser = Browser::administrator(&world).await;
    let empty = browser.shown("/admin/services").await;
    assert!(empty.contains("No service is registered"), "{empty}");
    assert!(empty.contains(">Create New Service Worker</button>") && empty.contains(">Create New Scanner</button>"));
    let form = browser.shown("/admin/services/new/worker").await;
    assert!(form.contains("name=\"config\"") && form.contains(">Create</button>"), "{form}");

    let made = browser
        .post(
            "/admin/services/new/worker",
            &[("name", "demo"), ("config", CONFIG), ("allow_networks", "127.0.0.0/8"), ("active", "yes")],
        )
        .await;

    assert_eq!(made.status, 200, "{}", made.text());
    let html = made.text();
    assert!(html.contains("They are shown this once") && once(&html, "access_key").starts_with("AS-"), "{html}");
    assert!(once(&html, "signing_secret").starts_with("whsec_"));
    let secret = once(&html, "secret_key").to_owned();
    assert!(!secret.is_empty() && !html.contains("hunter2"));
    let path = path_of(&world, "demo").await;
    for page in ["/admin/services", path.as_str(), &format!("{path}/edit")] {
        let html = browser.shown(page).await;
        assert!(html.contains("demo") && !html.contains(&secret) && !html.contains("hunter2"), "{page}");
    }
    let one = browser.shown(&path).await;
    assert!(one.contains("Event worker protocol") && one.contains("X-Api-Key"), "{one}");
    assert!(one.contains("evidence_created") && one.contains("It has not been called lately."), "{one}");
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept_but_for_secrets() {
    let world = World::new().await;
    let browser = Browser::administrator(&world).await;

    let worker = "/admin/services/new/worker";
    let broken = browser.refused(worker, &[("name", "<b>demo</b>"), ("config", "{\"type\":\"<i>\"}")]).await;
    assert!(broken.contains("f-config-wrong") && broken.contains("Expected &#34;type&#34;"), "{broken}");
    assert!(!broken.contains("<b>demo") && !broken.contains("<i>") && broken.contains("&#60;b&#62;demo"), "{broken}");
    let private = browser.refused(worker, &[("name", "demo"), ("config", CONFIG)]).await;
    assert!(private.contains("f-config-wrong"), "an address of its own network is refused: {private}");

    let scanner = "/admin/services/new/scanner";
    let typed = [("name", "scan"), ("url", "nowhere"), ("secret", "hunter2"), ("event", "on_version_created")];
    let wrong = browser.refused(scanner, &typed).await;
    assert!(wrong.contains("f-url-wrong") && wrong.contains("value=\"nowhere\""), "{wrong}");
    assert!(wrong.contains("value=\"on_version_created\" checked") && !wrong.contains("hunter2"), "{wrong}");
    let keyless = browser.refused(scanner, &[("name", "scan"), ("url", "https://scan.example/")]).await;
    assert!(keyless.contains("A scanner needs a secret, found none."), "{keyless}");
    assert_eq!(world.api("GET", "/services", Value::Null).await.json()["data"], json!([]));
    assert_eq!(browser.get("/admin/services/new/other").await.status, 404);
}

#[tokio::test]
async fn a_scanner_and_a_standard_service_are_made_with_the_events_that_were_ticked() {
    let world = World::new().await;
    let browser = Browser::administrator(&world).await;
    let scanner = [
        ("name", "malware-scan"),
        ("url", "https://scan.example/"),
        ("secret", "hunter2"),
        ("payload", "full"),
        ("event", "during_validation"),
        ("event", "push"),
        ("others", "github.*, stripe.charge"),
        ("on_failure", "closed"),
        ("active", "yes"),
    ];
    let made = browser.post("/admin/services/new/scanner", &scanner).await;
    assert_eq!((made.status.as_u16(), once(&made.text(), "jwt_secret").len()), (200, 64), "{}", made.text());
    let standard = [("name", "mirror"), ("url", "https://mirror.example/"), ("signing", "v1a")];
    let made = browser.post("/admin/services/new/standard", &standard).await.text();
    assert!(once(&made, "public_key").starts_with("whpk_") && !once(&made, "token").is_empty(), "{made}");

    let shown = world.api("GET", "/services/malware-scan", Value::Null).await.json();
    let events: Vec<&str> =
        shown["events"].as_array().expect("events").iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(events, ["during_validation", "push", "github.*", "stripe.charge"]);
    assert_eq!((&shown["payload"], &shown["on_failure"]), (&json!("full"), &json!("closed")));
    assert_eq!(world.api("GET", "/services/mirror", Value::Null).await.json()["active"], json!(false));
    let one = browser.shown(&path_of(&world, "malware-scan").await).await;
    assert!(one.contains("Verdicts wait for its answer; it has 26 hours to answer"), "{one}");
    assert!(one.contains("It may send later results of its own calls."), "{one}");
    let taken = browser.refused("/admin/services/new/scanner", &scanner).await;
    assert!(taken.contains("f-name-wrong") && taken.contains("names are not used twice"), "{taken}");
}

#[tokio::test]
async fn a_service_is_paused_resumed_switched_and_the_page_says_by_whom() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    world.push("d-1", github_push()).await;
    let browser = Browser::administrator(&world).await;
    let path = path_of(&world, "check").await;
    world.clock.forward(180);
    let waiting = browser.shown("/admin/services").await;
    assert!(waiting.contains("1 run waits, for 3 min 0 s."), "{waiting}");

    assert_eq!(browser.changes(&format!("{path}/pause"), &[]).await, path);
    let paused = browser.shown(&path).await;
    assert!(paused.contains("Paused by administrator since 00:03 UTC"), "{paused}");
    assert!(paused.contains(">Resume</button>") && !paused.contains(">Pause</button>"), "{paused}");
    browser.changes(&format!("{path}/resume"), &[]).await;
    assert!(browser.shown(&path).await.contains(">Pause</button>"));

    let unsaid = browser.refused(&format!("{path}/switch"), &[("reason", " ")]).await;
    assert!(unsaid.contains("f-reason-wrong") && unsaid.contains("Expected 1 to 1000 characters"), "{unsaid}");
    browser.changes(&format!("{path}/switch"), &[("reason", "it is <b>broken</b>")]).await;
    let off = browser.shown(&path).await;
    assert!(off.contains("verdicts do not wait for its answers") && off.contains("it is &#60;b&#62;broken"), "{off}");
    browser.changes(&format!("{path}/switch"), &[("reason", "it is mended"), ("waits", "yes")]).await;
    assert!(!browser.shown(&path).await.contains("verdicts do not wait for its answers"));

    let tested = browser.post(&format!("{path}/test"), &[]).await;
    assert_eq!(tested.status, 303, "{}", tested.text());
    assert!(tested.header("set-cookie").contains("did%20not%20pass%20the%20test"), "{}", tested.header("set-cookie"));
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    assert!(audit.contains("turned the gate of the service check to paused") && audit.contains("it is mended"));
}

#[tokio::test]
async fn a_service_is_changed_where_it_was_typed_otherwise_and_keeps_its_secret() {
    let world = World::new().await;
    let spec = json!({"name": "scan", "profile": "scanner", "url": "https://scan.example/", "secret": "hunter2",
        "events": ["during_validation", "push"]});
    assert_eq!(world.api("POST", "/services", spec).await.status, 201);
    let browser = Browser::administrator(&world).await;
    let edit = format!("{}/edit", path_of(&world, "scan").await);
    let form = browser.shown(&edit).await;
    assert!(form.contains("value=\"https://scan.example/\"") && !form.contains("hunter2"), "{form}");
    let typed = |url, timeout| {
        [
            ("url", url),
            ("payload", "basic"),
            ("on_failure", "hold"),
            ("concurrency", "64"),
            ("timeout", timeout),
            ("active", "yes"),
            ("event", "during_validation"),
            ("blocks during_validation", "no"),
            ("deadline during_validation", "2h"),
        ]
    };

    let wrong = browser.refused(&edit, &typed("https://scan.example/", "soon")).await;
    assert!(wrong.contains("f-timeout-wrong") && wrong.contains("value=\"soon\"") && wrong.contains("<details open>"));
    browser.changes(&edit, &typed("https://scan.example/v2/", "1m")).await;

    let shown = world.api("GET", "/services/scan", Value::Null).await.json();
    assert_eq!(
        shown["events"][0],
        json!({"type": "during_validation", "active": true, "blocks": false, "deadline": "2h"})
    );
    assert_eq!(shown["events"][1], json!({"type": "push", "active": false}));
    assert_eq!((&shown["url"], &shown["has_secret"]), (&json!("https://scan.example/v2/"), &json!(true)));
    let audit = world.api("GET", "/audit", Value::Null).await.json();
    assert_eq!(audit["data"][0]["what"], "changed events, url of the service scan");
    browser.changes(&edit, &typed("https://scan.example/v2/", "1m")).await;
    assert_eq!(world.api("GET", "/audit", Value::Null).await.json()["data"][0], audit["data"][0], "nothing changed");
}

#[tokio::test]
async fn a_service_is_removed_once_its_name_was_typed_and_its_credentials_are_renewed() {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    let browser = Browser::administrator(&world).await;
    let path = path_of(&world, "check").await;
    let renewed = browser.post(&format!("{path}/credentials"), &[]).await;
    assert!(once(&renewed.text(), "signing_secret").starts_with("whsec_"), "{}", renewed.text());

    let mistyped = browser.refused(&format!("{path}/remove"), &[("name", "chek")]).await;
    assert!(mistyped.contains("Expected &#34;check&#34;, found &#34;chek&#34;."), "{mistyped}");
    assert_eq!(browser.changes(&format!("{path}/remove"), &[("name", "check")]).await, "/admin/services");

    assert!(browser.shown("/admin/services").await.contains("Removed services (1)"));
    assert!(browser.shown(&path).await.contains(">Call it again</button>"));
    let back = browser.post(&format!("{path}/restore"), &[]).await;
    assert!(once(&back.text(), "token").len() > 20, "{}", back.text());
    assert_eq!(world.api("GET", "/services/check", Value::Null).await.json()["active"], json!(true));
}

#[tokio::test]
async fn a_rule_is_seen_in_a_sentence_and_saved_once_it_was_tried_out() {
    let world = crate::rehearsal::reported(r#"["SEEN"]"#).await;
    let browser = Browser::administrator(&world).await;
    assert!(browser.shown("/rules").await.contains("There is no rule"));
    let form = browser.shown("/rules/new").await;
    assert!(form.contains(">Show what it would match</button>") && !form.contains(">Save</button>"), "{form}");
    let typed = [("name", "SEEN"), ("service", "check"), ("action", "hold"), ("hold", "3h"), ("force", "shadow")];

    let tried = browser.post("/rules/new", &typed).await;

    assert_eq!(tried.status, 200, "{}", tried.text());
    let tried = tried.text();
    assert!(tried.contains("When check says SEEN, hold for 3 hours.") && tried.contains(">Save</button>"), "{tried}");
    assert!(tried.contains("1 would match, on 1 subject.") && tried.contains("href=\"/subjects/commit/"), "{tried}");
    assert_eq!(world.api("GET", "/rules", Value::Null).await.json()["data"], json!([]), "nothing is saved yet");
    let path = browser.changes("/rules/new", &[&typed[..], &[("do", "save")]].concat()).await;
    let list = browser.shown("/rules").await;
    assert!(list.contains("When check says SEEN, hold for 3 hours.") && list.contains("on trial"), "{list}");

    let enforce = [("name", "SEEN"), ("action", "flag"), ("force", "enforce"), ("do", "save")];
    assert_eq!(browser.changes(&path, &enforce).await, path);
    let one = browser.shown(&path).await;
    assert!(one.contains("When any service says SEEN, ask a person to look.") && one.contains("in force"), "{one}");
    browser.changes(&format!("{path}/off"), &[]).await;
    assert!(browser.shown("/rules").await.contains(">off<"));
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    assert!(
        audit.contains("switched off the rule SEEN") && audit.contains("changed action, service, shadow of the rule")
    );
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_beside_the_field_and_the_files_own_are_read_only() {
    let world = World::new().await;
    let browser = Browser::administrator(&world).await;
    let hold = browser.refused("/rules/new", &[("name", "<b>"), ("action", "hold"), ("hold", "soon")]).await;
    assert!(hold.contains("f-hold-wrong") && hold.contains("&#60;b&#62;") && !hold.contains("<b>"), "{hold}");
    let users = [("name", "A"), ("action", "flag"), ("users_max", "9")];
    let users = browser.refused("/rules/new", &users).await;
    assert!(users.contains("f-users_max-wrong") && users.contains("<details open>"), "{users}");

    let id = world.file_rule("<i>FILE</i>").await;
    let path = format!("/rules/{id}");
    let shown = browser.shown(&path).await;
    assert!(shown.contains("belongs to the configuration file") && !shown.contains("name=\"action\""), "{shown}");
    assert!(shown.contains("&#60;i&#62;FILE") && !shown.contains("<i>FILE"), "{shown}");
    let refused = browser.post(&path, &[("name", "A"), ("action", "flag"), ("do", "save")]).await;
    assert!(refused.text().contains("belongs to the configuration file"), "{}", refused.text());
    assert_eq!(browser.post(&format!("{path}/off"), &[]).await.status, 409);
    assert!(world.api("GET", &path, Value::Null).await.json()["active"].as_bool().expect("a rule"));
}

#[tokio::test]
async fn a_batch_is_begun_paused_resumed_and_aborted_on_its_page() {
    let world = World::new().await;
    let spec = json!({"name": "check", "url": "http://127.0.0.1:20000/", "events": ["uploaded"],
        "allow_networks": ["127.0.0.0/8"]});
    assert_eq!(world.api("POST", "/services", spec).await.status, 201);
    for id in ["1", "2"] {
        let subject = json!({"kind": "version", "collection": "85", "subject": id});
        world.api("POST", "/events", json!({"type": "uploaded", "subject": subject})).await;
    }
    let browser = Browser::administrator(&world).await;
    assert!(browser.shown("/batches").await.contains("No batch was begun"));
    assert!(browser.shown("/batches/new").await.contains("value=\"check\""));

    let wrong = [("collection", "85"), ("subjects", "1, <b>9</b>"), ("service", "check")];
    let wrong = browser.refused("/batches/new", &wrong).await;
    assert!(
        wrong.contains("f-subjects-wrong") && wrong.contains("nothing was begun") && !wrong.contains("<b>"),
        "{wrong}"
    );
    assert!(wrong.contains("value=\"check\" checked"), "{wrong}");
    let path = browser.changes("/batches/new", &[("collection", "85"), ("text", "<i>again</i>")]).await;

    let list = browser.shown("/batches").await;
    assert!(list.contains("0 of 2 calls are over") && list.contains("<progress max=\"2\" value=\"0\""), "{list}");
    assert!(list.contains("&#60;i&#62;again") && !list.contains("<i>again"), "{list}");
    browser.changes(&format!("{path}/pause"), &[]).await;
    let paused = browser.shown(&path).await;
    assert!(paused.contains("Paused at 0 of 2 calls") && paused.contains(">Resume</button>"), "{paused}");
    browser.changes(&format!("{path}/resume"), &[]).await;
    browser.changes(&format!("{path}/abort"), &[]).await;
    let aborted = browser.shown(&path).await;
    assert!(aborted.contains("Aborted at 0 of 2 calls") && !aborted.contains(">Abort</button>"), "{aborted}");
    assert_eq!(browser.post(&format!("{path}/resume"), &[]).await.status, 409);
    let audit = world.api("GET", "/audit", Value::Null).await.json();
    assert_eq!(audit["data"][0]["who"], "administrator");
}
