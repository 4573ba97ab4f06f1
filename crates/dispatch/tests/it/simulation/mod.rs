//! A seed drives everything; an independent model that sees only requests and acknowledgements judges it.

mod model;
mod network;
pub mod process;
mod seeds;
mod story;
mod trace;
