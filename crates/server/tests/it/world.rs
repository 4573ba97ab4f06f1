//! A server with everything around it, and short ways to call it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use axum::Router;
use axum::body::Body;
use bus::LocalBus;
use domain::catalogue::{Owner, Role};
use domain::{Clock, Random, Timestamp};
use egress::{Egress, EgressSettings};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use server::resources::{self, AccountSpec, SecretSpec, SourceSpec};
use server::{Parts, Server, Settings};
use store::Store;
use store::change::{Listed, NewKeys, next_number};
use store::command::Change;
use store::seal::SealKey;
use store::tables::Entry;
use store_memory::MemoryStore;
use tower::ServiceExt;

/// The secret of the source `github/default`.
pub const SECRET: &str = "it-is-a-secret-7c1d";

/// The password of every person in these tests.
pub const PASSWORD: &str = "correct horse battery";
/// What a form is labelled with.
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A browser in which somebody is signed in.
pub struct Browser {
    pub cookie: String,
    pub form_key: String,
}

/// A server and what is behind it.
pub struct World {
    pub server: Server,
    pub engine: Arc<MemoryStore>,
    pub store: Store,
    pub bus: Arc<LocalBus>,
    pub clock: Arc<ManualClock>,
    pub seal: SealKey,
    pub blobs: artifacts::Blobs,
    pub administrator: String,
    pub reader: String,
    pub submitter: String,
    pub folder: tempfile::TempDir,
}

/// A clock that stands still until it is moved.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::AcqRel);
    }

    pub fn set(&self, seconds: i64) {
        self.0.store(seconds * 1_000_000, Ordering::Release);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Acquire))
    }
}

/// Bytes that differ from one filling to the next, and nothing more.
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::AcqRel));
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {:?}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of a problem.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let code = problem["type"].as_str().and_then(|kind| kind.strip_prefix("urn:countersign:problem:"));
        code.expect("a type of ours").to_owned()
    }
}

impl World {
    /// A server with the source `github/default` and an account of each role.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Like [`World::new`], with other settings.
    pub async fn with(set: impl FnOnce(&mut Settings)) -> Self {
        Self::calling(EgressSettings::default(), set).await
    }

    /// Likewise, with an outgoing client of these settings.
    pub async fn calling(egress: EgressSettings, set: impl FnOnce(&mut Settings)) -> Self {
        let (bus, _) = LocalBus::new(domain::limits::CALLS_MAX);
        let engine = MemoryStore::open(1, 7, bus.clone(), bus.clone()).expect("a store");
        let store = Store::new(&engine);
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock(AtomicI64::new(1_767_225_600_000_000)));
        let seal = SealKey::new([9; 32]);
        let mut settings = Settings {
            public_url: "http://gateway.example".to_owned(),
            own_listeners: vec!["127.0.0.1:8640".parse().expect("an address")],
            programs: ["build".to_owned()].into(),
            user_agent: "countersign/test".to_owned(),
            admin_hosts: vec!["admin.example".to_owned()],
            ..Settings::default()
        };
        set(&mut settings);
        let blobs = artifacts::Blobs::open(folder.path()).expect("blobs");
        let server = Server::new(Parts {
            store: store.clone(),
            bus: bus.clone(),
            blobs: blobs.clone(),
            clock: clock.clone(),
            random: Arc::new(Counting(AtomicU8::new(1))),
            seal: seal.clone(),
            egress: Egress::new(egress).expect("a client"),
            settings,
        });
        let mut world = Self {
            server,
            engine,
            store,
            bus,
            clock,
            seal,
            blobs,
            administrator: String::new(),
            reader: String::new(),
            submitter: String::new(),
            folder,
        };
        world.administrator = world.account("administrator", Role::Administrator).await;
        world.reader = world.account("reader", Role::Reader).await;
        world.submitter = world.account("submitter", Role::Submitter).await;
        world.source("github", "default", SECRET, Owner::Api).await;
        world
    }

    /// The same world with a new server, which remembers only what is on disk.
    pub fn restarted(self) -> Self {
        let server = Server::new(Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            blobs: self.blobs.clone(),
            clock: self.clock.clone(),
            random: Arc::new(Counting(AtomicU8::new(50))),
            seal: self.seal.clone(),
            egress: Egress::new(EgressSettings::default()).expect("a client"),
            settings: Settings { public_url: "http://gateway.example".to_owned(), ..Settings::default() },
        });
        Self { server, ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn keys(&self) -> NewKeys {
        NewKeys::after(&self.store.catalogue(), self.now())
    }

    /// Adds entries to the catalogue.
    pub async fn add(&self, entries: Vec<Entry>) {
        let catalogue = self.store.catalogue().version;
        let (who, what) = ("test".to_owned(), "set up".to_owned());
        let change = Change { catalogue, entries, who, what, now: self.now() };
        self.store.submit(change).await.expect("a change");
    }

    /// Adds a source.
    pub async fn source(&self, provider: &str, id: &str, secret: &str, owner: Owner) {
        self.source_of(
            SourceSpec {
                id: id.to_owned(),
                provider: provider.to_owned(),
                mode: domain::catalogue::SourceMode::Modern,
                secrets: vec![SecretSpec::Named {
                    id: Some("first".to_owned()),
                    secret: secret.to_owned(),
                    not_before: None,
                    not_after: None,
                }],
                window: None,
                public_url: None,
                handshake: None,
                subject: None,
                rate: None,
                require_https: false,
                verifier: None,
                active: true,
            },
            owner,
        )
        .await;
    }

    /// Adds a source that is written like this.
    pub async fn source_of(&self, spec: SourceSpec, owner: Owner) {
        let random = Counting(AtomicU8::new(100));
        let source = resources::source(&spec, self.keys().key(), owner, &self.seal, &random, &Default::default())
            .expect("a source");
        self.add(vec![source.entry()]).await;
    }

    /// Adds a rule that the configuration file owns, and answers its id.
    pub async fn file_rule(&self, name: &str) -> String {
        let spec = serde_json::from_value(serde_json::json!({"name": name, "action": "flag"})).expect("a rule");
        let key = self.keys().key();
        let rule = resources::rule(&spec, key, Owner::File, &|_| None, &Default::default()).expect("a rule");
        self.add(vec![rule.entry()]).await;
        self.store.salt().show(key)
    }

    /// Adds an account and answers its token.
    async fn account(&self, name: &str, role: Role) -> String {
        let mut keys = self.keys();
        let random = Counting(AtomicU8::new(200 + u8::try_from(name.len()).expect("a short name")));
        let token = resources::token(keys.key(), &random, self.now());
        let spec = AccountSpec::new(name, role);
        let number = next_number(self.store.catalogue().accounts.values().map(|account| account.number));
        let account = resources::account(&spec, keys.key(), number, Some(&token)).expect("an account");
        self.add(vec![account.entry()]).await;
        token.text
    }

    /// Sends a GitHub webhook, rightly signed, as the delivery of this id.
    pub async fn push(&self, delivery: &str, body: impl Into<Vec<u8>>) -> Answered {
        let body = body.into();
        let signature = verify::sign::github(SECRET, &body);
        let headers = [
            ("x-github-event", "push"),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", signature.as_str()),
            ("content-type", "application/json"),
        ];
        self.webhook("/api/webhooks/incoming/github", &headers, body).await
    }

    /// Posts to the public listener.
    pub async fn webhook(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answered {
        call(self.server.public(), "POST", path, headers, body.into()).await
    }

    /// Calls the public listener.
    pub async fn public(&self, method: &str, path: &str, body: impl Into<Body>) -> Answered {
        call(self.server.public(), method, path, &[], body.into()).await
    }

    /// Calls the own API as the administrator; null sends no body.
    pub async fn api(&self, method: &str, path: &str, json: Value) -> Answered {
        self.api_as(&self.administrator, method, path, json).await
    }

    /// Calls the own API with a token.
    pub async fn api_as(&self, token: &str, method: &str, path: &str, json: Value) -> Answered {
        let bearer = format!("Bearer {token}");
        let headers = [("host", "localhost"), ("authorization", bearer.as_str())];
        let body = if json.is_null() { Body::empty() } else { Body::from(json.to_string()) };
        call(self.server.admin(), method, &format!("/api/v1{path}"), &headers, body).await
    }

    /// Calls the admin listener as a browser would.
    pub async fn page(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let mut all = vec![("host", "localhost:8641")];
        all.extend_from_slice(headers);
        call(self.server.admin(), method, path, &all, Body::from(body.to_owned())).await
    }

    /// Signs a person in who has no password yet.
    pub async fn sign_in(&self, account: &str) -> Browser {
        let link = self.api("POST", &format!("/accounts/{account}/link"), Value::Null).await;
        assert_eq!(link.status, 201, "{}", link.text());
        let path = link.json()["path"].as_str().expect("a path").to_owned();
        let ticket = path.split_once('=').expect("a ticket").1;
        let form = format!("ticket={ticket}&password={PASSWORD}&again={PASSWORD}");
        let chosen = self.page("POST", "/login/password", &[FORM], &form).await;
        assert_eq!(chosen.status, 303, "{}", chosen.text());
        self.browser(&chosen).await
    }

    /// The browser that was just signed in by this answer.
    pub async fn browser(&self, signed_in: &Answered) -> Browser {
        let cookie = signed_in.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        let page = self.page("GET", "/account", &[("cookie", &cookie)], "").await;
        let html = page.text();
        let start = html.find("name=\"form_key\" value=\"").expect("a form key") + 23;
        Browser { form_key: html[start..start + 64].to_owned(), cookie }
    }

    /// Opens a page.
    pub async fn open(&self, browser: &Browser, path: &str) -> Answered {
        self.page("GET", path, &[("cookie", &browser.cookie)], "").await
    }

    /// Sends a page's form.
    pub async fn fill_in(&self, browser: &Browser, path: &str, form: &str) -> Answered {
        let body = format!("form_key={}&{form}", browser.form_key);
        self.page("POST", path, &[FORM, ("cookie", &browser.cookie)], &body).await
    }

    /// Registers a service of the standard profile for pushes.
    pub async fn service(&self, name: &str, url: &str) -> Value {
        let spec = serde_json::json!({
            "name": name, "url": url, "events": ["github.push"], "allow_networks": ["127.0.0.0/8"],
        });
        let made = self.api("POST", "/services", spec).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()
    }
}

/// Calls a router.
pub async fn call(router: Router, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Answered {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).expect("a request");
    let response = router.oneshot(request).await.expect("an answer");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes().to_vec();
    Answered { status: head.status, headers: head.headers, body }
}

/// The genuine push of GitHub.
pub fn github_push() -> Vec<u8> {
    include_bytes!("../data/github-push.json").to_vec()
}
