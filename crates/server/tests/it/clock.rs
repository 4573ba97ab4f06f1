//! A wall clock that jumps an hour forward or back, as the outside sees it.

use serde_json::{Value, json};

use crate::people::is_in;
use crate::world::{Answered, World, github_push};
use verify::sign::SigningKey;

const HOUR: i64 = 3_600;
const SECRET: &str = "whsec_YSBrZXkgdGhhdCBib3RoIHNpZGVzIGtub3csIDMyIGI=";

/// A request of Standard Webhooks that was signed at this time.
async fn send(world: &World, id: &str, signed_at: i64) -> Answered {
    let (body, at) = (r#"{"type":"order.paid"}"#, signed_at.to_string());
    let key = SigningKey::read(SECRET).expect("a key");
    let signature = verify::sign::standard(id, signed_at, body.as_bytes(), &[key]);
    let headers = [("webhook-id", id), ("webhook-timestamp", at.as_str()), ("webhook-signature", signature.as_str())];
    world.webhook("/api/webhooks/incoming/standard-webhooks/shop", &headers, body).await
}

#[tokio::test]
async fn a_repeat_is_answered_with_its_first_receipt_before_and_after_the_jump() {
    for jump in [HOUR, -HOUR] {
        let world = World::new().await;
        let first = world.push("d-1", github_push()).await;
        world.clock.forward(jump);

        let again = world.push("d-1", github_push()).await;
        let next = world.push("d-2", github_push()).await;

        assert_eq!(first.header("countersign-receipt"), again.header("countersign-receipt"), "a jump by {jump} s");
        assert!(next.status.is_success() && next.header("countersign-event").starts_with("evt_"));
        let events = world.api("GET", "/events", Value::Null).await.json();
        let events = events["data"].as_array().expect("a list");
        let ids: Vec<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
        assert_eq!(ids, [next.header("countersign-event"), first.header("countersign-event")], "the newest first");
    }
}

#[tokio::test]
async fn what_is_signed_in_time_is_taken_again_as_soon_as_the_clock_is_right() {
    for jump in [HOUR, -HOUR] {
        let world = World::new().await;
        let spec = json!({"provider": "standard-webhooks", "id": "shop", "secrets": [SECRET]});
        assert_eq!(world.api("POST", "/sources", spec).await.status, 201);
        let now = world.now().seconds();

        world.clock.forward(jump);
        let refused = send(&world, "msg_1", now).await;
        world.clock.forward(-jump);
        let taken = send(&world, "msg_1", now).await;
        let again = send(&world, "msg_1", now).await;

        assert_eq!(refused.status.as_u16() / 100, 4, "a jump by {jump} s: {}", refused.text());
        assert!(taken.status.is_success(), "{}", taken.text());
        assert_eq!(taken.header("countersign-receipt"), again.header("countersign-receipt"));
        let events = world.api("GET", "/events", Value::Null).await.json();
        assert_eq!(events["data"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn who_is_signed_in_stays_signed_in() {
    for jump in [HOUR, -HOUR] {
        let world = World::new().await;
        let browser = world.sign_in("reader").await;

        world.clock.forward(jump);

        assert!(is_in(&world, &browser).await, "a jump by {jump} s");
        // Not for ever: what a jump back adds, time takes away again.
        world.clock.forward(10 * HOUR);
        assert!(!is_in(&world, &browser).await, "a jump by {jump} s");
    }
}
