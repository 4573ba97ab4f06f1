//! Listening on localhost: accepting, and letting go in order.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::endpoint::Endpoint;
use crate::settings::Settings;
use crate::tell;

/// The most connections at a time, descriptors allowing; a further one waits until another ends.
const CONNECTIONS_MAX: usize = 2048;

/// The descriptors that are kept for children and for the program itself.
const OTHER_DESCRIPTORS: u64 = 320;

/// The time for the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// The largest head.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// How long what is under way may take once the program is to end.
const END_WITHIN: Duration = Duration::from_secs(10);

/// How long nothing is accepted when it failed, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until a signal ends it.
pub async fn run(settings: Settings) -> Result<(), String> {
    let port = settings.port;
    let unheard = |why: io::Error| format!("port {port} of localhost cannot be listened on: {why}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(unheard)?;
    let address = listener.local_addr().map_err(unheard)?;
    let second = match TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await {
        Ok(listener) => Some(listener),
        Err(why) if why.kind() == io::ErrorKind::AddrInUse && port != 0 => return Err(unheard(why)),
        Err(_) => None,
    };
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt()).map_err(unheard)?, signal(SignalKind::terminate()).map_err(unheard)?);
    let connections = Arc::new(Semaphore::new(connections_max()));
    let endpoint = Arc::new(Endpoint::new(settings));
    say(address);

    let ending = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, second.as_ref(), &connections) => accepted,
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(why) => {
                tell(&format!("a connection cannot be accepted: {why}"));
                sleep(PAUSE).await;
                continue;
            }
        };
        let endpoint = endpoint.clone();
        let service = service_fn(move |request| {
            let endpoint = endpoint.clone();
            async move { Ok::<_, Infallible>(endpoint.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let connection = ending.watch(connection);
        tokio::spawn(async move {
            let _ = connection.await;
            drop(place);
        });
    }
    drop((listener, second));
    endpoint.shut();
    let _ = timeout(END_WITHIN, ending.shutdown()).await;
    endpoint.notifier().settle(END_WITHIN).await;
    Ok(())
}

/// The next connection, once there is a place for it.
async fn accept(
    first: &TcpListener,
    second: Option<&TcpListener>,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = connections.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = match second {
        None => first.accept().await?,
        Some(second) => tokio::select! {
            accepted = first.accept() => accepted?,
            accepted = second.accept() => accepted?,
        },
    };
    Ok((stream, place))
}

/// How many connections there may be, after asking for as many descriptors as are allowed.
fn connections_max() -> usize {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    let allowed = if setrlimit(Resource::Nofile, raised).is_ok() { limits.maximum } else { limits.current };
    let left = allowed.unwrap_or(u64::MAX).saturating_sub(OTHER_DESCRIPTORS).max(1);
    usize::try_from(left).unwrap_or(usize::MAX).min(CONNECTIONS_MAX)
}

/// Says where it listens, on standard output.
fn say(address: SocketAddr) {
    let mut out = io::stdout();
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
}
