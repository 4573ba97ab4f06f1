//! ASP.NET Core WebHooks, exactly: the fourteen receivers it shipped, its route, its configuration, the order of its
//! steps, and its statuses and texts to the letter.
//!
//! For whoever moves from it: the senders keep their URLs and see the same answers, and the `WebHooks` part of the
//! application's settings is read as it stands. Everything here is pure. [`Configuration`] is made of texts that the
//! caller hands in, [`Receivers::check`] says what a start must refuse, and [`Receivers::receive`] judges a request.
//!
//! What differs is what would be a fault today: a request without a `Content-Length` is judged by its body, an id is an
//! opaque name that never walks into the configuration, and bad configuration is found at the start.

mod body;
mod configuration;
mod ended;
mod fault;
mod outcome;
mod pipeline;
mod receiver;
mod receivers;
mod route;
mod salesforce;
mod secret;
mod signature;
mod slack;
mod stripe;
mod xml;

pub use body::BodyType;
pub use configuration::{Configuration, ConfigurationFault, Configured};
pub use fault::Fault;
pub use outcome::{Accepted, Outcome};
pub use pipeline::Receivers;
pub use receiver::{Event, Get, Message, Ping, Receiver, Signature, Verification, Written};
pub use receivers::{ALL, find};
pub use route::Route;
pub use secret::CodeLength;
