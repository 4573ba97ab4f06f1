//! The end, asked for from outside.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> Result<Self, Failure> {
        let of = |kind| signal(kind).map_err(Failure::internal);
        Ok(Self { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }

    /// The next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for a first one, then does `stop`; a second one ends the process at once.
    pub async fn then(mut self, stop: impl Future<Output = ()>) {
        self.next().await;
        self.or_second(stop).await;
    }

    /// Does `stop`; a signal meanwhile ends the process at once.
    pub async fn or_second(mut self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.next() => std::process::exit(i32::from(Exit::Negative as u8)),
        }
    }
}
