//! Events that very many services are told of.

use std::io;
use std::time::Duration;

use super::peak;
use crate::event::Events;
use crate::histogram::Histogram;
use crate::load::Load;
use crate::measure::conditions::Conditions;
use crate::measure::runs::{millis, some_accepted};
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

const SERVICES: u64 = 100;
/// Events a second: a thousand calls.
const PER_SECOND: f64 = 10.0;
const PATIENCE: Duration = Duration::from_secs(30);

/// How soon an event has reached the last of its services.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let sink = Sink::start();
    let urls: Vec<String> = (0..SERVICES).map(|service| sink.url(service)).collect();
    let product = Product::start(&conditions.product, &urls)?;
    let seconds = conditions.seconds * conditions.runs as f64;
    let load = Load::open(product.address(), PER_SECOND, seconds);
    let loaded = some_accepted(load.send(Events::new(INCOMING, "fan-out")).finish(), &product)?;
    let arrivals = sink.wait_for(&loaded.accepted, SERVICES, PATIENCE);

    let mut last = Histogram::default();
    for event in &loaded.accepted {
        let each: Option<Vec<_>> = (0..SERVICES).map(|service| arrivals.first(service, event.sequence)).collect();
        if let Some(latest) = each.and_then(|each| each.into_iter().max()) {
            last.record(latest.saturating_duration_since(event.begun));
        }
    }
    let what = format!("{SERVICES} services");
    let figure = |name: &str, value, unit| Measured::shown(format!("flood: {what}: {name}"), value, unit);
    Ok(vec![
        figure("the last one told, p50", millis(last.quantile(0.5)), "ms"),
        figure("the last one told, p99", millis(last.quantile(0.99)), "ms"),
        figure("not delivered everywhere", arrivals.missing(&loaded.accepted, SERVICES) as f64, "events")
            .aiming(Goal::AtMost(0.0)),
        figure("delivered twice", arrivals.duplicates as f64, "deliveries").aiming(Goal::AtMost(0.0)),
        peak(&what, &product)?,
    ])
}
