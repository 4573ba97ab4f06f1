//! Strangers at the public listener: forged requests at half of what the bare server answers, and a crowd of
//! connections that say next to nothing.

use std::io;
use std::thread;
use std::time::Duration;

use super::genuine::Genuine;
use super::peak;
use crate::bare;
use crate::crowd::Crowd;
use crate::event::Events;
use crate::load::{self, Load, Running};
use crate::measure::conditions::Conditions;
use crate::measure::runs::median_of;
use crate::product::{INCOMING, Product};
use crate::report::Measured;
use crate::sink::Sink;

/// Over how many connections the forger sends.
const FORGER_CONNECTIONS: usize = 64;
/// The forger begins so much earlier and ends so much later than the genuine traffic.
const AROUND: Duration = Duration::from_millis(250);
/// Heads that come a byte at a time.
const SLOW_HEADS: usize = 300;

/// In turn without a flood, with forged requests and with a crowd, so that all see the same moods of the machine.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let (mut quiet, mut forged, mut crowded) = (Genuine::default(), Genuine::default(), Genuine::default());
    let (mut bare_rates, mut forged_rates, mut shown_out) = (Vec::new(), Vec::new(), 0);
    let sink = Sink::start();
    let product = Product::start(&conditions.product, &[sink.url(0)])?;
    for nth in 0..conditions.runs {
        let genuine = |what: &str| Genuine::send(&product, &sink, conditions.seconds, &format!("{what}-{nth}"));
        quiet.add(&genuine("quiet")?);

        let bare_rate = bare::measure(FORGER_CONNECTIONS, conditions.seconds).rate();
        let forger = forge(&product, bare_rate / 2.0, conditions.seconds);
        thread::sleep(AROUND);
        forged.add(&genuine("forged")?);
        let answered = forger.finish();
        bare_rates.push(bare_rate);
        forged_rates.push(answered.refused as f64 / answered.took.as_secs_f64());
        if !answered.accepted.is_empty() {
            return Err(product.failure(&format!("{} forged requests were believed", answered.accepted.len())));
        }

        let crowd = Crowd::gather(product.address(), conditions.idle, SLOW_HEADS)?;
        crowded.add(&genuine("crowded")?);
        shown_out += crowd.shown_out();
    }
    let rate = |rates: &[f64]| median_of(rates, |rate| *rate);
    let mut figures = quiet.figures("nobody else");
    figures
        .push(Measured::shown("flood: forged: refused", rate(&forged_rates), "requests/s").beside(rate(&bare_rates)));
    figures.extend(forged.figures("forged"));
    figures.extend(crowded.figures(&format!("{} idle, {SLOW_HEADS} slow heads", conditions.idle)));
    figures.push(Measured::shown("flood: idle and slow: shown out", shown_out as f64, "connections"));
    figures.push(peak("all of these", &product)?);
    Ok(figures)
}

/// Sends forged requests at this rate for as long as the genuine traffic lasts and a little longer.
fn forge(product: &Product, per_second: f64, seconds: f64) -> Running {
    let seconds = seconds + 2.0 * AROUND.as_secs_f64();
    let load = Load { connections: FORGER_CONNECTIONS, ..Load::open(product.address(), per_second, seconds) };
    let request = Events::new(INCOMING, "forged").forged();
    load::start(load, move |_, buffer| buffer.extend_from_slice(&request))
}
