//! Every measurement.

use std::io;

use super::conditions::Conditions;
use super::{arrival, bare, crash, deliver, egress, flood, ingest, lists, memory, outage, scale, start, verify, whck};
use crate::report::Measured;

/// A measurement.
#[derive(Debug)]
pub struct Measurement {
    /// What the command line calls it.
    pub name: &'static str,
    /// What it finds out.
    pub about: &'static str,
    /// Makes it.
    pub run: fn(&Conditions) -> io::Result<Vec<Measured>>,
}

/// All measurements, in the order in which they are made.
pub const ALL: &[Measurement] = &[
    Measurement { name: "bare", about: "the bare server that every rate is compared with", run: bare::measure },
    Measurement { name: "egress", about: "the outgoing client alone, on one thread", run: egress::measure },
    Measurement { name: "ingest", about: "durable ingest without a service", run: ingest::measure },
    Measurement { name: "deliver", about: "end to end, sustained, to 1 and to 10 services", run: deliver::measure },
    Measurement { name: "arrival", about: "how soon an event arrives, at 200/s", run: arrival::measure },
    Measurement { name: "outage", about: "a service is away for 20 s at 50/s, and returns", run: outage::measure },
    Measurement { name: "crash", about: "SIGKILL under load, and a restart", run: crash::measure },
    Measurement { name: "memory", about: "resident memory, idle and with many open deliveries", run: memory::measure },
    Measurement { name: "start", about: "start to ready on an empty store", run: start::measure },
    Measurement {
        name: "verify",
        about: "what verification adds to the bare server, and a check beside its primitive",
        run: verify::measure,
    },
    Measurement { name: "whck", about: "exec to exit of whck", run: whck::measure },
    Measurement { name: "scale", about: "cost per event as the store grows, and the start on it", run: scale::measure },
    Measurement {
        name: "lists",
        about: "each list of the own API, narrowed and not, on many events",
        run: lists::measure,
    },
    Measurement {
        name: "flood",
        about: "genuine traffic beside forged requests, a crowd of connections, a dead service, a fan-out",
        run: flood::measure,
    },
];

/// The measurement of this name.
pub fn find(name: &str) -> Option<&'static Measurement> {
    ALL.iter().find(|measurement| measurement.name == name)
}
