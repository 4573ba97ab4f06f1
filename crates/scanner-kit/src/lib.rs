//! A scanner in twenty lines: it serves only who proves to hold the key.
//!
//! The gateway posts a call, signed over its exact bytes, and reads the answer: which rules match. [`serve`] does
//! everything about that but the scanning. What it hands to a scanner is proven, whole and JSON; everything else is
//! answered by the kit, with the statuses that the protocol's other library gives too.
//!
//! ```no_run
//! use scanner_kit::{Answer, serve};
//!
//! # async fn started(key: String) -> std::io::Result<()> {
//! serve("127.0.0.1:20000", key, |call| async move {
//!     let suspicious = call.json()["event"] == "during_validation";
//!     let answer = Answer::version("1.0");
//!     Ok(if suspicious { answer.matched("MALICIOUS") } else { answer })
//! })
//! .await
//! # }
//! ```
//!
//! - [`Call`]: what is to be scanned. [`Answer`], [`Findings`], [`Failure`]: what to say about it.
//! - [`Gateway`]: what the scanner asks of the gateway in turn: the file to scan, the result if it comes later, and one
//!   that it found of its own accord.
//!
//! The signature covers the body alone, without a time or a nonce: a call may come twice, and must be answered alike.
#![warn(missing_docs)]

mod answer;
mod call;
#[cfg(feature = "client")]
mod gateway;
mod refusal;
mod serve;
#[cfg(feature = "client")]
mod token;

pub use answer::{Answer, Failure, Findings};
pub use call::Call;
#[cfg(feature = "client")]
pub use gateway::{Account, Gateway, GatewayError};
pub use serve::{BODY_BYTES_MAX, serve, serve_on};
#[cfg(feature = "client")]
pub use token::jwt;
