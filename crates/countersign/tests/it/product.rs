//! One push through the whole product.

use std::sync::mpsc;

use serde_json::json;

use crate::world::{Call, Reaction, SECRET, World, countersign, peer, until};

const PUSH: &[u8] = include_bytes!("../../../verify/vectors/forge/github-push.json");

/// The kind, the collection and the id of what was pushed.
const COMMIT: [&str; 3] = ["commit", "Codertocat/Hello-World", "6113728f27ae82c7b1a177c8d03f9e96e0adf246"];

fn world(port: u16) -> World {
    World::serving(&format!(
        r#"
[[service]]
name = "malware-scan"
profile = "scanner"
url = "http://127.0.0.1:{port}/"
secret = "scanner key"
events = ["github.push"]
allow_networks = ["127.0.0.1/32:{port}"]
[[rule]]
name = "MALICIOUS"
service = "malware-scan"
action = {{ hold = "24h" }}
"#
    ))
}

#[test]
fn a_signed_push_is_delivered_and_held_and_a_forged_one_is_refused() {
    let (heard, calls) = mpsc::channel::<Call>();
    let scanner = peer(move |call| {
        heard.send(call).expect("someone listens");
        Reaction::Json(r#"{"version":"1.0.0","matchedRules":["MALICIOUS"]}"#)
    });
    let mut world = world(scanner.port());

    let accepted = world.push("delivery-1", PUSH, SECRET).expect("an answer");
    assert_eq!(accepted.status, 204, "{accepted:?}");
    assert!(accepted.headers["countersign-receipt"].starts_with("rcp_"));
    let call = calls.recv().expect("a call");
    let authorization = call.headers.get("authorization").map(String::as_str);
    assert_eq!(verify::sign::scanner_authorization(authorization, "scanner key", &call.body), Ok(()));

    let verdict = world.command(&[&["verdict", "--wait", "30s", "--json"][..], &COMMIT].concat());
    assert_eq!(verdict.status.code(), Some(1), "{verdict:?}");
    assert!(String::from_utf8_lossy(&verdict.stdout).contains("\"verdict\": \"held\""));

    let forged = world.push("delivery-2", PUSH, "another secret").expect("an answer");
    assert_eq!(forged.status, 401);
    assert_eq!(forged.json()["type"], "urn:countersign:problem:signature-mismatch");
    let signature = verify::sign::github(SECRET, PUSH);
    assert!(!forged.body.contains(&signature["sha256=".len()..]), "the expected signature was told");

    let repeated = world.push("delivery-1", PUSH, SECRET).expect("an answer");
    assert_eq!(
        (repeated.status, &repeated.headers["countersign-receipt"]),
        (204, &accepted.headers["countersign-receipt"])
    );

    let counted = crate::world::call(world.admin(), "GET", "/metrics", &[], b"").expect("an answer").body;
    let labels = r#"service="malware-scan",event="github.push",outcome="success""#;
    assert!(counted.contains(&format!("countersign_service_calls_total{{{labels}}} 1")), "{counted}");

    let listed = world.command(&["event", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("github.push"), "{listed:?}");
    assert_eq!(world.command(&["event", "show", "evt_00000000000000000000000000"]).status.code(), Some(4));
    assert_eq!(world.terminate().code(), Some(0), "{}", world.log());
}

#[test]
fn a_data_directory_has_one_process() {
    let world = World::serving("");
    let second = countersign(world.folder()).arg("serve").output().expect("it runs");
    assert_eq!(second.status.code(), Some(6), "{second:?}");
    assert!(String::from_utf8_lossy(&second.stderr).contains("another countersign works in the data directory"));
}

#[test]
fn what_is_secret_is_its_owners_alone_and_a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::serving("");
    let mode = |name: &str| {
        let there = std::fs::metadata(world.folder().join("data").join(name)).expect("there");
        there.permissions().mode() & 0o777
    };
    for name in ["key", "admin-token", "store.db", "store.db-wal"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    world.terminate();
    let key = world.folder().join("data/key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("wider");
    let refused = countersign(world.folder()).arg("serve").output().expect("it runs");
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("chmod 600"), "{refused:?}");
}

#[test]
fn what_the_file_no_longer_names_is_switched_off_and_what_it_names_again_is_switched_on() {
    let mut world = world(9);
    let file = world.folder().join("countersign.toml");
    let whole = std::fs::read_to_string(&file).expect("a file");
    let active = |world: &World| {
        let of = |noun: &str| world.api("GET", &format!("/api/v1/{noun}"), None).json()["data"][0]["active"].clone();
        (of("sources"), of("services"), of("rules"))
    };
    assert_eq!(active(&world), (json!(true), json!(true), json!(true)));

    let bare = whole.split("[[source]]").next().expect("a beginning");
    std::fs::write(&file, bare).expect("written");
    world.terminate();
    world.start();
    assert_eq!(active(&world), (json!(false), json!(false), json!(false)));

    std::fs::write(&file, &whole).expect("written");
    world.terminate();
    world.start();
    assert_eq!(active(&world), (json!(true), json!(true), json!(true)));

    let changes = world.api("GET", "/api/v1/audit", None).json();
    world.terminate();
    world.start();
    assert_eq!(world.api("GET", "/api/v1/audit", None).json(), changes, "a start that changes nothing writes nothing");
}

#[test]
fn the_administrators_token_is_made_again_when_it_is_lost() {
    let mut world = World::serving("");
    let token = world.folder().join("data/admin-token");
    std::fs::remove_file(&token).expect("removed");
    world.terminate();
    world.start();
    assert_eq!(world.api("GET", "/api/v1/events", None).status, 200);
}

#[test]
fn the_server_is_ready_and_describes_itself() {
    let world = World::serving("");
    let ready = crate::world::call(world.listen(), "GET", "/readyz", &[], b"").expect("an answer");
    assert_eq!(ready.status, 200);
    let document = world.command(&["openapi"]);
    assert!(String::from_utf8_lossy(&document.stdout).contains("\"openapi\": \"3.1"), "{document:?}");
    let none = until("the list of events", || Some(world.command(&["event", "list", "--json"])));
    assert_eq!(none.status.code(), Some(0));
}
