//! The page `docs/add-an-event.md`, followed to the letter.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::world::{Call, Reaction, World, countersign, peer, root, until};

/// The blocks of this language on the page.
fn blocks(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/add-an-event.md")).expect("the page");
    let open = format!("```{language}\n");
    page.split(&open).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn the_page_on_adding_an_event_leads_to_the_call_that_it_shows() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = calls.clone();
    let scanner = peer(move |call: Call| {
        seen.lock().expect("not poisoned").push(call);
        Reaction::Json(r#"{"version": "1"}"#)
    });
    let config = blocks("toml").concat().replace("20000", &scanner.port().to_string());
    let mut world = World::new(&config);
    std::fs::write(world.folder().join("signing-check.key"), "a key\n").expect("written");
    world.start();
    let sent = blocks("sh").concat();
    let body = sent.split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).expect("what is sent");
    let event: Value = serde_json::from_str(body).expect("JSON");

    let answered = world.api("POST", "/api/v1/events?wait=30s", Some(&event));

    assert_eq!(answered.json()["verdict"]["verdict"], "clear", "{answered:?}");
    let call = until("the call", || calls.lock().expect("not poisoned").pop());
    assert_eq!(String::from_utf8_lossy(&call.body), r#"{"version_id": 42, "signer": "key 7"}"#);
    let promised = format!("`{}`", String::from_utf8_lossy(&call.body));
    let page = std::fs::read_to_string(root().join("docs/add-an-event.md")).expect("the page");
    assert!(page.contains(&promised));
}

#[test]
fn a_hole_that_nothing_fills_and_a_built_in_name_are_refused() {
    let refused = |config: &str| {
        let world = World::new(config);
        let output = countersign(world.folder()).args(["config", "check"]).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };

    let (code, told) = refused("[event.mine]\nbasic = { id = \"{subjct.number}\" }\n");
    assert_eq!(code, Some(3));
    assert!(told.contains("[event.mine]") && told.contains("{subjct.number}") && told.contains("subject"), "{told}");
    let (code, told) = refused("[event.push]\n");
    assert_eq!(code, Some(3));
    assert!(told.contains("built in"), "{told}");
}

#[test]
fn both_forms_of_each_built_in_event_have_the_members_that_the_protocol_lists() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = calls.clone();
    let scanner = peer(move |call: Call| {
        seen.lock().expect("not poisoned").push(call);
        Reaction::Json(r#"{"version": "1", "matchedRules": []}"#)
    });
    let world = World::serving("");
    let kinds =
        ["during_validation", "on_source_code_uploaded", "on_version_created", "on_version_entered_review_queue"];
    for form in ["basic", "full"] {
        let port = scanner.port();
        let service = json!({
            "name": form, "profile": "scanner", "payload": form, "url": format!("http://127.0.0.1:{port}/"),
            "secret": "a key", "events": kinds, "allow_networks": [format!("127.0.0.1/32:{port}")],
        });
        let made = world.api("POST", "/api/v1/services", Some(&service));
        assert_eq!(made.status, 201, "{made:?}");
    }
    let file = world.upload("addon.xpi", b"the file").json();
    let source = world.upload("source.zip", b"the source").json();
    let addon = json!({ "attributes": { "guid": "@über", "authors": [{ "id": 3 }], "is_disabled": false } });
    assert_eq!(world.api("PUT", "/api/v1/collections/85", Some(&addon)).status, 201);
    let version = json!({
        "kind": "version", "collection": "85", "subject": "42",
        "attributes": { "version": "1.0", "license": { "slug": "MPL-2.0" }, "file": { "permissions": ["tabs"] } },
        "artifacts": [file["id"], { "id": source["id"], "role": "source" }],
    });
    assert_eq!(world.api("POST", "/api/v1/subjects", Some(&version)).status, 201);
    let call = |kind: &str, form: &str| {
        let subject = json!({ "kind": "version", "collection": "85", "subject": "42" });
        let data = json!({ "activity_log_id": 2170, "due_date": null, "needs_human_review_reasons": ["b", "a", "b"] });
        let event = json!({ "type": kind, "subject": subject, "data": data });
        calls.lock().expect("not poisoned").clear();
        assert_eq!(world.api("POST", "/api/v1/events", Some(&event)).status, 202);
        until("both calls", || {
            let bodies =
                calls.lock().expect("not poisoned").iter().map(|call: &Call| call.body.clone()).collect::<Vec<_>>();
            let texts: Vec<String> = bodies.into_iter().map(|body| String::from_utf8(body).expect("text")).collect();
            let is_full = |text: &String| text.contains("\"scanner_result_url\": ");
            let wanted = texts.iter().find(|text| is_full(text) == (form == "full")).cloned();
            (texts.len() == 2).then_some(wanted).flatten()
        })
    };
    let public = format!("http://{}", world.listen());

    let basic = call("during_validation", "basic");
    assert!(basic.starts_with(&format!("{{\"download_url\": \"{public}/uploads/file/")), "{basic}");
    assert_eq!(serde_json::from_str::<Value>(&basic).expect("JSON").as_object().expect("an object").len(), 1);
    assert_eq!(
        call("on_source_code_uploaded", "basic"),
        format!(
            "{{\"addon_id\": 85, \"version_id\": 42, \"download_source_url\": \"{public}/downloads/source/42\", \
             \"license_slug\": \"MPL-2.0\", \"activity_log_id\": 2170}}"
        )
    );
    let full = call("on_version_entered_review_queue", "full");
    assert!(full.is_ascii() && full.contains(r#""guid": "@\u00fcber""#), "{full}");
    let full: Value = serde_json::from_str(&full).expect("JSON");
    let (addon, version) = (&full["addon"], &full["version"]);
    assert_eq!(
        (addon.as_object().map(|all| all.len()), version.as_object().map(|all| all.len())),
        (Some(33), Some(11))
    );
    assert_eq!((&addon["id"], &addon["authors"], &addon["slug"]), (&json!(85), &json!([{ "id": 3 }]), &Value::Null));
    assert_eq!(version["file"]["hash"], json!(format!("sha256:{}", file["sha256"].as_str().expect("a digest"))));
    assert_eq!((&version["file"]["size"], &version["file"]["permissions"]), (&json!(8), &json!(["tabs"])));
    assert_eq!(version["download_source_url"], json!(format!("{public}/downloads/source/42")));
    assert_eq!((&full["due_date"], &full["needs_human_review_reasons"]), (&Value::Null, &json!(["a", "b"])));
    assert_eq!(full["event"], "on_version_entered_review_queue");
    let newer = world.upload("addon-2.xpi", b"the newer file").json();
    let listed = json!({ "kind": "version", "collection": "85", "subject": "42", "artifacts": [newer["id"]] });
    assert_eq!(world.api("POST", "/api/v1/subjects", Some(&listed)).status, 200);
    let told: Value = serde_json::from_str(&call("on_version_created", "full")).expect("JSON");
    let hash = format!("sha256:{}", newer["sha256"].as_str().expect("a digest"));
    assert_eq!(told["version"]["file"]["hash"], json!(hash), "what was listed last is what is scanned");
    let refused = world.api("POST", "/api/v1/events", Some(&json!({ "type": "push" })));
    assert_eq!(refused.status, 422, "{refused:?}");
    let created = call("on_version_created", "full");
    let url = format!("\"event\": \"on_version_created\", \"scanner_result_url\": \"{public}/api/v5/scanner/results/");
    assert!(created.contains(&url) && created.ends_with("/\"}"), "the common members come last: {created}");
}
