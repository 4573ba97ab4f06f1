//! The worker protocol as others speak it: clients of its signed API, and workers that answer now or later.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::previews::a_png;
use crate::program::{Program, python, tests};
use crate::world::{World, until};

/// Every request of the signed API.
const ENDPOINTS: [&str; 13] = [
    "GET /api/checkconnection",
    "GET /api/operations",
    "POST /api/operations",
    "GET /api/operations/{slug}/evidence",
    "POST /api/operations/{slug}/evidence",
    "GET /api/operations/{slug}/evidence/{uuid}",
    "PUT /api/operations/{slug}/evidence/{uuid}",
    "GET /api/operations/{slug}/evidence/{uuid}/media",
    "GET /api/operations/{slug}/evidence/{uuid}/metadata",
    "PUT /api/operations/{slug}/evidence/{uuid}/metadata",
    "GET /api/operations/{slug}/evidence/{uuid}/preview",
    "GET /api/operations/{slug}/tags",
    "POST /api/operations/{slug}/tags",
];

/// A new account that may write to every operation: its access key and secret.
fn wide_key(world: &World, name: &str) -> Value {
    let account = json!({"name": name, "role": "service", "all_operations": "write"});
    assert_eq!(world.api("POST", "/api/v1/accounts", Some(&account)).status, 201);
    let made = world.api("POST", &format!("/api/v1/accounts/{name}/keys"), Some(&json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    made.json()
}

/// Runs a client against a gateway of its own, and sees that it was answered by every endpoint.
fn every_endpoint_answers(client: &mut Command) {
    let world = World::serving("");
    let key = wide_key(&world, "client");
    let picture = world.folder().join("shot.png");
    std::fs::write(&picture, a_png(800, 600)).expect("written");

    let output = client
        .env("GATEWAY", format!("http://{}", world.listen()))
        .env("ACCESS_KEY", key["access_key"].as_str().expect("a key"))
        .env("SECRET_KEY", key["secret_key"].as_str().expect("a secret"))
        .env("PICTURE", &picture)
        .output()
        .unwrap_or_else(|why| panic!("{client:?} is needed and did not start: {why}"));

    let (calls, why) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{calls}{why}{}", world.log());
    let answered: BTreeSet<String> = calls.lines().filter_map(endpoint).collect();
    assert_eq!(answered, ENDPOINTS.map(str::to_owned).into());
}

/// The endpoint that answered a call with success.
fn endpoint(call: &str) -> Option<String> {
    let (method, path, status): (String, String, u16) = serde_json::from_str(call).expect("a call");
    let path = path.split('?').next().expect("a path");
    let mut parts: Vec<&str> = path.split('/').collect();
    for (place, name) in [(3, "{slug}"), (5, "{uuid}")] {
        if let Some(part) = parts.get_mut(place) {
            *part = name;
        }
    }
    matches!(status, 200 | 201).then(|| format!("{method} {}", parts.join("/")))
}

#[test]
fn a_python_client_is_answered_by_every_endpoint() {
    every_endpoint_answers(Command::new(python()).arg(tests("python/client.py")));
}

#[test]
fn a_node_client_is_answered_by_every_endpoint() {
    every_endpoint_answers(Command::new("node").arg(tests("npm/worker-client.js")));
}

/// The workers of `worker.js`, registered by their own names, and what they call with.
struct Workers {
    world: World,
    program: Program,
}

impl Workers {
    fn start(names: &[&str]) -> Self {
        let mut program = Program::start(Command::new("node").arg(tests("npm/worker.js")));
        let ports: Value = serde_json::from_str(&program.line()).expect("ports");
        let world = World::serving("");
        let wide = keys(&wide_key(&world, "wide"));
        let mut of = json!({ "reader": wide });
        for name in names {
            let port = &ports[name];
            let config = json!({"type": "web", "version": 1, "url": format!("http://127.0.0.1:{port}/process")});
            let networks = [format!("127.0.0.1/32:{port}")];
            let spec = json!({"name": name, "config": config, "allow_networks": networks});
            let made = world.api("POST", "/api/v1/services", Some(&spec));
            assert_eq!(made.status, 201, "{made:?}");
            of[name] = if name.ends_with("a-wide-key") { wide.clone() } else { keys(&made.json()["credentials"]) };
        }
        program.tell(&json!({ "gateway": format!("http://{}", world.listen()), "keys": of }));
        program.told("ready");
        Self { world, program }
    }

    /// Records that there is an evidence, and answers what became of it once every worker was called: each one's
    /// answer, and the records.
    fn tell_of_an_evidence(&mut self, id: &str) -> (Value, Value) {
        let about = json!({"kind": "evidence", "collection": "test-op", "subject": id});
        let sent = json!({"type": "evidence_created", "subject": about});
        let sent = self.world.api("POST", "/api/v1/events", Some(&sent));
        assert_eq!(sent.status, 202, "{sent:?}");
        let path = format!("/api/v1/events/{}", sent.json()["id"].as_str().expect("an id"));
        let answers = until("an answer of every worker", || {
            let seen = self.world.api("GET", &path, None).json();
            let all = seen["expectations"].as_array().expect("expectations").iter();
            let answered = |each: &Value| {
                let answer = each["runs"][0]["tries"][0]["answer"].as_str()?;
                Some((each["service"].as_str()?.to_owned(), json!(answer)))
            };
            all.map(answered).collect::<Option<serde_json::Map<_, Value>>>()
        });
        (answers.into(), self.records(id))
    }

    /// The records of an evidence, by their sources.
    fn records(&mut self, id: &str) -> Value {
        self.program.tell(&json!({ "results": format!("/api/operations/test-op/evidence/{id}/metadata") }));
        let told = self.program.told("results");
        let all = told["results"].as_array().expect("records").iter();
        all.map(|record| (record["source"].as_str().expect("a source").to_owned(), record.clone())).collect()
    }
}

/// A key as the workers take it.
fn keys(shown: &Value) -> Value {
    json!({ "accessKey": shown["access_key"], "secretKey": shown["secret_key"] })
}

#[test]
fn a_deferred_result_is_kept_whether_it_comes_before_the_deferral_is_recorded_or_after() {
    let names = ["before", "before-with-a-wide-key", "after"];
    let mut workers = Workers::start(&names);

    let (answers, _) = workers.tell_of_an_evidence("one");

    for name in names {
        assert_eq!(answers[name], "deferred", "{answers}");
        let record = until("the delivered result", || {
            let record = workers.records("one")[name].clone();
            (record["status"] == "Completed").then_some(record)
        });
        let expected = json!({
            "source": name, "body": format!("delivered by {name}"), "status": "Completed", "canProcess": true,
            "message": null,
        });
        assert_eq!(record, expected);
    }
}

#[test]
fn answers_of_the_published_templates_are_understood() {
    let mut workers = Workers::start(&["flask", "rejects", "fails"]);

    for name in ["flask", "rejects"] {
        let tested = workers.world.api("POST", &format!("/api/v1/services/{name}/test"), None);
        assert_eq!(tested.json()["live"], true, "{tested:?}");
    }
    let (_, records) = workers.tell_of_an_evidence("one");

    let ended = |name: &str| {
        let record = &records[name];
        json!([record["status"], record["canProcess"], record["body"], record["message"]])
    };
    assert_eq!(ended("flask"), json!(["Completed", true, "a Flask worker saw: none", null]));
    assert_eq!(ended("rejects"), json!(["Completed", false, "", "no pictures, please"]));
    assert_eq!(ended("fails"), json!(["Error", null, "", "out of paper"]));
}
