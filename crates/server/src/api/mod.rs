//! The own API, version 1: what a platform submits, asks and decides, and what an administrator sets up.
//!
//! `routes.rs` holds the one table of operations: router, roles and OpenAPI document are all made from it.

pub(crate) mod accounts;
pub mod audit;
mod auth;
pub(crate) mod batches;
pub(crate) mod change;
pub(crate) mod credentials;
pub(crate) mod events;
mod extract;
mod filters;
pub(crate) mod gate;
mod holds;
pub(crate) mod host;
pub(crate) mod license;
mod lists;
mod members;
pub mod openapi;
pub(crate) mod probe;
pub(crate) mod quarantine;
pub(crate) mod rehearsal;
mod restrictions;
mod routes;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod secrets;
pub(crate) mod services;
mod show;
pub(crate) mod sources;
mod subjects;
mod submit;
pub(crate) mod timeline;
mod variables;
pub(crate) mod verdict;
pub(crate) mod waiting;

pub(crate) use auth::{Caller, on_itself};
pub(crate) use extract::{Params, Segments};
pub(crate) use lists::{Listed, span};
pub(crate) use routes::router;
pub(crate) use show::View;
pub(crate) use subjects::checked as checked_reason;
