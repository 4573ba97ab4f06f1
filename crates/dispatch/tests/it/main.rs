//! The dispatcher in a world whose clock, network, disk and scheduling come from one seed.

mod late;
mod simulation;
