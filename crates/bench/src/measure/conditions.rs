//! How long, how often and on what to measure.

use std::path::PathBuf;
use std::time::Duration;

/// How long, how often and on what to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// The release binary of the product.
    pub product: PathBuf,
    /// The release binary of the validator.
    pub whck: PathBuf,
    /// Over how many connections, one figure each.
    pub connections: Vec<usize>,
    /// How long each run takes.
    pub seconds: f64,
    /// How many runs a median is taken of.
    pub runs: usize,
    /// How many times a short program is started.
    pub calls: usize,
    /// How long the service is away.
    pub outage: Duration,
    /// How many deliveries are open while memory is looked at, and for the dead service of a flood.
    pub open: u64,
    /// How many connections say nothing in a flood.
    pub idle: usize,
    /// How many events are stored at the end.
    pub events: u64,
}

impl Conditions {
    /// How many events are stored at the end where nothing but that is measured.
    pub const SCALE_EVENTS: u64 = 10_000_000;

    /// What the goals are stated for.
    pub fn full(product: PathBuf, whck: PathBuf) -> Self {
        Self {
            product,
            whck,
            connections: vec![1, 16, 64],
            seconds: 2.0,
            runs: 5,
            calls: 200,
            outage: Duration::from_secs(20),
            open: 1_000_000,
            idle: 10_000,
            events: 1_000_000,
        }
    }

    /// Enough to see that everything works.
    pub fn quick(product: PathBuf, whck: PathBuf) -> Self {
        Self {
            seconds: 0.5,
            runs: 1,
            calls: 20,
            outage: Duration::from_secs(3),
            open: 20_000,
            idle: 1_000,
            events: 20_000,
            ..Self::full(product, whck)
        }
    }
}
