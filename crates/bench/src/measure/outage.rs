//! A service is away while events go on, and returns.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::conditions::Conditions;
use super::runs::some_accepted;
use crate::event::Events;
use crate::load::{Accepted, Load};
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};
use crate::sink::{Arrivals, Sink};

const PER_SECOND: f64 = 50.0;

/// How long events flow before the outage, and after it.
const AROUND: Duration = Duration::from_secs(2);

/// A retry may lie far ahead; the goal is missed long before.
const PATIENCE: Duration = Duration::from_secs(60);

/// Seconds from the return to the arrival of the last event that was begun before it.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let sink = Sink::start();
    let product = Product::start(&conditions.product, &[sink.url(0)])?;
    let seconds = (AROUND * 2 + conditions.outage).as_secs_f64();
    let load = Load::open(product.address(), PER_SECOND, seconds).send(Events::new(INCOMING, "outage"));
    thread::sleep(AROUND);
    sink.down();
    thread::sleep(conditions.outage);
    sink.up();
    let returned = Instant::now();
    let loaded = some_accepted(load.finish(), &product)?;
    let arrivals = sink.wait_for(&loaded.accepted, 1, PATIENCE);

    let waiting: Vec<Accepted> = loaded.accepted.iter().filter(|accepted| accepted.begun < returned).copied().collect();
    let what = format!("outage of {} s", conditions.outage.as_secs());
    let figure = |name: &str, value, unit| Measured::shown(format!("{what}: {name}"), value, unit);
    Ok(vec![
        figure("all delivered after", last_after(returned, &waiting, &arrivals), "s").aiming(Goal::AtMost(10.0)),
        figure("not delivered", arrivals.missing(&loaded.accepted, 1) as f64, "events").aiming(Goal::AtMost(0.0)),
        figure("delivered twice", arrivals.duplicates as f64, "deliveries"),
        figure("accepted", loaded.accepted.len() as f64, "events"),
    ])
}

/// Seconds from a moment to the last first arrival of these events at service 0; endless if one is missing.
pub fn last_after(moment: Instant, events: &[Accepted], arrivals: &Arrivals) -> f64 {
    let after = |event: &Accepted| match arrivals.first(0, event.sequence) {
        Some(arrived) => arrived.saturating_duration_since(moment).as_secs_f64(),
        None => f64::INFINITY,
    };
    events.iter().map(after).fold(0.0, f64::max)
}
