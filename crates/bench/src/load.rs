//! The load generator: keep-alive connections on one thread of their own, as cheap as can be, since it shares the
//! machine with what it measures.
//!
//! A *closed* loop sends the next request of a connection when the last one is answered: it finds the highest rate.
//! An *open* loop sends at a fixed rate whatever comes back, and counts a request that had to wait for a free
//! connection from the moment it was due: it finds honest latencies.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::{sleep, sleep_until, timeout_at};

use crate::event::Events;
use crate::histogram::Histogram;
use crate::wire::{Wire, status};

/// How long to wait before a failed connection is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(5);

/// How long the last answers may take after the time is over.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// What to send and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Where to.
    pub target: SocketAddr,
    /// Over how many connections.
    pub connections: usize,
    /// How fast.
    pub pace: Pace,
    /// No request begins after this time.
    pub seconds_max: f64,
    /// No more requests than this.
    pub requests_max: u64,
}

impl Load {
    /// Each connection as fast as it is answered.
    pub fn closed(target: SocketAddr, connections: usize, seconds_max: f64) -> Self {
        Self { target, connections, pace: Pace::Closed, seconds_max, requests_max: u64::MAX }
    }

    /// This many requests a second, over as many connections as they need at most.
    pub fn open(target: SocketAddr, per_second: f64, seconds_max: f64) -> Self {
        Self { target, connections: 32, pace: Pace::Open(per_second), seconds_max, requests_max: u64::MAX }
    }

    /// The same with no more requests than this.
    pub fn at_most(self, requests_max: u64) -> Self {
        Self { requests_max, ..self }
    }

    /// Starts sending events.
    pub fn send(self, events: Events) -> Running {
        start(self, move |sequence, request| events.write(sequence, request))
    }
}

/// How fast to send.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each connection as soon as its last request is answered.
    Closed,
    /// This many requests a second.
    Open(f64),
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The requests that were answered with 2xx.
    pub accepted: Vec<Accepted>,
    /// How many were answered otherwise.
    pub refused: u64,
    /// How many were not answered at all.
    pub failed: u64,
    /// From the first request to the last answer.
    pub took: Duration,
    /// How long the accepted ones took.
    pub latency: Histogram,
}

/// A request that was answered with 2xx.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// Its number.
    pub sequence: u64,
    /// When it was sent, or when it was due if that was earlier.
    pub begun: Instant,
}

impl Loaded {
    /// Accepted requests a second.
    pub fn rate(&self) -> f64 {
        self.accepted.len() as f64 / self.took.as_secs_f64().max(1e-9)
    }

    fn record(&mut self, sequence: u64, begun: Instant, answer: &io::Result<u16>) {
        match answer {
            Ok(200..=299) => {
                self.latency.record(begun.elapsed());
                self.accepted.push(Accepted { sequence, begun });
            }
            Ok(_) => self.refused += 1,
            Err(_) => self.failed += 1,
        }
    }
}

/// A load at work on its own thread.
pub struct Running(JoinHandle<Loaded>);

impl Running {
    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits for its end.
    pub fn finish(self) -> Loaded {
        self.0.join().expect("the load generator does not panic")
    }
}

/// Starts sending; `prepare` writes the whole request of a number into an empty buffer.
pub fn start(load: Load, prepare: impl FnMut(u64, &mut Vec<u8>) + Send + 'static) -> Running {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, run(load, prepare))
    };
    Running(thread::Builder::new().name("load".to_owned()).spawn(work).expect("a thread"))
}

/// What the connections share.
struct Shared<P> {
    load: Load,
    started: Instant,
    next: Cell<u64>,
    prepare: RefCell<P>,
    loaded: RefCell<Loaded>,
}

async fn run<P: FnMut(u64, &mut Vec<u8>) + 'static>(load: Load, prepare: P) -> Loaded {
    let shared = Rc::new(Shared {
        load,
        started: Instant::now(),
        next: Cell::new(0),
        prepare: RefCell::new(prepare),
        loaded: RefCell::default(),
    });
    let connections: Vec<_> =
        (0..load.connections).map(|_| tokio::task::spawn_local(connection(Rc::clone(&shared)))).collect();
    for connection in connections {
        connection.await.expect("a connection does not panic");
    }
    let mut loaded = shared.loaded.take();
    loaded.took = shared.started.elapsed();
    loaded
}

async fn connection<P: FnMut(u64, &mut Vec<u8>)>(shared: Rc<Shared<P>>) {
    let last_answer = shared.started + Duration::from_secs_f64(shared.load.seconds_max) + LAST_ANSWERS_WITHIN;
    let mut wire = None;
    let mut request = Vec::with_capacity(4096);
    while let Some((sequence, due)) = shared.next_due() {
        let begun = wait_for(due).await;
        request.clear();
        (shared.prepare.borrow_mut())(sequence, &mut request);
        let asking = ask(&mut wire, shared.load.target, &request);
        let answer = timeout_at(last_answer.into(), asking).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()));
        if answer.is_err() {
            wire = None;
        }
        shared.loaded.borrow_mut().record(sequence, begun, &answer);
        if wire.is_none() {
            sleep(AGAIN_AFTER).await;
        }
    }
}

impl<P> Shared<P> {
    /// The next request and when it is due, unless it is not sent any more.
    fn next_due(&self) -> Option<(u64, Option<Instant>)> {
        let sequence = self.next.get();
        let ends = self.started + Duration::from_secs_f64(self.load.seconds_max);
        let due = match self.load.pace {
            Pace::Closed => None,
            Pace::Open(per_second) => Some(self.started + Duration::from_secs_f64(sequence as f64 / per_second)),
        };
        if sequence >= self.load.requests_max || due.unwrap_or_else(Instant::now) >= ends {
            return None;
        }
        self.next.set(sequence + 1);
        Some((sequence, due))
    }
}

/// Waits until a request is due and returns when it began: the timer's own delay is not the server's fault, a late
/// start for want of a connection is.
async fn wait_for(due: Option<Instant>) -> Instant {
    let now = Instant::now();
    match due {
        Some(due) if due <= now => due,
        Some(due) => {
            sleep_until(due.into()).await;
            Instant::now()
        }
        None => now,
    }
}

/// One request and the status of its answer, over the open connection or a new one.
async fn ask(wire: &mut Option<Wire>, target: SocketAddr, request: &[u8]) -> io::Result<u16> {
    let wire = match wire {
        Some(open) => open,
        None => wire.insert(Wire::new(TcpStream::connect(target).await?)?),
    };
    wire.write(request).await?;
    match wire.read(|head, _| status(head)).await? {
        Some(Some(status)) => Ok(status),
        Some(None) => Err(io::ErrorKind::InvalidData.into()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::Sink;

    fn load(target: SocketAddr) -> Load {
        Load { target, connections: 4, pace: Pace::Closed, seconds_max: 10.0, requests_max: 100 }
    }

    fn send(load: Load) -> Loaded {
        load.send(Events::new("/0", "test")).finish()
    }

    #[test]
    fn every_request_is_answered_and_arrives_once() {
        let sink = Sink::start();

        let loaded = send(load(sink.address()));

        let mut numbers: Vec<u64> = loaded.accepted.iter().map(|accepted| accepted.sequence).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
        assert_eq!((loaded.refused, loaded.failed, loaded.latency.total()), (0, 0, 100));
        let arrivals = sink.arrivals();
        assert_eq!((arrivals.total, arrivals.duplicates), (100, 0));
        assert!(numbers.iter().all(|number| arrivals.first(0, *number).is_some()));
    }

    #[test]
    fn an_open_loop_keeps_its_rate() {
        let sink = Sink::start();

        let loaded = send(Load { pace: Pace::Open(1000.0), seconds_max: 0.05, ..load(sink.address()) });

        assert_eq!(loaded.accepted.len(), 50);
        assert!(loaded.took >= Duration::from_millis(49));
    }

    #[test]
    fn refusals_and_failures_are_counted_apart() {
        let sink = Sink::start();
        let few = Load { requests_max: 5, ..load(sink.address()) };

        sink.answer_with(503);
        assert_eq!(send(few).refused, 5);
        sink.down();
        assert_eq!(send(few).failed, 5);
        sink.up();
        sink.answer_with(200);
        assert_eq!(send(few).accepted.len(), 5);
    }
}
