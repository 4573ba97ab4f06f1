//! The wiring: every part made, handed what it needs, started in order and let go in order.
//!
//! Start: the data directory is locked, listeners are bound, the store is opened, the file's entries are applied, older
//! leases are voided, gates are held against the license, the dispatcher begins, and only then is a connection accepted. End: `/readyz` says no, nothing more
//! is accepted, what is under way ends, the dispatcher hands its leases back, the store is closed.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use artifacts::Blobs;
use axum::Router;
use bus::LocalBus;
use dispatch::{DispatchParts, EgressSender, Programs};
use domain::{Clock, limits};
use egress::{Egress, EgressSettings};
use server::resources::VerifierSpec;
use server::{ListenLimits, Parts, Server, SettingShown, VerifierPrograms};
use store::Store;
use store::command::Command;
use store::seal::SealKey;
use store_sqlite::{Options, SqliteStore};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::administrator;
use crate::clock::{SystemClock, SystemRandom, random};
use crate::command::preview_file;
use crate::config::{Config, ProgramForm, ServerForm, Setting};
use crate::data_dir::{DataDir, seal_key};
use crate::exit::{Exit, Failure};
use crate::licensing::{self, LicenseFiles};
use crate::open_files::{self, Connections};
use crate::resources::{self, Makers};

/// The number of the only node.
const NODE: i64 = 1;

/// What is sent as `user-agent`.
pub const USER_AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));

/// A running gateway.
pub struct Gateway {
    addresses: Addresses,
    server: Server,
    engine: Arc<SqliteStore>,
    accepting: CancellationToken,
    listeners: JoinSet<()>,
    dispatching: CancellationToken,
    dispatcher: tokio::task::JoinHandle<()>,
    first_token: Option<std::path::PathBuf>,
    _data: DataDir,
}

/// Where a gateway listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Sources, callback APIs, downloads.
    pub public: SocketAddr,
    /// The page, the own API, the metrics.
    pub admin: SocketAddr,
    /// The own API alone.
    pub api: Option<SocketAddr>,
}

struct Bound {
    public: TcpListener,
    admin: TcpListener,
    api: Option<TcpListener>,
}

impl Gateway {
    /// Starts everything.
    ///
    /// # Errors
    /// When the data directory is taken, an address is in use, or a part of the configuration cannot be.
    pub async fn start(config: &Config) -> Result<Self, Failure> {
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        let data = DataDir::take(&config.form.data_dir)?;
        let seal = seal_key(&config.key_file(), data.is_new())?;
        let bound = Bound::bind(&config.form.server)?;
        let addresses = bound.addresses()?;

        let calls_max = config.form.dispatch.calls_max.map_or(limits::CALLS_MAX, NonZeroU32::get);
        let (bus, inbox) = LocalBus::new(calls_max);
        let engine = open(&data, &bus)?;
        let store = Store::new(&engine);
        let own_listeners = addresses.all();
        let makers = Makers { seal: &seal, random: &SystemRandom, clock: &SystemClock, own_listeners: &own_listeners };
        resources::apply(config, &store, &makers).await?;
        let first_token = administrator::ensure(&store, &data, &SystemRandom, SystemClock.now()).await?;
        store.submit(Command::Start).await.map_err(Failure::internal)?;

        let egress = Egress::new(EgressSettings::default()).map_err(Failure::internal)?;
        let dispatching = CancellationToken::new();
        let settings = dispatch_settings(config, addresses);
        let server = Server::new(server_parts(
            config,
            addresses,
            &data,
            store.clone(),
            bus.clone(),
            seal.clone(),
            egress.clone(),
        )?);
        let counted = server.clone();
        let parts = DispatchParts {
            store,
            bus,
            inbox,
            sender: Arc::new(EgressSender::new(egress)),
            performer: Arc::new(Programs),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            seal,
            watcher: Arc::new(move |seen| {
                counted.metrics().called(seen.service, seen.event, seen.outcome, seen.took);
            }),
            settings,
        };
        let mut license =
            LicenseFiles::open(&config.form.license, data.license_state(), &|name| std::env::var(name).ok())?;
        licensing::look(&mut license, &server, SystemClock.now()).await;
        let dispatcher = tokio::spawn(dispatch::run(parts, dispatching.clone()));
        server.resume_switches().await.map_err(Failure::internal)?;
        let accepting = CancellationToken::new();
        let mut listeners = bound.serve(&server, &accepting);
        listeners.spawn(server.clone().keep_swept(accepting.clone()));
        listeners.spawn(server.clone().keep_counted(accepting.clone()));
        listeners.spawn(licensing::keep(license, server.clone(), || SystemClock.now(), accepting.clone()));
        let (engine, _data) = (engine, data);
        Ok(Self { addresses, server, engine, accepting, listeners, dispatching, dispatcher, first_token, _data })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Where the administrator's token was written, if this start wrote it.
    pub fn first_token(&self) -> Option<&std::path::Path> {
        self.first_token.as_deref()
    }

    /// The page's address, with a ticket that signs in once.
    pub fn ticket_url(&self) -> String {
        format!("http://{}/login?ticket={}", self.addresses.admin, self.server.ticket())
    }

    /// Lets everything go, in order.
    pub async fn stop(mut self) {
        self.server.not_ready();
        self.accepting.cancel();
        while self.listeners.join_next().await.is_some() {}
        self.dispatching.cancel();
        if let Err(why) = self.dispatcher.await {
            tracing::error!(%why, "the dispatcher broke off");
        }
        let engine = self.engine;
        if let Err(why) = tokio::task::spawn_blocking(move || engine.close()).await {
            tracing::error!(%why, "the store broke off");
        }
    }
}

impl Addresses {
    fn all(self) -> Vec<SocketAddr> {
        [Some(self.public), Some(self.admin), self.api].into_iter().flatten().collect()
    }

    /// The address under which the admin listener is asked, where it is one.
    fn admin_host(self) -> Option<String> {
        let ip = self.admin.ip();
        (!ip.is_unspecified()).then(|| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        })
    }

    /// Where senders and services reach the public listener if nobody says otherwise.
    fn public_url(self) -> String {
        let ip = match self.public.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.public.port()))
    }
}

impl Bound {
    fn bind(form: &ServerForm) -> Result<Self, Failure> {
        let api = form.api_listen.map(bind).transpose()?;
        Ok(Self { public: bind(form.listen)?, admin: bind(form.admin_listen)?, api })
    }

    fn addresses(&self) -> Result<Addresses, Failure> {
        let of = |listener: &TcpListener| listener.local_addr().map_err(Failure::internal);
        Ok(Addresses {
            public: of(&self.public)?,
            admin: of(&self.admin)?,
            api: self.api.as_ref().map(of).transpose()?,
        })
    }

    fn serve(self, server: &Server, accepting: &CancellationToken) -> JoinSet<()> {
        let mut listeners = JoinSet::new();
        let Connections { public, inside } = open_files::divide();
        listeners.spawn(serve("public", self.public, server.public(), public, accepting.clone()));
        listeners.spawn(serve("admin", self.admin, server.admin(), inside, accepting.clone()));
        if let Some(api) = self.api {
            listeners.spawn(serve("api", api, server.api(), inside, accepting.clone()));
        }
        listeners
    }
}

/// How many connections may wait to be accepted, if the system allows so many: a burst of more is sent away for a second.
const WAITING_MAX: u32 = 4_096;

fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    listen(address).map_err(|why| {
        let what = format!("{address} cannot be listened on: {why}");
        Failure::new(Exit::Config, what).mend("choose another address under [server], or stop what uses it")
    })
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that a restart need not wait for what the last process left behind.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_MAX)
}

async fn serve(
    name: &'static str,
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    accepting: CancellationToken,
) {
    let limits = ListenLimits { connections_max, ..ListenLimits::default() };
    if let Err(why) = server::serve(listener, router, limits, accepting).await {
        tracing::error!(%why, listener = name, "a listener broke off");
    }
}

fn open(data: &DataDir, bus: &Arc<LocalBus>) -> Result<Arc<SqliteStore>, Failure> {
    let salt = u64::from_le_bytes(random());
    let options = Options { node: NODE, salt, slots: bus.clone(), listener: bus.clone() };
    let file = data.store()?;
    SqliteStore::open(&file, options).map_err(|why| Failure::new(Exit::Config, format!("{}: {why}", file.display())))
}

fn server_parts(
    config: &Config,
    addresses: Addresses,
    data: &DataDir,
    store: Store,
    bus: Arc<LocalBus>,
    seal: SealKey,
    egress: Egress,
) -> Result<Parts, Failure> {
    let form = &config.form.server;
    let settings = server::Settings {
        public_url: form.public_url.clone().unwrap_or_else(|| addresses.public_url()),
        own_listeners: addresses.all(),
        trusted_proxies: form.trusted_proxies.clone(),
        providers: config.providers.clone(),
        provider_networks: form.provider_networks.clone(),
        programs: config.form.exec.keys().cloned().collect(),
        user_agent: USER_AGENT.to_owned(),
        admin_hosts: form.admin_hosts.iter().cloned().chain(addresses.admin_host()).collect(),
        refuse_repeated_jti: form.refuse_repeated_jti,
        preview_command: preview_command()?,
        artifact_retention: config.form.artifacts.retention,
        upload_bytes_max: form.upload_bytes_max,
        aspnet: config.aspnet,
        quarantine: config.form.quarantine.into(),
        verifiers: verifiers(config)?,
        shown: config.shown.iter().map(shown).collect(),
    };
    let blobs = Blobs::open(data.blobs()).map_err(|why| {
        Failure::new(Exit::Config, format!("the folder {} cannot be used: {why}", data.blobs().display()))
    })?;
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    Ok(Parts { store, bus, blobs, clock, random, seal, egress, settings })
}

fn shown(setting: &Setting) -> SettingShown {
    SettingShown { key: setting.key.clone(), value: setting.value.clone(), from: setting.from.clone() }
}

/// The programs that know a source's secret in our place. One that is not there would refuse every request.
fn verifiers(config: &Config) -> Result<VerifierPrograms, Failure> {
    let named = config.form.source.iter().filter_map(|source| Some((source, source.verifier.as_ref()?)));
    let checked = named.map(|(source, VerifierSpec { whck })| {
        let is_program = whck.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
        if !is_program {
            let what = format!("source {:?}: the verifier {} is no executable file", source.id, whck.display());
            return Err(Failure::new(Exit::Config, what).mend("install whck there, or name where it is"));
        }
        Ok((format!("{}/{}", source.provider, source.id).to_lowercase(), whck.clone()))
    });
    checked.collect()
}

/// This program again, for one file.
fn preview_command() -> Result<Vec<OsString>, Failure> {
    let program = std::env::current_exe().map_err(Failure::internal)?;
    Ok(vec![program.into(), preview_file::NAME.into()])
}

fn dispatch_settings(config: &Config, addresses: Addresses) -> dispatch::Settings {
    let program = |form: &ProgramForm| dispatch::Program {
        command: form.command.clone(),
        timeout: form.timeout,
        idempotent: form.idempotent,
    };
    dispatch::Settings {
        public_url: config.form.server.public_url.clone().unwrap_or_else(|| addresses.public_url()),
        own_listeners: addresses.all(),
        user_agent: USER_AGENT.to_owned(),
        programs: config.form.exec.iter().map(|(name, form)| (name.clone(), program(form))).collect(),
    }
}
