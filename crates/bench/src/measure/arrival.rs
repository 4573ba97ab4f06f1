//! How soon an event arrives: from the beginning of the request to its arrival at the service.

use std::io;
use std::time::Duration;

use super::conditions::Conditions;
use super::runs::{alternating, millis, some_accepted};
use crate::bare::Bare;
use crate::event::Events;
use crate::histogram::Histogram;
use crate::load::Load;
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

const PER_SECOND: f64 = 200.0;
const PATIENCE: Duration = Duration::from_secs(10);

/// The latencies of all runs together; beside them, the bare server's own answers at the same rate.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let (bare, product) =
        alternating(conditions.runs, || answers_of_bare(conditions.seconds), || arrivals(conditions))?;
    let bare = together(&bare);
    let missing: u64 = product.iter().map(|(_, missing)| missing).sum();
    let product = together(&product.into_iter().map(|(arrivals, _)| arrivals).collect::<Vec<_>>());
    let quantile = |name: &str, share| {
        let figure = Measured::shown(format!("arrival at 200/s: {name}"), millis(product.quantile(share)), "ms");
        figure.beside(millis(bare.quantile(share)))
    };
    Ok(vec![
        quantile("p50", 0.5).aiming(Goal::AtMost(1.0)),
        quantile("p99", 0.99).aiming(Goal::AtMost(3.0)),
        quantile("p99.9", 0.999),
        Measured::shown("arrival at 200/s: not delivered", missing as f64, "events").aiming(Goal::AtMost(0.0)),
    ])
}

fn answers_of_bare(seconds: f64) -> Histogram {
    let bare = Bare::start();
    Load::open(bare.address(), PER_SECOND, seconds).send(Events::new("/", "arrival")).finish().latency
}

fn arrivals(conditions: &Conditions) -> io::Result<(Histogram, u64)> {
    let sink = Sink::start();
    let product = Product::start(&conditions.product, &[sink.url(0)])?;
    let load = Load::open(product.address(), PER_SECOND, conditions.seconds);
    let loaded = some_accepted(load.send(Events::new(INCOMING, "arrival")).finish(), &product)?;
    let seen = sink.wait_for(&loaded.accepted, 1, PATIENCE);
    let mut latency = Histogram::default();
    for accepted in &loaded.accepted {
        if let Some(arrived) = seen.first(0, accepted.sequence) {
            latency.record(arrived - accepted.begun);
        }
    }
    Ok((latency, seen.missing(&loaded.accepted, 1) as u64))
}

fn together(runs: &[Histogram]) -> Histogram {
    let mut all = Histogram::default();
    for run in runs {
        all.add(run);
    }
    all
}
