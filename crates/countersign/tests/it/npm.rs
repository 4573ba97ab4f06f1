//! A scanner that was built with the real client library.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, tests};
use crate::world::{World, until};

/// A running scanner, until dropped.
struct Scanner {
    program: Program,
    _folder: TempDir,
}

impl Scanner {
    /// Installs what it needs and starts it with these variables.
    fn start(script: &str, variables: &[(&str, &str)]) -> Self {
        let folder = installed("npm", script);
        let mut node = Command::new("node");
        node.arg(script).current_dir(folder.path()).envs(variables.iter().copied());
        Self { program: Program::start(&mut node), _folder: folder }
    }
}

/// A folder with this script of `tests/`, and what its package needs.
pub fn installed(package: &str, script: &str) -> TempDir {
    let folder = TempDir::with_prefix("countersign-npm-").expect("a folder");
    for name in ["package.json", "package-lock.json", script] {
        std::fs::copy(tests(package).join(name), folder.path().join(name)).expect("copied");
    }
    npm_ci(folder.path());
    folder
}

/// Installs what the package in a folder needs.
pub fn npm_ci(folder: &Path) {
    let install = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .output()
        .expect("npm is there: this test needs Node 20 and npm");
    assert!(install.status.success(), "npm ci: {}", String::from_utf8_lossy(&install.stderr));
}

fn register(world: &World, name: &str, port: u16, secret: &str, event: &str) -> Value {
    register_as(world, "basic", name, port, secret, event)
}

fn register_as(world: &World, form: &str, name: &str, port: u16, secret: &str, event: &str) -> Value {
    let service = json!({
        "name": name,
        "profile": "scanner",
        "payload": form,
        "url": format!("http://127.0.0.1:{port}/"),
        "secret": secret,
        "events": [event],
        "allow_networks": [format!("127.0.0.1/32:{port}")],
    });
    let made = world.api("POST", "/api/v1/services", Some(&service));
    assert_eq!(made.status, 201, "{made:?}");
    made.json()
}

fn event(kind: &str, subject: &str) -> Value {
    json!({ "type": kind, "subject": { "kind": "version", "collection": "85", "subject": subject } })
}

#[test]
fn the_real_library_is_served_and_a_wrong_key_is_never_a_pass() {
    let mut scanner = Scanner::start("scanner.js", &[("SCANNER_KEY", "the right key")]);
    let port = scanner.program.line().parse().expect("a port");
    let world = World::serving("");
    register(&world, "right", port, "the right key", "during_validation");
    register(&world, "wrong", port, "another key", "on_version_created");

    let answered = world.api("POST", "/api/v1/events?wait=30s", Some(&event("during_validation", "1")));
    assert_eq!(answered.status, 200, "{answered:?}");
    let id = answered.json()["id"].as_str().expect("an id").to_owned();
    let seen = world.api("GET", &format!("/api/v1/events/{id}"), None).json();
    assert_eq!(seen["expectations"][0]["results"][0]["content"]["matchedRules"], json!(["MALICIOUS"]), "{seen:#}");
    assert_eq!(seen["verdict"]["verdict"], "clear", "no rule asks for more");

    let sent = world.api("POST", "/api/v1/events", Some(&event("on_version_created", "2"))).json();
    let path = format!("/api/v1/events/{}", sent["id"].as_str().expect("an id"));
    let seen = until("the refused attempt", || {
        let seen = world.api("GET", &path, None).json();
        seen["expectations"][0]["runs"][0]["tries"][0].is_object().then_some(seen)
    });
    let attempt = &seen["expectations"][0]["runs"][0]["tries"][0];
    assert_eq!((&attempt["status"], &attempt["answer"]), (&json!(401), &json!("misconfigured")), "{seen:#}");
    assert_eq!(seen["expectations"][0]["results"], json!([]));
    assert_ne!(seen["verdict"]["verdict"], "clear");
}

#[test]
fn the_documented_example_prints_what_it_is_asked_and_leads_to_clear() {
    // Its own port where it is free, as it is documented.
    let port = match TcpListener::bind("127.0.0.1:20000") {
        Ok(_) => 20_000,
        Err(_) => TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port(),
    };
    let variables = [("NEW_SCANNER_API_KEY", "its key"), ("PORT", &*port.to_string())];
    let mut scanner = Scanner::start("example.js", &variables);
    let mut said = [0; 10];
    scanner.program.child.stderr.as_mut().expect("piped").read_exact(&mut said).expect("it listens");
    let world = World::serving("");
    register(&world, "new-scanner", port, "its key", "during_validation");
    let artifact = upload(&world, "addon.xpi", b"PK");

    let mut sent = event("during_validation", "42");
    sent["artifact"] = artifact["id"].clone();
    let answered = world.api("POST", "/api/v1/events?wait=30s", Some(&sent));

    assert_eq!(answered.json()["verdict"]["verdict"], "clear", "{answered:?}");
    let printed: Vec<String> = (0..3).map(|_| scanner.program.line()).collect();
    assert_eq!(printed[0], "{");
    let url = printed[1].strip_prefix("  download_url: '").and_then(|rest| rest.strip_suffix('\''));
    let url = url.unwrap_or_else(|| panic!("{printed:?}"));
    assert_eq!(printed[2], "}");
    assert!(url.starts_with(&format!("http://{}/uploads/file/", world.listen())) && url.contains("/?access_token="));
}

/// Uploads these bytes as an artifact.
fn upload(world: &World, name: &str, bytes: &[u8]) -> Value {
    let made = world.upload(name, bytes);
    assert_eq!(made.status, 201, "{made:?}");
    made.json()
}

#[test]
fn every_way_of_the_real_library_is_understood() {
    let mut scanner = Scanner::start("modes.js", &[("SCANNER_KEY", "a key")]);
    let ports: Value = serde_json::from_str(&scanner.program.line()).expect("ports");
    let rule = "[[rule]]\nname = \"PUSHED\"\naction = \"flag\"\n";
    let world = World::serving(rule);
    let mut accounts = serde_json::Map::new();
    for (mode, form) in [
        ("sync", "basic"),
        ("skip", "basic"),
        ("flaky", "basic"),
        ("before", "full"),
        ("after", "full"),
        ("stranger", "full"),
        ("files", "full"),
        ("upload", "basic"),
        ("push", "full"),
    ] {
        let port = u16::try_from(ports[mode].as_u64().expect("a port")).expect("a port");
        let kind = match mode {
            "upload" => "during_validation",
            "push" => "push",
            _ => "on_version_created",
        };
        let made = register_as(&world, form, mode, port, "a key", kind);
        let (key, secret) = (&made["credentials"]["jwt_key"], &made["credentials"]["jwt_secret"]);
        assert!(key.is_string() && secret.is_string(), "{made}");
        accounts.insert(mode.to_owned(), json!({ "AMO_JWT_ISS_KEY": key, "AMO_JWT_SECRET": secret }));
        let more = match mode {
            "files" => json!(["Addons:FileDownload", "Sources:Download"]),
            "push" => json!(["Scanners:PushResults"]),
            _ => continue,
        };
        let path = format!("/api/v1/accounts/{}", made["account"].as_str().expect("an account"));
        let changed = world.api("PATCH", &path, Some(&json!({ "permissions": more })));
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    scanner.program.tell(&json!({ "accounts": accounts }));
    let file = upload(&world, "addon.xpi", b"the file");
    let source = upload(&world, "source.tar.gz", b"the source");
    let subject = json!({
        "kind": "version", "collection": "85", "subject": "42",
        "attributes": { "version": "1.0", "channel": "listed", "license": { "slug": "MPL-2.0" } },
        "artifacts": [file["id"], { "id": source["id"], "role": "source" }],
    });
    assert_eq!(world.api("POST", "/api/v1/subjects", Some(&subject)).status, 201);

    let answered = world.api("POST", "/api/v1/events?wait=10s", Some(&event("on_version_created", "42")));

    let path = format!("/api/v1/events/{}", answered.json()["id"].as_str().expect("an id"));
    let seen = world.api("GET", &path, None).json();
    assert_eq!(answered.status, 200, "{seen:#}");
    assert_eq!(answered.json()["verdict"]["verdict"], "clear", "{answered:?}");
    let all = seen["expectations"].as_array().expect("expectations");
    let of = |name: &str| all.iter().find(|each| each["service"] == name).expect("an expectation");
    let matched = |name: &str| of(name)["results"][0]["content"]["matchedRules"].clone();
    assert_eq!(matched("sync"), json!(["SYNC"]));
    assert_eq!(matched("before"), json!(["LATER"]), "what came first by PATCH stands");
    assert_eq!(matched("after"), json!(["LATER"]));
    assert_eq!(matched("flaky"), json!(["TRY 2"]));
    let refused = matched("stranger")[0].as_str().expect("a name").to_owned();
    assert!(refused.contains("Unauthorized"), "{refused}");
    assert_eq!(matched("files"), json!([file["sha256"], source["sha256"]]));
    assert_eq!(of("skip")["coverage"], "not_applicable", "{}", of("skip"));

    let mut sent = event("during_validation", "42");
    sent["artifact"] = file["id"].clone();
    let answered = world.api("POST", "/api/v1/events?wait=60s", Some(&sent));
    let path = format!("/api/v1/events/{}", answered.json()["id"].as_str().expect("an id"));
    let seen = world.api("GET", &path, None).json();
    assert_eq!(seen["expectations"][0]["results"][0]["content"]["matchedRules"], json!([file["sha256"]]), "{seen:#}");

    let results = json!({ "version": "1.0.0", "matchedRules": ["PUSHED"] });
    let url = format!("http://{}/api/v5/scanner/results/", world.listen());
    let push = json!({ "push": { "url": url, "payload": { "version_id": 42, "results": results } } });
    scanner.program.tell(&push);
    scanner.program.told("pushed");
    scanner.program.tell(&push);
    let conflict = scanner.program.told("failed");
    assert!(conflict["failed"].as_str().is_some_and(|why| why.contains("Conflict")), "{conflict}");
}
