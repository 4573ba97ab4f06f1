//! Webhooks: from a request to a receipt on disk, or to the exact reason why not.
//!
//! The order is fixed. The endpoint is found by the path; the head alone is looked at; only then the body is read,
//! within its limits; the certificate that a sender signs with is fetched; the whole is judged by `verify`; what is believed is recorded, and the 2xx follows the commit.
//! What is refused is counted by reason and, within bounds, kept in quarantine.

mod again;
mod aspnet;
mod believed;
mod body;
mod caller;
mod certificates;
mod endpoints;
mod handshake;
mod headers;
mod incoming;
mod own_host;
mod pace;
mod quarantine;
mod rates;
mod sample;
mod secret_use;
mod verifier;
mod x509;

pub(crate) use again::{Explained, Held, Tried};
pub(crate) use body::{patience_of_upload as patience, read as read_body};
pub(crate) use caller::{Caller as Sender, Peer};
pub(crate) use certificates::Certificates;
pub use endpoints::AspnetSwitches;
pub(crate) use endpoints::{Endpoints, Prepared};
pub(crate) use incoming::incoming;
pub use quarantine::QuarantineBounds;
pub(crate) use quarantine::Quarantines;
pub(crate) use rates::Rates;
pub(crate) use sample::judge as judge_sample;
pub(crate) use secret_use::SecretUses;
pub use verifier::VerifierPrograms;
pub(crate) use verifier::Verifiers;
pub use x509::read_unverified_certificate;
