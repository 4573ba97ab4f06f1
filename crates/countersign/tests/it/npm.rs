//! A scanner that was built with the real client library.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{World, until};

/// A running scanner, until dropped.
struct Scanner {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Scanner {
    /// Installs what it needs and starts it with this key.
    fn start(key: &str) -> Self {
        let folder = TempDir::with_prefix("countersign-npm-").expect("a folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
        for name in ["package.json", "package-lock.json", "scanner.js"] {
            std::fs::copy(source.join(name), folder.path().join(name)).expect("copied");
        }
        let install = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder.path())
            .output()
            .expect("npm is there: this test needs Node 20 and npm");
        assert!(install.status.success(), "npm ci: {}", String::from_utf8_lossy(&install.stderr));
        let mut child = Command::new("node")
            .arg("scanner.js")
            .current_dir(folder.path())
            .env("SCANNER_KEY", key)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is there");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("read");
        Self { port: line.trim().parse().expect("a port"), child, _folder: folder }
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        // Nothing is left to try.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn register(world: &World, name: &str, port: u16, secret: &str, event: &str) {
    let service = json!({
        "name": name,
        "profile": "scanner",
        "url": format!("http://127.0.0.1:{port}/"),
        "secret": secret,
        "events": [event],
        "allow_networks": [format!("127.0.0.1/32:{port}")],
    });
    let made = world.api("POST", "/api/v1/services", Some(&service));
    assert_eq!(made.status, 201, "{made:?}");
}

fn event(kind: &str, subject: &str) -> Value {
    json!({ "type": kind, "subject": { "kind": "version", "collection": "85", "subject": subject } })
}

#[test]
fn the_real_library_is_served_and_a_wrong_key_is_never_a_pass() {
    let scanner = Scanner::start("the right key");
    let world = World::serving("");
    register(&world, "right", scanner.port, "the right key", "during_validation");
    register(&world, "wrong", scanner.port, "another key", "on_version_created");

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
