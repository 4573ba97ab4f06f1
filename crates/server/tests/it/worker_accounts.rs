//! What workers call with, and what they may: access keys, grants, variables.

use domain::catalogue::Access;
use serde_json::{Value, json};
use store::seal::of;

use crate::world::World;

/// Adds a worker, and answers its credentials.
pub async fn worker(world: &World, name: &str) -> Value {
    let spec = json!({
        "name": name, "profile": "worker", "url": "https://worker.example/", "events": ["evidence_created"],
    });
    let made = world.api("POST", "/services", spec).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["credentials"].clone()
}

#[tokio::test]
async fn a_worker_gets_an_account_with_an_access_key_and_no_grant() {
    let world = World::new().await;
    let credentials = worker(&world, "render").await;

    let key = credentials["access_key"].as_str().expect("a key");
    let secret = credentials["secret_key"].as_str().expect("a secret");
    assert!(key.starts_with("AS-") && key.len() == 27 && secret.len() == 88, "{credentials}");
    let catalogue = world.store.catalogue();
    let (account, kept) = catalogue.access_key(key).expect("a known key");
    assert_eq!((account.operations.all, account.operations.granted.len()), (None, 0));
    assert_eq!(world.seal.open(&kept.secret, &of::account_access(account.number)).expect("it opens").as_str(), secret);
    let shown = world.api("GET", "/accounts/render", Value::Null).await;
    assert_eq!(shown.json()["access_keys"][0]["name"], key);
    assert!(!shown.text().contains(secret));
}

#[tokio::test]
async fn an_access_key_is_changed_without_a_gap_and_revoked() {
    let world = World::new().await;
    let first = worker(&world, "render").await["access_key"].as_str().expect("a key").to_owned();
    let issue = || world.api("POST", "/services/render/credentials", json!({}));
    let second = issue().await.json()["credentials"]["access_key"].as_str().expect("a key").to_owned();
    let known = |key: &str| world.store.catalogue().access_key(key).is_some();
    assert!(known(&first) && known(&second));

    let third = issue().await.json()["credentials"]["access_key"].as_str().expect("a key").to_owned();
    assert!(!known(&first) && known(&second) && known(&third));

    let revoked = world.api("DELETE", &format!("/accounts/render/keys/{second}"), Value::Null).await;
    assert_eq!(revoked.status, 204);
    assert!(!known(&second) && known(&third));
    let unknown = world.api("DELETE", "/accounts/render/keys/AS-nothing", Value::Null).await;
    assert_eq!(unknown.problem(), "not-found");

    let more = world.api("POST", "/accounts/render/keys", json!({})).await;
    assert_eq!((more.status.as_u16(), more.json()["secret_key"].as_str().map(str::len)), (201, Some(88)));
}

#[tokio::test]
async fn operations_are_granted_one_by_one_and_all_of_them_only_with_a_warning() {
    let world = World::new().await;
    let made = world.api("POST", "/accounts", json!({"name": "ci", "role": "service"})).await;
    assert_eq!((&made.json()["operations"], &made.json()["warning"]), (&json!({}), &Value::Null));

    let granted = world.api("PATCH", "/accounts/ci", json!({"operations": {"red": "write"}})).await;
    assert_eq!((&granted.json()["operations"]["red"], &granted.json()["warning"]), (&json!("write"), &Value::Null));
    let wide = world.api("PATCH", "/accounts/ci", json!({"all_operations": "read"})).await;
    assert!(wide.json()["warning"].as_str().expect("a warning").contains("every operation"), "{}", wide.text());
    let account =
        world.store.catalogue().accounts.values().find(|each| each.name == "ci").cloned().expect("it is there");
    assert!(account.operations.allow("red", Access::Write) && !account.operations.allow("blue", Access::Write));

    let strange = world.api("PATCH", "/accounts/ci", json!({"operations": {"red": "owner"}})).await;
    assert_eq!(strange.status, 422, "{}", strange.text());
}

#[tokio::test]
async fn a_variable_is_sealed_and_never_shown_and_forgotten_when_removed() {
    let world = World::new().await;
    let spec = json!({"operation": "red", "slug": "token", "name": "TOKEN", "value": "hunter2"});
    let made = world.api("POST", "/variables", spec.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(world.api("POST", "/variables", spec.clone()).await.problem(), "name-taken");
    let for_all = world.api("POST", "/variables", json!({"slug": "token", "name": "TOKEN", "value": "x"})).await;
    assert_eq!(for_all.status, 201, "another place");

    let value = |world: &World| {
        let catalogue = world.store.catalogue();
        let variable = catalogue.variables_of(Some("red")).next().cloned().expect("a variable");
        world.seal.open(&variable.value, &of::variable(Some("red"), "token")).expect("it opens").to_string()
    };
    assert_eq!(value(&world), "hunter2");
    let path = format!("/variables/{id}");
    let renamed = world.api("PATCH", &path, json!({"name": "KEY"})).await;
    assert_eq!((renamed.json()["name"].as_str(), value(&world).as_str()), (Some("KEY"), "hunter2"));
    world.api("PATCH", &path, json!({"value": "correct horse"})).await;
    assert_eq!(value(&world), "correct horse");
    let moved = world.api("PATCH", &path, json!({"operation": "blue"})).await;
    assert_eq!(moved.problem(), "invalid-value");

    for shown in
        [made, renamed, world.api("GET", "/variables", Value::Null).await, world.api("GET", &path, Value::Null).await]
    {
        assert!(!shown.text().contains("hunter2") && !shown.text().contains("horse"), "{}", shown.text());
    }
    assert_eq!(world.api_as(&world.reader, "GET", "/variables", Value::Null).await.problem(), "forbidden");
    assert_eq!(world.api("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(world.api("GET", &path, Value::Null).await.problem(), "not-found");
    assert_eq!(world.api("POST", "/variables", spec).await.status, 201, "the place is free again");
}
