//! What verification adds to the bare server, in processor time, and what a check costs beside its bare primitive.

use std::io;

use super::conditions::Conditions;
use super::runs::{alternating, median_of, micros_each};
use crate::bare::{Bare, verification_alone};
use crate::event::Events;
use crate::licenses;
use crate::load::Load;
use crate::report::{Goal, Measured};
use crate::schemes::{self, Rates};

const CONNECTIONS: usize = 16;
const CALLS_ALONE: u32 = 50_000;

/// How much of the bare primitive's rate a check must reach: at most 15 % on top.
const SHARE_OF_PRIMITIVE: f64 = 1.0 / 1.15;

/// The size for which that is the goal.
const GOAL_BYTES: usize = 1 << 10;

/// How many stretches a run is.
const STRETCHES: usize = 20;

/// What a server spends on it, and what each scheme costs.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let mut figures = in_a_server(conditions)?;
    figures.extend(by_scheme(conditions));
    figures.extend(of_licenses(conditions));
    Ok(figures)
}

/// Checks of a plugin against a license per second, by algorithm: two signatures each.
fn of_licenses(conditions: &Conditions) -> impl Iterator<Item = Measured> {
    licenses::all().into_iter().map(|pair| {
        let rates: Vec<f64> = (0..conditions.runs * STRETCHES).map(|_| pair.rate()).collect();
        let what = format!("verify: plugin against license, {}", pair.algorithm.name());
        Measured::shown(what, median_of(&rates, |rate| *rate), "checks/s")
    })
}

/// Checks per second beside the primitive's, by scheme and size.
fn by_scheme(conditions: &Conditions) -> Vec<Measured> {
    let mut figures = Vec::new();
    for (size, name) in schemes::SIZES {
        for scheme in schemes::all(size) {
            let Rates { ours, bare } = scheme.measure(conditions.runs * STRETCHES);
            let goal = if size == GOAL_BYTES { Goal::ShareOfBare(SHARE_OF_PRIMITIVE) } else { Goal::Shown };
            let what = format!("verify: {}, {name}", scheme.name);
            figures.push(Measured::shown(what, ours, "checks/s").aiming(goal).beside(bare));
        }
    }
    figures
}

/// Processor time per request with and without it.
fn in_a_server(conditions: &Conditions) -> io::Result<Vec<Measured>> {
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
