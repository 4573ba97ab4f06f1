//! The fastest receiver we can build: it answers at once and remembers when what arrived.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::event::sequence;
use crate::load::Accepted;
use crate::wire::{Wire, digits};

/// How often somebody who waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A receiver on its own thread. The path's number, `/3`, tells services apart that share it.
pub struct Sink {
    address: SocketAddr,
    seen: Arc<Seen>,
    switches: UnboundedSender<Switch>,
}

#[derive(Default)]
struct Seen {
    status: AtomicU16,
    arrivals: Mutex<Arrivals>,
}

/// What arrived, and when first.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// All requests.
    pub total: u64,
    /// Those whose event had been here for the same service.
    pub duplicates: u64,
    /// Those that carried no event's number.
    pub unnumbered: u64,
    first: HashMap<(u64, u64), Instant>,
    latest: Option<Instant>,
}

impl Arrivals {
    /// When this event first arrived for this service.
    pub fn first(&self, service: u64, sequence: u64) -> Option<Instant> {
        self.first.get(&(service, sequence)).copied()
    }

    /// How many different (service, event) arrived.
    pub fn distinct(&self) -> usize {
        self.first.len()
    }

    /// When the latest request arrived.
    pub fn latest(&self) -> Option<Instant> {
        self.latest
    }

    /// How many of these events have not arrived at every one of the first `services` services.
    pub fn missing(&self, accepted: &[Accepted], services: u64) -> usize {
        let here = |event: &&Accepted| (0..services).all(|service| self.first(service, event.sequence).is_some());
        accepted.len() - accepted.iter().filter(here).count()
    }

    fn record(&mut self, service: u64, sequence: Option<u64>, now: Instant) {
        self.total += 1;
        self.latest = Some(now);
        let Some(sequence) = sequence else {
            self.unnumbered += 1;
            return;
        };
        match self.first.entry((service, sequence)) {
            Entry::Occupied(_) => self.duplicates += 1,
            Entry::Vacant(free) => {
                free.insert(now);
            }
        }
    }
}

/// A change of state, and whom to tell when it is made.
struct Switch {
    up: bool,
    made: mpsc::Sender<()>,
}

impl Sink {
    /// A sink on a free loopback port that answers 200.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        listener.set_nonblocking(true).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        seen.status.store(200, Ordering::Relaxed);
        let (switches, received) = unbounded_channel();
        let work = {
            let seen = Arc::clone(&seen);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async move {
                    let listener = TcpListener::from_std(listener).expect("a listener");
                    serve(listener, address, seen, received).await;
                });
            }
        };
        thread::Builder::new().name("sink".to_owned()).spawn(work).expect("a thread");
        Self { address, seen, switches }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of one service.
    pub fn url(&self, service: u64) -> String {
        format!("http://{}/{service}", self.address)
    }

    /// Answers with this status from now on.
    pub fn answer_with(&self, status: u16) {
        self.seen.status.store(status, Ordering::Relaxed);
    }

    /// Closes the listener and every connection: the next call is refused.
    pub fn down(&self) {
        self.switch(false);
    }

    /// Listens again, at the same address.
    pub fn up(&self) {
        self.switch(true);
    }

    /// What arrived so far.
    pub fn arrivals(&self) -> Arrivals {
        self.seen.arrivals.lock().expect("the sink does not panic").clone()
    }

    /// How many requests arrived so far; cheap enough to ask often.
    pub fn total(&self) -> u64 {
        self.seen.arrivals.lock().expect("the sink does not panic").total
    }

    /// Waits until every one of these events arrived at the first `services` services, or until nothing at all has
    /// arrived for `patience`. Returns what arrived so far.
    pub fn wait_for(&self, accepted: &[Accepted], services: u64, patience: Duration) -> Arrivals {
        let wanted = accepted.len() * services as usize;
        let mut last = (self.total(), Instant::now());
        loop {
            let arrivals = self.seen.arrivals.lock().expect("the sink does not panic");
            // Looking at each event is dear, and vain before there are enough arrivals.
            if arrivals.distinct() >= wanted && arrivals.missing(accepted, services) == 0 {
                return arrivals.clone();
            }
            let total = arrivals.total;
            drop(arrivals);
            if total != last.0 {
                last = (total, Instant::now());
            } else if last.1.elapsed() > patience {
                return self.arrivals();
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Forgets what arrived.
    pub fn forget(&self) {
        *self.seen.arrivals.lock().expect("the sink does not panic") = Arrivals::default();
    }

    fn switch(&self, up: bool) {
        let (made, wait) = mpsc::channel();
        self.switches.send(Switch { up, made }).expect("the sink is alive");
        wait.recv().expect("the sink is alive");
    }
}

/// Accepts and answers until the sink is dropped.
async fn serve(listener: TcpListener, address: SocketAddr, seen: Arc<Seen>, mut switches: UnboundedReceiver<Switch>) {
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = accept(listener.as_ref()) => {
                connections.spawn(answer(accepted, Arc::clone(&seen)));
            }
            Some(_) = connections.join_next() => {}
            switch = switches.recv() => match switch {
                None => return,
                Some(Switch { up, made }) => {
                    if up && listener.is_none() {
                        listener = Some(TcpListener::bind(address).await.expect("our own port again"));
                    } else if !up {
                        listener = None;
                        connections.shutdown().await;
                    }
                    // Nobody may be waiting any more.
                    let _ = made.send(());
                }
            },
        }
    }
}

/// The next connection; never while the sink is down.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
    }
}

async fn answer(stream: TcpStream, seen: Arc<Seen>) {
    let Ok(mut wire) = Wire::new(stream) else {
        return;
    };
    loop {
        let arrived = wire.read(|head, body| (service(head), sequence(body))).await;
        let Ok(Some((service, sequence))) = arrived else {
            return;
        };
        seen.arrivals.lock().expect("the sink does not panic").record(service, sequence, Instant::now());
        let written = match seen.status.load(Ordering::Relaxed) {
            200 => {
                wire.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}").await
            }
            other => wire.write(format!("HTTP/1.1 {other} Bench\r\ncontent-length: 0\r\n\r\n").as_bytes()).await,
        };
        if written.is_err() {
            return;
        }
    }
}

/// The number in `POST /3 HTTP/1.1`; 0 if there is none.
fn service(head: &[u8]) -> u64 {
    let path = head.iter().position(|byte| *byte == b'/').map_or(head.len(), |slash| slash + 1);
    digits(&head[path..]).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_per_service() {
        let mut arrivals = Arrivals::default();
        let now = Instant::now();
        for (service, sequence) in [(0, Some(1)), (1, Some(1)), (0, Some(1)), (0, None)] {
            arrivals.record(service, sequence, now);
        }

        assert_eq!((arrivals.total, arrivals.distinct(), arrivals.duplicates, arrivals.unnumbered), (4, 2, 1, 1));
        assert_eq!(arrivals.first(1, 1), Some(now));
        assert_eq!(arrivals.first(1, 2), None);
    }

    #[test]
    fn an_event_is_missing_until_every_service_has_it() {
        let mut arrivals = Arrivals::default();
        let now = Instant::now();
        for (service, sequence) in [(0, 1), (1, 1), (0, 2)] {
            arrivals.record(service, Some(sequence), now);
        }
        let accepted = [1, 2, 3].map(|sequence| Accepted { sequence, begun: now });

        assert_eq!(arrivals.missing(&accepted, 2), 2);
        assert_eq!(arrivals.missing(&accepted, 1), 1);
    }

    #[test]
    fn the_path_names_the_service() {
        assert_eq!(service(b"POST /12 HTTP/1.1\r\n"), 12);
        assert_eq!(service(b"POST / HTTP/1.1\r\n"), 0);
        assert_eq!(service(b""), 0);
    }
}
