//! A service that runs only with a license, through restarts.

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use license::{Algorithm, Categories, Draft, Kind, Names, PrivateKey};
use serde_json::{Value, json};

use crate::world::{Call, Reaction, SECRET, World, countersign, peer};

const PUSH: &[u8] = include_bytes!("../../../verify/vectors/forge/github-push.json");
const DAY: Duration = Duration::from_secs(86_400);

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::EdDsa, "test", &[7; 32]).expect("a key")
}

/// A token that began a hundred days ago and ends at `expires`, since 1970.
fn token(kind: Kind, audience: &str, expires: Option<Duration>) -> String {
    let draft = Draft {
        kind,
        audience: audience.to_owned(),
        categories: Categories::M,
        not_before: Some(today() - 100 * DAY),
        expires,
        lease: None,
        id: kind.to_string(),
        issued_at: today() - 100 * DAY,
        long: false,
        algorithm_by_new_name: false,
    };
    draft.issue(&key(), &Names::default()).expect("a token")
}

fn today() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock")
}

/// A world whose one scanner carries a token.
fn world(port: u16) -> World {
    let world = World::new(&format!(
        r#"
[license]
token_file = "license.jwt"
key_file = "keys.json"
[[service]]
name = "malware-scan"
profile = "scanner"
url = "http://127.0.0.1:{port}/"
secret = "scanner key"
events = ["github.push"]
allow_networks = ["127.0.0.1/32:{port}"]
plugin_token = {{ file = "scan.jwt" }}
"#
    ));
    let write = |name: &str, text: &str| std::fs::write(world.folder().join(name), text).expect("written");
    write("keys.json", &key().public_jwk().expect("a public half"));
    write("scan.jwt", &token(Kind::Plugin, "malware-scan", None));
    world
}

fn install(world: &World, license: &str) {
    std::fs::write(world.folder().join("license.jwt"), format!("{license}\n")).expect("written");
}

fn service(world: &World) -> Value {
    world.api("GET", "/api/v1/services/malware-scan", None).json()
}

#[test]
fn what_was_accepted_under_an_ended_license_is_delivered_under_the_next() {
    let (heard, calls) = mpsc::channel::<Call>();
    let scanner = peer(move |call| {
        heard.send(call).expect("someone listens");
        Reaction::Json(r#"{"version":"1.0.0","matchedRules":[]}"#)
    });
    let mut world = world(scanner.port());
    install(&world, &token(Kind::User, "customer", Some(today() - DAY)));
    world.start();

    let accepted = world.push("delivery-1", PUSH, SECRET).expect("an answer");
    assert_eq!(accepted.status, 204, "{accepted:?}");
    let shown = service(&world);
    assert_eq!((&shown["gate"]["state"], &shown["license"]["code"]), (&json!("license"), &json!("EXPIRED")));
    let gate = String::from_utf8(world.command(&["gate", "show"]).stdout).expect("text");
    assert!(gate.contains("malware-scan is not called: the license ended on"), "{gate}");
    let status = world.command(&["license", "status"]);
    let said = String::from_utf8_lossy(&status.stdout);
    assert_eq!(status.status.code(), Some(1), "{status:?}");
    assert!(said.contains("One service may not run.") && said.contains("EXPIRED"), "{said}");
    assert_eq!(world.command(&["service", "resume", "malware-scan"]).status.code(), Some(6));
    assert_eq!(world.terminate().code(), Some(0), "{}", world.log());
    let log = world.log();
    assert!(log.contains("the license shut a gate") && log.contains("EXPIRED") && !log.contains("eyJ"), "{log}");
    assert!(calls.try_recv().is_err(), "it was not called");

    install(&world, &token(Kind::User, "customer", Some(today() + 7 * DAY)));
    world.start();
    let call = calls.recv().expect("a call");
    assert_eq!(call.headers.get("countersign-attempt").map(String::as_str), Some("1"));
    assert_eq!(service(&world)["gate"]["state"], "open");
    let shown = world.api("GET", "/api/v1/license", None).json();
    assert_eq!(world.command(&["license", "status"]).status.code(), Some(0));
    assert_eq!((&shown["license"]["state"], &shown["warnings"][0]["days"]), (&json!("valid"), &json!(7)));
    assert_eq!(world.terminate().code(), Some(0), "{}", world.log());
    assert!(world.log().contains("Renew it, or what is owed to malware-scan waits"), "{}", world.log());
}

#[test]
fn a_section_that_cannot_be_is_told_before_anything_starts() {
    for (section, told) in [
        ("leeway = \"301s\"", "at most \"300s\""),
        ("require_token = [\"*x\"]", "found \"*x\""),
        ("keys = \"k\"", "known here: token_file, key_file"),
        ("key_file = \"missing.json\"", "missing.json"),
    ] {
        let world = World::new(&format!("[license]\n{section}\n"));
        let ended = countersign(world.folder()).arg("serve").output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(3), "{section}: {said}");
        assert!(said.contains(told), "{section}: {said}");
    }
}
