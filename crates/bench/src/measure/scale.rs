//! Whether an event costs the same whatever is stored already, and how long a start takes then.

use std::fs;
use std::io;
use std::path::Path;

use super::conditions::Conditions;
use super::runs::{micros_each, millis, some_accepted};
use crate::event::Events;
use crate::load::Load;
use crate::product::{INCOMING, Product};
use crate::report::{Goal, Measured};

const CONNECTIONS: usize = 64;
const PART_WITHIN_S: f64 = 3_600.0;

/// How many are stored before the first look, and over how many a look is taken at most.
const FIRST: u64 = 1_000;
const WINDOW_MAX: u64 = 100_000;

/// What a part of the events cost.
struct Cost {
    cpu_us: f64,
    rate: f64,
}

/// Processor time per event at the beginning and at the end, and the start on what is stored then.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let window = (conditions.events / 10).clamp(1, WINDOW_MAX);
    let rest = conditions.events.saturating_sub(FIRST + 2 * window);
    let mut product = Product::start(&conditions.product, &[])?;
    accept(&product, FIRST, "scale-first")?;
    let early = accept(&product, window, "scale-early")?;
    if rest > 0 {
        accept(&product, rest, "scale-rest")?;
    }
    let late = accept(&product, window, "scale-late")?;
    product.stop()?;
    let stored_bytes = size_of(&product.data())?;
    product.restart()?;
    let ready_ms = millis(product.ready_after());

    let events = conditions.events;
    let figure = |name: &str, value, unit| Measured::shown(format!("scale: {name}"), value, unit);
    Ok(vec![
        figure(&format!("from {FIRST}, CPU each"), early.cpu_us, "us"),
        figure(&format!("to {events}, CPU each"), late.cpu_us, "us"),
        figure("CPU, last to first", late.cpu_us / early.cpu_us, "times").aiming(Goal::AtMost(1.2)),
        figure(&format!("from {FIRST}, rate"), early.rate, "events/s"),
        figure(&format!("to {events}, rate"), late.rate, "events/s"),
        figure("stored for each", stored_bytes as f64 / events as f64, "bytes"),
        Measured::shown(format!("start: {events} events stored"), ready_ms, "ms").aiming(Goal::AtMost(500.0)),
    ])
}

fn accept(product: &Product, events: u64, series: &str) -> io::Result<Cost> {
    let before = product.usage()?.cpu;
    let load = Load::closed(product.address(), CONNECTIONS, PART_WITHIN_S).at_most(events);
    let loaded = some_accepted(load.send(Events::new(INCOMING, series)).finish(), product)?;
    Ok(Cost { cpu_us: micros_each(product.usage()?.cpu - before, loaded.accepted.len()), rate: loaded.rate() })
}

/// How much all files below a folder hold.
fn size_of(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { size_of(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}
