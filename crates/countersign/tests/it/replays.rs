//! Repeated deliveries over HTTP, before and after a restart: true repeats are not dispatched twice, and what only looks
//! like one is not lost. One sender for each way of telling.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::world::{Answer, World, call};

const CONFIG: &str = r#"
[[source]]
id = "id"
provider = "standard-webhooks"
secrets = ["whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="]
[[source]]
id = "time"
provider = "zoom"
secrets = ["a secret of Zoom's"]
[[source]]
id = "nothing"
provider = "dropbox"
secrets = ["a secret of Dropbox's"]
[[source]]
id = "token"
provider = "gitlab-token"
secrets = ["a token of GitLab's"]
[[source]]
id = "code"
provider = "docker-hub"
secrets = ["a-code-in-the-url"]
"#;

/// One request, as it can be sent again and again.
struct Request {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Request {
    fn send(&self, world: &World) -> Answer {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let path = format!("/api/webhooks/incoming/{}", self.path);
        let answer = call(world.listen(), "POST", &path, &headers, self.body.as_bytes()).expect("an answer");
        assert!((200..300).contains(&answer.status), "{}: {answer:?}", self.path);
        answer
    }
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("a time")
}

/// `Signed`: an id among what is signed.
fn with_signed_id(id: &str, body: &str) -> Request {
    let key = verify::sign::SigningKey::read(&verify::secret::whsec(&[1; 32])).expect("a key");
    let at_s = now_s();
    let headers = vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at_s.to_string()),
        ("webhook-signature", verify::sign::standard(id, at_s, body.as_bytes(), &[key])),
    ];
    Request { path: "standard-webhooks/id", headers, body: body.to_owned() }
}

/// `SignedTime`: a time among what is signed, and no id.
fn with_signed_time(at_s: i64, body: &str) -> Request {
    let tag = verify::mac::tag(b"a secret of Zoom's", &[format!("v0:{at_s}:").as_bytes(), body.as_bytes()]);
    let headers = vec![
        ("x-zm-request-timestamp", at_s.to_string()),
        ("x-zm-signature", format!("v0={}", verify::hex::encode(&tag))),
    ];
    Request { path: "zoom/time", headers, body: body.to_owned() }
}

/// `IdAndDigest`: an id that is not signed, with the body.
fn with_unsigned_id(id: &str, body: &str) -> Request {
    let headers = vec![
        ("x-github-event", "issues".to_owned()),
        ("x-github-delivery", id.to_owned()),
        ("x-hub-signature-256", verify::sign::github(crate::world::SECRET, body.as_bytes())),
    ];
    Request { path: "github/test", headers, body: body.to_owned() }
}

/// `Nothing`: a signature over the body alone, a token, a code.
fn untold() -> [Request; 3] {
    let body = r#"{"list_folder": {"accounts": ["dbid:1"]}}"#.to_owned();
    let tag = verify::hex::encode(&verify::mac::tag(b"a secret of Dropbox's", &[body.as_bytes()]));
    let token = vec![("x-gitlab-token", "a token of GitLab's".to_owned()), ("x-gitlab-event-uuid", "1".to_owned())];
    [
        Request { path: "dropbox/nothing", headers: vec![("x-dropbox-signature", tag)], body },
        Request { path: "gitlab-token/token", headers: token, body: "{}".to_owned() },
        Request { path: "docker-hub/code?code=a-code-in-the-url", headers: vec![], body: "{}".to_owned() },
    ]
}

fn events(world: &World) -> usize {
    let listed = world.api("GET", "/api/v1/events?limit=100", None).json();
    listed["data"].as_array().expect("events").len()
}

#[test]
fn a_true_repeat_is_answered_with_its_first_receipt_and_not_dispatched_again() {
    let mut world = World::serving(CONFIG);
    let at_s = now_s();
    let requests = [
        with_signed_id("msg_1", r#"{"type": "a"}"#),
        with_signed_time(at_s, r#"{"event": "a"}"#),
        with_unsigned_id("d-1", "{}"),
    ];
    let first: Vec<Answer> = requests.iter().map(|request| request.send(&world)).collect();
    assert_eq!(events(&world), 3);

    for restarted in [false, true] {
        if restarted {
            assert!(world.terminate().success());
            world.start();
        }
        for (request, first) in requests.iter().zip(&first) {
            let again = request.send(&world);

            assert_eq!(again.headers["countersign-receipt"], first.headers["countersign-receipt"], "{}", request.path);
            assert_eq!(again.headers.get("countersign-event"), None, "{}", request.path);
        }
        assert_eq!(events(&world), 3, "restarted: {restarted}");
    }
    // A sender that tries again signs the time anew, under the same id.
    assert_eq!(with_signed_id("msg_1", r#"{"type": "a"}"#).send(&world).headers.get("countersign-event"), None);
    assert_eq!(events(&world), 3);
}

#[test]
fn what_differs_in_what_tells_is_another_delivery() {
    let mut world = World::serving(CONFIG);
    let at_s = now_s();
    let all = || {
        [
            with_signed_id("msg_1", r#"{"type": "a"}"#),
            with_signed_id("msg_2", r#"{"type": "a"}"#),
            with_signed_time(at_s, r#"{"event": "a"}"#),
            with_signed_time(at_s - 1, r#"{"event": "a"}"#),
            with_signed_time(at_s, r#"{"event": "b"}"#),
            with_unsigned_id("d-1", "{}"),
            with_unsigned_id("d-2", "{}"),
            with_unsigned_id("d-1", "[]"),
        ]
    };
    all().iter().for_each(|request| assert!(request.send(&world).headers.contains_key("countersign-event")));
    world.kill();
    world.start();

    all().iter().for_each(|request| assert_eq!(request.send(&world).headers.get("countersign-event"), None));

    assert_eq!(events(&world), 8);
}

#[test]
fn equal_bodies_of_senders_that_offer_nothing_to_tell_by_are_all_dispatched() {
    let mut world = World::serving(CONFIG);
    let mut receipts = Vec::new();
    for restarted in [false, true] {
        if restarted {
            world.kill();
            world.start();
        }
        for request in untold().iter().chain(&untold()) {
            let answer = request.send(&world);
            assert!(answer.headers.contains_key("countersign-event"), "{}", request.path);
            receipts.push(answer.headers["countersign-receipt"].clone());
        }
    }

    assert_eq!(events(&world), 12);
    receipts.sort_unstable();
    receipts.dedup();
    assert_eq!(receipts.len(), 12);
}
