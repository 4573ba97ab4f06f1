//! Every type of problem is either met here, or named as one that nothing can cause yet.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use domain::link::{Link, LinkKey, LinkKind};
use domain::{ExpectationKey, ServiceKey};
use serde_json::{Value, json};
use server::PROBLEMS;
use store_memory::Fault;

use crate::world::{Answered, SECRET, World, call, github_push};

/// Types that another test of this crate meets, or that nothing of today causes.
const ELSEWHERE: [(&str, &str); 18] = [
    ("not-licensed", "license"),
    ("too-slow", "receive::body"),
    ("already-complete", "links"),
    ("link-void", "links"),
    ("signed-out", "pages"),
    ("origin-not-allowed", "pages"),
    ("submission-refused", "api"),
    ("internal", "a damaged store"),
    ("disk-unusable", "receive"),
    ("sender-unreachable", "certificates"),
    ("too-many-requests", "limits"),
    ("not-https", "limits"),
    ("bad-content-type", "limits"),
    ("verifier-failed", "verifiers"),
    ("missing-value", "no definition of today has such a part"),
    ("unknown-key", "no definition of today names keys"),
    ("untrusted-certificate", "certificates"),
    ("challenge-refused", "no definition of today has a handshake that can fail"),
];

#[tokio::test]
async fn every_type_of_problem_is_met() {
    let world = World::new().await;
    let mut met = BTreeSet::new();
    let mut meet = |answer: Answered| {
        assert!(!answer.text().contains(SECRET));
        met.insert(answer.problem());
    };
    api_problems(&world, &mut meet).await;
    webhook_problems(&world, &mut meet).await;
    let elsewhere = ELSEWHERE.iter().map(|(code, _)| (*code).to_owned());
    let known: BTreeSet<String> = elsewhere.chain(met).collect();
    let missing: Vec<_> = PROBLEMS.iter().map(|kind| kind.code).filter(|code| !known.contains(*code)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

async fn api_problems(world: &World, meet: &mut impl FnMut(Answered)) {
    meet(world.api("GET", "/nothing", Value::Null).await);
    meet(world.api("PUT", "/events", Value::Null).await);
    meet(world.api_as("cs_x", "GET", "/events", Value::Null).await);
    meet(world.api_as(&world.reader, "POST", "/events", json!({})).await);
    meet(call(world.server.admin(), "GET", "/", &[("host", "x.example")], Body::empty()).await);
    meet(world.api("POST", "/events", json!("x".repeat(2 * 1024 * 1024))).await);
    meet(world.api("POST", "/events", json!({"tpye": "x"})).await);
    meet(world.api("POST", "/events", json!({"type": "subject.verdict"})).await);
    let bearer = format!("Bearer {}", world.administrator);
    let headers = [("host", "localhost"), ("authorization", bearer.as_str())];
    meet(call(world.server.api(), "POST", "/api/v1/events", &headers, Body::from("{")).await);
    let account = json!({"name": "reader", "role": "reader"});
    meet(world.api("POST", "/accounts", account).await);
    world.source("gitea", "file", "a-secret", domain::catalogue::Owner::File).await;
    meet(world.api("DELETE", "/sources/gitea%2Ffile", Value::Null).await);
    meet(world.api("DELETE", "/accounts/administrator", Value::Null).await);
    let link = Link {
        kind: LinkKind::Result,
        expectation: ExpectationKey(1),
        service: ServiceKey(1),
        thing: 0,
        until: domain::Timestamp::NEVER,
    };
    world.service("check", "http://127.0.0.1:20000/").await;
    let service = world.store.catalogue().service_named("check").expect("a service").key;
    let token = LinkKey::new(&world.seal.derive("links")).token(&Link { service, ..link });
    meet(world.public("PUT", &format!("/api/results/{token}"), "nonsense").await);
    too_many_waiters(world, meet).await;
}

async fn too_many_waiters(world: &World, meet: &mut impl FnMut(Answered)) {
    let subject = json!({"kind": "thing", "collection": "c", "subject": "1"});
    world.api("POST", "/subjects", subject).await;
    let bus = world.bus.clone();
    let watches: Vec<_> = (0..1_000).map(|nth| bus.watch(domain::SubjectKey(nth)).ok()).collect();
    meet(world.api("GET", "/subjects/thing/c/1/verdict?wait=60s", Value::Null).await);
    drop(watches);
}

async fn webhook_problems(world: &World, meet: &mut impl FnMut(Answered)) {
    let standard = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    world.source("standard-webhooks", "default", standard, domain::catalogue::Owner::Api).await;
    world.source("gitlab-token", "default", "a-token", domain::catalogue::Owner::Api).await;
    let code = "0123456789abcdef0123456789abcdef";
    world.source("azurealert", "default", code, domain::catalogue::Owner::Api).await;
    let at = |path: &str| format!("/api/webhooks/incoming/{path}");
    standard_problems(world, standard, meet).await;
    meet(world.webhook(&at("gitlab-token"), &[], "{}").await);
    meet(world.webhook(&at("gitlab-token"), &[("x-gitlab-token", "wrong")], "{}").await);
    meet(world.webhook(&at("azurealert"), &[], "{}").await);
    meet(world.webhook(&at(&format!("azurealert?code={}", code.replace('0', "1"))), &[], "{}").await);
    meet(world.webhook(&at(&format!("azurealert?code={code}")), &[], "{\"context\": {}}").await);
    meet(world.webhook(&at("nobody"), &[], "{}").await);
    meet(world.webhook(&at("github/nobody"), &[], "{}").await);
    meet(world.public("GET", &at("github"), "").await);
    meet(world.webhook(&at("github"), &[], "{}").await);
    let event = ("x-github-event", "push");
    let forged = verify::sign::github("forged", b"{}");
    meet(world.webhook(&at("github"), &[event, ("x-hub-signature-256", &forged)], "{}").await);
    meet(world.webhook(&at("github"), &[event, ("x-hub-signature-256", "sha256=zz")], "{}").await);
    meet(world.webhook(&at("github"), &[event, ("x-hub-signature-256", "md5=zz")], "{}").await);
    meet(
        world.webhook(&at("github"), &[event, ("x-hub-signature-256", &forged), ("x-hub-signature-256", "")], "").await,
    );
    meet(world.push("d-1", "").await);
    let broken = Body::new(Broken(false));
    meet(world.webhook(&at("github"), &[event, ("x-hub-signature-256", &forged)], broken).await);
    misconfigured(world, meet).await;
    world.engine.fail(Some(Fault::Full));
    meet(world.push("d-2", github_push()).await);
    world.engine.fail(Some(Fault::DiesAfter(0)));
    meet(world.push("d-2", github_push()).await);
}

async fn standard_problems(world: &World, secret: &str, meet: &mut impl FnMut(Answered)) {
    let now = world.now().seconds();
    let key = verify::sign::SigningKey::read(secret).expect("a key");
    let sign = |time: i64, body: &str| verify::sign::standard("m1", time, body.as_bytes(), std::slice::from_ref(&key));
    let cases = [
        ((now - 3600).to_string(), sign(now - 3600, "{}"), "{}"),
        ((now + 3600).to_string(), sign(now + 3600, "{}"), "{}"),
        ("yesterday".to_owned(), sign(now, "{}"), "{}"),
        (now.to_string(), "v9,AAAA".to_owned(), "{}"),
        (now.to_string(), sign(now, "{"), "{"),
    ];
    for (time, signature, body) in cases {
        let headers = [("webhook-id", "m1"), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
        meet(world.webhook("/api/webhooks/incoming/standard-webhooks", &headers, body).await);
    }
}

/// A source whose sealed secret belongs to another installation.
async fn misconfigured(world: &World, meet: &mut impl FnMut(Answered)) {
    let mut source = world.store.catalogue().source_at("github", "default").expect("a source").clone();
    source.key = world.keys().key();
    source.name = "moved".to_owned();
    world.add(vec![store::change::Listed::entry(&source)]).await;
    meet(world.webhook("/api/webhooks/incoming/github/moved", &[], "{}").await);
}

/// A body that breaks off after its first byte.
struct Broken(bool);

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        let began = std::mem::replace(&mut self.0, true);
        Poll::Ready(Some(if began {
            Err(std::io::Error::other("gone"))
        } else {
            Ok(hyper::body::Frame::data(Bytes::from_static(b"{")))
        }))
    }
}
