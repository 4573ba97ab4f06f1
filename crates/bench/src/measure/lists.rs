//! How long each list of the own API takes when many events are stored, whatever it is narrowed by.
//!
//! Before the many, a few rare things happen: an event of another type, one about a subject, a run that is never
//! answered. They are what a list has to look furthest for.

use std::io;
use std::time::Duration;

use super::conditions::Conditions;
use super::runs::{millis, some_accepted};
use crate::event::Events;
use crate::load::Load;
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

const CONNECTIONS: usize = 64;
const WITHIN_S: f64 = 3_600.0;
/// How often each list is asked for.
const ASKED: usize = 9;
/// Nothing changes among the runs for so long: they are done.
const QUIET: Duration = Duration::from_secs(10);
const GOAL_MS: f64 = 200.0;

/// Each list, narrowed and not.
const LISTS: &[&str] = &[
    "events",
    "events?type=standard-webhooks.bench",
    "events?type=standard-webhooks.*",
    "events?type=rare",
    "events?source=standard-webhooks/bench",
    "events?account=administrator",
    "events?collection=85",
    "events?state=open",
    "events?state=failed",
    "events?state=done",
    "events?q=lone",
    "events?q=RARE",
    "events?from=1h",
    "events?until=2020-01-01",
    "runs",
    "runs?state=waiting",
    "runs?state=leased",
    "runs?state=exhausted",
    "runs?state=answered",
    "runs?service=bench-0",
    "results",
    "results?service=bench-0",
    "results?kind=missing",
    "results?late=true",
    "results?rule=NONE",
    "results?q=nothing",
    "subjects",
    "subjects?verdict=held",
    "subjects?flagged=true",
    "subjects?held=true",
    "subjects?q=lone",
    "receipts?source=standard-webhooks/bench",
    "quarantine?reason=signature-mismatch",
    "audit?q=nothing",
];

/// The median and the longest of each list.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let sink = Sink::start();
    let product = Product::start(&conditions.product, &[sink.url(0)])?;
    let lone = r#"{"type":"rare","subject":{"kind":"version","collection":"85","subject":"lone"}}"#;
    product.ask("POST", "events", lone)?;
    let load = Load::closed(product.address(), CONNECTIONS, WITHIN_S).at_most(conditions.events);
    let loaded = some_accepted(load.send(Events::new(INCOMING, "lists")).finish(), &product)?;
    sink.wait_for(&loaded.accepted, 1, QUIET);

    let mut figures = Vec::new();
    for list in LISTS {
        let mut took = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            took.push(product.ask("GET", list, "")?.0);
        }
        took.sort_unstable();
        let p50 = took[took.len() / 2];
        let max = took[took.len() - 1];
        figures.push(Measured::shown(format!("lists: {list}: p50"), millis(p50), "ms"));
        figures.push(Measured::shown(format!("lists: {list}: max"), millis(max), "ms").aiming(Goal::AtMost(GOAL_MS)));
    }
    Ok(figures)
}
