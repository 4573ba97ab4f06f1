//! The kit over a socket: a scanner that is called, and a gateway that is asked.

mod gateway;
mod serve;
mod vectors;
mod wire;
