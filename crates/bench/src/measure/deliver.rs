//! End to end: the generator sends as fast as it is answered, then everything must arrive.

use std::io;
use std::time::{Duration, Instant};

use super::conditions::Conditions;
use super::runs::{alternating, median_of, micros_each, some_accepted};
use crate::bare;
use crate::event::Events;
use crate::load::Load;
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

const CONNECTIONS: usize = 64;

/// Nothing arrives for so long: what is missing is taken for lost.
const PATIENCE: Duration = Duration::from_secs(15);

/// So many services, the share of the bare server's rate to reach in deliveries, and the most events for each second
/// of the window, so that the rest of a run ends.
const CASES: [(u64, f64, f64); 2] = [(1, 0.125, 40_000.0), (10, 0.20, 8_000.0)];

struct Run {
    rate: f64,
    accepted_rate: f64,
    cpu_us: f64,
    duplicates: u64,
    missing: usize,
}

/// Deliveries a second, from the first request to the last arrival.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let mut figures = Vec::new();
    for (services, share, events_per_second) in CASES {
        let events_max = (conditions.seconds * events_per_second) as u64;
        let (bare, product) = alternating(
            conditions.runs,
            || bare::measure(CONNECTIONS, conditions.seconds).rate(),
            || run(conditions, services, events_max),
        )?;
        figures.extend(of_runs(services, share, median_of(&bare, |rate| *rate), &product));
    }
    Ok(figures)
}

fn run(conditions: &Conditions, services: u64, events_max: u64) -> io::Result<Run> {
    let sink = Sink::start();
    let urls: Vec<String> = (0..services).map(|service| sink.url(service)).collect();
    let product = Product::start(&conditions.product, &urls)?;
    let cpu_before = product.usage()?.cpu;
    let load = Load::closed(product.address(), CONNECTIONS, conditions.seconds).at_most(events_max);

    let begun = Instant::now();
    let loaded = some_accepted(load.send(Events::new(INCOMING, "deliver")).finish(), &product)?;
    let arrivals = sink.wait_for(&loaded.accepted, services, PATIENCE);

    let Some(latest) = arrivals.latest() else {
        return Err(product.failure("nothing was delivered"));
    };
    Ok(Run {
        rate: arrivals.distinct() as f64 / (latest - begun).as_secs_f64(),
        accepted_rate: loaded.rate(),
        cpu_us: micros_each(product.usage()?.cpu - cpu_before, arrivals.distinct()),
        duplicates: arrivals.duplicates,
        missing: arrivals.missing(&loaded.accepted, services),
    })
}

fn of_runs(services: u64, share: f64, bare: f64, runs: &[Run]) -> Vec<Measured> {
    let what = if services == 1 { "deliver, 1 service".to_owned() } else { format!("deliver, {services} services") };
    let figure = |name: &str, value, unit| Measured::shown(format!("{what}{name}"), value, unit);
    let missing: usize = runs.iter().map(|run| run.missing).sum();
    let duplicates: u64 = runs.iter().map(|run| run.duplicates).sum();
    vec![
        figure("", median_of(runs, |run| run.rate), "deliver./s").aiming(Goal::ShareOfBare(share)).beside(bare),
        figure(": accepted meanwhile", median_of(runs, |run| run.accepted_rate), "events/s").beside(bare),
        figure(": CPU each", median_of(runs, |run| run.cpu_us), "us"),
        figure(": not delivered", missing as f64, "events").aiming(Goal::AtMost(0.0)),
        figure(": delivered twice", duplicates as f64, "deliveries").aiming(Goal::AtMost(0.0)),
    ]
}
