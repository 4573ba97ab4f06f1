//! Genuine traffic at a modest rate, with and without what floods the gateway, in one run.
//!
//! [`outside`]: forged requests, and a crowd of connections that say next to nothing. [`inside`]: a service that is dead,
//! with very many open runs. [`fan_out`]: an event that very many services are told of. [`genuine`] is the traffic whose
//! latency counts.

mod fan_out;
mod genuine;
mod inside;
mod outside;

use std::io;

use super::conditions::Conditions;
use crate::product::Product;
use crate::report::{Goal, Measured};

/// The most memory that the process may ever have, in MiB.
const PEAK_MIB: Goal = Goal::AtMost(100.0);

/// All floods, one after the other.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let mut figures = outside::measure(conditions)?;
    figures.extend(inside::measure(conditions)?);
    figures.extend(fan_out::measure(conditions)?);
    Ok(figures)
}

fn peak(what: &str, product: &Product) -> io::Result<Measured> {
    let mib = product.usage()?.peak_bytes as f64 / f64::from(1 << 20);
    Ok(Measured::shown(format!("flood: {what}: peak memory"), mib, "MiB").aiming(PEAK_MIB))
}
