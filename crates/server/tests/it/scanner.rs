//! The scanner protocol's API: who calls, what is taken, and every refusal in its words.

use axum::body::Body;
use bytes::Bytes;
use domain::answer::{Answer as Meant, Said};
use domain::result::ServiceResult;
use domain::{ExpectationKey, ServiceKey};
use serde_json::{Value, json};
use store::command::{Answer, Claim, Claimed, Finish, Step};
use store::judged;
use store::row::RowsExt;
use verify::account::token;

use crate::world::{Answered, World, call};

pub const RESULTS: &str = "/api/v5/scanner/results/";
/// The world's time when it begins.
pub const NOW: i64 = 1_767_225_600;

/// A key of a scanner's account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    pub name: String,
    pub secret: String,
}

impl Key {
    fn of(credentials: &Value) -> Self {
        let text = |name: &str| credentials[name].as_str().expect("a credential").to_owned();
        assert_eq!(credentials.as_object().map(serde_json::Map::len), Some(2), "{credentials}");
        Self { name: text("jwt_key"), secret: text("jwt_secret") }
    }

    /// The header of a token that says this beside the issuer.
    pub fn claiming(&self, claims: &str) -> String {
        format!("JWT {}", token(&self.secret, &format!(r#"{{"iss":"{}"{claims}}}"#, self.name)))
    }

    /// The header of a token that lives now.
    pub fn header(&self, world: &World) -> String {
        let now = world.now().seconds();
        self.claiming(&format!(r#","iat":{now},"exp":{}"#, now + 60))
    }
}

/// Registers a scanner that hears of validations and may push.
pub async fn scanner(world: &World, name: &str) -> Key {
    let spec = json!({
        "name": name, "profile": "scanner", "payload": "full", "url": "https://scan.example/", "secret": "hunter2",
        "events": ["during_validation", "push"],
    });
    let made = world.api("POST", "/services", spec).await;
    assert_eq!(made.status, 201, "{}", made.text());
    Key::of(&made.json()["credentials"])
}

/// Records that a version is to be validated, and answers the number of what the service owes about it.
pub async fn owed(world: &World, name: &str, version: &str) -> i64 {
    let about = json!({"kind": "version", "collection": "85", "subject": version});
    let recorded = world.api("POST", "/events", json!({"type": "during_validation", "subject": about})).await;
    assert_eq!(recorded.status, 202, "{}", recorded.text());
    let service = service(world, name);
    let owed = world.store.read(move |rows| {
        let all = rows.page::<domain::expectation::Expectation>(None, 50)?;
        Ok(all.into_iter().find(|each| each.service == service).map(|each| each.key.0))
    });
    owed.await.expect("the engine works").expect("an expectation")
}

fn service(world: &World, name: &str) -> ServiceKey {
    world.store.catalogue().service_named(name).expect("a service").key
}

pub fn account(world: &World, service: &str) -> String {
    let catalogue = world.store.catalogue();
    let account = catalogue.service_named(service).and_then(|service| service.account).expect("an account");
    catalogue.accounts[&account].name.clone()
}

pub async fn permit(world: &World, service: &str, permissions: Value) {
    let path = format!("/accounts/{}", account(world, service));
    let changed = world.api("PATCH", &path, json!({"permissions": permissions})).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["permissions"]), (200, &permissions), "{}", changed.text());
}

pub async fn send(world: &World, method: &str, path: &str, authorization: &str, body: impl ToString) -> Answered {
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    call(world.server.public(), method, path, &headers, Body::from(body.to_string())).await
}

pub async fn patch(world: &World, key: &Key, number: i64, body: Value) -> Answered {
    send(world, "PATCH", &format!("{RESULTS}{number}/"), &key.header(world), body).await
}

pub async fn push(world: &World, key: &Key, body: Value) -> Answered {
    send(world, "POST", RESULTS, &key.header(world), body).await
}

/// A body that names these rules.
pub fn found(rules: &[&str]) -> Value {
    json!({"results": {"version": "1.2", "matchedRules": rules}})
}

pub fn pushed(version: i64, rules: &[&str]) -> Value {
    json!({"version_id": version, "results": {"version": "1.2", "matchedRules": rules}})
}

async fn results(world: &World) -> Vec<ServiceResult> {
    world.store.read(|rows| rows.page::<ServiceResult>(None, 50)).await.expect("the engine works")
}

fn is(answer: &Answered, status: u16, body: &Value) {
    assert_eq!((answer.status.as_u16(), &answer.json()), (status, body));
    assert_eq!(answer.header("content-type"), "application/json");
}

pub fn detail(text: &str) -> Value {
    json!({ "detail": text })
}

pub const UPDATED: &str = "Scanner result has already been updated";
pub const NOT_PERMITTED: &str = "You do not have permission to perform this action.";
pub const NO_SCANNER: &str = "Authenticated user does not match any active scanner service account";

#[tokio::test]
async fn a_scanner_gets_an_account_of_its_own_with_a_key_that_is_shown_once() {
    let world = World::new().await;
    let key = scanner(&world, "Malware Scan").await;
    let other = scanner(&world, "malware-scan").await;

    assert_ne!(key, other);
    let shown = world.api("GET", "/accounts/service-account-webhook-malware-scan", Value::Null).await.json();
    assert_eq!(shown["permissions"], json!(["Scanners:PatchResults"]));
    assert_eq!((&shown["role"], &shown["tokens"]), (&json!("service"), &json!([])));
    assert_eq!(shown["jwt_keys"][0]["name"], json!(key.name));
    assert_eq!((key.secret.len(), key.name.split(':').next()), (64, Some("user")));
    assert_eq!(account(&world, "malware-scan"), "service-account-webhook-malware-scan-2");
    for path in ["/accounts", "/services", "/audit"] {
        let shown = world.api("GET", path, Value::Null).await.text();
        assert!(!shown.contains(&key.secret), "{path}");
    }
}

#[tokio::test]
async fn permissions_are_given_and_taken_by_name() {
    let world = World::new().await;
    scanner(&world, "scan").await;
    permit(&world, "scan", json!(["Scanners:PatchResults", "Scanners:PushResults", "Addons:FileDownload"])).await;
    permit(&world, "scan", json!([])).await;

    let path = format!("/accounts/{}", account(&world, "scan"));
    let refused = world.api("PATCH", &path, json!({"permissions": ["Scanners:Everything"]})).await;

    assert_eq!(refused.problem(), "invalid-value");
    for name in ["Scanners:Everything", "Scanners:PatchResults", "Sources:Download"] {
        assert!(refused.text().contains(name), "{}", refused.text());
    }
}

#[tokio::test]
async fn five_seconds_on_either_side_and_the_schemes_case_are_nothing_to_object_to() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    for header in [
        key.header(&world).replacen("JWT", "jwt", 1),
        key.claiming(r#","iat":1767225605,"exp":1767225905"#),
        key.claiming(r#","iat":1767225500,"exp":1767225596"#),
    ] {
        assert_eq!(send(&world, "PATCH", "/api/v5/scanner/results/1/", &header, "").await.status, 404, "{header}");
    }
}

#[tokio::test]
async fn an_account_that_is_switched_off_is_told_so_and_one_that_was_removed_is_unknown() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let path = format!("/accounts/{}", account(&world, "scan"));
    assert_eq!(world.api("PATCH", &path, json!({"active": false})).await.status, 200);
    is(&patch(&world, &key, 1, found(&[])).await, 401, &detail("User account is disabled."));
    assert_eq!(world.api("DELETE", &path, Value::Null).await.status, 204);
    is(&patch(&world, &key, 1, found(&[])).await, 401, &detail("Unknown JWT iss (issuer)."));
}

#[tokio::test]
async fn a_later_result_is_checked_in_the_protocols_order() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let foreign = scanner(&world, "foreign").await;
    let number = owed(&world, "scan", "42").await;
    let nonsense = json!({"nonsense": 1});

    permit(&world, "scan", json!(["Scanners:PushResults"])).await;
    is(&patch(&world, &key, 0, nonsense.clone()).await, 403, &detail(NOT_PERMITTED));
    permit(&world, "scan", json!(["Scanners:PatchResults"])).await;
    let nowhere = [(&key, 0), (&key, 9_999), (&foreign, number)];
    for (key, number) in nowhere {
        let answer = patch(&world, key, number, nonsense.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (404, ""));
    }
    for id in ["abc", "1.5", "99999999999999999999"] {
        let answer = send(&world, "PATCH", &format!("{RESULTS}{id}/"), &key.header(&world), "").await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (404, ""));
    }
    is(&patch(&world, &key, number, nonsense.clone()).await, 400, &json!({"results": ["This field is required."]}));

    let taken = patch(&world, &key, number, found(&["A"])).await;

    assert_eq!((taken.status.as_u16(), taken.text().as_str()), (204, ""));
    let kept = results(&world).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].raw, Bytes::from(found(&["A"])["results"].to_string()));
    is(&patch(&world, &key, number, nonsense).await, 409, &detail(UPDATED));
    is(&send(&world, "PATCH", &format!("{RESULTS}{number}/"), &key.header(&world), "{").await, 409, &detail(UPDATED));
    assert_eq!(send(&world, "PATCH", "/api/v5/scanner/results/1", &key.header(&world), "").await.status, 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_told_member_by_member() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let number = owed(&world, "scan", "42").await;
    let results = |remark: &str| json!({"results": [remark]});
    for (body, said) in [
        (json!({}), results("This field is required.")),
        (json!({"results": null}), results("This field may not be null.")),
        (json!({"results": []}), results("[] is not of type 'object'")),
        (json!({"results": {"matchedRules": []}}), results("'version' is a required property")),
        (json!({"results": {"version": "1"}}), results("'matchedRules' is a required property")),
        (json!({"results": {"version": 1, "matchedRules": []}}), results("1 is not of type 'string'")),
        (json!({"results": {"version": "1", "matchedRules": [7]}}), results("7 is not of type 'string'")),
        (
            json!({"results": {"version": "1", "matchedRules": ["A"], "annotations": {"UNKNOWN_RULE": [{}]}}}),
            results("Annotation keys not in matchedRules: ['UNKNOWN_RULE']"),
        ),
        (json!({"more": 1, "results": []}), results("[] is not of type 'object'")),
        (
            json!({"results": found(&[])["results"], "more": 1, "id": 2}),
            json!({"more": ["Unexpected field."], "id": ["Unexpected field."]}),
        ),
        (json!([1]), json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]})),
        (Value::Null, json!({"non_field_errors": ["No data provided"]})),
    ] {
        is(&patch(&world, &key, number, body).await, 400, &said);
    }
    let path = format!("{RESULTS}{number}/");
    let broken = send(&world, "PATCH", &path, &key.header(&world), "{\"results\": ").await;
    assert_eq!(broken.status, 400);
    assert!(broken.json()["detail"].as_str().is_some_and(|text| text.starts_with("JSON parse error - ")));
    let empty = send(&world, "PATCH", &path, &key.header(&world), "").await;
    is(&empty, 400, &results("This field is required."));
    let large = send(&world, "PATCH", &path, &key.header(&world), "x".repeat(1024 * 1024 + 1)).await;
    assert_eq!(large.status, 413);
    for (kind, status) in [("application/json; charset=utf-8", 400), ("text/plain", 415), ("", 415)] {
        let authorization = key.header(&world);
        let headers = [("authorization", authorization.as_str()), ("content-type", kind)];
        let answer = call(world.server.public(), "PATCH", &path, &headers, Body::from("{}")).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}");
        if status == 415 {
            is(&answer, 415, &detail(&format!("Unsupported media type \"{kind}\" in request.")));
        }
    }
}

#[tokio::test]
async fn another_method_is_refused_once_it_is_known_who_calls_and_what_they_may() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let anonymous = "Authentication credentials were not provided.";
    let one = "/api/v5/scanner/results/1/";
    let elsewhere =
        [("GET", RESULTS, "POST"), ("PATCH", RESULTS, "POST"), ("GET", one, "PATCH"), ("PUT", one, "PATCH")];
    permit(&world, "scan", json!([])).await;
    for (method, path, _) in elsewhere {
        is(&send(&world, method, path, "", "").await, 401, &detail(anonymous));
        is(&send(&world, method, path, "JWT abc", "").await, 401, &detail("Error decoding signature."));
        is(&send(&world, method, path, &key.header(&world), "").await, 403, &detail(NOT_PERMITTED));
    }
    permit(&world, "scan", json!(["Scanners:PatchResults", "Scanners:PushResults"])).await;
    for (method, path, allowed) in elsewhere {
        let answer = send(&world, method, path, &key.header(&world), "").await;
        is(&answer, 405, &detail(&format!("Method \"{method}\" not allowed.")));
        assert_eq!(answer.header("allow"), allowed);
    }
}

async fn claim(world: &World, name: &str) -> Claimed {
    let now = world.now();
    let claim = Claim { service: service(world, name), limit: 1, probe: false, due_by: now, now };
    match world.store.submit(claim).await.expect("the engine works") {
        Answer::Claimed(claimed) => claimed.into_iter().next().expect("a run that is due"),
        other => panic!("a claim was answered {other:?}"),
    }
}

fn finish(world: &World, call: &Claimed, step: Step) -> Finish {
    let now = world.now();
    let (run, lease, body) = (call.run.key, call.lease, Bytes::from_static(b"{}"));
    Finish {
        run,
        lease,
        started: now,
        connected: None,
        status: Some(200),
        answer: "processed",
        text: None,
        body,
        step,
        record: None,
        now,
    }
}

async fn conclude(world: &World, call: &Claimed, rules: &[&str]) -> Answer {
    let matched = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let meant = Meant::Processed(Said { matched, complete: true, ..Said::default() });
    let conclusion = meant.conclusion().expect("a conclusion");
    let finish = finish(world, call, Step::HandBack);
    judged::conclude(&world.store, call, &conclusion, finish).await.expect("the engine works")
}

#[tokio::test]
async fn a_result_that_is_sent_before_the_calls_answer_wins() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let number = owed(&world, "scan", "42").await;
    let called = claim(&world, "scan").await;

    assert_eq!(patch(&world, &key, number, found(&["EARLY"])).await.status, 204);
    assert!(matches!(conclude(&world, &called, &["ANSWER"]).await, Answer::Superseded));

    assert_eq!(results(&world).await.len(), 1);
    is(&patch(&world, &key, number, found(&[])).await, 409, &detail(UPDATED));
}

#[tokio::test]
async fn a_result_that_is_sent_after_the_calls_answer_is_taken_unless_that_was_complete() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let deferred = owed(&world, "scan", "42").await;
    let called = claim(&world, "scan").await;
    let until = world.now().after(std::time::Duration::from_secs(3600));
    let noted = world.store.submit(finish(&world, &called, Step::Defer { until })).await;
    assert!(matches!(noted, Ok(Answer::Noted)), "{noted:?}");
    assert_eq!(patch(&world, &key, deferred, found(&["LATER"])).await.status, 204);

    let complete = owed(&world, "scan", "43").await;
    let called = claim(&world, "scan").await;
    assert!(matches!(conclude(&world, &called, &[]).await, Answer::Concluded(_)));
    is(&patch(&world, &key, complete, found(&["LATER"])).await, 409, &detail(UPDATED));
}

#[tokio::test]
async fn a_skip_may_still_be_replaced() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let number = owed(&world, "scan", "42").await;
    let called = claim(&world, "scan").await;
    let skipped = Meant::Skipped { open: true }.conclusion().expect("a conclusion");
    let step = finish(&world, &called, Step::HandBack);
    let ended = judged::conclude(&world.store, &called, &skipped, step).await;
    assert!(matches!(ended, Ok(Answer::Concluded(_))), "{ended:?}");

    assert_eq!(patch(&world, &key, number, found(&["A"])).await.status, 204);
}

#[tokio::test]
async fn what_comes_after_the_deadline_is_refused_and_kept_as_late() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let number = owed(&world, "scan", "42").await;
    world.clock.forward(27 * 3600);
    judged::check(&world.store, ExpectationKey(number), world.now()).await.expect("the engine works");
    assert_eq!(results(&world).await.len(), 1, "that it is missing");

    is(&patch(&world, &key, number, json!({"results": {}})).await, 409, &detail(UPDATED));
    assert_eq!(results(&world).await.len(), 1);
    is(&patch(&world, &key, number, found(&["A"])).await, 409, &detail(UPDATED));
    is(&patch(&world, &key, number, found(&["A"])).await, 409, &detail(UPDATED));

    let late = results(&world).await.into_iter().filter(|result| result.late).count();
    assert_eq!(late, 1);
}

#[tokio::test]
async fn a_scanner_that_is_switched_off_may_send_what_it_owes_and_push_nothing() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    permit(&world, "scan", json!(["Scanners:PatchResults", "Scanners:PushResults"])).await;
    let number = owed(&world, "scan", "42").await;
    assert_eq!(world.api("PATCH", "/services/scan", json!({"active": false})).await.status, 200);

    is(&push(&world, &key, pushed(42, &[])).await, 403, &detail(NO_SCANNER));
    assert_eq!(patch(&world, &key, number, found(&[])).await.status, 204);
}

#[tokio::test]
async fn a_push_is_checked_in_the_protocols_order() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    owed(&world, "scan", "42").await;
    is(&push(&world, &key, json!({})).await, 403, &detail(NOT_PERMITTED));
    permit(&world, "scan", json!(["Scanners:PushResults"])).await;
    for events in [json!(["during_validation"]), json!([{"type": "push", "active": false}])] {
        assert_eq!(world.api("PATCH", "/services/scan", json!({"events": events})).await.status, 200);
        is(&push(&world, &key, json!({})).await, 403, &detail(NO_SCANNER));
    }
    assert_eq!(world.api("PATCH", "/services/scan", json!({"events": ["push"]})).await.status, 200);
    let required = "This field is required.";
    let results = found(&[])["results"].clone();
    for (body, said) in [
        (json!({}), json!({"results": [required], "version_id": [required]})),
        (json!({"version_id": 42}), json!({"results": [required]})),
        (json!({"results": results}), json!({"version_id": [required]})),
        (pushed(7, &[]), json!({"version_id": ["Version not found."]})),
        (
            json!({"version_id": 7, "results": {}}),
            json!({
                "version_id": ["Version not found."], "results": ["'version' is a required property"],
            }),
        ),
        (json!({"version_id": "x", "results": results}), json!({"version_id": ["A valid integer is required."]})),
        (json!({"version_id": null, "results": results}), json!({"version_id": ["This field may not be null."]})),
        (json!({"version_id": 42, "results": results, "id": 1}), json!({"id": ["Unexpected field."]})),
    ] {
        is(&push(&world, &key, body).await, 400, &said);
    }

    let taken = push(&world, &key, pushed(42, &["UNKNOWN"])).await;

    assert_eq!(taken.status, 201, "{}", taken.text());
    let id = taken.json()["id"].as_i64().expect("a number");
    is(&taken, 201, &json!({"id": id}));
    // A pushed result is no answer to anything, so nothing can be sent later under its number.
    permit(&world, "scan", json!(["Scanners:PatchResults", "Scanners:PushResults"])).await;
    assert_eq!(patch(&world, &key, id, found(&[])).await.status, 404);
}

#[tokio::test]
async fn a_rule_is_pushed_once_for_a_version_by_a_scanner() {
    let world = World::new().await;
    let (key, other) = (scanner(&world, "scan").await, scanner(&world, "other").await);
    for name in ["scan", "other"] {
        permit(&world, name, json!(["Scanners:PatchResults", "Scanners:PushResults"])).await;
    }
    for name in ["A", "B"] {
        assert_eq!(world.api("POST", "/rules", json!({"name": name, "action": {"hold": "24h"}})).await.status, 201);
    }
    let number = owed(&world, "scan", "42").await;
    owed(&world, "scan", "43").await;
    // What was found in an answer is no push.
    assert_eq!(patch(&world, &key, number, found(&["B"])).await.status, 204);

    assert_eq!(push(&world, &key, pushed(42, &["A"])).await.status, 201);
    let conflict = "Scanner result already pushed for one of the rules";
    is(&push(&world, &key, pushed(42, &["A"])).await, 409, &detail(conflict));
    is(&push(&world, &key, pushed(42, &["B", "A"])).await, 409, &detail(conflict));
    is(&push(&world, &key, json!({"version_id": 42})).await, 400, &json!({"results": ["This field is required."]}));
    for (key, body) in [
        (&key, pushed(42, &["B"])),
        (&key, pushed(42, &[])),
        (&key, pushed(42, &[])),
        (&key, pushed(42, &["UNKNOWN"])),
        (&key, pushed(42, &["UNKNOWN"])),
        (&key, pushed(43, &["A"])),
        (&other, pushed(42, &["A"])),
    ] {
        let taken = push(&world, key, body).await;
        assert_eq!(taken.status, 201, "{}", taken.text());
    }
    let verdict = world.api("GET", "/subjects/version/85/43/verdict", Value::Null).await.json();
    assert_eq!(verdict["verdict"], "held");
}

#[tokio::test]
async fn two_pushes_of_one_rule_at_a_time_make_one_result() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    permit(&world, "scan", json!(["Scanners:PushResults"])).await;
    assert_eq!(world.api("POST", "/rules", json!({"name": "A", "action": "flag"})).await.status, 201);
    owed(&world, "scan", "42").await;

    let (one, two) = tokio::join!(push(&world, &key, pushed(42, &["A"])), push(&world, &key, pushed(42, &["A"])));

    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn keys_are_changed_with_an_overlap_and_the_third_voids_the_first() {
    let world = World::new().await;
    let first = scanner(&world, "scan").await;
    permit(&world, "scan", json!([])).await;
    let issue = async || {
        let issued = world.api("POST", "/services/scan/credentials", Value::Null).await;
        assert_eq!(issued.status, 200, "{}", issued.text());
        Key::of(&issued.json()["credentials"])
    };
    let known = async |key: &Key| patch(&world, key, 1, found(&[])).await.status.as_u16();

    let second = issue().await;
    assert_eq!([known(&first).await, known(&second).await], [403, 403], "what was forbidden stays so");
    let third = issue().await;

    is(&patch(&world, &first, 1, found(&[])).await, 401, &detail("Unknown JWT iss (issuer)."));
    assert_eq!([known(&second).await, known(&third).await], [403, 403]);
    let path = format!("/accounts/{}", account(&world, "scan"));
    let shown = world.api("GET", &path, Value::Null).await.json();
    let id = shown["jwt_keys"][1]["id"].as_str().expect("an id").to_owned();
    assert_eq!(world.api("DELETE", &format!("{path}/tokens/{id}"), Value::Null).await.status, 204);
    assert_eq!([known(&second).await, known(&third).await], [401, 403]);
}

#[tokio::test]
async fn a_token_may_be_used_again_unless_the_installation_says_otherwise() {
    let lax = World::new().await;
    let strict = World::with(|settings| settings.refuse_repeated_jti = true).await;
    let claims = format!(r#","jti":"0.5","iat":{NOW},"exp":{}"#, NOW + 60);
    for (world, again) in [(&lax, 404), (&strict, 401)] {
        let key = scanner(world, "scan").await;
        let once = key.claiming(&claims);
        let send = async |header: &str| send(world, "PATCH", "/api/v5/scanner/results/1/", header, "").await;

        assert_eq!(send(&once).await.status, 404);
        let repeated = send(&once).await;
        assert_eq!(repeated.status.as_u16(), again);
        if again == 401 {
            is(&repeated, 401, &detail("JWT jti (nonce) has been used before."));
        }
        let unnamed = key.header(world);
        assert_eq!([send(&unnamed).await.status, send(&unnamed).await.status], [404, 404]);
    }
}

#[tokio::test]
async fn the_credentials_of_a_removed_scanner_stay_revoked_whoever_switches_its_account_on() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let path = format!("/accounts/{}", account(&world, "scan"));
    world.api("POST", &format!("{path}/tokens"), Value::Null).await;
    assert_eq!(world.api("DELETE", "/services/scan", Value::Null).await.status, 204);
    is(&patch(&world, &key, 1, found(&[])).await, 401, &detail("Unknown JWT iss (issuer)."));

    let shown = world.api("PATCH", &path, json!({"active": true})).await.json();

    assert_eq!((&shown["jwt_keys"][0]["revoked"], &shown["tokens"][0]["revoked"]), (&json!(true), &json!(true)));
    is(&patch(&world, &key, 1, found(&[])).await, 401, &detail("Unknown JWT iss (issuer)."));
}

#[tokio::test]
async fn what_a_person_forbade_is_not_undone_by_new_credentials() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    permit(&world, "scan", json!(["Scanners:PushResults"])).await;
    let path = format!("/accounts/{}", account(&world, "scan"));
    assert_eq!(world.api("PATCH", &path, json!({"active": false})).await.status, 200);

    let refused = world.api("POST", "/services/scan/credentials", Value::Null).await;

    assert_eq!(refused.problem(), "conflict");
    assert!(refused.text().contains("switch it on first"), "{}", refused.text());
    is(&patch(&world, &key, 1, found(&[])).await, 401, &detail("User account is disabled."));
    assert_eq!(world.api("PATCH", &path, json!({"active": true})).await.status, 200);
    assert_eq!(world.api("POST", "/services/scan/credentials", Value::Null).await.status, 200);
    let shown = world.api("GET", &path, Value::Null).await.json();
    assert_eq!(shown["permissions"], json!(["Scanners:PushResults"]));
}

#[tokio::test]
async fn a_rule_that_holds_for_a_time_moves_the_reviews_deadline_and_one_that_blocks_spares_what_many_use() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let rules = [
        json!({"name": "LATER", "action": {"hold": "24h"}}),
        json!({"name": "BAD", "action": "block", "users_max": 100}),
    ];
    for rule in rules {
        assert_eq!(world.api("POST", "/rules", rule).await.status, 201);
    }
    let subject = |id: &str, users: u32| {
        json!({
            "kind": "version", "collection": "85", "subject": id, "users": users, "review_deadline": "2026-01-03T00:00:00Z",
        })
    };
    for (id, users, verdict, rule) in
        [("1", 101, "held", "BAD"), ("2", 100, "blocked", "BAD"), ("3", 1, "held", "LATER")]
    {
        let described = world.api("POST", "/subjects", subject(id, users)).await;
        assert_eq!(
            (described.status.as_u16(), &described.json()["users"]),
            (201, &json!(users)),
            "{}",
            described.text()
        );
        let number = owed(&world, "scan", id).await;
        assert_eq!(patch(&world, &key, number, found(&[rule])).await.status, 204);

        let told = world.api("GET", &format!("/subjects/version/85/{id}/verdict"), Value::Null).await.json();
        let due = if rule == "LATER" { "2026-01-02T00:00:00" } else { "2026-01-03T00:00:00" };
        assert_eq!(told["verdict"], verdict, "{told}");
        assert!(told["review_deadline"].as_str().is_some_and(|at| at.starts_with(due)), "{told}");
    }
    for (member, value) in [("users", json!(-1)), ("review_deadline", json!("soon"))] {
        let mut spec = subject("4", 1);
        spec[member] = value;
        let refused = world.api("POST", "/subjects", spec).await;
        assert_eq!(refused.problem(), "invalid-value", "{}", refused.text());
    }
    let refused = world.api("POST", "/rules", json!({"name": "X", "action": "flag", "users_max": 1})).await;
    assert!(refused.text().contains("users_max"), "{}", refused.text());
}

#[tokio::test]
async fn when_an_account_was_last_recognised_is_shown_to_the_minute() {
    let world = World::new().await;
    let key = scanner(&world, "scan").await;
    let path = format!("/accounts/{}", account(&world, "scan"));
    let shown = async || world.api("GET", &path, Value::Null).await.json()["last_login"].clone();
    assert_eq!(shown().await, Value::Null);
    let forged = Key { secret: "another".to_owned(), ..key.clone() };
    assert_eq!(patch(&world, &forged, 1, found(&[])).await.status, 401);
    assert_eq!(shown().await, Value::Null, "whoever is not recognised leaves no trace");

    assert_eq!(patch(&world, &key, 1, found(&[])).await.status, 404);
    let first = shown().await;
    assert_eq!(first, world.now().rfc3339());
    let written = world.store.catalogue().version;
    world.clock.forward(59);
    assert_eq!(patch(&world, &key, 1, found(&[])).await.status, 404);
    assert_eq!(shown().await, first, "once a minute");
    world.clock.forward(1);
    assert_eq!(patch(&world, &key, 1, found(&[])).await.status, 404);
    assert_eq!(shown().await, world.now().rfc3339());
    assert_eq!(world.store.catalogue().version, written, "it is no change of the catalogue");

    let listed = world.api("GET", "/accounts", Value::Null).await.json();
    let all = listed["data"].as_array().expect("a list");
    assert!(all.iter().any(|each| each["name"] == "administrator" && each["last_login"].is_string()), "{listed}");
}
