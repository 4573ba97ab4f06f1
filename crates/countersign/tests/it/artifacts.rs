//! Large files: up, stored once, and down again, without ever being held.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Answer, Call, Reaction, World, call, peer, read_answer, until};

const GIBIBYTE: u64 = 1 << 30;
const RESIDENT_KIB_MAX: u64 = 100 * 1024;

/// Bytes that repeat nowhere near each other.
fn piece(nth: u64) -> Vec<u8> {
    let mut state = nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..1 << 17).flat_map(|_| next()).collect()
}

/// Sends so many bytes of a promised gibibyte as an artifact, and reads the answer if all were sent.
fn send(world: &World, bytes: u64) -> Option<Answer> {
    let mut stream = TcpStream::connect(world.admin()).expect("connected");
    let head = format!(
        "POST /api/v1/artifacts?filename=large.bin HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer {}\r\ncontent-length: {GIBIBYTE}\r\n\r\n",
        world.token()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let mut nth = 0;
    while nth << 20 < bytes {
        stream.write_all(&piece(nth)).expect("sent");
        nth += 1;
    }
    (bytes == GIBIBYTE).then(|| read_answer(BufReader::new(stream)).expect("an answer"))
}

/// The size and digest of what stands at this path.
fn fetched(from: SocketAddr, path: &str) -> (u64, String) {
    let mut stream = TcpStream::connect(from).expect("connected");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {from}\r\nconnection: close\r\n\r\n").expect("sent");
    let mut reader = BufReader::with_capacity(1 << 20, stream);
    let (first, _) = crate::world::read_head(&mut reader).expect("a head");
    assert!(first.contains(" 200 "), "{first}");
    let (mut size, mut digest, mut part) = (0, Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = reader.read(&mut part).expect("read");
        if read == 0 {
            return (size, verify::hex::encode(&digest.finalize()));
        }
        digest.update(&part[..read]);
        size += read as u64;
    }
}

/// The files below the folder of blobs.
fn blobs(world: &World) -> Vec<u64> {
    let mut folders = vec![world.folder().join("data/blobs")];
    let mut sizes = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.metadata() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(file) => sizes.push(file.len()),
                Err(_) => {}
            }
        }
    }
    sizes
}

#[test]
fn a_gibibyte_goes_up_and_down_in_little_memory_and_is_stored_once() {
    let fetching = Arc::new(Mutex::new(None));
    let told = fetching.clone();
    let scanner = peer(move |call: Call| {
        let body: Value = serde_json::from_slice(&call.body).expect("JSON");
        let url = body["download_url"].as_str().expect("an address").strip_prefix("http://").expect("plain");
        let (host, path) = url.split_once('/').expect("a path");
        let found = fetched(host.parse().expect("an address"), &format!("/{path}"));
        *told.lock().expect("not poisoned") = Some(found);
        Reaction::Json(r#"{"version": "1"}"#)
    });
    let port = scanner.port();
    let world = World::serving(&format!(
        "[[service]]\nname = \"scan\"\nprofile = \"scanner\"\nurl = \"http://127.0.0.1:{port}/\"\nsecret = \"key\"\n\
         events = [\"during_validation\"]\nallow_networks = [\"127.0.0.1/32:{port}\"]\n"
    ));

    let first = send(&world, GIBIBYTE).expect("an answer").json();
    let second = send(&world, GIBIBYTE).expect("an answer").json();

    assert_ne!(first["id"], second["id"], "two uploads");
    assert_eq!(first["sha256"], second["sha256"]);
    assert_eq!(blobs(&world), [GIBIBYTE], "of one file");
    let event = json!({ "type": "during_validation", "artifact": first["id"] });
    let answered = world.api("POST", "/api/v1/events?wait=60s", Some(&event));
    assert_eq!(answered.status, 200, "{answered:?}");
    let found = fetching.lock().expect("not poisoned").take().expect("fetched");
    assert_eq!(found, (GIBIBYTE, first["sha256"].as_str().expect("a digest").to_owned()));
    let peak = world.peak_resident_kib();
    assert!(peak < RESIDENT_KIB_MAX, "{peak} KiB");
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let world = World::serving("");

    assert!(send(&world, 64 << 20).is_none());

    until("nothing is left", || blobs(&world).is_empty().then_some(()));
    assert_eq!(world.api("GET", "/api/v1/artifacts", None).json()["data"], json!([]));
}

#[test]
fn a_file_is_fetched_by_its_token_alone_and_only_its_own() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = calls.clone();
    let scanner = peer(move |call: Call| {
        let body: Value = serde_json::from_slice(&call.body).expect("JSON");
        let url = body["download_url"].as_str().expect("an address").to_owned();
        seen.lock().expect("not poisoned").push(url);
        Reaction::Silence
    });
    let port = scanner.port();
    let world = World::serving(&format!(
        "[[service]]\nname = \"scan\"\nprofile = \"scanner\"\nurl = \"http://127.0.0.1:{port}/\"\nsecret = \"key\"\n\
         events = [\"during_validation\"]\nallow_networks = [\"127.0.0.1/32:{port}\"]\n"
    ));
    for bytes in ["first file", "second file"] {
        let artifact = world.upload("a.xpi", bytes.as_bytes()).json();
        let event = json!({ "type": "during_validation", "artifact": artifact["id"] });
        assert_eq!(world.api("POST", "/api/v1/events", Some(&event)).status, 202);
    }
    let urls = until("both calls", || {
        let urls = calls.lock().expect("not poisoned").clone();
        (urls.len() == 2).then_some(urls)
    });
    let start = format!("http://{}", world.listen());
    let paths: Vec<&str> = urls.iter().map(|url| url.strip_prefix(start.as_str()).expect("ours")).collect();
    let get =
        |path: &str, headers: &[(&str, &str)]| call(world.listen(), "GET", path, headers, b"").expect("an answer");
    let (place, token) = paths[0].split_once("?access_token=").expect("a token");
    let (_, other) = paths[1].split_once("?access_token=").expect("a token");

    let whole = get(paths[0], &[]);
    assert_eq!((whole.status, whole.headers["content-type"].as_str()), (200, "application/octet-stream"));
    assert!(["first file", "second file"].contains(&whole.body.as_str()));
    let part = get(paths[0], &[("range", "bytes=0-3")]);
    assert_eq!((part.status, part.body.len(), part.headers.contains_key("content-range")), (206, 4, true));
    assert_eq!(get(place, &[]).status, 403, "no token");
    assert_eq!(get(&format!("{place}?access_token={other}"), &[]).status, 403, "another file's token");
    assert_eq!(get(&format!("{place}?access_token={}0", &token[1..]), &[]).status, 403);
    let unknown = format!("/uploads/file/{}/?access_token={token}", "0".repeat(32));
    assert_eq!(get(&unknown, &[]).status, 404);
    assert_eq!(get("/downloads/source/42", &[]).status, 404, "without an account nothing is there");

    std::fs::remove_dir_all(world.folder().join("data/blobs")).expect("removed");
    let gone = get(paths[0], &[]);
    assert_eq!((gone.status, gone.body.as_str()), (410, "upload path does not exist anymore"));
}
