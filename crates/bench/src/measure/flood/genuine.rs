//! The traffic whose latency counts: genuine events at a modest rate, whatever else goes on.

use std::io;
use std::time::Duration;

use crate::event::Events;
use crate::histogram::Histogram;
use crate::load::{Load, Loaded};
use crate::measure::runs::{millis, some_accepted};
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

/// Events a second.
const PER_SECOND: f64 = 200.0;
/// Nothing arrives for so long: what is missing is taken for lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of the genuine events of one or more runs.
#[derive(Default)]
pub struct Genuine {
    accepted: Histogram,
    delivered: Histogram,
    not_accepted: u64,
    not_delivered: u64,
}

impl Genuine {
    /// Sends for so long, of a series that no other run has, and waits until all of it arrived at the sink's service 0.
    pub fn send(product: &Product, sink: &Sink, seconds: f64, series: &str) -> io::Result<Self> {
        sink.forget();
        let load = Load::open(product.address(), PER_SECOND, seconds);
        let loaded = some_accepted(load.send(Events::new(INCOMING, series)).finish(), product)?;
        let arrivals = sink.wait_for(&loaded.accepted, 1, PATIENCE);
        let mut delivered = Histogram::default();
        for accepted in &loaded.accepted {
            if let Some(arrived) = arrivals.first(0, accepted.sequence) {
                delivered.record(arrived.saturating_duration_since(accepted.begun));
            }
        }
        let not_delivered = arrivals.missing(&loaded.accepted, 1) as u64;
        let Loaded { latency: accepted, refused, failed, .. } = loaded;
        Ok(Self { accepted, delivered, not_accepted: refused + failed, not_delivered })
    }

    /// Counts another run's, too.
    pub fn add(&mut self, other: &Self) {
        self.accepted.add(&other.accepted);
        self.delivered.add(&other.delivered);
        self.not_accepted += other.not_accepted;
        self.not_delivered += other.not_delivered;
    }

    /// How soon 99 of 100 were delivered, in milliseconds.
    pub fn delivered_p99_ms(&self) -> f64 {
        millis(self.delivered.quantile(0.99))
    }

    /// The latencies, and that nothing was lost.
    pub fn figures(&self, what: &str) -> Vec<Measured> {
        let figure = |name: &str, value, unit| Measured::shown(format!("flood: {what}: {name}"), value, unit);
        let ms = |name: &str, of: &Histogram, share| figure(name, millis(of.quantile(share)), "ms");
        vec![
            ms("accepted, p50", &self.accepted, 0.5),
            ms("accepted, p99", &self.accepted, 0.99),
            ms("delivered, p50", &self.delivered, 0.5),
            ms("delivered, p99", &self.delivered, 0.99),
            figure("not accepted", self.not_accepted as f64, "events").aiming(Goal::AtMost(0.0)),
            figure("not delivered", self.not_delivered as f64, "events").aiming(Goal::AtMost(0.0)),
        ]
    }
}
