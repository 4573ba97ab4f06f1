//! The pages of events, runs and results, and the search over all of them.

use bytes::Bytes;
use domain::ServiceKey;
use serde_json::{Value, json};
use store::command::{Answer, Claim, Finish, Step};

use crate::pages::{FORM, OWN, assert_safe, session};
use crate::world::{Answered, World, github_push};

/// A world in which a push was believed and a service is asked about it; and a session.
async fn pushed() -> (World, String, String) {
    let world = World::new().await;
    world.service("check", "http://127.0.0.1:20000/").await;
    let event = world.push("d-1", github_push()).await.header("countersign-event").to_owned();
    let cookie = session(&world).await;
    (world, event, cookie)
}

async fn show(world: &World, cookie: &str, path: &str) -> Answered {
    let page = world.page("GET", path, &[("cookie", cookie)], "").await;
    if page.status == 200 {
        assert_safe(&page);
    }
    page
}

/// Sends a form of a page, with the page's own form key.
async fn send(world: &World, cookie: &str, from: &str, to: &str, fields: &str) -> Answered {
    let page = show(world, cookie, from).await.text();
    let key = page.split_once("name=\"form_key\" value=\"").expect("a form").1.split('"').next().expect("a key");
    world.page("POST", to, &[("cookie", cookie), FORM, OWN], &format!("form_key={key}&{fields}")).await
}

/// Lets the service be asked in vain, for good.
async fn give_up(world: &World) {
    let now = world.now();
    let service: ServiceKey = world.store.catalogue().service_named("check").expect("a service").key;
    let claim = Claim { service, limit: 1, probe: false, due_by: now, now };
    let Ok(Answer::Claimed(claimed)) = world.store.submit(claim).await else { panic!("no run was claimed") };
    let called = claimed.first().expect("a run that is due");
    let finish = Finish {
        run: called.run.key,
        lease: called.lease,
        started: now,
        connected: None,
        status: Some(500),
        answer: "failed",
        text: Some("<b>out of order</b>".to_owned()),
        body: Bytes::new(),
        step: Step::GiveUp,
        record: None,
        now,
    };
    world.store.submit(finish).await.expect("finished");
}

#[tokio::test]
async fn nothing_there_yet_is_said_on_every_list() {
    let world = World::new().await;
    let cookie = session(&world).await;
    for (path, says) in [
        ("/events", "Nothing has arrived yet"),
        ("/runs", "No service was asked yet"),
        ("/results", "No service has said anything yet"),
        ("/search?q=nothing", "Nothing is called so"),
        ("/search", "An id leads to what it names"),
    ] {
        let page = show(&world, &cookie, path).await;
        assert!(page.status == 200 && page.text().contains(says), "{path}: {}", page.text());
        let stranger = world.page("GET", path, &[], "").await;
        assert!(!stranger.text().contains(says), "{path} needs a session");
    }
}

#[tokio::test]
async fn events_are_listed_and_narrowed_with_the_filters_in_the_address() {
    let (world, event, cookie) = pushed().await;
    world.api("POST", "/events", json!({"type": "<i>odd</i>"})).await;

    let all = show(&world, &cookie, "/events").await.text();
    assert!(all.contains("github.push") && all.contains("&#60;i&#62;odd") && !all.contains("<i>odd"), "{all}");
    assert!(all.contains("waiting for an answer") && all.contains("hx-get=\"/events\""), "{all}");
    let pushes = show(&world, &cookie, "/events?type=github.*&state=open&q=&source=github%2Fdefault").await.text();
    assert!(pushes.contains(&event) && !pushes.contains("odd"), "{pushes}");
    assert!(
        pushes.contains("hx-get=\"/events?source=github%2Fdefault&#38;state=open&#38;type=github.%2A\""),
        "{pushes}"
    );
    let none = show(&world, &cookie, "/events?state=failed").await.text();
    assert!(none.contains("No event is like that"), "{none}");

    let wrong = show(&world, &cookie, "/events?from=%3Csoon%3E").await;
    let html = wrong.text();
    assert_eq!(wrong.status, 422);
    assert!(html.contains("expected an instant as") && html.contains("value=\"&#60;soon&#62;\""), "{html}");
}

#[tokio::test]
async fn long_lists_lead_to_what_is_older() {
    let world = World::new().await;
    for nth in 0..60 {
        world.api("POST", "/events", json!({"type": format!("t{nth}")})).await;
    }
    let cookie = session(&world).await;

    let first = show(&world, &cookie, "/events?type=t*").await.text();

    let older = first.split_once("rel=\"next\"").map(|(before, _)| before).expect("a way to older ones");
    let older = older.rsplit_once("href=\"").expect("an address").1.trim_end_matches("\" ").replace("&#38;", "&");
    assert!(first.contains(">t59<") && !first.contains(">t5<"), "{older}");
    let second = show(&world, &cookie, &older).await.text();
    assert!(second.contains(">t0<") && second.contains("Newest") && !second.contains(">t59<"), "{older}: {second}");
    assert!(!second.contains("hx-trigger"), "older rows stand still");
}

#[tokio::test]
async fn an_event_shows_the_exact_bytes_and_how_to_send_them_again() {
    let (world, event, cookie) = pushed().await;

    let html = show(&world, &cookie, &format!("/events/{event}")).await.text();

    assert!(html.contains("What exactly arrived") && html.contains("00000000  7b"), "{html}");
    assert!(html.contains("http://gateway.example/api/webhooks/incoming/github/default"), "{html}");
    assert!(html.contains("x-hub-signature-256: PUT-THE-SENDERS-OWN-HERE"), "{html}");
}

#[tokio::test]
async fn the_bytes_of_an_event_are_an_attachment() {
    let (world, event, cookie) = pushed().await;

    let body = world.page("GET", &format!("/events/{event}/body"), &[("cookie", &cookie)], "").await;

    assert_eq!(body.body, github_push());
    assert!(body.header("content-disposition").starts_with("attachment"), "{:?}", body.headers);
    let own =
        world.api("POST", "/events", json!({"type": "own"})).await.json()["id"].as_str().unwrap_or_default().to_owned();
    let none = world.page("GET", &format!("/events/{own}/body"), &[("cookie", &cookie)], "").await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn an_event_is_replayed_by_a_form_of_ours_and_written_down() {
    let (world, event, cookie) = pushed().await;
    let path = format!("/events/{event}");
    let replay = format!("{path}/replay");

    let stranger = world.page("POST", &replay, &[("cookie", &cookie), FORM, OWN], "form_key=guess").await;
    assert_eq!(stranger.status, 403);
    assert_eq!(world.page("POST", &replay, &[FORM, OWN], "").await.status, 403);
    let done = send(&world, &cookie, &path, &replay, "").await;

    assert_eq!((done.status.as_u16(), done.header("location")), (303, path.as_str()));
    assert!(done.header("set-cookie").contains("One%20service%20is%20asked%20again"), "{}", done.header("set-cookie"));
    let audit = world.api("GET", &format!("/audit?q={event}"), Value::Null).await.json();
    assert_eq!(audit["data"].as_array().map(Vec::len), Some(1), "{audit}");
    let runs = world.api("GET", &format!("/runs?event={event}"), Value::Null).await.json();
    assert_eq!(runs["data"].as_array().map(Vec::len), Some(2), "{runs}");
}

#[tokio::test]
async fn what_was_given_up_says_why_and_is_tried_again() {
    let (world, event, cookie) = pushed().await;
    let waiting = show(&world, &cookie, "/runs?state=waiting").await.text();
    assert!(waiting.contains("about to go out") && waiting.contains(&event), "{waiting}");
    give_up(&world).await;

    let failed = show(&world, &cookie, "/runs?state=exhausted&service=check").await.text();
    assert!(failed.contains("given up") && failed.contains("Try all failed of check again"), "{failed}");
    assert!(failed.contains("&#60;b&#62;out of order") && !failed.contains("<b>out of order"), "{failed}");
    let run = world.api("GET", "/runs?state=exhausted", Value::Null).await.json()["data"][0]["id"].clone();
    let path = format!("/runs/{}", run.as_str().expect("an id"));
    let one = show(&world, &cookie, &path).await.text();
    assert!(one.contains("tried as often as the schedule says") && one.contains("status 500"), "{one}");

    let again = send(&world, &cookie, &path, &format!("{path}/again"), "").await;
    assert_eq!(again.status, 303, "{}", again.text());
    assert!(again.header("location").starts_with("/runs/run_") && again.header("location") != path);
    let due = world.api("GET", "/runs?state=due&service=check", Value::Null).await.json();
    assert_eq!(due["data"].as_array().map(Vec::len), Some(1), "{due}");
    assert_eq!(world.page("POST", &format!("{path}/again"), &[("cookie", &cookie), FORM, OWN], "").await.status, 403);
}

#[tokio::test]
async fn everything_that_a_service_gave_no_answer_to_is_tried_again_at_once() {
    let (world, _, cookie) = pushed().await;
    give_up(&world).await;
    let list = "/runs?state=exhausted&service=check";

    let done = send(&world, &cookie, list, "/runs/again", "service=check").await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/runs?state=waiting&service=check"));
    assert!(done.header("set-cookie").contains("asked%20again%20about%20one%20event"), "{}", done.header("set-cookie"));
    let more = world.api("POST", "/runs/again", json!({"service": "check"})).await;
    assert_eq!((more.status.as_u16(), more.json()), (202, json!({"runs": [], "more": false})), "it is asked already");
    assert_eq!(world.api("POST", "/runs/again", json!({"service": "none"})).await.problem(), "not-found");
    let reader = world.api_as(&world.reader, "POST", "/runs/again", json!({"service": "check"})).await;
    assert_eq!(reader.problem(), "forbidden");
}

#[tokio::test]
async fn an_id_of_anything_leads_to_it_and_a_word_to_what_is_called_so() {
    let (world, event, cookie) = pushed().await;
    let id = async |list: &str| -> String {
        let rows = world.api("GET", list, Value::Null).await.json();
        rows["data"][0]["id"].as_str().unwrap_or_default().to_owned()
    };
    let run = id("/runs").await;
    let (subject, receipt, owed) = (id("/subjects").await, id("/receipts").await, id("/expectations").await);
    for (id, path) in [
        (&event, format!("/events/{event}")),
        (&receipt, format!("/events/{event}")),
        (&owed, format!("/events/{event}")),
        (&run, format!("/runs/{run}")),
        (&subject, "/subjects/commit/".to_owned()),
        (&id("/services").await, "/admin/services/check".to_owned()),
        (&id("/sources").await, "/sources/src_".to_owned()),
    ] {
        let found = show(&world, &cookie, &format!("/search?q=%20{id}")).await;
        assert_eq!(found.status, 303, "{id}: {}", found.text());
        assert!(found.header("location").starts_with(&path), "{id}: {}", found.header("location"));
    }
    let mistyped = show(&world, &cookie, &format!("/search?q={}x", &event[..29])).await;
    assert!(mistyped.status == 200 && mistyped.text().contains("Nothing is called so"));

    let word = show(&world, &cookie, "/search?q=check").await.text();
    assert!(word.contains("/admin/services/check"), "{word}");
    let word = show(&world, &cookie, "/search?q=push").await.text();
    assert!(word.contains(&event) && word.contains("All events that match"), "{word}");
    let hostile = show(&world, &cookie, "/search?q=%22%3E%3Cscript%3E").await;
    assert_safe(&hostile);
    assert!(hostile.text().contains("Nothing is called so"));
}

#[tokio::test]
async fn a_result_shows_what_was_said_and_which_rules_matched() {
    let (world, _, cookie) = pushed().await;
    world.api("POST", "/rules", json!({"name": "BAD", "action": "flag"})).await;
    let now = world.now();
    let service: ServiceKey = world.store.catalogue().service_named("check").expect("a service").key;
    let claim = Claim { service, limit: 1, probe: false, due_by: now, now };
    let Ok(Answer::Claimed(claimed)) = world.store.submit(claim).await else { panic!("no run was claimed") };
    let called = claimed.first().expect("a run that is due");
    let conclusion = domain::answer::Conclusion {
        kind: domain::result::ResultKind::Processed,
        matched: vec!["BAD".to_owned()],
        coverage: None,
        complete: true,
        text: Some("<u>a remark</u>".to_owned()),
    };
    let finish = Finish {
        run: called.run.key,
        lease: called.lease,
        started: now,
        connected: None,
        status: Some(200),
        answer: "processed",
        text: None,
        body: Bytes::from_static(br#"{"matched":["BAD"]}"#),
        step: Step::GiveUp,
        record: None,
        now,
    };
    store::judged::conclude(&world.store, called, &conclusion, finish).await.expect("finished");

    let list = show(&world, &cookie, "/results?rule=BAD&service=check&q=REMARK").await.text();
    assert!(list.contains("Matched BAD") && list.contains("&#60;u&#62;a remark") && !list.contains("<u>a"), "{list}");
    let id = world.api("GET", "/results?rule=BAD", Value::Null).await.json()["data"][0]["id"].clone();
    let path = format!("/results/{}", id.as_str().expect("an id"));
    let one = show(&world, &cookie, &path).await.text();
    assert!(one.contains("Rule BAD: flag: done") && one.contains("The call that it answered"), "{one}");
    assert_eq!(show(&world, &cookie, "/results/res_00000000000000000000000000").await.status, 404);
}

/// Signs a new member of one collection in.
async fn member(world: &World, collections: Value) -> String {
    let made = world
        .api("POST", "/accounts?with=link", json!({"name": "ada", "role": "member", "collections": collections}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = made.json()["link"].as_str().unwrap_or_default().to_owned();
    let ticket = path.split_once("ticket=").map(|(_, ticket)| ticket).unwrap_or_default();
    let typed = format!("ticket={ticket}&password=correct+horse+battery&again=correct+horse+battery");
    let opened = world.page("POST", "/login/password", &[FORM, OWN], &typed).await;
    assert_eq!(opened.status, 303, "{}", opened.text());
    opened.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_member_sees_and_finds_only_what_belongs_to_their_collections() {
    let (world, push, _) = pushed().await;
    for collection in ["85", "86"] {
        let subject = json!({"kind": "version", "collection": collection, "subject": format!("v{collection}")});
        world.api("POST", "/events", json!({"type": format!("made-in-{collection}"), "subject": subject})).await;
    }
    let cookie = member(&world, json!({"addon": {"85": "read"}})).await;

    let events = show(&world, &cookie, "/events").await.text();
    assert!(events.contains("made-in-85") && !events.contains("made-in-86") && !events.contains(&push), "{events}");
    let found = show(&world, &cookie, "/search?q=v8").await.text();
    assert!(found.contains("v85") && !found.contains("v86"), "{found}");
    for path in ["/search?q=made-in-86", "/search?q=check"] {
        let found = show(&world, &cookie, path).await.text();
        assert!(found.contains("Nothing is called so"), "{path}: {found}");
    }
    let by_id = show(&world, &cookie, &format!("/search?q={push}")).await;
    assert!(by_id.status == 200 && by_id.text().contains("Nothing is called so"));
    let run =
        world.api("GET", "/runs", Value::Null).await.json()["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    for path in [format!("/events/{push}"), format!("/runs/{run}")] {
        assert_eq!(show(&world, &cookie, &path).await.status, 404, "{path}");
    }
    assert_eq!(show(&world, &cookie, &format!("/events/{push}/body")).await.status, 403);
    let none = show(&world, &cookie, "/runs").await.text();
    assert!(none.contains("No service was asked yet"), "{none}");
}
