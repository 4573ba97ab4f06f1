//! A service that is dead, with very many open runs, beside a healthy one.
//!
//! Two products that differ in this alone take the same traffic in turn: both services of one are well; of the other
//! one is away, and was owed all those runs before.

use std::io;

use super::genuine::Genuine;
use super::peak;
use crate::event::Events;
use crate::load::Load;
use crate::measure::conditions::Conditions;
use crate::measure::runs::some_accepted;
use crate::product::{INCOMING, Product, Subscriber};
use crate::report::{Goal, Measured};
use crate::sink::Sink;

const CONNECTIONS: usize = 64;
const FILLED_WITHIN_S: f64 = 1_800.0;
/// What only the dead service is told of.
const FILLING: &str = "filling";
/// How much later than beside a well one an event may reach the healthy service.
const WITHIN: Goal = Goal::AtMost(1.1);

/// The healthy service's latencies beside a well one and beside a dead one.
pub fn measure(conditions: &Conditions) -> io::Result<Vec<Measured>> {
    let (healthy, neighbour) = (Sink::start(), Sink::start());
    let (healthy_too, dead) = (Sink::start(), Sink::start());
    let well = Product::start_with(&conditions.product, &subscribers(&healthy, &neighbour))?;
    dead.down();
    let ill = Product::start_with(&conditions.product, &subscribers(&healthy_too, &dead))?;
    let fill = Load::closed(ill.address(), CONNECTIONS, FILLED_WITHIN_S).at_most(conditions.open);
    let filled = some_accepted(fill.send(Events::new(INCOMING, "filling").of_type(FILLING)).finish(), &ill)?;

    let (mut beside_well, mut beside_dead) = (Genuine::default(), Genuine::default());
    for nth in 0..conditions.runs {
        let series = format!("inside-{nth}");
        beside_well.add(&Genuine::send(&well, &healthy, conditions.seconds, &series)?);
        beside_dead.add(&Genuine::send(&ill, &healthy_too, conditions.seconds, &series)?);
    }
    let what = format!("beside a dead service, {} open", filled.accepted.len());
    let times = beside_dead.delivered_p99_ms() / beside_well.delivered_p99_ms();
    let mut figures = beside_well.figures("beside a well service");
    figures.extend(beside_dead.figures(&what));
    figures.push(Measured::shown("flood: delivered, p99, dead to well", times, "times").aiming(WITHIN));
    figures.push(peak(&what, &ill)?);
    Ok(figures)
}

/// Two services for the usual events; the second is also told of what fills.
fn subscribers(first: &Sink, second: &Sink) -> [Subscriber; 2] {
    [Subscriber::new(first.url(0)), Subscriber { url: second.url(1), types: &["bench", FILLING] }]
}
