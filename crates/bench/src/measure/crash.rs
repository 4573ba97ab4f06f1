//! SIGKILL under load: what was accepted must arrive all the same.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::conditions::Conditions;
use super::outage::last_after;
use super::runs::{median_of, some_accepted};
use crate::event::Events;
use crate::load::{Accepted, Load};
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

const CONNECTIONS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(60);

struct Run {
    accepted: usize,
    missing: usize,
    duplicates: u64,
    in_flight: usize,
    arrived_after_s: f64,
    ready_after_s: f64,
}

/// Nothing accepted is lost, and what was in flight goes out again at once.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let runs = (0..conditions.runs).map(|_| run(conditions)).collect::<io::Result<Vec<_>>>()?;
    let figure = |name: &str, value, unit| Measured::shown(format!("crash: {name}"), value, unit);
    let sum = |of: fn(&Run) -> usize| runs.iter().map(of).sum::<usize>() as f64;
    let duplicates: u64 = runs.iter().map(|run| run.duplicates).sum();
    Ok(vec![
        figure("lost", sum(|run| run.missing), "events").aiming(Goal::AtMost(0.0)),
        figure("of accepted", sum(|run| run.accepted), "events"),
        figure("delivered twice", duplicates as f64, "deliveries"),
        figure("in flight at the kill", median_of(&runs, |run| run.in_flight as f64), "events"),
        figure("they arrived after", median_of(&runs, |run| run.arrived_after_s), "s").aiming(Goal::AtMost(1.0)),
        figure("restart to ready", median_of(&runs, |run| run.ready_after_s), "s"),
    ])
}

fn run(conditions: &Conditions) -> io::Result<Run> {
    let sink = Sink::start();
    let mut product = Product::start(&conditions.product, &[sink.url(0)])?;
    let half = Duration::from_secs_f64(conditions.seconds);
    let load = Load::closed(product.address(), CONNECTIONS, 2.0 * conditions.seconds);
    let load = load.send(Events::new(INCOMING, "crash"));
    thread::sleep(half);
    let killed = Instant::now();
    product.kill()?;
    product.restart()?;
    let ready = Instant::now();
    let loaded = some_accepted(load.finish(), &product)?;
    let arrivals = sink.wait_for(&loaded.accepted, 1, PATIENCE);

    let arrived_before = |event: &Accepted| arrivals.first(0, event.sequence).is_some_and(|at| at <= killed);
    let in_flight: Vec<Accepted> =
        loaded.accepted.iter().filter(|event| event.begun < killed && !arrived_before(event)).copied().collect();
    Ok(Run {
        accepted: loaded.accepted.len(),
        missing: arrivals.missing(&loaded.accepted, 1),
        duplicates: arrivals.duplicates,
        in_flight: in_flight.len(),
        arrived_after_s: last_after(ready, &in_flight, &arrivals),
        ready_after_s: product.ready_after().as_secs_f64(),
    })
}
