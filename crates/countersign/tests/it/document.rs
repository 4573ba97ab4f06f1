//! The own API held against its own document, by a program that knows nothing but the document: Schemathesis makes
//! requests of every kind, valid and not, and no answer is a failure of ours or one that the document does not have.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::commands::{done, report, scanner};
use crate::program::python_with;
use crate::world::{Reaction, World, peer, push, until};

/// How many requests are made up for each operation, beside those that try each limit of its document. This says another
/// number for a longer look.
const EXAMPLES: (&str, &str) = ("COUNTERSIGN_API_EXAMPLES", "3");

/// What is looked at. That a request is refused which the document allows is no failure: it cannot say which names exist.
/// Nor is that null is taken for a member that is left out.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,missing_required_header,unsupported_method,\
                      allow_header_conformance,ignored_auth,use_after_free";

/// What is listed, so that operations on one of them meet one that is there.
const LISTS: [&str; 19] = [
    "artifacts",
    "attempts",
    "batches",
    "clearances",
    "events",
    "expectations",
    "flags",
    "holds",
    "matches",
    "quarantine",
    "receipts",
    "restrictions",
    "results",
    "rules",
    "runs",
    "services",
    "sources",
    "subjects",
    "variables",
];

/// A gateway with a few of everything.
fn furnished() -> World {
    let world = World::serving("");
    let bad = peer(|_| Reaction::Json(r#"{"version":"1","matchedRules":["BAD"]}"#));
    scanner(&world, "scan", bad, "on_version_created");
    let make = |method: &str, path: &str, body: Value| {
        let answer = world.api(method, &format!("/api/v1{path}"), Some(&body));
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
    };
    make("POST", "/rules", json!({ "name": "BAD", "action": "flag" }));
    assert_eq!(world.upload("addon.xpi", b"PK").status, 201);
    report(&world, "42");
    done(&world, &["verdict", "version", "85", "42", "--wait", "60s"]);
    make("POST", "/subjects/version/85/42/clearance", json!({ "reason": "looked at" }));
    make("POST", "/holds", json!({ "collection": "85", "kind": "version", "reason": "odd" }));
    make("POST", "/batches", json!({ "collection": "85", "kind": "version" }));
    make("POST", "/accounts", json!({ "name": "reader", "role": "reader" }));
    make("POST", "/variables", json!({ "slug": "key", "name": "Key", "value": "v" }));
    assert_eq!(world.push("d-1", b"{}", crate::world::SECRET).map(|answer| answer.status), Some(204));
    assert_eq!(push(world.listen(), "d-2", b"{}", "another").map(|answer| answer.status), Some(401));
    world
}

/// The ids of a list.
fn ids(world: &World, list: &str) -> Vec<String> {
    let page = world.api("GET", &format!("/api/v1/{list}"), None).json();
    let rows = page["data"].as_array().expect("data");
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// Schemathesis' settings: where a parameter of a path usually has one of these values.
fn settings(world: &World) -> String {
    let named = |name: &str| vec![name.to_owned()];
    let mut dictionaries: BTreeMap<&str, Vec<String>> = LISTS.iter().map(|list| (*list, ids(world, list))).collect();
    dictionaries.insert("accounts", named("reader"));
    dictionaries.retain(|_, values| !values.is_empty());
    let mut text = String::new();
    for list in dictionaries.keys() {
        let operations = format!("[[operations]]\ninclude-path-regex = '^/api/v1/{list}/\\{{id\\}}'");
        writeln!(text, "{operations}\nparameters = {{ id = {{ dictionary = \"{list}\", probability = 0.8 }} }}")
            .expect("text");
    }
    for (name, value) in [("kind", "version"), ("collection", "85"), ("subject", "42"), ("wait", "1ms")] {
        writeln!(text, "[parameters.{name}]\ndictionary = \"{name}\"\nprobability = 0.8").expect("text");
        dictionaries.insert(name, named(value));
    }
    for (name, values) in dictionaries {
        writeln!(text, "[dictionaries.{name}]\nvalues = {values:?}").expect("text");
    }
    text
}

#[test]
fn no_request_gets_an_answer_that_the_document_does_not_have() {
    let world = furnished();
    std::fs::write(world.folder().join("schemathesis.toml"), settings(&world)).expect("written");
    let examples = std::env::var(EXAMPLES.0).unwrap_or_else(|_| EXAMPLES.1.to_owned());
    let program = python_with("schemathesis").with_file_name("schemathesis");

    let mut run = Command::new(program);
    run.current_dir(world.folder()).args(["--config-file", "schemathesis.toml", "run"]);
    run.arg(format!("http://{}/openapi.json", world.admin()));
    run.args(["--header", &format!("Authorization: Bearer {}", world.token())]);
    run.args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples, "--checks", CHECKS]);
    run.args(["--seed", "1", "--generation-database", "none"]);
    let output = run.args(["--continue-on-failure", "--no-shrink", "--no-color"]).output().expect("it starts");

    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}\n{}", String::from_utf8_lossy(&output.stderr), world.log());
    let document = world.api("GET", "/openapi.json", None).json();
    let operations = document["paths"].as_object().expect("paths").values();
    let operations: usize = operations.map(|methods| methods.as_object().expect("methods").len()).sum();
    assert!(said.contains(&format!("Tested: {operations}")), "each is tried: {said}");
    until("it still answers", || (world.api("GET", "/api/v1/gate", None).status == 200).then_some(()));
}
