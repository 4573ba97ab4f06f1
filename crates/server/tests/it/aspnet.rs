//! The receivers of ASP.NET Core WebHooks over a real socket: the vectors' requests, to the letter.

use std::fmt::Write;

use domain::catalogue::{Owner, Source, SourceMode, SourceSecret};
use serde_json::{Value, json};
use server::{AspnetSwitches, ListenLimits, resources};
use store::change::Listed;
use store::seal::of;
use verify::aspnet::{Configuration, Configured};

use crate::listen::{exchange, run};
use crate::resources::Zeros;
use crate::world::World;

const VECTORS: &str = include_str!("../../../verify/vectors/providers.json");

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The gateway that a vector describes, its configuration unchecked.
async fn world(vector: &Value) -> World {
    let mut configuration = Configuration::default();
    for (path, value) in vector["config"].as_object().into_iter().flatten() {
        configuration.add(path, text(value));
    }
    let stripe = verify::aspnet::find("stripe").expect("a receiver");
    let aspnet = AspnetSwitches {
        https_check_is_disabled: configuration.https_check_is_disabled(),
        test_events_pass: configuration.test_events_pass(stripe),
    };
    let origin = text(&vector["url"]).split_once("/api/").expect("a path").0;
    let world = World::with(|settings| {
        settings.public_url = origin.to_owned();
        settings.aspnet = aspnet;
    })
    .await;
    let before = world.store.catalogue().source_at("github", "default").expect("a source").clone();
    world.add(vec![Source { active: false, name: "before".into(), ..before }.entry()]).await;
    let mut configured = configuration.configured();
    if configured.is_empty() {
        let receiver = text(&vector["provider"]).to_owned();
        configured.push(Configured { receiver, id: "default".into(), secrets: Vec::new() });
    }
    for each in configured {
        add(&world, each).await;
    }
    world
}

/// Adds a source as if nobody had checked it.
async fn add(world: &World, configured: Configured) {
    let Configured { receiver, id, secrets } = configured;
    let good =
        if receiver.eq_ignore_ascii_case("pusher") { "app:01234567" } else { "01234567890123456789012345678901" };
    let spec = json!({"id": id, "provider": receiver, "mode": "aspnet", "secrets": [good]});
    let spec = serde_json::from_value(spec).expect("a source");
    // What no receiver is, is no source.
    let Ok(made) = resources::source(&spec, world.keys().key(), Owner::Api, &world.seal, &Zeros, &Default::default())
    else {
        return;
    };
    assert_eq!(made.mode, SourceMode::Aspnet);
    let of = of::source(&made.provider, &made.name);
    let sealed = secrets.iter().enumerate().map(|(at, secret)| SourceSecret {
        id: format!("s{at}"),
        sealed: world.seal.seal(secret, &of, [u8::try_from(at).expect("few"); 24]),
        not_before: None,
        not_after: None,
    });
    let source = Source { secrets: sealed.collect(), ..made };
    world.add(vec![source.entry()]).await;
}

fn request(vector: &Value) -> Vec<u8> {
    let url = text(&vector["url"]);
    let path = &url[url.find("/api/").expect("a path")..];
    let body = text(&vector["body"]);
    let mut head = format!("{} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n", text(&vector["method"]));
    for header in vector["headers"].as_array().into_iter().flatten() {
        let _ = write!(head, "{}: {}\r\n", text(&header[0]), text(&header[1]));
    }
    let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body.as_bytes()].concat()
}

/// What does not agree with what the vector expects.
fn faults(vector: &Value, answer: &str) -> Vec<String> {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let head = head.to_lowercase();
    let expect = &vector["expect"];
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let status = format!("http/1.1 {} ", expect["status"].as_u64().expect("a status"));
    must(head.starts_with(&status), &head);
    must((expect["verdict"] == "accept") == head.contains("countersign-event: evt_"), "an event or none");
    // A receiver that is none is answered by whoever answers for all other paths.
    let is_ours = expect["reason"] != "unknown-receiver";
    if let Some(wanted) = expect["reply_body"].as_str().filter(|_| is_ours && vector["method"] != "HEAD") {
        must(body == wanted, body);
    }
    if let Some(kind) = expect["reply_type"].as_str() {
        let found = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
        must(found.split(';').next() == Some(kind), found);
    }
    faults
}

#[tokio::test]
async fn every_request_of_the_vectors_is_answered_to_the_letter() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("JSON");
    let (mut sent, mut faulty) = (0, Vec::new());
    for vector in vectors.iter().filter(|vector| vector["profile"] == "aspnet") {
        let world = world(vector).await;
        let running = run(&world, ListenLimits::default()).await;

        let answer = exchange(running.address, &request(vector)).await;

        let faults = faults(vector, &answer);
        if !faults.is_empty() {
            faulty.push(format!("{}: {}", vector["id"], faults.join("; ")));
        }
        sent += 1;
    }
    assert_eq!(faulty, [] as [String; 0]);
    assert_eq!(sent, 120);
}

#[tokio::test]
async fn a_modern_source_and_one_as_aspnet_has_it_stand_side_by_side() {
    let world = World::new().await;
    let secrets = vec!["0123456789abcdef".to_owned()];
    add(&world, Configured { receiver: "github".into(), id: "old".into(), secrets }).await;
    let event = [("x-github-event", "push")];

    let modern = world.webhook("/api/webhooks/incoming/github", &event, "{}").await;
    assert_eq!((modern.status.as_u16(), modern.problem().as_str()), (401, "missing-header"));
    let old = world.webhook("/api/webhooks/incoming/GitHub/Old", &event, "{}").await;
    assert_eq!((old.status.as_u16(), old.header("content-type")), (400, "text/plain; charset=utf-8"));
    assert!(old.text().starts_with("The 'github' WebHook receiver requires HTTPS"), "{}", old.text());
    assert_eq!(world.store.catalogue().sources.len(), 2);
}

#[tokio::test]
async fn the_host_that_a_request_names_itself_does_not_count() {
    let world = World::with(|settings| settings.public_url = "https://gateway.example".into()).await;
    let code = "0123456789abcdef0123456789abcdef".to_owned();
    add(&world, Configured { receiver: "kudu".into(), id: "default".into(), secrets: vec![code.clone()] }).await;
    let path = format!("http://10.0.0.7:8640/api/webhooks/incoming/kudu?code={code}");
    let headers = [("content-type", "application/json")];

    let accepted = world.webhook(&path, &headers, "{\"status\": \"success\"}").await;

    assert_eq!(accepted.status.as_u16(), 200, "{}", accepted.text());
}

#[tokio::test]
async fn what_is_refused_is_kept_without_its_credential() {
    let world = World::with(|settings| settings.public_url = "https://gateway.example".into()).await;
    let secrets = vec!["0123456789abcdef0123456789abcdef".to_owned()];
    add(&world, Configured { receiver: "trello".into(), id: "default".into(), secrets }).await;
    let headers = [("x-trello-webhook", "Zqb7+nNO3H0H"), ("content-type", "application/json")];

    let refused = world.webhook("/api/webhooks/incoming/trello", &headers, "{}").await;

    assert_eq!(refused.status.as_u16(), 400);
    let kept = world.api("GET", "/quarantine", Value::Null).await.text();
    assert!(kept.contains("signature-mismatch") && !kept.contains("Zqb7"), "{kept}");
}
