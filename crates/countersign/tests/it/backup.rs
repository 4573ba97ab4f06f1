//! Backups: made while events arrive, looked at, and brought back.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::commands::{done, refused, told};
use crate::world::{Reaction, SECRET, World, countersign, peer, push, until};

/// Runs a command in a world's folder without its server.
fn alone(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    told(&countersign(world.folder()).args(arguments).output().expect("it runs"))
}

/// A restored world's data directory: the one before is moved away, and its key is put back by hand.
fn restore(world: &World, backup: &str) {
    let data = world.folder().join("data");
    std::fs::rename(&data, world.folder().join("before")).expect("moved away");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::copy(world.folder().join("before/key"), data.join("key")).expect("the key");
    let (code, printed, said) = alone(world, &["restore", backup, "--key-file", "data/key"]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{printed}");
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A service that hears of pushes.
fn subscribe(world: &World, address: std::net::SocketAddr) {
    let network = format!("{}/32:{}", address.ip(), address.port());
    let spec = json!({
        "name": "hears", "profile": "standard", "url": format!("http://{address}/"), "events": ["github.push"],
        "allow_networks": [network],
    });
    let answer = world.api("POST", "/api/v1/services", Some(&spec));
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[test]
fn what_was_acknowledged_before_a_backup_began_is_there_after_its_restore_and_still_owed() {
    const SENDERS: usize = 3;
    let mut world = World::serving("");
    let answers = Arc::new(AtomicBool::new(false));
    let answering = answers.clone();
    let service = peer(move |_| match answering.load(Ordering::Acquire) {
        true => Reaction::Json("{}"),
        false => Reaction::Silence,
    });
    subscribe(&world, service);
    let uploaded = world.upload("a.txt", b"the bytes of an upload").json();
    let (to, stop) = (world.listen(), Arc::new(AtomicBool::new(false)));
    let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
    let lock = |all: &Mutex<BTreeMap<String, String>>| all.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (acknowledged, stop) = (acknowledged.clone(), stop.clone());
            std::thread::spawn(move || {
                for count in 0.. {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    let name = format!("{sender}-{count}");
                    let body = format!(r#"{{"after":"{name}","repository":{{"full_name":"a/b"}}}}"#);
                    let answer = push(to, &name, body.as_bytes(), SECRET).expect("an answer");
                    assert_eq!(answer.status, 204, "{}", answer.body);
                    let event = answer.headers["countersign-event"].clone();
                    acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(name, event);
                }
            })
        })
        .collect();
    until("acknowledgements", || (lock(&acknowledged).len() >= 30).then_some(()));
    let before = lock(&acknowledged);

    let made: Value = serde_json::from_str(&done(&world, &["backup", "kept", "--json"])).expect("JSON");

    until("more of them", || (lock(&acknowledged).len() > before.len()).then_some(()));
    stop.store(true, Ordering::Release);
    for sender in senders {
        sender.join().expect("a sender");
    }
    assert_eq!(made["files"], 3, "the store, a blob, and what is kept about licenses");
    world.kill();
    restore(&world, "kept");
    world.start();
    answers.store(true, Ordering::Release);

    for (name, event) in &before {
        let shown = world.api("GET", &format!("/api/v1/events/{event}"), None);
        assert_eq!(shown.status, 200, "{name} was acknowledged before the backup began");
        assert!(shown.body.contains("\"hears\""), "{name} is owed to the service: {}", shown.body);
    }
    let waiting = |event: &String| {
        let shown = world.api("GET", &format!("/api/v1/events/{event}"), None).json();
        shown["expectations"][0]["state"].as_str().unwrap_or("open") == "open"
    };
    until("answers to all", || (!before.values().any(waiting)).then_some(()));
    let id = uploaded["id"].as_str().expect("an id");
    assert_eq!(world.api("GET", &format!("/api/v1/artifacts/{id}"), None).json()["sha256"], uploaded["sha256"]);
    assert_eq!(alone(&world, &["audit", "verify", "--file", "data/store.db"]).0, Some(0));
}

#[test]
fn a_backup_holds_no_key_and_no_token_and_is_its_owners_alone() {
    let mut world = World::serving("");
    world.upload("a.txt", b"some bytes");
    let key = std::fs::read(world.folder().join("data/key")).expect("a key");
    let token = world.token();
    // The log of a process that was killed belongs to the store.
    world.kill();
    let (code, printed, said) = alone(&world, &["backup", "kept"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(printed.starts_with("backed up 3 files, ") && said.contains("the key is not in it"), "{printed}{said}");

    let kept = files(&world.folder().join("kept"));
    assert_eq!(kept.len(), 4);
    for path in kept {
        let bytes = std::fs::read(&path).expect("a file");
        assert!(!bytes.windows(key.len()).any(|window| window == key), "{}", path.display());
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{}", path.display());
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o077, 0, "{}", path.display());
    }
    let (code, printed, _) = alone(&world, &["restore", "kept", "--verify", "--key-file", "data/key"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("the key opens all of its "), "{printed}");
    std::fs::write(world.folder().join("other"), [7; 32]).expect("another key");
    std::fs::set_permissions(world.folder().join("other"), std::fs::Permissions::from_mode(0o600)).expect("narrow");
    let (code, printed, _) = alone(&world, &["restore", "kept", "--verify", "--key-file", "other"]);
    assert_eq!(code, Some(1));
    assert!(printed.contains("the key opens 0 of "), "{printed}");
}

#[test]
fn a_backup_is_never_overwritten_and_one_that_broke_off_is_known_by_its_name() {
    let world = World::serving("");
    done_with_remark(&world, &["backup", "kept"]);
    assert!(refused(&world, 6, &["backup", "kept"]).contains("none is ever overwritten"));

    let partial = world.folder().join("other.partial");
    std::fs::create_dir(&partial).expect("as if it broke off");
    assert!(refused(&world, 6, &["backup", "other"]).contains("broke off"));
    assert!(refused(&world, 4, &["restore", "other.partial", "--verify"]).contains("is not whole"));
    std::fs::remove_dir(&partial).expect("removed");

    let blob = world.upload("a.txt", b"some bytes").json()["sha256"].as_str().expect("a digest").to_owned();
    let path = world.folder().join("data/blobs").join(&blob[..2]).join(&blob[2..]);
    std::fs::write(&path, b"other bytes").expect("changed");
    assert!(refused(&world, 9, &["backup", "other"]).contains("has changed on the disk"));
    std::fs::remove_file(&path).expect("gone");
    assert!(refused(&world, 9, &["backup", "other"]).contains(&format!("names the blob {blob}, which is not there")));
    assert!(!partial.exists() && !world.folder().join("other").exists(), "what failed leaves nothing");
}

/// Runs a command that does what it is asked and remarks something.
#[track_caller]
fn done_with_remark(world: &World, arguments: &[&str]) {
    let (code, printed, said) = told(&world.command(arguments));
    assert_eq!(code, Some(0), "{printed}{said}");
}

#[test]
fn a_changed_byte_in_a_backup_is_found_and_nothing_of_it_restored() {
    let mut world = World::serving("");
    world.upload("a.txt", b"some bytes");
    done_with_remark(&world, &["backup", "kept"]);
    assert!(world.terminate().success());
    let kept = files(&world.folder().join("kept"));

    for path in kept.iter().filter(|path| !path.ends_with("manifest.json")) {
        let whole = std::fs::read(path).expect("a file");
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(path, &changed).expect("changed");
        let (code, printed, _) = alone(&world, &["restore", "kept", "--verify"]);
        assert_eq!(code, Some(1));
        assert!(printed.contains("expected the SHA-256 "), "{}: {printed}", path.display());
        let (code, _, _) = alone(&world, &["restore", "kept", "--data-dir", "fresh"]);
        assert_eq!((code, world.folder().join("fresh").exists()), (Some(1), false));

        std::fs::write(path, &whole[1..]).expect("cut");
        let (_, printed, _) = alone(&world, &["restore", "kept", "--verify"]);
        assert!(printed.contains(" bytes, found "), "{printed}");
        std::fs::remove_file(path).expect("gone");
        let (code, printed, _) = alone(&world, &["restore", "kept", "--verify", "--json"]);
        let found: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!((code, &found["sound"]), (Some(1), &json!(false)));
        std::fs::write(path, &whole).expect("as it was");
    }
    let manifest = world.folder().join("kept/manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    std::fs::write(&manifest, text.replace("\"store.db\"", "\"../store.db\"")).expect("changed");
    let (code, _, said) = alone(&world, &["restore", "kept", "--data-dir", "fresh"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("is no file of a backup"), "{said}");
    std::fs::write(&manifest, text).expect("as it was");
    assert_eq!(alone(&world, &["restore", "kept", "--verify"]).0, Some(0));
}

#[test]
fn a_restore_takes_an_empty_directory_that_nobody_works_in() {
    let mut world = World::serving("");
    done_with_remark(&world, &["backup", "kept"]);
    assert!(refused(&world, 6, &["restore", "kept"]).contains("another countersign works in"));
    assert!(world.terminate().success());
    let (code, _, said) = alone(&world, &["restore", "kept"]);
    assert_eq!(code, Some(6));
    assert!(said.contains("to be empty but for its key"), "{said}");

    let half = world.folder().join("half");
    std::fs::create_dir(&half).expect("a folder");
    std::fs::write(half.join("store.db.restoring"), b"").expect("as if it broke off");
    let (code, _, said) = alone(&world, &["serve", "--data-dir", "half"]);
    assert_eq!(code, Some(6));
    assert!(said.contains("a restore into the data directory half broke off"), "{said}");

    let (code, printed, said) = alone(&world, &["restore", "kept", "--data-dir", "fresh"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        printed.contains("restored into fresh") && said.contains("put the installation's key to fresh/key"),
        "{said}"
    );
    let (code, _, said) = alone(&world, &["serve", "--data-dir", "fresh"]);
    assert_eq!(code, Some(3));
    assert!(said.contains("the key file fresh/key is not there"), "{said}");
}

#[test]
fn a_store_with_a_damaged_page_is_refused_at_the_start_and_the_backup_brought_back() {
    let mut world = World::serving("");
    done_with_remark(&world, &["backup", "kept"]);
    assert!(world.terminate().success());
    let store = world.folder().join("data/store.db");
    let mut bytes = std::fs::read(&store).expect("a store");
    bytes[4096..].fill(0xa5);
    std::fs::write(&store, bytes).expect("damaged");

    let (code, _, said) = alone(&world, &["serve"]);
    assert_eq!(code, Some(3));
    assert!(said.contains("the store is damaged") && said.contains("countersign restore"), "{said}");
    let (code, _, said) = alone(&world, &["backup", "another"]);
    assert_ne!(code, Some(0), "{said}");

    restore(&world, "kept");
    world.start();
    assert!(done(&world, &["audit", "verify"]).starts_with("The audit is whole"));
}
