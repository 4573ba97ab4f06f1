//! What all surfaces share, and the routers made of them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifacts::Blobs;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bus::LocalBus;
use domain::catalogue::Role;
use domain::link::LinkKey;
use domain::{Clock, Key, Random, Timestamp};
use egress::AllowedNetwork;
use store::seal::SealKey;
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use verify::provider::Providers;

use crate::history::History;
use crate::license::License;
use crate::logins::Logins;
use crate::metrics::Metrics;
use crate::pages::live::Streams;
use crate::people::People;
use crate::people::link::Leave;
use crate::preview::Previewer;
use crate::problem::{self, Problem};
use crate::receive::{
    AspnetSwitches, Certificates, Endpoints, Prepared, QuarantineBounds, Quarantines, Rates, SecretUses,
    VerifierPrograms, Verifiers,
};
use crate::scanner::{self, Nonces};
use crate::slow::Slow;
use crate::timings::Timings;
use crate::worker::Rooms;
use crate::{api, links, pages, receive, worker};

/// Everything that a server is made of.
pub struct Parts {
    /// What is kept.
    pub store: Store,
    /// Who wakes those that wait for a verdict.
    pub bus: Arc<LocalBus>,
    /// Files, and bodies too large for a row.
    pub blobs: Blobs,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// What secrets are sealed with.
    pub seal: SealKey,
    /// The outgoing client, for tests of services and the own hosts of senders.
    pub egress: egress::Egress,
    /// What the configuration says.
    pub settings: Settings,
}

/// What the configuration says of the server.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The public listener's URL as others know it, without a slash at its end.
    pub public_url: String,
    /// Where this gateway itself listens: services may not be there.
    pub own_listeners: Vec<SocketAddr>,
    /// Proxies whose word about a caller counts.
    pub trusted_proxies: Vec<IpAddr>,
    /// The senders that may be named: the built-in ones, and those that the configuration describes.
    pub providers: Providers,
    /// Where the own hosts of senders may be beside public addresses: their certificates and confirmations.
    pub provider_networks: Vec<AllowedNetwork>,
    /// The programs that an `exec` action may name.
    pub programs: BTreeSet<String>,
    /// `countersign/<version>`.
    pub user_agent: String,
    /// Host names under which the admin listener answers, beside the loopback names.
    pub admin_hosts: Vec<String>,
    /// Whether a token that an account signs may be used once only.
    pub refuse_repeated_jti: bool,
    /// The program that makes what can be looked at of one file, and its first arguments.
    pub preview_command: Vec<OsString>,
    /// How long an artifact is kept whose upload says nothing of that; none: for ever.
    pub artifact_retention: Option<Duration>,
    /// The largest body of a signed request, in bytes; none: [`UPLOAD_BYTES_MAX`].
    pub upload_bytes_max: Option<u64>,
    /// What holds for all sources of the mode `aspnet`.
    pub aspnet: AspnetSwitches,
    /// How much of what is refused is kept.
    pub quarantine: QuarantineBounds,
    /// The programs that know a source's secret in our place.
    pub verifiers: VerifierPrograms,
    /// What is configured, as it may be shown.
    pub shown: Vec<SettingShown>,
}

/// One value that is in force: its key, the value, and who says so. Of a secret only that it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingShown {
    /// Its key: `server.listen`.
    pub key: String,
    /// The value.
    pub value: String,
    /// Who says so.
    pub from: String,
}

/// The largest body of a signed request, unless the configuration says otherwise.
pub const UPLOAD_BYTES_MAX: u64 = 1024 * 1024 * 1024;

impl Settings {
    pub(crate) fn upload_bytes_max(&self) -> u64 {
        self.upload_bytes_max.unwrap_or(UPLOAD_BYTES_MAX)
    }
}

/// The server. Cheap to clone; clones are the same server.
#[derive(Clone)]
pub struct Server {
    pub(crate) shared: Arc<Shared>,
}

/// What a server's clones share.
pub struct Shared {
    pub(crate) parts: Parts,
    pub(crate) metrics: Metrics,
    pub(crate) history: History,
    pub(crate) timings: Timings,
    pub(crate) endpoints: Endpoints,
    pub(crate) certificates: Certificates,
    pub(crate) rates: Rates,
    pub(crate) quarantines: Quarantines,
    pub(crate) slow: Slow,
    pub(crate) secret_uses: SecretUses,
    pub(crate) verifiers: Verifiers,
    pub(crate) rooms: Rooms,
    pub(crate) streams: Streams,
    /// Ends what would otherwise stay open for ever.
    pub(crate) stopping: CancellationToken,
    pub(crate) people: People,
    previewer: Previewer,
    nonces: Mutex<Nonces>,
    pub(crate) logins: Logins,
    pub(crate) license: License,
    pub(crate) link_key: LinkKey,
    ready: AtomicBool,
    last_key: AtomicI64,
}

impl std::ops::Deref for Server {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Server {
    /// A server of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Server {
        let link_key = LinkKey::new(&parts.seal.derive("links"));
        let previewer = Previewer::new(parts.settings.preview_command.clone());
        let shared = Shared {
            parts,
            previewer,
            metrics: Metrics::default(),
            history: History::default(),
            timings: Timings::default(),
            endpoints: Endpoints::default(),
            certificates: Certificates::default(),
            rates: Rates::default(),
            quarantines: Quarantines::default(),
            slow: Slow::default(),
            secret_uses: SecretUses::default(),
            verifiers: Verifiers::default(),
            rooms: Rooms::default(),
            streams: Streams::default(),
            stopping: CancellationToken::new(),
            people: People::default(),
            nonces: Mutex::default(),
            logins: Logins::default(),
            license: License::default(),
            link_key,
            ready: AtomicBool::new(true),
            last_key: AtomicI64::new(0),
        };
        Server { shared: Arc::new(shared) }
    }

    /// The public listener: sources, links, the scanner protocol's API, and whether we are there.
    pub fn public(&self) -> Router {
        let router: Router<Server> =
            Router::new().merge(health()).merge(links::router()).merge(scanner::router()).merge(worker::router());
        router.method_not_allowed_fallback(method_not_allowed).fallback(elsewhere).with_state(self.clone())
    }

    /// The admin listener: pages, own API, metrics.
    pub fn admin(&self) -> Router {
        let metrics = Router::new().route("/metrics", get(show_metrics));
        self.guarded(Router::new().merge(health()).merge(metrics).merge(pages::router(self)).merge(api::router(self)))
    }

    /// The own API alone.
    pub fn api(&self) -> Router {
        self.guarded(Router::new().merge(health()).merge(api::router(self)))
    }

    /// `/readyz` answers 503 from now on, and the streams of open pages end.
    pub fn not_ready(&self) {
        self.ready.store(false, Ordering::Release);
        self.stopping.cancel();
    }

    /// Goes on with what a switch that is off began before the last stop.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume_switches(&self) -> Result<(), store::StoreError> {
        if self.parts.store.catalogue().switches.values().any(|switch| switch.off) {
            api::gate::release_waiting(self).await?;
        }
        Ok(())
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// What makes previews of files.
    #[must_use]
    pub fn previewer(&self) -> &Previewer {
        &self.shared.previewer
    }

    /// A ticket that begins a session of the first administrator, once, within ten minutes.
    #[must_use]
    pub fn ticket(&self) -> String {
        let ticket = self.token("tkt_");
        let catalogue = self.parts.store.catalogue();
        let mut administrators = catalogue.accounts.values().filter(|account| account.role == Role::Administrator);
        if let Some(first) = administrators.find(|account| account.active) {
            self.people.kept().tickets.add(&ticket, first, Leave::BeginSession, self.now());
        }
        ticket
    }

    fn guarded(&self, router: Router<Server>) -> Router {
        router
            .method_not_allowed_fallback(method_not_allowed)
            .fallback(not_found)
            .layer(axum::middleware::from_fn_with_state(self.clone(), api::host::check))
            .with_state(self.clone())
    }
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The sources that judge at this instant.
    pub(crate) fn prepared(&self, now: Timestamp) -> Arc<Prepared> {
        let Parts { store, seal, settings, .. } = &self.parts;
        self.endpoints.of(&store.catalogue(), seal, settings, now)
    }

    /// An id as it is shown outside.
    pub(crate) fn show<K: Key>(&self, key: K) -> String {
        self.parts.store.salt().show(key)
    }

    /// The key that an id names; an id that is none names nothing.
    pub(crate) fn parse<K: Key>(&self, id: &str) -> Result<K, Problem> {
        self.parts.store.salt().parse(id).map_err(|why| Problem::new(&problem::NOT_FOUND, why.to_string()))
    }

    /// A new secret token: a prefix and 32 random bytes in hex.
    pub(crate) fn token(&self, prefix: &str) -> String {
        let mut bytes = [0; 32];
        self.parts.random.fill(&mut bytes);
        format!("{prefix}{}", verify::hex::encode(&bytes))
    }

    pub(crate) fn nonce(&self) -> [u8; 24] {
        let mut nonce = [0; 24];
        self.parts.random.fill(&mut nonce);
        nonce
    }

    /// Adds a row whose key is ours to choose: one that grows with time, and another one if it is taken.
    pub(crate) async fn add<K: Key>(
        &self,
        now: Timestamp,
        command: impl Fn(K) -> store::command::Command,
    ) -> Result<K, StoreError> {
        loop {
            let first = now.milliseconds().saturating_mul(1 << 12);
            let update = |last: i64| Some((last + 1).max(first));
            let last = self.last_key.fetch_update(Ordering::AcqRel, Ordering::Acquire, update).unwrap_or_default();
            let key = K::from_number((last + 1).max(first));
            match self.parts.store.submit(command(key)).await {
                Err(StoreError::Taken(_)) => {}
                Err(error) => return Err(error),
                Ok(_) => return Ok(key),
            }
        }
    }

    pub(crate) fn nonces(&self) -> std::sync::MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn health() -> Router<Server> {
    Router::new().route("/livez", get(|| async { "ok" })).route("/readyz", get(ready))
}

/// Ready means: not stopping, and the store reads.
async fn ready(State(server): State<Server>) -> Result<&'static str, Problem> {
    if !server.ready.load(Ordering::Acquire) {
        return Err(Problem::new(&problem::UNAVAILABLE, "the gateway is starting or stopping"));
    }
    server.parts.store.read(|_| Ok(())).await?;
    Ok("ok")
}

async fn show_metrics(State(server): State<Server>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(http::header::CONTENT_TYPE, kind)], server.metrics.text()).into_response()
}

async fn method_not_allowed() -> Problem {
    Problem::new(&problem::METHOD_NOT_ALLOWED, "the path is known, but not with this method")
}

/// Answers every request of the public listener that no route takes.
async fn elsewhere(server: State<Server>, request: Request) -> Response {
    if worker::is_below(request.uri().path()) {
        worker::unknown_path()
    } else {
        receive::incoming(server, request).await
    }
}

async fn not_found(uri: http::Uri) -> Problem {
    Problem::no_such("path", uri.path())
}
