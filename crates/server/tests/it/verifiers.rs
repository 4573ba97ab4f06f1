//! Sources whose secret another program knows.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use axum::body::Body;
use domain::catalogue::Owner;
use serde_json::{Value, json};
use server::resources::SourceSpec;
use tempfile::TempDir;

use crate::world::{World, call};

const PUSH: &[u8] = include_bytes!("../../../../spec/vectors/github-push.json");
const CLAIM: &str = "62558da9aec6d0cffcd394c0c0722ac2f6637860e4d801e6f5248cf18f187c33";
const URL: &str = "https://github.com/Codertocat/Hello-World";

/// A stand-in that believes one claim of one repository, and keeps what it was given.
const STAND_IN: &str = r#"#!/bin/sh
dir=$(dirname "$0")
printf '%s\n' "$@" > "$dir/arguments"
cat > "$dir/body"
[ -e "$dir/code" ] && exit "$(cat "$dir/code")"
[ "$3" = RIGHT ]
"#;

/// A world with sources of this kind, verified by the stand-in in its folder.
async fn world(provider: &str, right: &str) -> (World, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    // Renamed into its place: a program that is still open for writing does not start.
    let text = folder.path().join("whck.text");
    std::fs::write(&text, STAND_IN.replace("RIGHT", right)).expect("written");
    std::fs::set_permissions(&text, Permissions::from_mode(0o755)).expect("a mode");
    let program = folder.path().join("whck");
    let copied = std::process::Command::new("cp").arg(&text).arg(&program).status().expect("cp runs");
    assert!(copied.success());
    let name = format!("{provider}/shared");
    let own = program.clone();
    let world = World::with(|settings| drop(settings.verifiers.insert(name, own))).await;
    let spec = json!({"id": "shared", "provider": provider, "verifier": {"whck": program}});
    world.source_of(serde_json::from_value::<SourceSpec>(spec).expect("a source"), Owner::File).await;
    (world, folder)
}

async fn push(world: &World, claim: &str) -> crate::world::Answered {
    let signature = format!("sha256={claim}");
    let headers = [("x-github-event", "push"), ("x-hub-signature-256", signature.as_str())];
    call(world.server.public(), "POST", "/api/webhooks/incoming/github/shared", &headers, Body::from(PUSH)).await
}

#[tokio::test]
async fn a_request_that_the_program_vouches_for_becomes_an_event_from_outside() {
    let (world, folder) = world("github", CLAIM).await;

    let answered = push(&world, CLAIM).await;

    assert_eq!(answered.status.as_u16(), 204, "{}", answered.text());
    let identifier = verify::hex::encode(URL.as_bytes());
    let told = std::fs::read_to_string(folder.path().join("arguments")).expect("arguments");
    assert_eq!(told, format!("hmac-sha256\n{identifier}\n{CLAIM}\n"));
    assert!(std::fs::read(folder.path().join("body")).expect("a body") == PUSH);
    let events = world.api("GET", "/events", Value::Null).await.json();
    let event = &events["data"][0];
    assert_eq!((event["type"].as_str(), event["provenance"].as_str()), (Some("github.push"), Some("external")));
    assert_eq!(event["subject"]["collection"], "Codertocat/Hello-World");
}

#[tokio::test]
async fn a_request_that_it_does_not_vouch_for_is_refused_and_kept_in_quarantine() {
    let (world, _folder) = world("github", CLAIM).await;

    let answered = push(&world, &CLAIM.replace('6', "7")).await;

    assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (401, "signature-mismatch"));
    let kept = world.api("GET", "/quarantine", Value::Null).await.json();
    assert_eq!(kept["data"].as_array().map(Vec::len), Some(1));
    assert!(!kept.to_string().contains(CLAIM));
    assert_eq!(world.api("GET", "/events", Value::Null).await.json()["data"], json!([]));
}

#[tokio::test]
async fn a_program_that_gives_no_answer_is_no_refusal_for_good() {
    let (world, folder) = world("github", CLAIM).await;
    for code in ["2", "5", "6", "70", "126"] {
        std::fs::write(folder.path().join("code"), code).expect("written");

        let answered = push(&world, CLAIM).await;

        assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (503, "verifier-failed"), "{code}");
    }
    std::fs::remove_file(folder.path().join("whck")).expect("removed");
    assert_eq!(push(&world, CLAIM).await.problem(), "verifier-failed");
}

#[tokio::test]
async fn nobody_is_asked_about_a_request_without_a_claim() {
    let (world, folder) = world("github", CLAIM).await;
    let path = "/api/webhooks/incoming/github/shared";

    let answered = world.webhook(path, &[("x-github-event", "push")], "{}").await;

    assert_eq!(answered.problem(), "missing-header");
    assert!(!folder.path().join("arguments").exists());
}

#[tokio::test]
async fn a_token_is_vouched_for_likewise() {
    let (world, _folder) = world("gitlab-token", "t0ken").await;
    let body = r#"{"object_kind":"push","project":{"git_http_url":"http://h/r.git"}}"#;
    let path = "/api/webhooks/incoming/gitlab-token/shared";
    let headers = |token| [("x-gitlab-event", "Push Hook"), ("x-gitlab-token", token)];

    assert_eq!(world.webhook(path, &headers("t0ken"), body).await.status.as_u16(), 204);
    assert_eq!(world.webhook(path, &headers("other"), body).await.problem(), "token-mismatch");
}

#[tokio::test]
async fn a_repeated_delivery_is_answered_with_its_first_receipt() {
    let (world, _folder) = world("gitea", CLAIM).await;
    let body = r#"{"repository":{"html_url":"u"}}"#;
    let headers = [("x-gitea-event", "push"), ("x-gitea-delivery", "d1"), ("x-gitea-signature", CLAIM)];
    let path = "/api/webhooks/incoming/gitea/shared";

    let first = world.webhook(path, &headers, body).await;
    let second = world.webhook(path, &headers, body).await;

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (204, 204));
    let receipt = |answered: &crate::world::Answered| answered.headers.get("countersign-receipt").cloned();
    assert!(receipt(&first).is_some() && receipt(&first) == receipt(&second));
}

#[tokio::test]
async fn a_verifier_is_named_in_the_file_alone() {
    let world = World::new().await;
    let spec = json!({"id": "x", "provider": "github", "verifier": {"whck": "/usr/bin/true"}});

    let answered = world.api("POST", "/sources", spec).await;

    assert!(answered.status.is_client_error());
    assert!(answered.text().contains("configuration file alone"), "{}", answered.text());
}
