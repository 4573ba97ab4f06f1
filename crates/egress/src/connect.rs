//! The gate at connect: resolve once, judge every address, dial exactly one that passed.

use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower_service::Service;

use crate::policy::Policy;
use crate::refused::Refused;
use crate::resolve::Resolve;
use crate::target::Target;

/// How many of a name's addresses are tried.
const ADDRESSES_MAX: usize = 8;

/// How long an address may take before the next one is tried beside it (RFC 8305).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// Opens connections under one policy.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) policy: Arc<Policy>,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) opened: Arc<AtomicU64>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the name {host} could not be resolved")]
    Resolve { host: String, source: io::Error },
    #[error("the name {host} has no address")]
    NoAddress { host: String },
    #[error("the attempt to connect was abandoned")]
    Abandoned,
    #[error("no connection to {address}")]
    Connect { address: SocketAddr, source: io::Error },
}

impl Gate {
    async fn open(self, uri: Uri) -> Result<Dialled, DialError> {
        let target = Target::from_uri(uri)?;
        let addresses = match target.literal_address() {
            Some(address) => vec![self.policy.check_address(address)?],
            None => self.policy.check_addresses(&self.resolve(target.host(), target.port()).await?)?,
        };
        let stream = dial(&addresses[..addresses.len().min(ADDRESSES_MAX)]).await?;
        // Fails only on a socket that is already broken, which the first write will tell.
        let _ = stream.set_nodelay(true);
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Dialled { stream: TokioIo::new(stream), opened_at: OpenedAt(Instant::now()) })
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
        match self.resolver.resolve(host, port).await {
            Ok(addresses) if addresses.is_empty() => Err(DialError::NoAddress { host: host.to_owned() }),
            Ok(addresses) => Ok(addresses),
            Err(source) => Err(DialError::Resolve { host: host.to_owned(), source }),
        }
    }
}

/// Connects to whichever address answers first, giving each a head start over the next.
async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, DialError> {
    let mut waiting = addresses.iter().copied();
    let mut attempts = JoinSet::new();
    let mut last_error = DialError::Abandoned;
    loop {
        match waiting.next() {
            Some(address) => {
                attempts.spawn(connect(address));
            }
            None if attempts.is_empty() => return Err(last_error),
            None => {}
        }
        tokio::select! {
            Some(attempt) = attempts.join_next() => match attempt {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last_error = error,
                Err(_cancelled) => {}
            },
            () = sleep(NEXT_ADDRESS_AFTER), if waiting.len() > 0 => {}
        }
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, DialError> {
    TcpStream::connect(address).await.map_err(|source| DialError::Connect { address, source })
}

impl Service<Uri> for Gate {
    type Response = Dialled;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Dialled, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().open(uri))
    }
}

/// When a connection was opened; every answer that came over it carries this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenedAt(pub(crate) Instant);

/// A connection to a checked address.
pub(crate) struct Dialled {
    stream: TokioIo<TcpStream>,
    opened_at: OpenedAt,
}

impl Connection for Dialled {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.opened_at)
    }
}

impl Read for Dialled {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl Write for Dialled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next() {
        let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let there = listener.local_addr().expect("an address");

        let stream = dial(&[gone, there]).await.expect("a connection");

        assert_eq!(stream.peer_addr().expect("a peer"), there);
    }

    #[tokio::test]
    async fn when_every_address_refuses_the_last_refusal_is_told() {
        let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");

        let error = dial(&[gone, gone]).await.expect_err("nobody listens");

        assert!(matches!(error, DialError::Connect { address, .. } if address == gone));
    }
}
