//! What the command line does for forges: the secrets of `whck`, and what is imported from elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::world::{World, countersign};

const URL: &str = "https://github.com/alice/site";

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn names(world: &World, path: &str) -> Vec<String> {
    let listed = world.api("GET", path, None).json();
    let data = listed["data"].as_array().expect("a list").clone();
    let mut names: Vec<_> = data.iter().map(|each| each["name"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_secret_is_kept_rotated_listed_and_forgotten() {
    let world = World::new("");
    fs::write(world.folder().join("secret"), "first\n").expect("written");
    let forge = |arguments: &[&str]| {
        let all = [&["forge", "secret"], arguments, &["--directory", "secrets"]].concat();
        let done = countersign(world.folder()).args(all).output().expect("it runs");
        (done.status.code(), said(&done))
    };
    let file = world.folder().join("secrets").join(verify::hex::encode(URL.as_bytes()));

    assert_eq!(forge(&["set", URL, "--secret-file", "secret"]).0, Some(0));
    assert_eq!(fs::read_to_string(&file).expect("kept"), "first");
    let mode = |path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(file.clone()), mode(world.folder().join("secrets"))), (0o600, 0o700));

    assert_eq!(forge(&["rotate", URL]).0, Some(4), "there is no second one");
    let (code, told) = forge(&["set", URL, "--next"]);
    let made = told.lines().find_map(|line| line.strip_prefix("secret: ")).expect("shown once").to_owned();
    assert_eq!((code, made.len()), (Some(0), 64));
    let (_, listed) = forge(&["list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed["data"], json!([{ "repository": URL, "next": true }]));
    assert_eq!(forge(&["rotate", URL]).0, Some(0));
    assert_eq!(fs::read_to_string(&file).expect("kept"), made);

    assert_eq!(forge(&["remove", URL]).0, Some(0));
    assert_eq!(forge(&["remove", URL]).0, Some(4));
    assert_eq!(forge(&["set", "no-url"]).0, Some(2));
}

#[test]
fn the_secrets_of_whck_become_sources_and_what_cannot_be_is_told() {
    let world = World::serving("");
    let folder = world.folder().join("whck");
    fs::create_dir(&folder).expect("made");
    let name = verify::hex::encode(URL.as_bytes());
    fs::write(folder.join(&name), "present-secret\n").expect("written");
    fs::write(folder.join(format!("{name}.next")), "next-secret").expect("written");
    fs::write(folder.join("literal"), "other-secret").expect("written");

    let dry = world.command(&["import", "whck", "whck", "--dry-run"]);
    assert!(dry.status.code() == Some(1) && said(&dry).contains("would make the source github/alice-site"), "{dry:?}");
    assert!(said(&dry).contains("left out of literal") && names(&world, "/api/v1/sources") == ["test"], "{dry:?}");

    let done = world.command(&["import", "whck", "whck"]);
    assert!(said(&done).contains("made the source github/alice-site") && !said(&done).contains("-secret"), "{done:?}");
    assert_eq!(names(&world, "/api/v1/sources"), ["alice-site", "test"]);
    let body = br#"{"zen":"x"}"#;
    let path = "/api/webhooks/incoming/github/alice-site";
    for (secret, status) in [("present-secret", 204), ("next-secret", 204), ("other-secret", 401)] {
        let signature = verify::sign::github(secret, body);
        let headers = [("x-github-event", "push"), ("x-hub-signature-256", signature.as_str())];
        let answer = crate::world::call(world.listen(), "POST", path, &headers, body).expect("an answer");
        assert_eq!(answer.status, status, "{secret}");
    }
}

#[test]
fn hooks_become_sources_and_rules_that_are_not_in_force() {
    let world = World::serving("");
    let signature = json!({ "match": { "type": "payload-hmac-sha256", "secret": "s3cret-of-hook",
        "parameter": { "source": "header", "name": "X-Hub-Signature-256" } } });
    let network = json!({ "match": { "type": "ip-whitelist", "ip-range": "192.0.2.0/24" } });
    let hooks = json!([
        { "id": "deploy", "execute-command": "/srv/deploy.sh", "trigger-rule": { "and": [signature, network] } },
        { "id": "open", "execute-command": "/srv/open.sh" },
    ]);
    fs::write(world.folder().join("hooks.json"), hooks.to_string()).expect("written");

    let dry = world.command(&["import", "webhook", "hooks.json", "--dry-run", "--json"]);
    let told: Value = serde_json::from_str(&said(&dry)).expect("JSON");
    assert_eq!((dry.status.code(), told["made"].as_array().map(Vec::len)), (Some(1), Some(3)));
    assert!(!said(&dry).contains("s3cret") && names(&world, "/api/v1/rules").is_empty(), "{dry:?}");

    let done = world.command(&["import", "webhook", "hooks.json"]);
    assert_eq!(done.status.code(), Some(1), "not everything is carried over: {done:?}");
    for line in
        ["made the source github/deploy", "the condition `ip-whitelist`", "left out of open: source", "[exec.deploy]"]
    {
        assert!(said(&done).contains(line), "{line}: {done:?}");
    }
    assert_eq!(names(&world, "/api/v1/sources"), ["deploy", "test"]);
    assert_eq!(names(&world, "/api/v1/rules"), ["deploy", "open"]);
    let rules = world.api("GET", "/api/v1/rules", None).json();
    assert!(rules["data"].as_array().expect("rules").iter().all(|rule| rule["active"] == false));
    assert_eq!(world.command(&["import", "webhook", "nowhere.json"]).status.code(), Some(2));
}

#[test]
fn a_source_may_have_a_verifier_instead_of_a_secret() {
    let config = r#"
        [[source]]
        id = "site"
        provider = "github"
        verifier = { whck = "/bin/true" }
    "#;
    let world = World::serving(config);
    let body = br#"{"repository":{"html_url":"https://github.com/alice/site"}}"#;
    let signature = format!("sha256={}", "0".repeat(64));
    let headers = [("x-github-event", "push"), ("x-hub-signature-256", signature.as_str())];

    let answer = crate::world::call(world.listen(), "POST", "/api/webhooks/incoming/github/site", &headers, body);

    assert_eq!(answer.expect("an answer").status, 204);
    let events = world.api("GET", "/api/v1/events", None).json();
    assert_eq!(events["data"][0]["provenance"], "external");

    let absent = World::new(&config.replace("/bin/true", "/nowhere/whck"));
    let refused = countersign(absent.folder()).arg("serve").output().expect("it runs");
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
}
