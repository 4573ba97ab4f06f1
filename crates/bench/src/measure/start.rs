//! From exec to ready, on an empty store. The start on a full one belongs to [`scale`](super::scale), which fills it.

use std::io;

use super::conditions::Conditions;
use super::runs::{median_of, millis};
use crate::product::Product;
use crate::report::{Goal, Measured};

/// The first start, which makes the store, and the second.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let starts = (0..conditions.runs).map(|_| two_starts(conditions)).collect::<io::Result<Vec<_>>>()?;
    let figure = |what, value| Measured::shown(what, value, "ms").aiming(Goal::AtMost(100.0));
    Ok(vec![
        figure("start: first, makes the store", median_of(&starts, |(first, _)| *first)),
        figure("start: empty store", median_of(&starts, |(_, second)| *second)),
    ])
}

fn two_starts(conditions: &Conditions) -> io::Result<(f64, f64)> {
    let mut product = Product::start(&conditions.product, &[])?;
    let first = millis(product.ready_after());
    product.stop()?;
    product.restart()?;
    Ok((first, millis(product.ready_after())))
}
