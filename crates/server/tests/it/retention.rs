//! How long artifacts are kept, and what keeps their bytes.

use std::time::Duration;

use domain::link::{Link, LinkKey, LinkKind};
use domain::{ArtifactKey, ExpectationKey, ServiceKey};
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answered, World, call};

const DAY: i64 = 24 * 3600;
/// Text whose JSON is longer than a row takes as a receipt's body.
const LONG: usize = 100_000;

/// Uploads text, as its JSON.
async fn upload(world: &World, query: &str, text: &str) -> Value {
    let uploaded = world.api("POST", &format!("/artifacts?filename=a.zip{query}"), json!(text)).await;
    assert_eq!(uploaded.status, StatusCode::CREATED, "{}", uploaded.text());
    uploaded.json()
}

async fn show(world: &World, artifact: &Value) -> Value {
    world.api("GET", &format!("/artifacts/{}", artifact["id"].as_str().expect("an id")), Value::Null).await.json()
}

fn is_stored(world: &World, artifact: &Value) -> bool {
    let digest: artifacts::Digest = artifact["sha256"].as_str().expect("a digest").parse().expect("a digest");
    world.blobs.contains(digest).expect("an answer")
}

async fn sweep(world: &World) {
    assert!(!world.server.sweep().await.expect("swept"), "one step is enough");
}

/// A scanner that is asked about an upload, and the link that it gets.
async fn asked(world: &World, artifact: &Value) -> String {
    let spec = json!({
        "name": "scan", "profile": "scanner", "url": "http://127.0.0.1:20000/", "secret": "a key",
        "events": ["during_validation"], "allow_networks": ["127.0.0.0/8"],
    });
    let service = world.api("POST", "/services", spec).await;
    assert_eq!(service.status, StatusCode::CREATED, "{}", service.text());
    let event = json!({"type": "during_validation", "artifact": artifact["id"]});
    assert_eq!(world.api("POST", "/events", event).await.status, StatusCode::ACCEPTED);
    let owed = world.api("GET", "/expectations", Value::Null).await.json();
    let key = |id: &Value| id.as_str().expect("an id").to_owned();
    let thing: ArtifactKey = world.store.salt().parse(&key(&artifact["id"])).expect("a key");
    let service: ServiceKey = world.store.salt().parse(&key(&service.json()["id"])).expect("a key");
    let expectation = ExpectationKey(owed["data"][0]["number"].as_i64().expect("a number"));
    let until = world.now().after(Duration::from_secs(40 * 24 * 3600));
    let link = Link { kind: LinkKind::Artifact, expectation, service, thing: thing.0, until };
    let token = LinkKey::new(&world.seal.derive("links")).token(&link);
    format!("/uploads/file/{}/?access_token={token}", world.store.salt().show_uuid(thing))
}

async fn get(world: &World, path: &str) -> Answered {
    call(world.server.public(), "GET", path, &[], "".into()).await
}

#[tokio::test]
async fn an_artifact_is_kept_for_ever_unless_the_configuration_or_its_upload_says_otherwise() {
    let world = World::with(|settings| settings.artifact_retention = Some(Duration::from_secs(86_400))).await;
    let (day, hour) = (upload(&world, "", "day").await, upload(&world, "&retention=1h", "hour").await);
    assert_eq!(day["expires"], "2026-01-02T00:00:00.000Z");
    assert_eq!(show(&world, &hour).await["expires"], "2026-01-01T01:00:00.000Z");
    let refused = world.api("POST", "/artifacts?retention=soon", json!("x")).await;
    assert_eq!(refused.problem(), "invalid-value");
    assert!(refused.text().contains("retention: expected a length of time"), "{}", refused.text());

    world.clock.forward(3600);
    sweep(&world).await;

    assert_eq!((is_stored(&world, &day), is_stored(&world, &hour)), (true, false));
    assert_eq!(show(&world, &hour).await["removed"], "2026-01-01T01:00:00.000Z");
    assert_eq!(show(&world, &day).await["removed"], Value::Null);
    assert!(world.server.metrics().text().contains("countersign_artifacts_expired_total 1"));
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    assert!(audit.contains("let go of the artifact"), "{audit}");

    let world = World::new().await;
    let ever = upload(&world, "", "ever").await;
    assert_eq!(ever["expires"], Value::Null);
    world.clock.forward(10_000 * DAY);
    sweep(&world).await;
    assert!(is_stored(&world, &ever));
}

#[tokio::test]
async fn an_event_about_an_expired_artifact_is_refused() {
    let world = World::new().await;
    let artifact = upload(&world, "&retention=1h", "x").await;
    world.clock.forward(3600);

    let event = json!({"type": "during_validation", "artifact": artifact["id"]});
    let refused = world.api("POST", "/events", event).await;

    assert_eq!(refused.problem(), "invalid-value");
    assert!(refused.text().contains("has expired"), "{}", refused.text());
}

#[tokio::test]
async fn what_a_call_may_still_fetch_is_kept_until_that_has_ended() {
    let world = World::new().await;
    let artifact = upload(&world, "&retention=1h", "x").await;
    let path = asked(&world, &artifact).await;
    world.clock.forward(DAY);

    sweep(&world).await;
    assert_eq!(get(&world, &path).await.text(), "\"x\"");
    assert_eq!(show(&world, &artifact).await["expires"], "2026-01-02T01:00:00.000Z");
    sweep(&world).await;
    assert!(is_stored(&world, &artifact));

    world.clock.forward(2 * DAY);
    let owed = world.api("GET", "/expectations", Value::Null).await.json();
    let expectation = ExpectationKey(owed["data"][0]["number"].as_i64().expect("a number"));
    store::judged::check(&world.store, expectation, world.now()).await.expect("checked");
    sweep(&world).await;
    assert!(!is_stored(&world, &artifact), "the deadline has passed and nothing is awaited any more");
    assert_eq!(get(&world, &path).await.problem(), "link-void");
}

#[tokio::test]
async fn an_expired_artifact_is_gone_for_a_link_and_for_an_account() {
    let world = World::new().await;
    let (asked_about, other) = (upload(&world, "", "x").await, upload(&world, "&retention=1h", "y").await);
    let path = asked(&world, &asked_about).await;
    let id: ArtifactKey = world.store.salt().parse(other["id"].as_str().expect("an id")).expect("a key");
    let uuid = path.split('/').nth(3).expect("a uuid");
    let other_path = path.replace(uuid, &world.store.salt().show_uuid(id));
    assert_eq!(get(&world, &other_path).await.status, StatusCode::FORBIDDEN, "a link is for one artifact");
    world.clock.forward(3600);
    sweep(&world).await;

    let link = world.api("GET", "/expectations", Value::Null).await.json()["data"][0].clone();
    let services = world.api("GET", "/services", Value::Null).await.json();
    let service: ServiceKey =
        world.store.salt().parse(services["data"][0]["id"].as_str().expect("an id")).expect("a key");
    let expectation = ExpectationKey(link["number"].as_i64().expect("a number"));
    let until = world.now().after(Duration::from_secs(60));
    let link = Link { kind: LinkKind::Artifact, expectation, service, thing: id.0, until };
    let token = LinkKey::new(&world.seal.derive("links")).token(&link);
    let gone = get(&world, &format!("/uploads/file/{}/?access_token={token}", world.store.salt().show_uuid(id))).await;
    assert_eq!((gone.status, gone.text().as_str()), (StatusCode::GONE, "upload path does not exist anymore"));
    assert_eq!(get(&world, &format!("/api/artifacts/{token}")).await.problem(), "link-void");
    assert_eq!(get(&world, &path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bytes_go_with_the_last_of_their_uploads() {
    let world = World::new().await;
    let first = upload(&world, "&retention=1h", "x").await;
    let second = upload(&world, "&retention=2h", "x").await;
    assert_eq!(first["sha256"], second["sha256"]);

    world.clock.forward(3600);
    sweep(&world).await;
    assert!(is_stored(&world, &second));
    assert_ne!(show(&world, &first).await["removed"], Value::Null);

    world.clock.forward(3600);
    sweep(&world).await;
    assert!(!is_stored(&world, &second));

    let third = upload(&world, "", "x").await;
    assert!(is_stored(&world, &third));
}

#[tokio::test]
async fn the_body_of_a_receipt_keeps_the_same_bytes() {
    let world = World::new().await;
    let text = "x".repeat(LONG);
    let artifact = upload(&world, "&retention=1h", &text).await;
    let body = json!(text).to_string();
    let received = world.push("d-1", body.clone()).await;
    assert_eq!(received.status, StatusCode::NO_CONTENT, "{}", received.text());
    world.clock.forward(3600);

    sweep(&world).await;

    assert_ne!(show(&world, &artifact).await["removed"], Value::Null);
    let receipt = received.header("countersign-receipt");
    let given = world.api("GET", &format!("/receipts/{receipt}/body"), Value::Null).await;
    assert_eq!(given.text(), body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upload_of_the_same_bytes_never_loses_them_to_a_sweep() {
    let world = std::sync::Arc::new(World::new().await);
    let sweeping = tokio::spawn({
        let world = world.clone();
        async move {
            for _ in 0..400 {
                world.clock.forward(1);
                world.server.sweep().await.expect("swept");
            }
        }
    });
    for _ in 0..100 {
        let kept = upload(&world, "&retention=1000d", "x").await;
        assert!(is_stored(&world, &kept));
        // The next upload finds the bytes on their way out.
        let path = format!("/artifacts/{}", kept["id"].as_str().expect("an id"));
        assert_eq!(world.api("GET", &path, Value::Null).await.json()["removed"], Value::Null);
        upload(&world, "&retention=1s", "y").await;
    }
    sweeping.await.expect("the sweep");
    let last = upload(&world, "&retention=1s", "y").await;
    assert!(is_stored(&world, &last));
}

/// The file that holds this artifact's bytes.
fn file_of(world: &World, artifact: &Value) -> std::path::PathBuf {
    let digest = artifact["sha256"].as_str().expect("a digest").to_owned();
    let mut folders = vec![world.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.to_string_lossy().replace('/', "").ends_with(&digest) {
                return entry;
            }
        }
    }
    panic!("no file holds {digest}");
}

#[tokio::test]
async fn an_artifact_that_cannot_be_removed_holds_up_no_other() {
    let world = World::new().await;
    let stuck = upload(&world, "&retention=1h", "stuck").await;
    let other = upload(&world, "&retention=2h", "other").await;
    let file = file_of(&world, &stuck);
    std::fs::remove_file(&file).expect("removed");
    std::fs::create_dir_all(file.join("in-its-place")).expect("a folder that no file's removal removes");
    world.clock.forward(3 * 3600);

    sweep(&world).await;

    assert!(!is_stored(&world, &other));
    assert!(show(&world, &other).await["removed"].is_string());
    assert!(!show(&world, &stuck).await["removed"].is_string(), "it comes again");
}
