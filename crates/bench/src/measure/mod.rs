//! The measurements, in the order in which they are made. [`list`] names them, [`conditions`] says how long and how
//! often, [`runs`] makes figures of what came of it.

pub mod arrival;
pub mod bare;
pub mod conditions;
pub mod crash;
pub mod deliver;
pub mod egress;
pub mod flood;
pub mod ingest;
pub mod list;
pub mod lists;
pub mod memory;
pub mod outage;
pub mod runs;
pub mod scale;
pub mod start;
pub mod verify;
pub mod whck;
