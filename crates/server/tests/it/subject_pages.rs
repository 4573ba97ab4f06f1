//! The pages of a subject and of a file: what they tell, what a person decides there, and that nothing hostile runs.

use axum::body::Body;
use serde_json::json;

use crate::pages::{FORM, OWN, assert_safe, form_key, session};
use crate::world::{Answered, World, call};

/// A PNG as far as its marks go.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0crc.\0\0\0\0IENDcrc.";
const HARM: &str = "<script>alert(1)</script>";
const SUBJECT: &str = "/subjects/version/85/42";

/// What a program makes of files here: a picture is the file itself, the others hold markup wherever there is text.
const PROGRAM: &str = r#"case $0 in
picture|large) cat;;
requests) echo '{"creator":"<b>","exchanges":[{"method":"<b>","url":"javascript:<b>","status":404,"status_text":"<b>","media_type":"<b>","bytes":7,"took_ms":1,"started":"<b>","request":{"headers":[["<b>","<b>"]],"body":"<b>","note":"<b>"},"response":{"headers":[],"body":null,"note":null}}],"left_out":0,"notes":["<b>"]}';;
recording) echo '{"title":"<b>","columns":2,"rows":1,"duration_ms":65000,"frames":[{"t":0,"h":1,"r":[[0,[["<b>","f1"]]]],"c":null}],"markers":[[1000,"<b>"]],"last":[[["<b>","f1 \"><b>"]]],"notes":["<b>"]}';;
code) if [ "$1" = odd.rs ]; then echo '{"lines": 1}'; elif [ "$1" = bomb.rs ]; then kill -SEGV $$; elif [ "$1" = a.zip ]; then echo 'expected a text, found other bytes' >&2; exit 1; else echo '{"language":"<b>","lines":[[["keyword","<b>"],["plain","<b>"]]],"notes":["<b>"]}'; fi;;
esac"#;

async fn world() -> World {
    World::with(|settings| settings.preview_command = ["/bin/sh", "-c", PROGRAM].map(Into::into).into()).await
}

impl World {
    /// Uploads a file and answers its id.
    async fn file(&self, name: &str, kind: &str, bytes: impl Into<Body>) -> String {
        let bearer = format!("Bearer {}", self.submitter);
        let headers = [("host", "localhost"), ("authorization", bearer.as_str()), ("content-type", kind)];
        let path = format!("/api/v1/artifacts?filename={name}");
        let sent = call(self.server.admin(), "POST", &path, &headers, bytes.into()).await;
        assert_eq!(sent.status, 201, "{}", sent.text());
        sent.json()["id"].as_str().expect("an id").to_owned()
    }

    async fn look(&self, cookie: &str, path: &str) -> Answered {
        self.page("GET", path, &[("cookie", cookie)], "").await
    }

    /// Sends a form from a page of ours.
    async fn send(&self, cookie: &str, path: &str, key: &str, form: &str) -> Answered {
        self.page("POST", path, &[FORM, OWN, ("cookie", cookie)], &format!("form_key={key}&{form}")).await
    }

    /// A subject with a hold on its collection.
    async fn held(&self) {
        let subject = json!({
            "kind": "version", "collection": "85", "subject": "42", "attributes": {"name": HARM},
            "actors": [{"kind": "user", "value": HARM}],
        });
        assert_eq!(self.api("POST", "/subjects", subject).await.status, 201);
        let hold = json!({"collection": "85", "reason": format!("the author asked {HARM}")});
        assert_eq!(self.api("POST", "/holds", hold).await.status, 201);
    }
}

#[tokio::test]
async fn what_is_made_of_a_file_is_shown_as_text_whatever_it_holds() {
    let world = world().await;
    let cookie = session(&world).await;
    for (name, shows) in [
        ("a.har", "404 &#60;b&#62;"),
        ("a.cast", "data-duration=\"65000\""),
        ("a.rs", "<span class=\"keyword\">&#60;b&#62;</span>"),
    ] {
        let id = world.file(name, "application/octet-stream", HARM).await;
        let page = world.look(&cookie, &format!("/artifacts/{id}")).await;
        assert_safe(&page);
        let html = page.text();
        assert_eq!(page.status, 200);
        assert!(html.contains(shows) && !html.contains("<b>"), "{name}: {html}");
        assert!(!html.contains("href=\"javascript:"), "an address is a text");
    }
}

#[tokio::test]
async fn what_cannot_be_shown_is_said_with_why_and_can_still_be_had() {
    let world = world().await;
    let cookie = session(&world).await;
    for (name, why) in [
        ("a.zip", "a kind of file that cannot be shown here"),
        ("odd.rs", "It cannot be shown: its preview does not read."),
        ("bomb.rs", "breaks its reader"),
        ("page.png", "breaks its reader"),
    ] {
        let kind = if name.ends_with("png") { "image/png" } else { "application/octet-stream" };
        let id = world.file(name, kind, HARM).await;
        let page = world.look(&cookie, &format!("/artifacts/{id}")).await;
        assert_safe(&page);
        assert!(page.text().contains(why) && page.text().contains("Download the file"), "{name}: {}", page.text());
        assert!(!page.text().contains("<img"), "{name}");
    }
}

#[tokio::test]
async fn a_picture_is_made_anew_and_asked_for_again() {
    let world = world().await;
    let cookie = session(&world).await;
    let id = world.file("a.png", "image/png", PNG).await;

    let page = world.look(&cookie, &format!("/artifacts/{id}")).await;
    assert!(page.text().contains(&format!("<img src=\"/artifacts/{id}/picture\"")), "{}", page.text());
    let picture = world.look(&cookie, &format!("/artifacts/{id}/picture")).await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/png"));
    assert_eq!(picture.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(picture.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(picture.header("cache-control"), "private, no-cache");
    let known = [("cookie", cookie.as_str()), ("if-none-match", picture.header("etag"))];
    let same = world.page("GET", &format!("/artifacts/{id}/picture"), &known, "").await;
    assert_eq!((same.status.as_u16(), same.header("etag")), (304, picture.header("etag")));
    assert_eq!(same.header("cache-control"), "private, no-cache");
    assert_eq!(world.page("GET", &format!("/artifacts/{id}/large"), &known, "").await.status, 200);

    let html = world.file("a.html", "text/html", HARM).await;
    assert_eq!(world.look(&cookie, &format!("/artifacts/{html}/picture")).await.status, 404);
    assert_eq!(world.look(&cookie, &format!("/artifacts/{html}/recording")).await.status, 404);
}

#[tokio::test]
async fn a_file_itself_is_an_attachment_of_a_harmless_type() {
    let world = world().await;
    let cookie = session(&world).await;
    for (name, kind, given) in [
        ("a.html", "text/html", "application/octet-stream"),
        ("a.svg", "image/svg+xml", "application/octet-stream"),
        ("a.png", "image/png", "image/png"),
    ] {
        let id = world.file(name, kind, HARM).await;
        let file = world.look(&cookie, &format!("/artifacts/{id}/original")).await;
        assert_eq!((file.text().as_str(), file.header("content-type")), (HARM, given));
        assert!(file.header("content-disposition").starts_with("attachment"));
        assert_eq!(file.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(file.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn nothing_of_a_file_or_a_subject_is_shown_without_a_session() {
    let world = world().await;
    world.held().await;
    let id = world.file("a.png", "image/png", PNG).await;
    for path in ["", "/picture", "/large", "/recording", "/original"].map(|end| format!("/artifacts/{id}{end}")) {
        let page = world.page("GET", &path, &[], "").await;
        assert!(page.text().contains("<h1>Sign in</h1>"), "{path}: {}", page.text());
    }
    assert!(!world.page("GET", SUBJECT, &[], "").await.text().contains("asked"));
    let refused = world.page("POST", &format!("{SUBJECT}/clearance"), &[FORM, OWN], "reason=x").await;
    assert_eq!(refused.problem(), "signed-out");
}

#[tokio::test]
async fn a_subjects_page_tells_its_verdict_its_holds_and_its_files() {
    let world = world().await;
    let cookie = session(&world).await;
    world.held().await;
    let id = world.file("a.png", "image/png", PNG).await;
    let listed =
        json!({"kind": "version", "collection": "85", "subject": "42", "artifacts": [{"id": id, "role": "source"}]});
    assert_eq!(world.api("POST", "/subjects", listed).await.status, 200);

    let page = world.look(&cookie, SUBJECT).await;

    assert_safe(&page);
    let html = page.text();
    assert!(html.contains("It is not released before what holds it has ended or was lifted."), "{html}");
    assert!(html.contains("It is on the whole collection, until somebody or a rule lifts it."), "{html}");
    assert!(html.contains("the author asked &#60;script&#62;") && html.contains("user &#60;script&#62;"), "{html}");
    assert!(html.contains(&format!("href=\"/artifacts/{id}\"")) && html.contains("source, 45 bytes"), "{html}");
    assert!(world.look(&cookie, &format!("/artifacts/{id}")).await.text().contains(SUBJECT));
}

#[tokio::test]
async fn an_open_page_asks_for_itself_once_for_all_that_changes() {
    let world = world().await;
    let cookie = session(&world).await;
    world.held().await;
    let html = world.look(&cookie, SUBJECT).await.text();
    assert_eq!(html.matches("changed from:body").count(), 1, "{html}");
    assert!(html.contains("hx-select-oob=\"#asked:outerMorph,#history:outerMorph\""), "{html}");
}

#[tokio::test]
async fn what_a_page_shows_of_attributes_is_bounded() {
    let world = world().await;
    let cookie = session(&world).await;
    let mut nested = json!(vec![0; 50_000]);
    for _ in 0..50 {
        nested = json!([nested]);
    }
    let subject = json!({"kind": "version", "collection": "85", "subject": "42", "attributes": {"a": nested}});
    assert_eq!(world.api("POST", "/subjects", subject).await.status, 201);

    let page = world.look(&cookie, SUBJECT).await;

    assert_eq!(page.status, 200);
    assert!(page.text().contains("(only the beginning is shown)"));
    assert!(page.text().len() < 100_000, "{}", page.text().len());
}

#[tokio::test]
async fn names_that_deceive_the_eye_are_shown_by_their_characters_numbers() {
    let world = world().await;
    let cookie = session(&world).await;
    let id = world.file("invoice%E2%80%AEgnp.exe", "application/octet-stream", HARM).await;
    let subject = json!({"kind": "version", "collection": "85", "subject": "42", "artifacts": [id],
        "actors": [{"kind": "user", "value": "a\u{2066}b"}]});
    assert_eq!(world.api("POST", "/subjects", subject).await.status, 201);
    for path in [SUBJECT.to_owned(), format!("/artifacts/{id}")] {
        let html = world.look(&cookie, &path).await.text();
        assert!(html.contains("invoice[U+202E]gnp.exe"), "{html}");
        assert!(!html.contains(['\u{202e}', '\u{2066}']), "{html}");
    }
}

#[tokio::test]
async fn a_member_finds_the_way_back_however_often_others_list_the_file() {
    let world = world().await;
    let id = with_file(&world).await;
    for nth in 0..25 {
        let other =
            json!({"kind": "version", "collection": "86", "subject": format!("other-{nth}"), "artifacts": [id]});
        assert_eq!(world.api("POST", "/subjects", other).await.status, 201);
    }
    let path = format!("/artifacts/{id}");
    let ada = member(&world, json!({"addon": {"85": "read"}})).await;
    let hers = world.look(&ada, &path).await.text();
    assert!(hers.contains(SUBJECT) && !hers.contains("other-") && !hers.contains("and others"), "{hers}");
    let administrator = session(&world).await;
    assert!(world.look(&administrator, &path).await.text().contains("and others"));
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let world = world().await;
    let cookie = session(&world).await;
    world.held().await;
    for path in ["/subjects/version/85/43", "/subjects/version/86/42", "/artifacts/art_nothing"] {
        let page = world.look(&cookie, path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.header("content-type").starts_with("text/html"));
    }
}

#[tokio::test]
async fn a_hold_is_released_with_a_reason() {
    let world = world().await;
    let cookie = session(&world).await;
    world.held().await;
    let html = world.look(&cookie, SUBJECT).await.text();
    let key = form_key(&world, &cookie).await;
    let start = html.find(&format!("{SUBJECT}/holds/")).expect("a form");
    let action: String = html[start..].chars().take_while(|c| *c != '"').collect();

    let without = world.send(&cookie, &action, &key, "reason=+").await;
    assert_eq!(without.status, 422);
    assert!(without.text().contains("expected 1 to 1000 characters on why"), "{}", without.text());
    let foreign = world.send(&cookie, &action, "guessed", "reason=fine").await;
    assert_eq!(foreign.status, 403);
    assert!(world.look(&cookie, SUBJECT).await.text().contains("What holds it"));

    let released = world.send(&cookie, &action, &key, "reason=it+is+fine").await;

    assert_eq!((released.status.as_u16(), released.header("location")), (303, SUBJECT), "{}", released.text());
    let html = world.look(&cookie, SUBJECT).await.text();
    assert!(!html.contains("What holds it"), "{html}");
    assert_eq!(world.send(&cookie, &action, &key, "reason=again").await.status, 404);
    let audit = world.api("GET", "/audit", serde_json::Value::Null).await.text();
    assert!(audit.contains("it is fine"), "{audit}");
}

#[tokio::test]
async fn a_clearance_is_noted_with_its_reason_and_what_was_typed_wrong_is_kept() {
    let world = world().await;
    let cookie = session(&world).await;
    world.held().await;
    let key = form_key(&world, &cookie).await;
    let clearance = format!("{SUBJECT}/clearance");

    let long = world.send(&cookie, &clearance, &key, &format!("reason={}", "%3Cb%3E".repeat(400))).await;
    assert_eq!(long.status, 422);
    assert_safe(&long);
    assert!(long.text().contains("&#60;b&#62;&#60;b&#62;") && !long.text().contains("<b>"), "it is kept");

    let older = world.send(&cookie, &clearance, &key, "reason=mine&revision=0").await;
    assert!(
        older.status == 422 && older.text().contains("It has changed since this page was loaded"),
        "{}",
        older.text()
    );
    let cleared = world.send(&cookie, &clearance, &key, "reason=a+false+alarm").await;

    assert_eq!((cleared.status.as_u16(), cleared.header("location")), (303, SUBJECT));
    let html = world.look(&cookie, SUBJECT).await.text();
    assert!(html.contains("has dealt with it") && html.contains("A false alarm"), "{html}");
}

/// Signs somebody in with the link that an administrator makes for them, and answers the cookie.
async fn member(world: &World, granted: serde_json::Value) -> String {
    let account = json!({"name": "ada", "role": "member", "collections": granted});
    assert_eq!(world.api("POST", "/accounts", account).await.status, 201);
    let administrator = session(world).await;
    let key = form_key(world, &administrator).await;
    let page = world.send(&administrator, "/accounts/ada/link", &key, "").await.text();
    let (_, ticket) = page.split_once("ticket=").expect("a link");
    let ticket: String = ticket.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let form = format!("ticket={ticket}&password=a+long+password+of+hers&again=a+long+password+of+hers");
    let signed = world.page("POST", "/login/password", &[FORM, OWN], &form).await;
    assert_eq!(signed.status, 303, "{}", signed.text());
    signed.header("set-cookie").split(';').next().expect("a cookie").to_owned()
}

/// The world with the subject and its one file: the file's id.
async fn with_file(world: &World) -> String {
    world.held().await;
    let id = world.file("a.png", "image/png", PNG).await;
    let listed = json!({"kind": "version", "collection": "85", "subject": "42", "artifacts": [id]});
    assert_eq!(world.api("POST", "/subjects", listed).await.status, 200);
    id
}

#[tokio::test]
async fn a_member_of_another_collection_sees_nothing_of_it() {
    let world = world().await;
    let id = with_file(&world).await;
    let ada = member(&world, json!({"addon": {"86": "admin"}})).await;
    let files = ["", "/picture", "/large", "/recording", "/original"].map(|end| format!("/artifacts/{id}{end}"));
    for path in files.iter().map(String::as_str).chain([SUBJECT]) {
        assert_eq!(world.look(&ada, path).await.status, 404, "{path}");
    }
    let key = form_key(&world, &ada).await;
    assert_eq!(world.send(&ada, &format!("{SUBJECT}/clearance"), &key, "reason=mine").await.status, 404);
}

#[tokio::test]
async fn a_member_who_may_read_sees_it_and_decides_nothing() {
    let world = world().await;
    let id = with_file(&world).await;
    let ada = member(&world, json!({"addon": {"85": "read"}})).await;

    let page = world.look(&ada, SUBJECT).await;

    assert_eq!(page.status, 200);
    assert!(page.text().contains("What holds it") && !page.text().contains("Release this hold"), "{}", page.text());
    assert!(!page.text().contains("I have dealt with this"));
    assert_eq!(world.look(&ada, &format!("/artifacts/{id}/original")).await.status, 200);
    let key = form_key(&world, &ada).await;
    assert_eq!(world.send(&ada, &format!("{SUBJECT}/clearance"), &key, "reason=mine").await.status, 403);
}

#[tokio::test]
async fn a_member_who_may_write_decides() {
    let world = world().await;
    with_file(&world).await;
    let ada = member(&world, json!({"addon": {"85": "write"}})).await;
    let key = form_key(&world, &ada).await;

    let cleared = world.send(&ada, &format!("{SUBJECT}/clearance"), &key, "reason=I+looked").await;

    assert_eq!(cleared.status, 303, "{}", cleared.text());
    assert!(world.look(&ada, SUBJECT).await.text().contains("ada has dealt with it"));
}

#[tokio::test]
async fn the_list_of_subjects_is_narrowed_by_its_filters_and_by_what_a_member_sees() {
    let world = world().await;
    let cookie = session(&world).await;
    assert!(world.look(&cookie, "/subjects").await.text().contains("Nothing is judged yet"));
    world.held().await;

    let page = world.look(&cookie, "/subjects?verdict=pending&kind=version&q=4").await;

    assert_safe(&page);
    let html = page.text();
    assert!(html.contains(&format!("href=\"{SUBJECT}\"")) && html.contains("one hold"), "{html}");
    assert!(world.look(&cookie, "/subjects?verdict=clear").await.text().contains("No subject is like that"));
    assert_eq!(world.look(&cookie, "/subjects?verdict=perhaps").await.status, 422);
    let ada = member(&world, json!({"addon": {"86": "read"}})).await;
    assert!(!world.look(&ada, "/subjects").await.text().contains(SUBJECT));
}
