//! The dispatcher in a world whose clock, network, disk and scheduling come from one seed.

mod batch;
mod clock;
mod flood;
mod gate;
mod late;
mod places;
mod simulation;
mod worker;
mod world;
