//! What happens to an event once it is believed.
//!
//! This crate is pure: no sockets, files, clocks or randomness. Time and jitter are arguments, so every decision can be
//! tried at any instant. Reading order: [`catalogue`] (who takes part), [`event`], [`subject`] and [`content`] (what
//! is known), [`expectation`] and [`run`] (what is owed), [`answer`] and [`profile`] (what was said), [`rule`] and
//! [`judge`] (what follows from it), [`verdict`] (the sum).
#![warn(missing_docs)]

pub mod answer;
pub mod catalogue;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod content;
pub mod envelope;
pub mod event;
pub mod event_type;
pub mod expectation;
pub mod gate;
pub mod id;
pub mod judge;
pub mod licensing;
pub mod limits;
pub mod link;
pub mod outcome;
pub mod person;
pub mod planted;
pub mod profile;
pub mod record;
pub mod rehearsal;
pub mod result;
pub mod retry;
pub mod rights;
pub mod rule;
pub mod run;
pub mod subject;
pub mod time;
pub mod verdict;
mod words;

pub use id::*;
pub use time::{Clock, Random, Timestamp};
