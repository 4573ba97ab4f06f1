//! Runs on demand, batches and imported workers, from the command line to the worker.

use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::world::{Call, Reaction, World, peer, root};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_batch_asks_a_worker_about_every_subject_and_a_run_about_one() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let worker = peer(move |_: Call| {
        counted.fetch_add(1, Ordering::Relaxed);
        Reaction::Json(r#"{"action": "processed", "content": "seen"}"#)
    });
    let world = World::serving("");
    for id in ["a", "b", "c"] {
        let subject = json!({"kind": "evidence", "collection": "test-op", "subject": id});
        let sent = world.api("POST", "/api/v1/events", Some(&json!({"type": "evidence_created", "subject": subject})));
        assert_eq!(sent.status, 202, "{sent:?}");
    }
    let spec = json!({"name": "render", "profile": "worker", "url": format!("http://{worker}/"),
        "events": ["evidence_created"], "allow_networks": [format!("127.0.0.0/8:{}", worker.port())]});
    assert_eq!(world.api("POST", "/api/v1/services", Some(&spec)).status, 201);

    let watched = world.command(&["batch", "start", "test-op", "--kind", "evidence", "--watch"]);

    assert_eq!(watched.status.code(), Some(0), "{watched:?}");
    let lines = said(&watched);
    assert!(lines.contains("render  3/3, 0 open, 0 failed\nthe batch is completed\n"), "{lines}");
    assert!(!lines.contains('\u{1b}') && !lines.contains('#'), "no bar where there is no terminal: {lines}");
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    let listed = world.command(&["batch", "list", "--json"]);
    let listed: Value = serde_json::from_str(&said(&listed)).expect("JSON");
    assert_eq!(listed["data"][0]["services"][0]["done"], 3);
    let id = listed["data"][0]["id"].as_str().expect("an id");
    assert_eq!(world.command(&["batch", "pause", id]).status.code(), Some(6), "it has ended");
    assert_eq!(world.command(&["batch", "show", id]).status.code(), Some(0));

    let run = world.command(&["run", "start", "evidence/test-op/b", "--service", "render"]);
    assert!(run.status.success() && said(&run).contains("render"), "{run:?}");
    let unknown = world.command(&["run", "start", "evidence/test-op/b", "--service", "nobody"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nobody"), "{unknown:?}");
}

#[test]
fn workers_of_an_ashirt_server_are_registered_and_what_cannot_be_is_told() {
    let world = World::serving("");
    let folder = world.folder().join("workers");
    std::fs::create_dir(&folder).expect("made");
    let web = json!({"type": "web", "version": 1, "url": "https://worker.example/process"});
    let aws = json!({"type": "aws", "version": 1, "lambdaName": "f"});
    let list = json!([{"name": "Demo", "config": web.to_string()}, {"name": "Old", "config": aws.to_string()}]);
    std::fs::write(folder.join("list.json"), list.to_string()).expect("written");
    std::fs::write(folder.join("alone.json"), web.to_string()).expect("written");
    std::fs::write(folder.join("read.me"), "not JSON").expect("written");
    let names = |world: &World| {
        let listed = world.api("GET", "/api/v1/services", None).json();
        let data = listed["data"].as_array().expect("services").clone();
        data.iter().map(|each| each["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };

    let dry = world.command(&["import", "ashirt", "workers", "--dry-run"]);
    assert_eq!(dry.status.code(), Some(1), "one cannot be carried over: {dry:?}");
    assert!(said(&dry).contains("would register Demo") && said(&dry).contains("function URL"), "{dry:?}");
    assert!(names(&world).is_empty());

    let done = world.command(&["import", "ashirt", "workers"]);
    assert!(said(&done).contains("registered alone at https://worker.example/process"), "{done:?}");
    let mut registered = names(&world);
    registered.sort();
    assert_eq!(registered, ["Demo", "alone"]);
    let again = world.command(&["import", "ashirt", "workers/alone.json"]);
    assert!(again.status.code() == Some(1) && said(&again).contains("left out alone"), "{again:?}");
    assert_eq!(world.command(&["import", "ashirt", "nowhere"]).status.code(), Some(2));
}

#[test]
fn the_commands_of_the_page_on_operating_do_what_it_says() {
    // While somebody holds this, the worker answers nothing.
    let open = Arc::new(Mutex::new(()));
    let door = open.clone();
    let worker = peer(move |call: Call| {
        assert_eq!(call.headers["x-api-key"], "hunter2", "what was imported is sent");
        if call.body == br#"{"type":"test"}"# {
            return Reaction::Json(r#"{"status": "ok"}"#);
        }
        drop(door.lock().expect("not poisoned"));
        Reaction::Json(r#"{"action": "processed", "content": "seen"}"#)
    });
    let world = World::serving("");
    let subject = json!({"kind": "evidence", "collection": "test-op", "subject": "3f8b2c1e"});
    let sent = world.api("POST", "/api/v1/events", Some(&json!({"type": "evidence_created", "subject": subject})));
    assert_eq!(sent.status, 202, "{sent:?}");
    let headers = json!({"X-Api-Key": "hunter2"});
    let config = json!({"type": "web", "version": 1, "url": format!("http://{worker}/process"), "headers": headers});
    let workers = world.folder().join("workers");
    std::fs::create_dir(&workers).expect("made");
    std::fs::write(workers.join("Demo.json"), config.to_string()).expect("written");

    let mut batch = String::new();
    let mut held = None;
    for line in commands("docs/operate.md", "import ashirt") {
        let line = line.replace("BATCH", &batch).replace("10.0.0.0/8", "127.0.0.0/8");
        let arguments: Vec<&str> = line.split_whitespace().collect();
        match arguments[..2] {
            ["batch", "start"] => held = Some(open.lock().expect("not poisoned")),
            ["batch", "watch"] => held = None,
            _ => {}
        }
        let output = world.command(&arguments);
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
        assert!(!said(&output).contains("hunter2"), "{output:?}");
        let started = said(&output).split_whitespace().find(|word| word.starts_with("bat_")).map(str::to_owned);
        batch = started.unwrap_or(batch);
    }
    drop(held);

    assert!(said(&world.command(&["batch", "show", &batch])).contains("aborted"));
    assert!(!world.api("GET", "/api/v1/services/Demo", None).body.contains("hunter2"));
}

/// The commands of a page's block that has these words, without what it remarks.
fn commands(page: &str, words: &str) -> Vec<String> {
    let page = std::fs::read_to_string(root().join(page)).expect("the page");
    let block = page.split("```").find(|block| block.contains(words)).expect("the block");
    let command = |line: &str| Some(line.strip_prefix("countersign ")?.split(" #").next()?.trim().to_owned());
    block.lines().filter_map(command).collect()
}
