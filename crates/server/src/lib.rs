//! The only crate that listens.
//!
//! [`receive`] takes webhooks, [`links`] takes results and gives files to whoever holds a link, [`scanner`] takes the
//! results of the scanner protocol, `worker` answers the signed requests of the worker protocol, [`api`] is the own API, [`pages`] shows an event's life. Each is a router;
//! [`Server`] puts them together and [`listen::serve`] runs them.
//! This crate decides nothing about events: it proves, records, reads and shows. `problem` alone maps errors to answers.

pub mod api;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod guests;
mod history;
mod license;
pub mod links;
pub mod listen;
mod logins;
pub mod metrics;
mod noted;
pub mod pages;
mod people;
pub mod preview;
pub mod problem;
pub mod receive;
pub mod resources;
pub mod scanner;
mod server;
mod sight;
mod slow;
mod sweep;
mod text;
mod timings;
mod worker;

pub use listen::{ListenLimits, serve};
pub use metrics::Metrics;
pub use preview::{PreviewError, Previewer};
pub use problem::{PROBLEMS, Problem, ProblemType};
pub use receive::{AspnetSwitches, QuarantineBounds, VerifierPrograms, read_unverified_certificate};
pub use server::{Parts, Server, SettingShown, Settings};
