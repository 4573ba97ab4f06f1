//! The outgoing client alone.

use std::io;

use super::conditions::Conditions;
use super::runs::rate_and_latency;
use crate::outgoing;
use crate::report::Measured;

/// What the outgoing client sends.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let figures = conditions.connections.iter().flat_map(|callers| {
        let reached = outgoing::measure(*callers, conditions.seconds);
        let what = format!("egress, {callers} callers");
        let mut figures = rate_and_latency(&what, reached.rate, "POSTs/s", &reached.latency);
        figures.push(Measured::shown(format!("{what}: opened"), reached.connections as f64, "conn."));
        figures
    });
    Ok(figures.collect())
}
