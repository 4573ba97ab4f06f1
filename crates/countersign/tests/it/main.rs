//! The product as its users meet it: a process, a file, a socket.

mod artifacts;
mod batches;
mod commands;
mod config;
mod conformance;
mod crash;
mod demo;
mod events;
mod explain;
mod forge;
mod hostile;
mod license_gate;
mod licenses;
mod npm;
mod offline;
mod own_providers;
mod previews;
mod product;
mod program;
mod replays;
mod senders;
mod service;
mod worker_commands;
mod workers;
mod workspace;
mod world;
