//! Several runs, and the figures that become of them.

use std::io;
use std::time::Duration;

use crate::histogram::Histogram;
use crate::load::Loaded;
use crate::product::Product;
use crate::report::{Measured, median};

/// Runs the bare server and the product in turn, so that both see the same moods of the machine.
pub fn alternating<B, P>(
    runs: usize,
    mut bare: impl FnMut() -> B,
    mut product: impl FnMut() -> io::Result<P>,
) -> io::Result<(Vec<B>, Vec<P>)> {
    let mut both = (Vec::new(), Vec::new());
    for _ in 0..runs {
        both.0.push(bare());
        both.1.push(product()?);
    }
    Ok(both)
}

/// The middle of one figure of several runs.
pub fn median_of<T>(runs: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    median(runs.iter().map(figure).collect())
}

/// What the product accepted; an error if that is nothing, for then there is nothing to measure.
pub fn some_accepted(loaded: Loaded, product: &Product) -> io::Result<Loaded> {
    if loaded.accepted.is_empty() {
        let Loaded { refused, failed, .. } = loaded;
        return Err(product
            .failure(&format!("nothing was accepted: {refused} requests were refused, {failed} were not answered")));
    }
    Ok(loaded)
}

/// Microseconds of processor time for each of so many.
pub fn micros_each(cpu: Duration, count: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / count.max(1) as f64
}

/// Milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A rate and the latencies that belong to it.
pub fn rate_and_latency(what: &str, rate: f64, unit: &'static str, latency: &Histogram) -> Vec<Measured> {
    let quantile =
        |name: &str, share| Measured::shown(format!("{what}: {name}"), millis(latency.quantile(share)), "ms");
    vec![Measured::shown(what, rate, unit), quantile("p50", 0.5), quantile("p99", 0.99), quantile("p99.9", 0.999)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_run_in_turn() {
        let order = std::cell::RefCell::new(String::new());

        let (bare, product) = alternating(
            2,
            || order.borrow_mut().push('b'),
            || {
                order.borrow_mut().push('p');
                Ok(order.borrow().len())
            },
        )
        .expect("no failure");

        assert_eq!(*order.borrow(), "bpbp");
        assert_eq!((bare.len(), product), (2, vec![2, 4]));
        assert_eq!(median_of(&[1.0, 9.0, 2.0], |value| value * 2.0), 4.0);
        assert_eq!(micros_each(Duration::from_millis(3), 100), 30.0);
    }
}
