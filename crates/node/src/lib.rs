//! License tokens and webhook verification, as a library that Node loads.
//!
//! It only carries values over: what a token or a request is worth is decided in `license` and `verify`. What JavaScript
//! alone can do (counting arguments, reading a plugin's token once, throwing errors with names) stands in
//! `crates/node/lib`, and so what crosses has its type already. Refusals cross as values. Only settings that cannot be
//! are thrown, with the status `InvalidArg`; a panic ends as a thrown error of another status, never the process.
#![expect(clippy::needless_pass_by_value, reason = "what comes from Node is handed over")]

pub mod claims;
pub mod validator;
pub mod webhook;
