//! The bare server alone.

use std::io;

use super::conditions::Conditions;
use super::runs::rate_and_latency;
use crate::bare;
use crate::report::Measured;

/// What the bare server answers.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let figures = conditions.connections.iter().flat_map(|connections| {
        let loaded = bare::measure(*connections, conditions.seconds);
        rate_and_latency(&format!("bare, {connections} conn."), loaded.rate(), "requests/s", &loaded.latency)
    });
    Ok(figures.collect())
}
