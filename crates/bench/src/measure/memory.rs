//! Resident memory: idle, and with many deliveries that nobody takes.

use std::io;
use std::thread;
use std::time::Duration;

use super::conditions::Conditions;
use super::runs::some_accepted;
use crate::event::Events;
use crate::load::{Load, Running};
use crate::product::{INCOMING, Product, Usage};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

const CONNECTIONS: usize = 64;
const FILLED_WITHIN_S: f64 = 900.0;
const SETTLES_WITHIN: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The load under which the full store is looked at.
const PER_SECOND: f64 = 500.0;

/// Memory of a fresh start, while a million events are accepted for a service that is away, and after that.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let sink = Sink::start();
    sink.down();
    let product = Product::start(&conditions.product, &[sink.url(0)])?;
    thread::sleep(SETTLES_WITHIN);
    let idle = product.usage()?;

    let fill = Load::closed(product.address(), CONNECTIONS, FILLED_WITHIN_S).at_most(conditions.open);
    let fill = fill.send(Events::new(INCOMING, "memory"));
    let filling = highest(&product, &fill)?;
    let open = some_accepted(fill.finish(), &product)?.accepted.len();

    let load = Load::open(product.address(), PER_SECOND, 2.0 * conditions.seconds);
    let load = load.send(Events::new(INCOMING, "memory-more"));
    let full = highest(&product, &load)?;
    some_accepted(load.finish(), &product)?;

    let resident = |what: String, usage: Usage| Measured::shown(what, mib(usage.resident_bytes), "MiB");
    let under_load = Goal::AtMost(100.0);
    Ok(vec![
        resident("memory: idle".to_owned(), idle).aiming(Goal::AtMost(40.0)),
        resident(format!("memory: up to {open} open, filling"), filling).aiming(under_load),
        resident(format!("memory: {open} open, 500/s"), full).aiming(under_load),
        Measured::shown("memory: of it no file's", mib(full.anonymous_bytes), "MiB"),
    ])
}

/// The most memory that is seen until a load ends.
fn highest(product: &Product, load: &Running) -> io::Result<Usage> {
    let mut highest = product.usage()?;
    while !load.is_finished() {
        let now = product.usage()?;
        if now.resident_bytes > highest.resident_bytes {
            highest = now;
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(highest)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
