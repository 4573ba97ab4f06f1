//! Every change, tried by everybody: each mutating route of the own API and of the pages, by each role.
//!
//! The routes come from the product's own tables. One that is not expected below fails the test: say who may.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::api::openapi;
use server::pages::routes::routes as page_routes;

use crate::world::{Answered, Browser, FORM, World};

/// Who may: everybody else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Administrators,
    /// Whoever submits.
    Submitters,
    /// Submitters, and members who may write in the collection.
    Askers,
    /// Members who may write in the collection.
    Writers,
    /// Members who say who is a member of the collection.
    Admins,
    /// Whoever sees everything.
    Overseers,
    /// Whoever has a session.
    SignedIn,
    /// Everybody: it is how one gets in.
    Everybody,
}

const API: &[(&str, Who)] = &[
    ("post /artifacts", Who::Submitters),
    ("put /collections/{collection}", Who::Submitters),
    ("post /subjects", Who::Submitters),
    ("post /events", Who::Submitters),
    ("post /events/{id}/replay", Who::Writers),
    ("post /subjects/{kind}/{collection}/{subject}/clearance", Who::Writers),
    ("post /subjects/{kind}/{collection}/{subject}/runs", Who::Askers),
    ("post /holds/{id}/release", Who::Writers),
    ("post /runs/{id}/again", Who::Askers),
    ("post /runs/again", Who::Administrators),
    ("put /collections/{collection}/members/{account}", Who::Admins),
    ("delete /collections/{collection}/members/{account}", Who::Admins),
    ("post /batches", Who::Writers),
    ("post /batches/{id}/pause", Who::Writers),
    ("post /batches/{id}/resume", Who::Writers),
    ("post /batches/{id}/abort", Who::Writers),
    ("post /holds", Who::Administrators),
    ("post /restrictions/{id}/lift", Who::Administrators),
    ("post /sources", Who::Administrators),
    ("post /sources/test", Who::Administrators),
    ("patch /sources/{id}", Who::Administrators),
    ("delete /sources/{id}", Who::Administrators),
    ("post /sources/{id}/secrets", Who::Administrators),
    ("delete /sources/{id}/secrets/{secret}", Who::Administrators),
    ("post /quarantine/{id}/retry", Who::Administrators),
    ("post /quarantine/retry", Who::Administrators),
    ("post /services", Who::Administrators),
    ("patch /services/{id}", Who::Administrators),
    ("delete /services/{id}", Who::Administrators),
    ("post /services/{id}/restore", Who::Administrators),
    ("post /services/{id}/test", Who::Administrators),
    ("post /services/{id}/pause", Who::Administrators),
    ("put /services/{id}/gate", Who::Administrators),
    ("put /gate", Who::Administrators),
    ("post /services/{id}/resume", Who::Administrators),
    ("post /services/{id}/credentials", Who::Administrators),
    ("post /rules", Who::Administrators),
    ("post /rules/test", Who::Administrators),
    ("patch /rules/{id}", Who::Administrators),
    ("delete /rules/{id}", Who::Administrators),
    ("post /accounts", Who::Administrators),
    ("patch /accounts/{id}", Who::Administrators),
    ("delete /accounts/{id}", Who::Administrators),
    ("post /accounts/{id}/tokens", Who::Administrators),
    ("post /accounts/{id}/keys", Who::Administrators),
    ("delete /accounts/{id}/keys/{key}", Who::Administrators),
    ("delete /accounts/{id}/tokens/{token}", Who::Administrators),
    ("post /accounts/{id}/link", Who::Administrators),
    ("delete /accounts/{id}/second-factor", Who::Administrators),
    ("post /variables", Who::Administrators),
    ("patch /variables/{id}", Who::Administrators),
    ("delete /variables/{id}", Who::Administrators),
];

const PAGES: &[(&str, Who)] = &[
    ("/login", Who::Everybody),
    ("/login/code", Who::Everybody),
    ("/login/password", Who::Everybody),
    ("/events/{id}/replay", Who::Writers),
    ("/runs/{id}/again", Who::Askers),
    ("/runs/again", Who::Administrators),
    ("/subjects/{kind}/{collection}/{id}/clearance", Who::Writers),
    ("/subjects/{kind}/{collection}/{id}/holds/{hold}/release", Who::Writers),
    ("/licenses/preview", Who::Overseers),
    ("/account/password", Who::SignedIn),
    ("/account/two-factor", Who::SignedIn),
    ("/account/two-factor/confirm", Who::SignedIn),
    ("/account/two-factor/off", Who::SignedIn),
    ("/account/recovery", Who::SignedIn),
    ("/account/sessions/others/end", Who::SignedIn),
    ("/account/sessions/{id}/end", Who::SignedIn),
    ("/account/keys", Who::SignedIn),
    ("/account/keys/{key}/revoke", Who::SignedIn),
    ("/accounts", Who::Administrators),
    ("/accounts/{id}/role", Who::Administrators),
    ("/accounts/{id}/grants", Who::Administrators),
    ("/accounts/{id}/link", Who::Administrators),
    ("/accounts/{id}/two-factor/off", Who::Administrators),
    ("/accounts/{id}/tokens", Who::Administrators),
    ("/accounts/{id}/access-keys", Who::Administrators),
    ("/accounts/{id}/keys/{key}/revoke", Who::Administrators),
    ("/accounts/{id}/off", Who::Administrators),
    ("/accounts/{id}/on", Who::Administrators),
    ("/admin/services/new/{profile}", Who::Administrators),
    ("/admin/services/{id}/credentials", Who::Administrators),
    ("/admin/services/{id}/edit", Who::Administrators),
    ("/admin/services/{id}/pause", Who::Administrators),
    ("/admin/services/{id}/remove", Who::Administrators),
    ("/admin/services/{id}/restore", Who::Administrators),
    ("/admin/services/{id}/resume", Who::Administrators),
    ("/admin/services/{id}/switch", Who::Administrators),
    ("/admin/services/{id}/test", Who::Administrators),
    ("/batches/new", Who::Writers),
    ("/batches/{id}/abort", Who::Writers),
    ("/batches/{id}/pause", Who::Writers),
    ("/batches/{id}/resume", Who::Writers),
    ("/quarantine/retry", Who::Administrators),
    ("/quarantine/{id}/retry", Who::Administrators),
    ("/rules/new", Who::Administrators),
    ("/rules/{id}", Who::Administrators),
    ("/rules/{id}/off", Who::Administrators),
    ("/sources", Who::Administrators),
    ("/sources/{id}/retire", Who::Administrators),
    ("/sources/{id}/secrets", Who::Administrators),
    ("/sources/{id}/switch", Who::Administrators),
    ("/sources/{id}/test", Who::Administrators),
    ("/logout", Who::SignedIn),
];

/// Somebody, and what they are to the collection that is changed.
struct Somebody {
    name: &'static str,
    token: String,
    browser: Option<Browser>,
}

impl Somebody {
    /// Whether they may.
    fn may(&self, who: Who) -> bool {
        let among = |names: &[&str]| names.contains(&self.name);
        match who {
            Who::Administrators => among(&["administrator"]),
            Who::Submitters => among(&["administrator", "submitter"]),
            Who::Askers => among(&["administrator", "submitter", "writer", "admin"]),
            Who::Writers => among(&["administrator", "writer", "admin"]),
            Who::Admins => among(&["administrator", "admin"]),
            Who::Overseers => among(&["administrator", "submitter", "reader"]),
            Who::SignedIn => !among(&["nobody", "service"]),
            Who::Everybody => true,
        }
    }

    /// Whether they see the collection.
    fn sees(&self) -> bool {
        !["nobody", "service", "stranger"].contains(&self.name)
    }
}

/// The add-on 85 with a version and what happened to it, which belongs to reader, writer and admin; 99 is the stranger's.
async fn everybody(world: &World) -> Vec<Somebody> {
    world.service("malware-scan", "http://127.0.0.1:20000/").await;
    let subject = json!({"kind": "version", "collection": "85", "subject": "1"});
    assert_eq!(world.api("POST", "/subjects", subject).await.status, 201);
    let foreign = json!({"kind": "version", "collection": "99", "subject": "2"});
    assert_eq!(world.api("POST", "/subjects", foreign).await.status, 201);
    let mut all = vec![Somebody { name: "nobody", token: String::new(), browser: None }];
    for (name, token) in [("reader", &world.reader), ("submitter", &world.submitter)] {
        all.push(Somebody { name, token: token.clone(), browser: Some(world.sign_in(name).await) });
    }
    for (name, collection, access) in
        [("stranger", "99", "admin"), ("member", "85", "read"), ("writer", "85", "write"), ("admin", "85", "admin")]
    {
        let account = json!({"name": name, "role": "member", "collections": {"addon": {collection: access}}});
        let made = world.api("POST", "/accounts", account).await.json();
        let token = made["token"].as_str().expect("a token").to_owned();
        all.push(Somebody { name, token, browser: Some(world.sign_in(name).await) });
    }
    let service = world.api("POST", "/accounts", json!({"name": "service", "role": "service"})).await.json();
    let token = service["token"].as_str().expect("a token").to_owned();
    all.push(Somebody { name: "service", token, browser: None });
    let (name, token) = ("administrator", world.administrator.clone());
    all.push(Somebody { name, token, browser: Some(world.sign_in(name).await) });
    all
}

/// The path with ids of things that belong to the add-on 85, each there anew.
async fn filled(world: &World, route: &str, victim: &str) -> String {
    let mut path = route.replace("{kind}", "version").replace("{subject}", "1").replace("{collection}", "85");
    path = path.replace("{account}", "member").replace("{secret}", "first");
    if path.starts_with("/events/{id}") {
        let event = json!({"type": "made", "subject": {"kind": "version", "collection": "85", "subject": "1"}});
        let made = world.api("POST", "/events", event).await.json();
        path = path.replace("{id}", made["id"].as_str().expect("an id"));
    }
    if path.starts_with("/runs/{id}") {
        let event = json!({"type": "github.push", "subject": {"kind": "version", "collection": "85", "subject": "1"}});
        let made = world.api("POST", "/events", event).await.json();
        path = path.replace("{id}", made["runs"][0]["id"].as_str().expect("a run"));
    }
    if path.starts_with("/subjects/") {
        path = path.replace("{id}", "1");
    }
    if path.starts_with("/batches/{id}") {
        let batch = json!({"collection": "85", "kind": "version", "services": ["malware-scan"]});
        let made = world.api("POST", "/batches", batch).await.json();
        path = path.replace("{id}", made["id"].as_str().expect("a batch"));
    }
    if path.starts_with("/holds/{id}") || path.contains("{hold}") {
        let hold = json!({"collection": "85", "kind": "version", "reason": "to be released"});
        let made = world.api("POST", "/holds", hold).await;
        let id = made.json()["id"].as_str().unwrap_or_else(|| panic!("{}", made.text())).to_owned();
        path = path.replace("/holds/{id}", &format!("/holds/{id}")).replace("{hold}", &id);
    }
    if path.starts_with("/accounts/{id}") {
        path = path.replace("{id}", victim);
    }
    ["{id}", "{key}", "{token}"].iter().fold(path, |path, part| path.replace(part, "rul_unknown"))
}

fn body(route: &str) -> Value {
    match route {
        _ if route.contains("/members/") => json!({"access": "read"}),
        _ if route == "post /batches" => json!({"collection": "85", "kind": "version", "services": ["malware-scan"]}),
        _ if route.ends_with("/release") || route.ends_with("/clearance") => json!({"reason": "looked at"}),
        _ => json!({}),
    }
}

fn form(path: &str) -> &'static str {
    match path {
        "/batches/new" => "collection=85&kind=version&service=malware-scan",
        _ => "reason=looked+at",
    }
}

/// Holds an answer against who may: refused to whoever may not, and to a stranger to the collection as if nothing were
/// there.
fn assert_right(answer: &Answered, somebody: &Somebody, who: Who, route: &str) {
    let told = || format!("{} {route}: {} {}", somebody.name, answer.status, answer.text());
    let is_refused = matches!(answer.status.as_u16(), 401 | 403);
    let of_a_collection = matches!(who, Who::Writers | Who::Askers | Who::Admins);
    if somebody.may(who) {
        assert!(!(is_refused || of_a_collection && answer.status == 404), "{}", told());
    } else if of_a_collection && somebody.name == "stranger" {
        // What names its collection in the body is wrong, as with a name that there is not.
        let absent = if route.ends_with("/batches") || route == "/batches/new" { 422 } else { 404 };
        assert_eq!(answer.status, absent, "{}", told());
    } else {
        assert!(is_refused, "{}", told());
    }
}

async fn victim(world: &World) -> String {
    let made = world.api("POST", "/accounts", json!({"name": "victim", "role": "member"})).await.json();
    made["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn every_change_of_the_own_api_is_refused_to_whom_it_must_be() {
    let world = World::new().await;
    let (all, victim) = (everybody(&world).await, victim(&world).await);
    let document = openapi::document();
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let path = path.strip_prefix("/api/v1").expect("a path of the API");
        let methods = methods.as_object().expect("methods");
        found.extend(methods.keys().filter(|method| *method != "get").map(|method| format!("{method} {path}")));
    }
    let expected: BTreeSet<String> = API.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(found, expected, "each route stands in API, with who may");

    for (route, who) in API {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        for somebody in &all {
            let target = filled(&world, path, &victim).await;
            let answer = world.api_as(&somebody.token, &method.to_uppercase(), &target, body(route)).await;
            assert_right(&answer, somebody, *who, route);
        }
    }
}

#[tokio::test]
async fn every_change_of_the_pages_is_refused_to_whom_it_must_be() {
    let world = World::new().await;
    let (all, victim) = (everybody(&world).await, victim(&world).await);
    let found: BTreeSet<String> =
        page_routes().iter().filter(|route| route.method != "GET").map(|route| route.path.to_owned()).collect();
    let expected: BTreeSet<String> = PAGES.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(found, expected, "each route stands in PAGES, with who may");

    for (path, who) in PAGES {
        for somebody in &all {
            let target = filled(&world, path, &victim).await;
            let answer = match &somebody.browser {
                Some(browser) => world.fill_in(browser, &target, form(path)).await,
                None => world.page("POST", &target, &[FORM], "").await,
            };
            assert_right(&answer, somebody, *who, path);
            if let Some(browser) = somebody.browser.as_ref().filter(|_| *who != Who::Everybody && *path != "/logout") {
                let forged = world.page("POST", &target, &[FORM, ("cookie", &browser.cookie)], "form_key=0").await;
                assert_eq!(forged.status, 403, "without the form's key: {} {path}", somebody.name);
            }
        }
    }
}

#[tokio::test]
async fn who_sees_a_collection_sees_what_belongs_to_it_and_others_do_not() {
    let world = World::new().await;
    let all = everybody(&world).await;
    let event = |collection: &str, subject: &str| json!({"type": "github.push", "subject": {"kind": "version", "collection": collection, "subject": subject}});
    let own = world.api("POST", "/events", event("85", "1")).await.json()["id"].clone();
    let foreign = world.api("POST", "/events", event("99", "2")).await.json()["id"].clone();
    let nobodys = world.api("POST", "/events", json!({"type": "made"})).await.json()["id"].clone();
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    for somebody in all.iter().filter(|each| !each.token.is_empty() && each.name != "service") {
        let get = async |path: &str| world.api_as(&somebody.token, "GET", path, Value::Null).await;
        let listed = get("/events").await.json();
        let listed: Vec<String> = listed["data"].as_array().expect("rows").iter().map(|row| id(&row["id"])).collect();
        let is_member = ["stranger", "member", "writer", "admin"].contains(&somebody.name);
        for (event, seen) in
            [(&own, somebody.sees()), (&foreign, !is_member || !somebody.sees()), (&nobodys, !is_member)]
        {
            let event = id(event);
            assert_eq!(listed.contains(&event), seen, "{}: {listed:?}", somebody.name);
            let status = get(&format!("/events/{event}")).await.status;
            assert_eq!(status == 200, seen, "{}: {status}", somebody.name);
            assert!(seen || status == 404, "{}: {status}", somebody.name);
            let page = world.open(somebody.browser.as_ref().expect("a browser"), &format!("/events/{event}")).await;
            assert_eq!(page.status == 200, seen, "{}: the page", somebody.name);
            let runs = get(&format!("/runs?event={event}")).await.json();
            let asked = seen && event != id(&nobodys);
            assert_eq!(runs["data"].as_array().map(Vec::len), Some(usize::from(asked)), "{}: {runs}", somebody.name);
        }
        let verdict = get("/subjects/version/85/1/verdict").await.status;
        assert_eq!(verdict.as_u16(), if somebody.sees() { 200 } else { 404 }, "{}", somebody.name);
        for path in ["/sources", "/services", "/rules", "/quarantine", "/receipts"] {
            assert_eq!(get(path).await.status == 403, is_member, "{} {path}", somebody.name);
        }
        for path in ["/audit", "/audit/root", "/audit/check"] {
            assert_eq!(get(path).await.status == 200, somebody.name == "administrator", "{}", somebody.name);
        }
    }
}

#[tokio::test]
async fn a_receipt_is_no_members_and_names_are_not_told_by_a_guess() {
    let world = World::new().await;
    let all = everybody(&world).await;
    let sources = world.api("GET", "/sources", Value::Null).await.json();
    let source = format!("/sources/{}", sources["data"][0]["id"].as_str().expect("an id"));
    let subject = json!({"kind": "version", "collection": "repository.full_name", "id": "after"});
    assert_eq!(world.api("PATCH", &source, json!({"subject": subject})).await.status, 200);
    assert_eq!(world.push("first", r#"{"repository": {"full_name": "85"}, "after": "1"}"#).await.status, 204);
    let events = world.api("GET", "/events", Value::Null).await.json();
    let path = format!("/events/{}", events["data"][0]["id"].as_str().expect("an id"));
    let member = all.iter().find(|each| each.name == "member").expect("a member");

    let whole = world.api("GET", &path, Value::Null).await.json();
    assert_eq!(whole["receipt"]["secret"], "first");
    let seen = world.api_as(&member.token, "GET", &path, Value::Null).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["receipt"]), (200, &Value::Null), "{}", seen.text());
    let page = world.open(member.browser.as_ref().expect("a browser"), &path).await;
    assert!(page.status == 200 && !page.text().contains("SHA-256") && !page.text().contains("rcp_"), "{}", page.text());

    let admin = &all.iter().find(|each| each.name == "admin").expect("an admin").token;
    for name in ["administrator", "reader", "malware-scan", "nobody-at-all"] {
        let path = format!("/collections/85/members/{name}");
        let answer = world.api_as(admin, "PUT", &path, json!({"access": "read"})).await;
        assert_eq!(answer.problem(), "not-found");
        assert_eq!(answer.json()["detail"], format!("there is no member's account {name:?}"));
    }
}

#[tokio::test]
async fn a_member_with_admin_says_who_the_members_are() {
    let world = World::new().await;
    let all = everybody(&world).await;
    let admin = &all.iter().find(|each| each.name == "admin").expect("an admin").token;
    let call = async |method: &str, path: &str, body: Value| world.api_as(admin, method, path, body).await;
    assert_eq!(call("PUT", "/collections/85/members/stranger", json!({"access": "write"})).await.status, 200);
    let members = call("GET", "/collections/85/members", Value::Null).await.json();
    let names: Vec<_> = members["data"].as_array().expect("rows").iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["stranger", "member", "writer", "admin"], "{members}");
    assert_eq!(call("DELETE", "/collections/85/members/stranger", Value::Null).await.status, 204);

    assert_eq!(call("PUT", "/collections/85/members/reader", json!({"access": "write"})).await.problem(), "not-found");
    assert_eq!(call("PUT", "/collections/85/members/gone", json!({"access": "write"})).await.problem(), "not-found");
    assert_eq!(call("PUT", "/collections/99/members/member", json!({"access": "read"})).await.problem(), "not-found");
    assert_eq!(call("GET", "/collections/none/members", Value::Null).await.problem(), "not-found");
}

#[tokio::test]
async fn a_batch_is_of_a_collection_and_what_is_not_seen_is_not_there() {
    let world = World::new().await;
    let all = everybody(&world).await;
    let evidence = json!({"kind": "commit", "collection": "85", "subject": "c0ffee"});
    assert_eq!(world.api("POST", "/subjects", evidence).await.status, 201);
    let writer = &all.iter().find(|each| each.name == "writer").expect("a writer").token;
    let begin = async |token: &str, spec: Value| world.api_as(token, "POST", "/batches", spec).await;

    // Two collections are named 85: who sees one is not told of the other.
    let batch = begin(writer, json!({"collection": "85", "services": ["malware-scan"]})).await;
    assert_eq!(batch.status, 201, "{}", batch.text());
    let both = begin(&world.administrator, json!({"collection": "85", "services": ["malware-scan"]})).await;
    assert!(both.status == 422 && both.text().contains("several are named"), "{}", both.text());
    for collection in ["99", "none"] {
        let absent = begin(writer, json!({"collection": collection, "services": ["no-such-service"]})).await;
        let detail = format!("collection: there is none named {collection:?}");
        assert_eq!((absent.status.as_u16(), &absent.json()["detail"]), (422, &json!(detail)));
    }
    let foreign = json!({"collection": "85", "kind": "version", "subjects": ["1", "2"], "services": ["malware-scan"]});
    assert!(begin(writer, foreign).await.text().contains("not in \\\"85\\\": \\\"2\\\""));

    let id = batch.json()["id"].as_str().expect("an id").to_owned();
    for (name, seen) in [("writer", true), ("member", true), ("reader", true), ("stranger", false)] {
        let token = &all.iter().find(|each| each.name == name).expect("somebody").token;
        let listed = world.api_as(token, "GET", "/batches", Value::Null).await.json();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(usize::from(seen)), "{name}");
        let one = world.api_as(token, "GET", &format!("/batches/{id}"), Value::Null).await.status;
        assert_eq!(one.as_u16(), if seen { 200 } else { 404 }, "{name}");
    }
}
