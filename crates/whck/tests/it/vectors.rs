//! The published rows for the program.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::world::{WHCK, World, code_of, run};

fn file() -> Value {
    serde_json::from_str(include_str!("../../../../spec/vectors/forge.json")).expect("JSON")
}

fn rows(kind: &str) -> Vec<Value> {
    file()[kind].as_array().expect("rows").clone()
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().expect("text").to_owned()).collect()
}

fn files(value: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

fn body(row: &Value) -> Vec<u8> {
    match row["body_file"].as_str() {
        Some("github-push.json") => include_bytes!("../../../../spec/vectors/github-push.json").to_vec(),
        Some("gitea-push.json") => include_bytes!("../../../../spec/vectors/gitea-push.json").to_vec(),
        Some("gitlab-push.json") => include_bytes!("../../../../spec/vectors/gitlab-push.json").to_vec(),
        Some(other) => panic!("an unknown body {other}"),
        None => row["body_text"].as_str().unwrap_or_default().into(),
    }
}

#[test]
fn every_call_ends_with_its_exit_code() {
    let rows = rows("cli");
    for row in &rows {
        let world = World::new();
        let store = world.store("secrets", &files(&row["store"]));
        for (name, content) in files(&row["outside"]) {
            fs::write(store.join(name), content).expect("a file");
        }
        let mut command = world.command();
        command.args(texts(&row["args"])).args(texts(&row["extra_args"]));

        let output = run(&mut command, &body(row));

        let expected = row["expect"]["proposal_exit"].as_i64();
        assert_eq!(Some(code_of(&output).into()), expected, "{}: {}", row["id"], row["title"]);
    }
    assert_eq!(rows.len(), 41);
}

/// All rows but the one that needs a home directory below `/home`: its rule is a unit test of the program.
#[test]
fn every_secrets_directory_is_found_by_its_rule() {
    let rows: Vec<_> = rows("secrets_directory").into_iter().filter(|row| row["id"] != "fd-08").collect();
    for row in &rows {
        let world = World::new();
        let place = |text: &str| match text.strip_prefix('@') {
            Some(name) => world.path(name).into_os_string(),
            None => text.into(),
        };
        for (name, content) in row["stores"].as_object().expect("stores") {
            world.store(name.trim_start_matches('@'), &files(content));
        }
        let program = match row["executable"].as_str() {
            Some(path) => {
                let copy = world.path(path.trim_start_matches('@'));
                // Copied by another process: a descriptor open for writing could leak into the child of another
                // test, and then the copy would not start.
                fs::create_dir_all(copy.parent().expect("a parent")).expect("a directory");
                let copied = Command::new("cp").arg(WHCK).arg(&copy).status();
                assert!(copied.expect("cp runs").success());
                copy
            }
            None => WHCK.into(),
        };
        let mut command = Command::new(program);
        command.env_clear().args(texts(&row["args"]));
        command.envs(files(&row["env"]).iter().map(|(name, value)| (name, place(value))));

        let output = run(&mut command, b"");

        let expected = row["expect"]["proposal_exit"].as_i64();
        assert_eq!(Some(code_of(&output).into()), expected, "{}: {}", row["id"], row["title"]);
    }
    assert_eq!(rows.len(), 10);
}
