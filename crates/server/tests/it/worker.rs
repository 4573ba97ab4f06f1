//! The worker protocol's API: every endpoint taken and refused.

use axum::body::Body;
use domain::event::EVIDENCE_CREATED;
use domain::expectation::{Expectation, ExpectationState};
use serde_json::{Value, json};
use store::row::RowsExt as _;
use verify::account::{RequestKey, SignedText};

use crate::worker_accounts::worker;
use crate::world::{Answered, World, call};

const BOUNDARY: &str = "----AShirtFormData-0123456789012345678901234567890123456789";
const PNG: &[u8] = include_bytes!("../data/dot.png");
const CAST: &[u8] = b"{\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"o\",\"hello\"]\n";

/// A program that signs what it sends.
pub struct Client {
    access_key: String,
    secret: RequestKey,
}

impl Client {
    fn of(credentials: &Value) -> Self {
        let text = |name: &str| credentials[name].as_str().expect("a credential");
        let secret = RequestKey::read(text("secret_key")).expect("a secret");
        Self { access_key: text("access_key").to_owned(), secret }
    }

    /// A new account that may do so much.
    async fn new(world: &World, name: &str, spec: Value) -> Self {
        let mut account = json!({"name": name, "role": "service"});
        account.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        let made = world.api("POST", "/accounts", account).await;
        assert_eq!(made.status, 201, "{}", made.text());
        Self::of(&world.api("POST", &format!("/accounts/{name}/keys"), json!({})).await.json())
    }

    async fn send(&self, world: &World, method: &str, path: &str, kind: &str, body: &[u8]) -> Answered {
        let date = date(world);
        let body_digest = &verify::mac::token_digest(body);
        let signed = SignedText { method, target: path, date: &date, body_digest };
        let authorization = signed.authorization(&self.access_key, &self.secret);
        let headers = [("date", date.as_str()), ("authorization", &authorization), ("content-type", kind)];
        call(world.server.public(), method, path, &headers, Body::from(body.to_vec())).await
    }

    async fn get(&self, world: &World, path: &str) -> Answered {
        self.send(world, "GET", path, "application/json", b"").await
    }

    async fn json(&self, world: &World, method: &str, path: &str, body: Value) -> Answered {
        self.send(world, method, path, "application/json", body.to_string().as_bytes()).await
    }

    async fn form(&self, world: &World, method: &str, path: &str, form: &[u8]) -> Answered {
        self.send(world, method, path, &format!("multipart/form-data; boundary={BOUNDARY}"), form).await
    }

    /// Makes an evidence and answers its id.
    async fn evidence(&self, world: &World, texts: &[(&str, &str)], file: Option<&[u8]>) -> String {
        let made = self.form(world, "POST", "/api/operations/red/evidence", &form(texts, file)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["uuid"].as_str().expect("an id").to_owned()
    }
}

/// The world's time as `Date` has it.
fn date(world: &World) -> String {
    // The worlds of these tests live in the first hour of 2026, a Thursday.
    let of_day = world.now().seconds() - 1_767_225_600;
    format!("Thu, 01 Jan 2026 00:{:02}:{:02} GMT", of_day / 60, of_day % 60)
}

/// A form as the clients write it: texts first, the file last.
fn form(texts: &[(&str, &str)], file: Option<&[u8]>) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, text) in texts {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        form.extend_from_slice(part.as_bytes());
    }
    if let Some(file) = file {
        let disposition = "Content-Disposition: form-data; name=\"file\"; filename=\"../../shot.png\"";
        let head = format!("--{BOUNDARY}\r\n{disposition}\r\nContent-Type: image/png\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(file);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    form
}

/// A world with the operation `red`, and a client that reaches every operation.
async fn wide() -> (World, Client) {
    let world = World::new().await;
    let client = Client::new(&world, "wide", json!({"all_operations": "write"})).await;
    let made = client.json(&world, "POST", "/api/operations", json!({"slug": "Red!", "name": "Red Team"})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    (world, client)
}

fn refused(answered: &Answered, status: u16, text: &str) {
    assert_eq!((answered.status.as_u16(), answered.json()), (status, json!({"error": text})));
    assert_eq!(answered.header("content-type"), "application/json");
}

fn path(uuid: &str, more: &str) -> String {
    format!("/api/operations/red/evidence/{uuid}{more}")
}

#[tokio::test]
async fn keys_are_checked_and_who_was_switched_off_is_nobody() {
    let (world, client) = wide().await;
    let good = client.get(&world, "/api/checkconnection").await;
    assert_eq!((good.status.as_u16(), good.json()), (200, json!({"ok": true})));

    world.api("PATCH", "/accounts/wide", json!({"active": false})).await;

    refused(&client.get(&world, "/api/checkconnection").await, 401, "Unauthorized");
    refused(&world.public("GET", "/api/checkconnection", "").await, 401, "Unauthorized");
}

#[tokio::test]
async fn operations_are_made_and_listed_the_newest_first() {
    let (world, client) = wide().await;
    let made = client.json(&world, "POST", "/api/operations", json!({"slug": "blue", "name": "Blue"})).await;
    let count = json!({"imageCount": 0, "codeblockCount": 0, "recordingCount": 0, "eventCount": 0, "harCount": 0});
    let blue = json!({
        "slug": "blue", "name": "Blue", "numUsers": 1, "numEvidence": 0, "numTags": 0, "favorite": false,
        "topContribs": [], "evidenceCount": count,
    });
    assert_eq!((made.status.as_u16(), made.json()), (201, blue));
    client.evidence(&world, &[("notes", "x"), ("contentType", "event")], None).await;
    client.json(&world, "POST", "/api/operations/red/tags", json!({"name": "x", "colorName": "red"})).await;

    let all = client.get(&world, "/api/operations").await.json();
    assert_eq!(
        (&all[0]["slug"], &all[1]["slug"], &all[1]["name"]),
        (&json!("blue"), &json!("red"), &json!("Red Team"))
    );
    let red = &all[1];
    assert_eq!(
        (&red["numEvidence"], &red["numTags"], &red["evidenceCount"]["eventCount"]),
        (&json!(1), &json!(1), &json!(1))
    );

    for (body, text) in [
        (json!({"slug": "red", "name": "Again"}), "An operation with this slug already exists"),
        (json!({"slug": "!!", "name": "x"}), "slug must have letters from a to z or digits"),
        (json!({"slug": "", "name": "x"}), "Missing required field: slug"),
        (json!({"slug": "x"}), "Missing required field: name"),
        (json!({"slug": 1, "name": "x"}), "slug must be a string"),
        (json!([]), "Invalid JSON body"),
    ] {
        refused(&client.json(&world, "POST", "/api/operations", body).await, 400, text);
    }
}

#[tokio::test]
async fn an_account_reaches_what_it_was_granted_and_is_told_nothing_of_the_rest() {
    let (world, wide) = wide().await;
    let uuid = wide.evidence(&world, &[("notes", "x"), ("contentType", "event")], None).await;
    let reader = Client::new(&world, "reader-of-red", json!({"operations": {"red": "read"}})).await;
    let stranger = Client::new(&world, "stranger", json!({"operations": {"blue": "write"}})).await;
    let result = json!({"source": "x", "body": "y", "status": "Completed"});

    assert_eq!(reader.get(&world, &path(&uuid, "")).await.status, 200);
    refused(&stranger.get(&world, &path(&uuid, "")).await, 404, "Not Found");
    refused(&stranger.get(&world, "/api/operations/red/tags").await, 404, "Not Found");
    assert_eq!(stranger.get(&world, "/api/operations").await.json(), json!([]));
    for client in [&reader, &stranger] {
        refused(&client.json(&world, "PUT", &path(&uuid, "/metadata"), result.clone()).await, 401, "Unauthorized");
        let one = form(&[("notes", "x")], None);
        refused(&client.form(&world, "POST", "/api/operations/red/evidence", &one).await, 401, "Unauthorized");
        refused(&client.form(&world, "PUT", &path(&uuid, ""), &one).await, 401, "Unauthorized");
        let operation = json!({"slug": "green", "name": "Green"});
        refused(&client.json(&world, "POST", "/api/operations", operation).await, 401, "Unauthorized");
    }
    let missing = path("3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d", "");
    refused(&wide.get(&world, &missing).await, 404, "Not Found");
    refused(&wide.json(&world, "PUT", &format!("{missing}/metadata"), result).await, 401, "Unauthorized");
}

#[tokio::test]
async fn whoever_is_permitted_to_make_operations_may_write_to_its_own_alone() {
    let (world, _) = wide().await;
    let maker = Client::new(&world, "maker", json!({"permissions": ["Operations:Create"]})).await;

    let made = maker.json(&world, "POST", "/api/operations", json!({"slug": "green", "name": "Green"})).await;

    assert_eq!((made.status.as_u16(), &made.json()["numUsers"]), (201, &json!(2)));
    let tag = json!({"name": "x", "colorName": "lightTeal"});
    assert_eq!(maker.json(&world, "POST", "/api/operations/green/tags", tag.clone()).await.status, 201);
    refused(&maker.json(&world, "POST", "/api/operations/red/tags", tag).await, 404, "Not Found");
}

#[tokio::test]
async fn an_evidence_is_made_with_a_file_and_read_back() {
    let (world, client) = wide().await;
    let texts = [
        ("notes", "Löwe 🦁"),
        ("contentType", "image"),
        ("occurred_at", "1767225600123456789"),
        ("adjusted_at", "2025-12-31T23:00:00+01:00"),
        ("tagIds", "[]"),
    ];
    let uuid = client.evidence(&world, &texts, Some(PNG)).await;

    let read = client.get(&world, &path(&uuid, "")).await;
    let expected = json!({
        "uuid": uuid, "description": "Löwe 🦁", "contentType": "image",
        "occurredAt": "2026-01-01T00:00:00.123Z", "adjustedAt": "2025-12-31T22:00:00.000Z",
    });
    assert_eq!((read.status.as_u16(), read.json()), (200, expected));
    let media = client.get(&world, &path(&uuid, "/media")).await;
    assert!(media.status == 200 && media.body == PNG);
    assert_eq!(media.header("content-disposition"), "attachment; filename=\"shot.png\"");
    let events = world.api("GET", "/events", Value::Null).await.json();
    assert_eq!(
        (&events["data"][0]["type"], events["data"].as_array().map(Vec::len)),
        (&json!(EVIDENCE_CREATED), Some(1))
    );
}

fn is_stored(world: &World, bytes: &[u8]) -> bool {
    let digest: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), bytes)).into();
    world.blobs.contains(digest).expect("an answer")
}

#[tokio::test]
async fn a_refused_file_leaves_no_bytes_and_takes_none_from_who_keeps_the_same() {
    let (world, client) = wide().await;
    let evidence = "/api/operations/red/evidence";
    let whole = form(&[("notes", "")], Some(PNG));
    let cut = &whole[..whole.len() - BOUNDARY.len() - 6];
    let two = [&form(&[], Some(PNG))[..form(&[], Some(PNG)).len() - BOUNDARY.len() - 6], whole.as_slice()].concat();
    for (what, body) in [("no notes", form(&[], Some(PNG)).as_slice()), ("no end", cut), ("two files", two.as_slice())]
    {
        assert_eq!(client.form(&world, "POST", evidence, body).await.status, 400, "{what}");
        assert!(!is_stored(&world, PNG), "{what}");
    }
    let uuid = client.evidence(&world, &[("notes", ""), ("contentType", "image")], Some(PNG)).await;
    assert!(is_stored(&world, PNG));

    assert_eq!(client.form(&world, "POST", evidence, &form(&[], Some(PNG))).await.status, 400);
    assert_eq!(client.form(&world, "PUT", &path(&uuid, ""), &form(&[], Some(PNG))).await.status, 400, "an image stays");

    assert_eq!(client.get(&world, &path(&uuid, "/media")).await.body, PNG);
}

#[tokio::test]
async fn what_cannot_be_an_evidence_is_refused_and_leaves_nothing() {
    let (world, client) = wide().await;
    let evidence = "/api/operations/red/evidence";
    for (texts, file, text) in [
        (vec![], None, "Missing required field: notes"),
        (vec![("notes", ""), ("tagIds", "[7]")], None, "tagIds names a tag that this operation does not have"),
        (vec![("notes", ""), ("tagIds", "x")], None, "tagIds must be a JSON list of integers"),
        (vec![("notes", ""), ("adjusted_at", "soon")], None, "adjusted_at must be a time as in RFC 3339"),
    ] {
        refused(&client.form(&world, "POST", evidence, &form(&texts, file)).await, 400, text);
    }
    for (kind, file) in
        [("image", CAST), ("image", b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice()), ("virus", PNG)]
    {
        let answered =
            client.form(&world, "POST", evidence, &form(&[("notes", ""), ("contentType", kind)], Some(file))).await;
        assert_eq!(answered.status, 400, "{kind}: {}", answered.text());
    }
    let many = client.form(&world, "POST", evidence, &form(&[("notes", ""); 65], None)).await;
    refused(&many, 400, "The form has more than 64 parts");
    let broken = client.form(&world, "POST", evidence, b"--nothing").await;
    assert_eq!(broken.status, 400, "{}", broken.text());
    let json = client.json(&world, "POST", evidence, json!({"notes": "x"})).await;
    assert_eq!(json.status, 400, "{}", json.text());
    assert_eq!(client.get(&world, evidence).await.json(), json!([]));
}

#[tokio::test]
async fn an_evidence_without_a_file_has_no_media() {
    let (world, client) = wide().await;
    // As many texts as a form may have.
    let texts = [[("notes", ""); 63].as_slice(), &[("contentType", "none")]].concat();
    let uuid = client.evidence(&world, &texts, None).await;
    refused(&client.get(&world, &path(&uuid, "/media")).await, 404, "Not Found");
    refused(&client.get(&world, &path(&uuid, "/preview")).await, 404, "Not Found");
}

#[tokio::test]
async fn an_evidence_of_the_own_api_is_what_its_upload_is() {
    let (world, client) = wide().await;
    let cast = world.api("POST", "/artifacts?filename=a.cast", json!("any")).await.json();
    let other = world.api("POST", "/artifacts?filename=b.cast", json!("other")).await.json();
    let subject =
        json!({"kind": "evidence", "collection": "red", "subject": "one", "artifacts": [cast["id"], other["id"]]});
    assert_eq!(world.api("POST", "/subjects", subject).await.status, 201);

    let read = client.get(&world, &path("one", "")).await.json();
    assert_eq!((&read["description"], &read["contentType"]), (&json!(""), &json!("terminal-recording")));
    assert_eq!(client.get(&world, &path("one", "/media")).await.text(), "\"any\"");
    let listed = client.get(&world, "/api/operations/red/evidence?query=type:terminal-recording").await.json();
    assert_eq!(listed[0]["uuid"], "one");
    let operations = client.get(&world, "/api/operations").await.json();
    assert_eq!(operations[0]["evidenceCount"]["recordingCount"], 1);

    let replaced = client.form(&world, "PUT", &path("one", ""), &form(&[], Some(CAST))).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    assert_eq!(client.get(&world, &path("one", "/media")).await.body, CAST);
}

#[tokio::test]
async fn the_preview_of_an_image_is_made_by_a_program_and_of_anything_else_is_its_file() {
    // The program of this test gives the image back; it is a PNG, as a preview is.
    let world =
        World::with(|settings| settings.preview_command = ["/bin/sh", "-c", "cat"].map(Into::into).into()).await;
    let client = Client::new(&world, "wide", json!({"all_operations": "write"})).await;
    client.json(&world, "POST", "/api/operations", json!({"slug": "red", "name": "Red"})).await;
    let image = client.evidence(&world, &[("notes", "")], Some(PNG)).await;
    let cast = client.evidence(&world, &[("notes", ""), ("contentType", "terminal-recording")], Some(CAST)).await;

    let preview = client.get(&world, &path(&image, "/preview")).await;
    assert_eq!((preview.status.as_u16(), preview.header("content-type")), (200, "image/png"));
    assert!(preview.body == PNG);
    assert_eq!(client.get(&world, &path(&cast, "/preview")).await.body, CAST);
}

#[tokio::test]
async fn an_evidence_is_changed_in_parts_and_no_event_is_sent() {
    let (world, client) = wide().await;
    let tag = |name: &str| json!({"name": name, "colorName": "red"});
    let tags = "/api/operations/red/tags";
    client.json(&world, "POST", tags, tag("first")).await;
    client.json(&world, "POST", tags, tag("second")).await;
    let texts = [("notes", "before"), ("contentType", "terminal-recording"), ("tagIds", "[1]")];
    let uuid = client.evidence(&world, &texts, Some(CAST)).await;
    let other = [CAST, b"[0.2,\"o\",\"again\"]\n"].concat();

    let texts = [("notes", "after"), ("tagsToAdd", "[2]"), ("tagsToRemove", "[1]"), ("contentType", "image")];
    let changed = client.form(&world, "PUT", &path(&uuid, ""), &form(&texts, Some(&other))).await;

    assert_eq!((changed.status.as_u16(), changed.json()), (200, Value::Null));
    let read = client.get(&world, &path(&uuid, "")).await.json();
    assert_eq!((&read["description"], &read["contentType"]), (&json!("after"), &json!("terminal-recording")));
    assert_eq!(client.get(&world, &path(&uuid, "/media")).await.body, other);
    let listed = client.get(&world, "/api/operations/red/evidence").await.json();
    assert_eq!(listed[0]["tags"], json!([{"id": 2, "colorName": "red", "name": "second", "description": null}]));
    let adjusted = form(&[("adjusted_at", "2026-01-02T00:00:00Z")], None);
    client.form(&world, "PUT", &path(&uuid, ""), &adjusted).await;
    let read = client.get(&world, &path(&uuid, "")).await.json();
    assert_eq!((&read["description"], &read["adjustedAt"]), (&json!("after"), &json!("2026-01-02T00:00:00.000Z")));
    assert_eq!(world.api("GET", "/events", Value::Null).await.json()["data"].as_array().map(Vec::len), Some(1));

    let picture = client.evidence(&world, &[("notes", "")], Some(PNG)).await;
    let replaced = client.form(&world, "PUT", &path(&picture, ""), &form(&[], Some(PNG))).await;
    refused(&replaced, 400, "The file of an evidence of the type image cannot be replaced");
}

#[tokio::test]
async fn results_are_set_replaced_and_read() {
    let (world, client) = wide().await;
    let uuid = client.evidence(&world, &[("notes", ""), ("contentType", "event")], None).await;
    let metadata = path(&uuid, "/metadata");
    assert_eq!(client.get(&world, &metadata).await.json(), json!([]));

    let first = json!({"source": "Demo", "body": "half", "status": "Queued"});
    assert_eq!(client.json(&world, "PUT", &metadata, first).await.json(), Value::Null);
    let body = "ü🦁".repeat(200_000);
    let whole = json!({"source": "Demo", "body": body, "status": "Completed", "message": "done", "canProcess": "true"});
    assert_eq!(client.json(&world, "PUT", &metadata, whole).await.status, 200);

    let expected =
        json!([{"body": body, "source": "Demo", "status": "Completed", "canProcess": true, "message": "done"}]);
    assert!(client.get(&world, &metadata).await.json() == expected);
    for (result, text) in [
        (json!({"body": "x", "status": "Error"}), "Missing required field: source"),
        (json!({"source": "Demo", "status": "Error"}), "Missing required field: body"),
        (json!({"source": "Demo", "body": "x"}), "Missing required field: status"),
        (json!({"source": "Demo", "body": 1, "status": "Error"}), "body must be a string"),
        (
            json!({"source": "Demo", "body": "x", "status": "completed"}),
            "status must be one of Queued, Processing, Completed, Error",
        ),
        (json!({"source": "Demo", "body": "x", "status": "Error", "canProcess": 1}), "canProcess must be a boolean"),
        (json!({"source": "D".repeat(256), "body": "x", "status": "Error"}), "source must have at most 255 characters"),
    ] {
        refused(&client.json(&world, "PUT", &metadata, result).await, 400, text);
    }
    refused(&client.send(&world, "PUT", &metadata, "application/json", b"nothing").await, 400, "Invalid JSON body");
    assert!(client.get(&world, &metadata).await.json() == expected, "nothing was changed");
}

#[tokio::test]
async fn a_worker_reaches_what_its_service_was_asked_about_and_concludes_it() {
    let (world, client) = wide().await;
    let before = client.evidence(&world, &[("notes", "before")], Some(PNG)).await;
    let own = Client::of(&worker(&world, "render").await);
    let uuid = client.evidence(&world, &[("notes", "after")], Some(PNG)).await;

    assert_eq!(own.get(&world, &path(&uuid, "/media")).await.body, PNG);
    refused(&own.get(&world, &path(&before, "/media")).await, 404, "Not Found");
    refused(&own.get(&world, "/api/operations/red/evidence").await, 404, "Not Found");
    refused(&own.form(&world, "PUT", &path(&uuid, ""), &form(&[("notes", "x")], None)).await, 401, "Unauthorized");
    let result = |source: &str, status: &str| json!({"source": source, "body": "found", "status": status});
    let state = || world.store.read(|rows| Ok(rows.page::<Expectation>(None, 9)?.remove(0).state));

    let other = result("another", "Completed");
    refused(&own.json(&world, "PUT", &path(&uuid, "/metadata"), other.clone()).await, 401, "Unauthorized");
    let granted = client.json(&world, "PUT", &path(&uuid, "/metadata"), other).await;
    assert_eq!((granted.status.as_u16(), state().await), (200, Ok(ExpectationState::Open)));
    own.json(&world, "PUT", &path(&uuid, "/metadata"), result("render", "Processing")).await;
    assert_eq!(state().await, Ok(ExpectationState::Open));
    let last = own.json(&world, "PUT", &path(&uuid, "/metadata"), result("render", "Completed")).await;
    assert_eq!((last.status.as_u16(), state().await), (200, Ok(ExpectationState::Complete)));
    let again = own.json(&world, "PUT", &path(&uuid, "/metadata"), result("render", "Completed")).await;
    assert_eq!(again.status, 200, "the record is still its to set");
}

#[tokio::test]
async fn tags_have_small_numbers_and_names_of_their_own() {
    let (world, client) = wide().await;
    let tags = "/api/operations/red/tags";
    let made = client.json(&world, "POST", tags, json!({"name": "x", "colorName": "lightBlue"})).await;
    let x = json!({"id": 1, "colorName": "lightBlue", "name": "x", "description": null});
    assert_eq!((made.status.as_u16(), made.json()), (201, x));
    client.evidence(&world, &[("notes", ""), ("contentType", "none"), ("tagIds", "[1]")], None).await;

    let listed = client.get(&world, tags).await.json();
    let x = json!([{"id": 1, "colorName": "lightBlue", "name": "x", "description": null, "evidenceCount": 1}]);
    assert_eq!(listed, x);

    refused(
        &client.json(&world, "POST", tags, json!({"name": "x"})).await,
        400,
        "A tag with the name \"x\" already exists",
    );
    refused(&client.json(&world, "POST", tags, json!({"name": ""})).await, 400, "Missing required field: name");
    let long = json!({"name": "y", "description": "d".repeat(151)});
    refused(&client.json(&world, "POST", tags, long).await, 400, "description must have at most 150 characters");
    assert_eq!(client.json(&world, "POST", tags, json!({"name": "y", "colorName": "mauve"})).await.status, 400);
    refused(&client.json(&world, "POST", "/api/operations/no/tags", json!({"name": "x"})).await, 404, "Not Found");
}

#[tokio::test]
async fn evidence_is_listed_newest_first_and_narrowed_by_a_filter() {
    let (world, client) = wide().await;
    let first = client
        .evidence(&world, &[("notes", "a login page"), ("contentType", "event"), ("occurred_at", "3000000000")], None)
        .await;
    let second = client
        .evidence(&world, &[("notes", "a log"), ("contentType", "none"), ("occurred_at", "2000000000")], None)
        .await;
    let listed = |query: &str| {
        let path = format!("/api/operations/red/evidence{query}");
        let (client, world) = (&client, &world);
        async move {
            let all = client.get(world, &path).await.json();
            all.as_array()
                .expect("a list")
                .iter()
                .map(|one| one["uuid"].as_str().expect("an id").to_owned())
                .collect::<Vec<_>>()
        }
    };

    assert_eq!(listed("").await, [first.clone(), second.clone()]);
    assert_eq!(listed("?query=sort%3Aasc").await, [second.clone(), first.clone()]);
    assert_eq!(listed("?query=login+page").await, [first.as_str()]);
    assert_eq!(listed("?query=type%3A!event%20operator%3Awide").await, [second.as_str()]);
    let result = json!({"source": "x", "body": "port 443 open", "status": "Completed"});
    client.json(&world, "PUT", &path(&second, "/metadata"), result).await;
    assert_eq!(listed("?query=meta:443").await, [second]);
    refused(
        &client.get(&world, "/api/operations/red/evidence?query=colour:red").await,
        400,
        "Unknown filter key: colour",
    );

    let one = &client.get(&world, "/api/operations/red/evidence?query=login").await.json()[0];
    let expected = json!({
        "uuid": first, "description": "a login page", "occurredAt": "1970-01-01T00:00:03.000Z", "adjustedAt": null,
        "operator": {"firstName": "wide", "lastName": "", "slug": "wide"}, "tags": [], "contentType": "event",
        "sendUrl": false, "thumbImageKey": "", "fullImageKey": "",
    });
    assert_eq!(*one, expected);
}

#[tokio::test]
async fn another_method_or_path_is_refused_in_the_protocols_manner() {
    let (world, client) = wide().await;
    refused(&client.json(&world, "DELETE", "/api/operations", json!({})).await, 405, "Method Not Allowed");
    let unknown = client.get(&world, "/api/operations/red/nothing").await;
    assert_eq!((unknown.status.as_u16(), unknown.text().as_str()), (404, "Not Found"));
    let no_text = client.get(&world, "/api/operations/%ff/tags").await;
    assert_eq!((no_text.status.as_u16(), no_text.text().as_str()), (404, "Not Found"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let world = World::with(|settings| settings.upload_bytes_max = Some(600_000)).await;
    let client = Client::new(&world, "wide", json!({"all_operations": "write"})).await;
    client.json(&world, "POST", "/api/operations", json!({"slug": "red", "name": "Red"})).await;
    let file = |size: usize| form(&[("notes", ""), ("contentType", "event")], Some(&vec![7; size]));

    let fits = client.form(&world, "POST", "/api/operations/red/evidence", &file(500_000)).await;
    assert_eq!(fits.status, 201, "{}", fits.text());
    let more = client.form(&world, "POST", "/api/operations/red/evidence", &file(700_000)).await;
    refused(&more, 413, "expected a body of at most 600000 bytes, found more");
}
