//! Why a request was refused, in words for whoever set the hook up.
//!
//! A signature that does not fit says nothing by itself. So the usual mistakes are made again, one after the other: had
//! the body lost its last line break, had the secret had a blank after it, would the signature fit? The first one under
//! which it does is what went wrong, and that is certain. Where no trial is possible, what the request shows is told as
//! likely. The most specific mistakes come first.
//!
//! This is asked for by people and never part of answering a request. The work is bounded: a fixed number of trials,
//! and so many bytes hashed together. What is told holds no secret, no part of one, and no signature.

mod aspnet;
mod body;
mod case;
mod clock;
mod diagnosis;
mod header;
mod json;
mod other;
mod secret;
mod table;
mod token;
mod url;

pub use aspnet::like_receiver;
pub use case::Case;
pub use diagnosis::{Diagnosis, Mistake};
pub use table::explain;
