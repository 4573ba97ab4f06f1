//! The client against servers of its own process.

mod answers;
mod dns;
mod gate;
mod peer;
mod pooling;
mod tls;
