//! The client itself.

use std::error::Error;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::Response;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::time::timeout;

use crate::connect::{DialError, Gate, OpenedAt};
use crate::exchange::{Outgoing, Sent, chain, read_answer};
use crate::policy::Policy;
use crate::pools::{PolicyClient, Pools, policy_client};
use crate::resolve::{OnceAtATime, Resolve, SystemResolver};
use crate::tls;

/// What all calls have in common.
pub struct EgressSettings {
    /// Who looks up names.
    pub resolver: Arc<dyn Resolve>,
    /// Certificate authorities trusted beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// How long an idle connection is kept, so that a change in DNS is noticed.
    pub idle_within: Duration,
    /// How old a connection may be when it takes another request; for those that are never idle.
    pub age_max: Duration,
    /// How many idle connections are kept per policy and host.
    pub idle_per_host_max: usize,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self {
            resolver: Arc::new(SystemResolver),
            extra_roots: Vec::new(),
            idle_within: Duration::from_secs(60),
            age_max: Duration::from_secs(300),
            idle_per_host_max: 256,
        }
    }
}

/// The only outgoing client. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Egress {
    shared: Arc<Shared>,
}

struct Shared {
    settings: EgressSettings,
    resolver: Arc<dyn Resolve>,
    trust: Option<Arc<dyn ServerCertVerifier>>,
    tls: Arc<ClientConfig>,
    pools: Pools,
    connections_opened: Arc<AtomicU64>,
}

impl Egress {
    /// A client without connections yet. Fails only if one of the extra roots is not a certificate.
    pub fn new(settings: EgressSettings) -> Result<Self, rustls::Error> {
        let trust = tls::trust(settings.extra_roots.clone())?;
        let tls = Arc::new(tls::client_config(trust.clone())?);
        let resolver = Arc::new(OnceAtATime::new(Arc::clone(&settings.resolver)));
        let shared = Shared { settings, resolver, trust, tls, pools: Pools::new(), connections_opened: Arc::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Sends one request and reads its whole answer, all within its deadline.
    ///
    /// It is sent once. The exception: a kept connection that turns out to be closed before a byte of the request
    /// was written gives way to another.
    pub async fn send(&self, outgoing: Outgoing) -> Sent {
        timeout(outgoing.answer_within, self.exchange(outgoing)).await.unwrap_or(Sent::TimedOut)
    }

    /// Whether an authority that calls trust vouches, at this time in Unix seconds, that the first of these certificates
    /// is one of this name; the others may lead there.
    ///
    /// # Errors
    /// Why it does not.
    pub fn vouches(&self, chain: &[CertificateDer<'_>], name: &str, now_s: u64) -> Result<(), rustls::Error> {
        let [first, others @ ..] = chain else { return Err(rustls::Error::NoCertificatesPresented) };
        let name = ServerName::try_from(name).map_err(|why| rustls::Error::General(why.to_string()))?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now_s));
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let trust = self.shared.trust.as_ref().ok_or(unknown)?;
        trust.verify_server_cert(first, others, &name, &[], now).map(drop)
    }

    /// How many connections were opened so far.
    pub fn connections_opened(&self) -> u64 {
        self.shared.connections_opened.load(Ordering::Relaxed)
    }

    async fn exchange(&self, outgoing: Outgoing) -> Sent {
        let client = self.client(&outgoing.policy);
        let connect_within = outgoing.connect_within;
        let answer_bytes_max = outgoing.answer_bytes_max;
        let mut request = match outgoing.into_request() {
            Ok(request) => request,
            Err(refused) => return Sent::Refused(refused),
        };
        let mut connection = capture_connection(&mut request);
        let began = Instant::now();
        let connected = OnceLock::new();
        let answering = pin!(client.request(request));
        let answer = tokio::select! {
            biased;
            answer = answering => answer,
            () = no_connection_within(connect_within, &mut connection, || _ = connected.set(began.elapsed())) => {
                return Sent::Unreachable(format!("no connection within {connect_within:?}"));
            }
        };
        match answer {
            Ok(response) => {
                self.retire_if_old(&response, &connection);
                let connected = connected.get().copied().unwrap_or_default();
                read_answer(response, answer_bytes_max, connected).await
            }
            Err(error) => not_answered(&error),
        }
    }

    fn client(&self, policy: &Arc<Policy>) -> Arc<PolicyClient> {
        let Shared { settings, resolver, tls, pools, connections_opened, .. } = self.shared.as_ref();
        pools.client(policy, || {
            let gate = Gate {
                policy: Arc::clone(policy),
                resolver: Arc::clone(resolver),
                opened: Arc::clone(connections_opened),
            };
            policy_client(gate, Arc::clone(tls), settings.idle_within, settings.idle_per_host_max)
        })
    }

    /// Keeps a connection past its age from taking another request.
    fn retire_if_old<B>(&self, response: &Response<B>, connection: &CaptureConnection) {
        let opened_at = response.extensions().get::<OpenedAt>();
        if opened_at.is_some_and(|opened| opened.0.elapsed() >= self.shared.settings.age_max)
            && let Some(connected) = connection.connection_metadata().as_ref()
        {
            connected.poison();
        }
    }
}

/// Ends when the time is over and there is no connection; else never, and it says when there is one.
async fn no_connection_within(time: Duration, connection: &mut CaptureConnection, connected: impl FnOnce()) {
    if timeout(time, connection.wait_for_connection_metadata()).await.is_ok() {
        connected();
        std::future::pending::<()>().await;
    }
}

/// The gate's refusal if one is among the causes; else the text of them all, without hyper's own heading.
fn not_answered(error: &hyper_util::client::legacy::Error) -> Sent {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(DialError::Refused(refused)) = error.downcast_ref() {
            return Sent::Refused(refused.clone());
        }
        cause = error.source();
    }
    Sent::Unreachable(chain(error.source().unwrap_or(error)))
}
