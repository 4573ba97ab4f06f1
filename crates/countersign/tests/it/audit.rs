//! The audit, verified through the server and in the file.

use serde_json::{Value, json};

use crate::commands::{done, refused, told};
use crate::world::{World, countersign};

/// Changes something, so that the audit has an entry more.
fn change(world: &World, name: &str) {
    let variable = json!({ "slug": name, "name": name, "value": "a value" });
    assert_eq!(world.api("POST", "/api/v1/variables", Some(&variable)).status, 201);
}

/// Looks at the file while nobody serves.
fn look(world: &World, more: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["audit", "verify", "--file", "data/store.db"], more].concat();
    told(&countersign(world.folder()).args(arguments).output().expect("it runs"))
}

#[test]
fn what_was_tampered_with_is_found_through_the_server_and_in_the_file() {
    let mut world = World::serving("");
    change(&world, "first");
    let root = done(&world, &["audit", "root"]);
    let root = root.trim();
    change(&world, "second");

    assert!(done(&world, &["audit", "list"]).contains("administrator"));
    let whole = done(&world, &["audit", "verify", "--root", root]);
    assert!(whole.starts_with("The audit is whole: ") && whole.contains("the given root is that of entry "), "{whole}");
    assert!(refused(&world, 2, &["audit", "verify", "--root", "abc"]).contains("expected 64 letters of hex"));
    assert!(world.terminate().success());
    assert_eq!(look(&world, &["--root", root]).0, Some(0));

    let store = rusqlite::Connection::open(world.folder().join("data/store.db")).expect("a database");
    store.execute("UPDATE audit SET who = 'eve' WHERE nth = 2", []).expect("tampered");
    drop(store);
    let (code, printed, _) = look(&world, &["--json"]);
    let found: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!((code, &found["sound"], &found["faults"][0]["kind"]), (Some(1), &json!(false), &json!("changed")));
    assert_eq!(found["faults"][0]["entry"], 2);

    world.start();
    let (code, printed, _) = told(&world.command(&["audit", "verify"]));
    assert_eq!(code, Some(1));
    assert!(printed.contains("entry 2 (of eve, at ") && printed.contains("expected the digest "), "{printed}");
}

#[test]
fn what_was_cut_off_at_the_end_is_seen_by_a_root_that_was_kept() {
    let mut world = World::serving("");
    change(&world, "first");
    let root = done(&world, &["audit", "root"]);
    assert!(world.terminate().success());

    let store = rusqlite::Connection::open(world.folder().join("data/store.db")).expect("a database");
    store
        .execute_batch(
            "DELETE FROM audit WHERE nth = (SELECT max(nth) FROM audit);
            DELETE FROM audit_root WHERE nth = (SELECT max(nth) FROM audit_root)",
        )
        .expect("cut off");
    drop(store);

    assert_eq!(look(&world, &[]).0, Some(0), "nothing in the file tells");
    let (code, printed, _) = look(&world, &["--root", root.trim()]);
    assert_eq!(code, Some(1));
    assert!(printed.contains("no entry has the digest "), "{printed}");
}
