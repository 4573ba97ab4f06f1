//! What strangers send, over seeds and what comes of them by chance: the same on every run.

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use tower::ServiceExt;
use verify::fuzz::{Target, own_seeds, try_all};

use crate::world::World;

#[test]
fn no_head_token_or_certificate_panics_or_is_believed() {
    try_all(server::fuzz::ALL, 5_000, own_seeds);
}

/// Whole requests, each to both listeners: the first line, headers, an empty line, the body.
const REQUESTS: Target = Target {
    name: "requests",
    run: |_| {},
    seeds: &[
        b"POST /api/webhooks/incoming/github/default\nx-hub-signature-256: sha256=00\nx-github-event: push\n\n{}",
        b"PATCH /api/v5/scanner/results/1/\nauthorization: JWT a.b.c\ncontent-type: application/json\n\n{\"results\":{}}",
        b"POST /api/operations/a/evidence\nauthorization: k:AAAA\ndate: Thu, 01 Jan 2026 00:00:00 GMT\ncontent-type: \
          multipart/form-data; boundary=b\n\n--b\r\ncontent-disposition: form-data; name=\"notes\"\r\n\r\nx\r\n--b--",
        b"PUT /api/results/00ff\ncontent-type: application/json\n\n{\"matchedRules\":[]}",
        b"GET /api/artifacts/00ff\nrange: bytes=0-\n\n",
        b"POST /login\nhost: localhost\norigin: http://localhost\ncontent-type: application/x-www-form-urlencoded\n\nname=a&password=b",
        b"GET /events?cursor=evt_01&state=%zz\nhost: localhost\ncookie: countersign_session=00\n\n",
        b"POST /api/v1/events?wait=1h\nhost: localhost\nauthorization: Bearer cs_00\ncontent-type: application/json\n\n{\"type\":\"a\"}",
    ],
};

/// A request, if HTTP allows it.
fn request(bytes: &[u8]) -> Option<Request<axum::body::Body>> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let first = lines.next()?;
    let space = first.iter().position(|byte| *byte == b' ')?;
    let body = bytes.get(end + 2..).unwrap_or_default().to_vec();
    let mut request = Request::new(body.into());
    *request.method_mut() = Method::from_bytes(&first[..space]).ok()?;
    *request.uri_mut() = Uri::try_from(&first[space + 1..]).ok()?;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(HeaderName::from_bytes(&line[..colon]).ok()?, value);
    }
    Some(request)
}

#[tokio::test]
async fn whatever_a_stranger_sends_is_no_failure_of_ours_and_changes_nothing() {
    let world = World::new().await;
    let seeds = own_seeds(&REQUESTS);
    let mut chance = verify::fuzz::Chance::new();
    let mut sent = 0;
    let made = std::iter::repeat_with(|| chance.mutated(&seeds)).take(1_500);
    for bytes in seeds.iter().cloned().chain(made) {
        for router in [world.server.public(), world.server.admin()] {
            let Some(request) = request(&bytes) else { continue };
            let answer = router.oneshot(request).await.expect("an answer");
            assert!(answer.status().as_u16() < 500, "{}: {:?}", answer.status(), String::from_utf8_lossy(&bytes));
            sent += 1;
        }
    }
    assert!(sent > 500, "{sent}");
    let events = world.api("GET", "/events", serde_json::Value::Null).await.json();
    assert_eq!(events["data"], serde_json::json!([]), "nothing was recorded");
}
