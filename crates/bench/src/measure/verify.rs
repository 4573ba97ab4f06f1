//! What verification adds to the bare server, in processor time.

use std::io;

use super::conditions::Conditions;
use super::runs::{alternating, median_of, micros_each};
use crate::bare::{Bare, verification_alone};
use crate::event::Events;
use crate::load::Load;
use crate::report::{Goal, Measured};

const CONNECTIONS: usize = 16;
const CALLS_ALONE: u32 = 50_000;

/// Processor time per request with and without it.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let cpu_us = |bare: &Bare| {
        let load = Load::closed(bare.address(), CONNECTIONS, conditions.seconds);
        let loaded = load.send(Events::new("/", "verify")).finish();
        micros_each(bare.cpu(), loaded.accepted.len())
    };
    let (bare, verifying) = alternating(conditions.runs, || cpu_us(&Bare::start()), || Ok(cpu_us(&Bare::verifying())))?;
    let (bare, verifying) = (median_of(&bare, |us| *us), median_of(&verifying, |us| *us));
    Ok(vec![
        Measured::shown("verify: CPU per request", verifying, "us").beside(bare),
        Measured::shown("verify: on top of the bare server", (verifying / bare - 1.0) * 100.0, "%")
            .aiming(Goal::AtMost(10.0)),
        Measured::shown("verify: called alone", verification_alone(CALLS_ALONE).as_secs_f64() * 1e6, "us").beside(bare),
    ])
}
