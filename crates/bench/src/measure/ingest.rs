//! Durable ingest: accept, store, answer; nobody to deliver to.

use std::io;

use super::conditions::Conditions;
use super::runs::{alternating, median_of, micros_each, millis, some_accepted};
use crate::bare::Bare;
use crate::event::Events;
use crate::load::{Load, Loaded};
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};

/// Four times what the peer accepts over one connection.
const ONE_CONNECTION: Goal = Goal::AtLeast(4.0 * 1_050.0);
const MANY_CONNECTIONS: Goal = Goal::ShareOfBare(0.35);
const P99_MS: Goal = Goal::AtMost(8.0);

/// One run of either side.
struct Run {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
    not_accepted: u64,
}

/// Rates, latencies and processor time at each number of connections.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let mut figures = Vec::new();
    for connections in &conditions.connections {
        let (bare, product) = alternating(
            conditions.runs,
            || of_bare(*connections, conditions.seconds),
            || of_product(conditions, *connections),
        )?;
        figures.extend(of_runs(*connections, &bare, &product));
    }
    Ok(figures)
}

fn of_bare(connections: usize, seconds: f64) -> Run {
    let bare = Bare::start();
    let loaded = Load::closed(bare.address(), connections, seconds).send(Events::new("/", "ingest")).finish();
    let cpu_us = micros_each(bare.cpu(), loaded.accepted.len());
    Run::new(&loaded, cpu_us)
}

fn of_product(conditions: &Conditions, connections: usize) -> io::Result<Run> {
    let product = Product::start(&conditions.product, &[])?;
    let before = product.usage()?.cpu;
    let load = Load::closed(product.address(), connections, conditions.seconds);
    let loaded = some_accepted(load.send(Events::new(INCOMING, "ingest")).finish(), &product)?;
    let cpu_us = micros_each(product.usage()?.cpu - before, loaded.accepted.len());
    Ok(Run::new(&loaded, cpu_us))
}

impl Run {
    fn new(loaded: &Loaded, cpu_us: f64) -> Self {
        Self {
            rate: loaded.rate(),
            p50_ms: millis(loaded.latency.quantile(0.5)),
            p99_ms: millis(loaded.latency.quantile(0.99)),
            cpu_us,
            not_accepted: loaded.refused + loaded.failed,
        }
    }
}

fn of_runs(connections: usize, bare: &[Run], product: &[Run]) -> Vec<Measured> {
    let what = format!("ingest, {connections} conn.");
    let figure = |name: &str, unit, of: fn(&Run) -> f64| {
        let middle = Measured::shown(format!("{what}{name}"), median_of(product, of), unit);
        middle.beside(median_of(bare, of))
    };
    let (rate_goal, p99_goal) = match connections {
        1 => (ONE_CONNECTION, Goal::Shown),
        64 => (MANY_CONNECTIONS, P99_MS),
        _ => (MANY_CONNECTIONS, Goal::Shown),
    };
    let not_accepted: u64 = product.iter().map(|run| run.not_accepted).sum();
    vec![
        figure("", "events/s", |run| run.rate).aiming(rate_goal),
        figure(": p50", "ms", |run| run.p50_ms),
        figure(": p99", "ms", |run| run.p99_ms).aiming(p99_goal),
        figure(": CPU each", "us", |run| run.cpu_us),
        Measured::shown(format!("{what}: not accepted"), not_accepted as f64, "requests").aiming(Goal::AtMost(0.0)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_of_connections_has_its_goals() {
        let run = |rate, p99_ms| Run { rate, p50_ms: 1.0, p99_ms, cpu_us: 10.0, not_accepted: 0 };
        let reached = |connections, rate, p99_ms| {
            let figures = of_runs(connections, &[run(80_000.0, 1.0)], &[run(rate, p99_ms)]);
            (figures[0].reached(), figures[2].reached())
        };

        assert_eq!(reached(1, 4_200.0, 99.0), (Some(true), None));
        assert_eq!(reached(16, 27_000.0, 99.0), (Some(false), None));
        assert_eq!(reached(64, 28_000.0, 8.5), (Some(true), Some(false)));
    }
}
