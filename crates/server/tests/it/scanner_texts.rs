//! Every error text of the scanner protocol, each driven through the server and seen exactly (scanner-pipeline,
//! sections 9, 10.4 and 11).

use axum::body::Body;
use domain::catalogue::Sealed;
use serde_json::{Value, json};
use store::change::Listed;
use store::command::Command;
use store::tables::Artifact;
use verify::account::token;

use crate::scanner::{
    Key, NO_SCANNER, NOT_PERMITTED, RESULTS, UPDATED, account, detail, found, owed, patch, permit, push, pushed,
    scanner,
};
use crate::world::{World, call};

/// One text, and a request that is answered with it.
struct Text {
    section: &'static str,
    status: u16,
    said: Said,
    request: Request,
}

enum Said {
    /// This JSON.
    Json(Value),
    /// A `detail` that begins so: what follows is the parser's.
    DetailFrom(&'static str),
    /// This text.
    Plain(&'static str),
}

struct Request {
    method: &'static str,
    path: String,
    authorization: String,
    content_type: &'static str,
    body: String,
}

/// A world in which everything can be refused.
struct Stage {
    world: World,
    /// May do everything, and has pushed the rule `A` for version 42.
    scan: Key,
    /// May do nothing.
    mute: Key,
    /// May push, but does not subscribe to it.
    silent: Key,
    /// Of an account that was switched off.
    off: Key,
    /// Whose secret does not open.
    sealed: Key,
    /// What was sent before, and what may still be sent.
    complete: i64,
    open: i64,
    /// A file whose bytes are gone.
    gone: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new().await;
        let everything = ["Scanners:PatchResults", "Scanners:PushResults", "Addons:FileDownload", "Sources:Download"];
        let scan = scanner(&world, "scan").await;
        permit(&world, "scan", json!(everything)).await;
        let mute = scanner(&world, "mute").await;
        permit(&world, "mute", json!([])).await;
        let silent = scanner(&world, "silent").await;
        permit(&world, "silent", json!(["Scanners:PushResults"])).await;
        let events = json!({"events": ["during_validation"]});
        assert_eq!(world.api("PATCH", "/services/silent", events).await.status, 200);
        let off = scanner(&world, "off").await;
        let path = format!("/accounts/{}", account(&world, "off"));
        assert_eq!(world.api("PATCH", &path, json!({"active": false})).await.status, 200);
        let sealed = scanner(&world, "sealed").await;
        let (mut broken, _) =
            world.store.catalogue().jwt_key(&sealed.name).map(|(a, k)| (a.clone(), k.clone())).expect("a key");
        broken.jwt[0].secret = Sealed("1:00".to_owned());
        world.add(vec![broken.entry()]).await;

        assert_eq!(world.api("POST", "/rules", json!({"name": "A", "action": "flag"})).await.status, 201);
        let complete = owed(&world, "scan", "42").await;
        assert_eq!(patch(&world, &scan, complete, found(&[])).await.status, 204);
        assert_eq!(push(&world, &scan, pushed(42, &["A"])).await.status, 201);
        let open = owed(&world, "scan", "43").await;
        let artifact = Artifact {
            key: world.keys().key(),
            sha256: [7; 32],
            size: 1,
            name: "a.xpi".to_owned(),
            content_type: "application/zip".to_owned(),
            owner: None,
            at: world.now(),
            expires: domain::Timestamp::NEVER,
            removed: None,
        };
        let gone = world.store.salt().show_uuid(artifact.key);
        world.store.submit(Command::PutArtifact(Box::new(artifact))).await.expect("the engine works");
        Self { world, scan, mute, silent, off, sealed, complete, open, gone }
    }

    fn request(&self, method: &'static str, path: &str, authorization: String, body: &Value) -> Request {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Request { method, path: path.to_owned(), authorization, content_type: "application/json", body }
    }

    fn patch(&self, key: &Key, number: i64, body: &Value) -> Request {
        self.request("PATCH", &format!("{RESULTS}{number}/"), key.header(&self.world), body)
    }

    fn push(&self, key: &Key, body: &Value) -> Request {
        self.request("POST", RESULTS, key.header(&self.world), body)
    }

    fn get(&self, path: &str, key: Option<&Key>) -> Request {
        let authorization = key.map(|key| key.header(&self.world)).unwrap_or_default();
        self.request("GET", path, authorization, &Value::Null)
    }

    /// Sections 9.1 to 9.3: what a recognised caller is refused for.
    fn results(&self) -> Vec<Text> {
        let text = |section, status, said, request| Text { section, status, said: Said::Json(said), request };
        let remark = |name: &str, remark: &str| json!({ name: [remark] });
        let good = found(&[])["results"].clone();
        let required = "This field is required.";
        let strays = json!({
            "results": {"version": "1", "matchedRules": ["A"], "annotations": {"UNKNOWN_RULE": [], "OTHER": [], "A": []}},
        });
        let plain = |kind| Request { content_type: kind, ..self.patch(&self.scan, self.open, &json!({})) };
        let broken = Request { body: "{\"results\": ".to_owned(), ..self.patch(&self.scan, self.open, &Value::Null) };
        vec![
            text("9.1", 409, detail(UPDATED), self.patch(&self.scan, self.complete, &json!({}))),
            Text {
                section: "9.1",
                status: 404,
                said: Said::Plain(""),
                request: self.patch(&self.scan, 9_999, &found(&[])),
            },
            text("9.2", 403, detail(NO_SCANNER), self.push(&self.silent, &json!({}))),
            text(
                "9.2",
                409,
                detail("Scanner result already pushed for one of the rules"),
                self.push(&self.scan, &pushed(42, &["A"])),
            ),
            text("9.3", 400, remark("results", required), self.patch(&self.scan, self.open, &json!({}))),
            text(
                "9.3",
                400,
                remark("results", "'version' is a required property"),
                self.patch(&self.scan, self.open, &json!({"results": {"matchedRules": []}})),
            ),
            text(
                "9.3",
                400,
                remark("results", "Annotation keys not in matchedRules: ['OTHER', 'UNKNOWN_RULE']"),
                self.patch(&self.scan, self.open, &strays),
            ),
            text(
                "9.3",
                400,
                remark("more", "Unexpected field."),
                self.patch(&self.scan, self.open, &json!({"results": good, "more": 1})),
            ),
            text("9.3", 400, remark("version_id", "Version not found."), self.push(&self.scan, &pushed(7, &[]))),
            text("9.3", 400, remark("version_id", required), self.push(&self.scan, &json!({"results": good}))),
            Text { section: "9.3", status: 400, said: Said::DetailFrom("JSON parse error - "), request: broken },
            text("9.3", 415, detail("Unsupported media type \"text/plain\" in request."), plain("text/plain")),
            text("9.3", 405, detail("Method \"GET\" not allowed."), self.get(RESULTS, Some(&self.scan))),
            text("9.3", 403, detail(NOT_PERMITTED), self.patch(&self.mute, self.open, &json!({}))),
        ]
    }

    /// Section 10.4: why a caller is not recognised.
    fn strangers(&self) -> Vec<Text> {
        let key = &self.scan;
        let living = r#","iat":1767225600,"exp":1767225660"#;
        let right = key.claiming(living);
        let (unsigned, tag) = right.rsplit_once('.').expect("a signature");
        let (_, claims) = unsigned.split_once('.').expect("claims");
        let stranger = Key { name: "user:1:1".to_owned(), ..key.clone() };
        let forger = Key { secret: "another".to_owned(), ..key.clone() };
        let late = "JWT iat (issued at time) is invalid. Make sure your system clock is synchronized with something \
                    like TLSdate.";
        let headers = [
            (String::new(), "Authentication credentials were not provided."),
            (format!("Bearer {}", self.world.administrator), "Authentication credentials were not provided."),
            ("JWT".to_owned(), "Invalid Authorization header. No credentials provided."),
            (format!("{right} x"), "Invalid Authorization header. Credentials string should not contain spaces."),
            ("JWT abc".to_owned(), "Error decoding signature."),
            (forger.claiming(living), "Error decoding signature."),
            (format!("JWT eyJhbGciOiJub25lIn0.{claims}.{tag}"), "Invalid JWT Token."),
            (format!("JWT {}", token(&key.secret, "{}")), "JWT iss (issuer) claim is missing."),
            (stranger.claiming(living), "Unknown JWT iss (issuer)."),
            (key.claiming(r#","iat":1767225600"#), "Invalid JWT: Token is missing the \"exp\" claim."),
            (key.claiming(r#","exp":1767225660"#), "Invalid JWT: Token is missing the \"iat\" claim."),
            (key.claiming(r#","iat":1767225500,"exp":1767225595"#), "Signature has expired."),
            (key.claiming(r#","iat":1767225606,"exp":1767225660"#), late),
            (key.claiming(r#","iat":"now","exp":1767225660"#), late),
            (key.claiming(r#","iat":1767225600,"exp":1767225901"#), "JWT exp (expiration) is too long."),
            (key.claiming(r#","iat":"1767225600","exp":"1767225660""#), "Wrong type for one or more keys in payload"),
            (
                key.claiming(r#","iat":1767225600,"exp":1767225660,"orig_iat":1767225600"#),
                "API key based tokens are not refreshable, don't include `orig_iat` in their payload.",
            ),
            (self.sealed.header(&self.world), "Invalid API Key."),
            (self.off.header(&self.world), "User account is disabled."),
        ];
        let both = [("PATCH", format!("{RESULTS}1/")), ("POST", RESULTS.to_owned())];
        let mut texts = Vec::new();
        for (authorization, text) in headers {
            for (method, path) in &both {
                let body = "not JSON".to_owned();
                let (path, authorization) = (path.clone(), authorization.clone());
                let request = Request { method, path, authorization, content_type: "application/json", body };
                texts.push(Text { section: "10.4", status: 401, said: Said::Json(detail(text)), request });
            }
        }
        texts
    }

    /// Section 11: what is not handed out.
    fn files(&self) -> Vec<Text> {
        let text = |status, said, request| Text { section: "11", status, said: Said::Plain(said), request };
        let unknown = format!("/uploads/file/{}/?access_token=x", "0".repeat(32));
        let wrong = format!("/uploads/file/{}/?access_token=x", self.gone);
        vec![
            text(404, "", self.get(&unknown, None)),
            text(403, "", self.get(&wrong, None)),
            text(403, "", self.get(wrong.trim_end_matches("?access_token=x"), None)),
            text(
                410,
                "upload path does not exist anymore",
                self.get(&format!("/uploads/file/{}/", self.gone), Some(&self.scan)),
            ),
            text(404, "", self.get("/downloads/source/42", None)),
            text(404, "", self.get("/downloads/source/42", Some(&self.mute))),
            text(404, "", self.get("/downloads/source/42", Some(&self.scan))),
            text(404, "", self.get("/downloads/file/42/", Some(&self.mute))),
        ]
    }
}

/// How many texts, each with its status, a section of the protocol lists. One more is answered by nobody here, "User has
/// not read developer agreement.": every account counts as having accepted it (section 2.3).
const LISTED: [(&str, usize); 5] = [("9.1", 2), ("9.2", 2), ("9.3", 10), ("10.4", 16), ("11", 3)];

#[tokio::test]
async fn every_error_text_of_the_protocol_is_answered_exactly() {
    let stage = Stage::new().await;
    let texts = [stage.results(), stage.strangers(), stage.files()].into_iter().flatten();
    let mut seen = std::collections::BTreeSet::new();
    for Text { section, status, said, request } in texts {
        let Request { method, path, authorization, content_type, body } = request;
        let asked = format!("{method} {path} {authorization} {body}");
        let headers = [("authorization", authorization.as_str()), ("content-type", content_type)];
        let answer = call(stage.world.server.public(), method, &path, &headers, Body::from(body)).await;

        assert_eq!(answer.status.as_u16(), status, "{asked}: {}", answer.text());
        let told = match said {
            Said::Json(expected) => {
                assert_eq!(answer.header("content-type"), "application/json", "{asked}");
                assert_eq!(answer.json(), expected, "{asked}");
                expected.to_string()
            }
            Said::DetailFrom(start) => {
                let detail = answer.json();
                assert!(detail["detail"].as_str().is_some_and(|text| text.starts_with(start)), "{asked}: {detail}");
                start.to_owned()
            }
            Said::Plain(expected) => {
                assert_eq!(answer.text(), expected, "{asked}");
                expected.to_owned()
            }
        };
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), "JWT realm=\"countersign\"", "{asked}");
        }
        seen.insert((section, status, told));
    }
    for (section, listed) in LISTED {
        let found = seen.iter().filter(|(of, ..)| *of == section).count();
        assert_eq!(found, listed, "texts of section {section}");
    }
}
